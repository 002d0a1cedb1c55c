package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"

	"osslive/integration/pusher"
)

// lateSend is the delay from which a message counts as sent late: the machine is then
// too busy for meaningful figures.
const lateSend = 200 * time.Millisecond

// publisher sends a sample to one stream of a server.
type publisher struct {
	sample *sample
	url    string
	bare   bool            // url is an address that gets the media without RTMP
	begin  time.Time       // of real time
	onKey  func(time.Time) // called before a key frame is sent; may be nil

	messages, late atomic.Int64 // counts of realTime; other goroutines may read them
}

// open connects and publishes.
func (p *publisher) open(ctx context.Context) (net.Conn, error) {
	if p.bare {
		return new(net.Dialer).DialContext(ctx, "tcp", p.url)
	}
	c, err := pusher.Open(ctx, p.url)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.url, err)
	}
	if c.Stream != 1 {
		c.Close()
		return nil, fmt.Errorf("%s: got message stream %d, want 1 as in the sample", p.url, c.Stream)
	}
	_, err = c.Write(c.SetSize(nil, p.sample.chunk))
	c.SetDeadline(time.Time{})
	return c, err
}

// flatOut sends that number of loops as fast as the server reads them, and returns when
// the server has read them all.
func (p *publisher) flatOut(ctx context.Context, loops int) error {
	c, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(2 * time.Minute))
	_, err = c.Write(p.sample.first.bytes)
	for i := 1; i < loops && err == nil; i++ {
		_, err = c.Write(p.sample.next.bytes)
	}
	if err != nil {
		return err
	}
	return p.finish(c)
}

// openSegment sends a loop, which opens a segment, and then that number of loops, which
// must not be enough to end the segment. It returns the growth of count over these
// loops, less its growth over no loops.
func (p *publisher) openSegment(ctx context.Context, loops int, count func() (int, error)) (int, error) {
	nc, err := p.open(ctx)
	if err != nil {
		return 0, err
	}
	defer nc.Close()
	c := nc.(*pusher.Conn)
	c.SetDeadline(time.Now().Add(time.Minute))
	if _, err := c.Write(p.sample.first.bytes); err != nil {
		return 0, err
	}
	var counts [4]int
	for i, loops := range [...]int{0, 0, 0, loops} {
		for range loops {
			if _, err := c.Write(p.sample.next.bytes); err != nil {
				return 0, err
			}
		}
		id, err := c.Call(0, "createStream", nil)
		if err != nil {
			return 0, err
		}
		if _, err := c.Result(id); err != nil {
			return 0, err
		}
		if counts[i], err = count(); err != nil {
			return 0, err
		}
	}
	return (counts[3] - counts[2]) - (counts[2] - counts[1]), p.finish(c)
}

// realTime sends each message in a write of its own when it is due, until the
// context ends.
func (p *publisher) realTime(ctx context.Context) error {
	c, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	timer := time.NewTimer(0)
	defer timer.Stop()
	begin, l := p.begin, &p.sample.first
	for {
		from := 0
		for _, m := range l.messages {
			due := begin.Add(m.at)
			if wait := time.Until(due); wait > 0 {
				timer.Reset(wait)
				select {
				case <-timer.C:
				case <-ctx.Done():
					return p.finish(c)
				}
			}
			if m.key && p.onKey != nil {
				p.onKey(time.Now())
			}
			if _, err := c.Write(l.bytes[from:m.end]); err != nil {
				return fmt.Errorf("%s: %w", p.url, err)
			}
			from = m.end
			p.messages.Add(1)
			if time.Since(due) > lateSend {
				p.late.Add(1)
			}
		}
		begin, l = begin.Add(p.sample.length), &p.sample.next
	}
}

// finish ends the publish and waits until the server has closed the connection.
func (p *publisher) finish(c net.Conn) error {
	tcp, ok := c.(*net.TCPConn)
	if rtmp, is := c.(*pusher.Conn); is {
		if _, err := rtmp.Call(0, "deleteStream", nil, int(rtmp.Stream)); err != nil {
			return err
		}
		tcp, ok = rtmp.Conn.(*net.TCPConn)
	}
	if !ok {
		return fmt.Errorf("%T cannot be closed for writing", c)
	}
	if err := tcp.CloseWrite(); err != nil {
		return err
	}
	c.SetReadDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.Copy(io.Discard, c); err != nil {
		return fmt.Errorf("%s: the server has not closed: %w", p.url, err)
	}
	return nil
}
