package integration

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"osslive/integration/pusher"
)

// abuser is one way to be a bad publisher. It runs on its own channel, again and
// again while ctx lasts; a connection that it makes is closed when it returns.
type abuser struct {
	name string
	do   func(ctx context.Context, a *abuse) error
}

// abuse is what an abuser has to work with.
type abuse struct {
	c       *client
	channel string
	clip    []pusher.Message
	did     atomic.Int64 // connections, messages or bytes
}

func (a *abuse) url() string {
	return owner.publishURL(a.c.host, a.c.bucket, a.channel, time.Now().Add(time.Hour), nil)
}

// open publishes; the connection ends with ctx. What the server says is read and
// dropped unless deaf.
func (a *abuse) open(ctx context.Context, deaf bool) (*pusher.Conn, error) {
	conn, err := pusher.Open(ctx, a.url())
	if err != nil {
		return nil, err
	}
	conn.SetDeadline(time.Now().Add(time.Minute))
	context.AfterFunc(ctx, func() { conn.Close() })
	if !deaf {
		go func() {
			buf := make([]byte, 4<<10)
			for {
				if _, err := conn.Read(buf); err != nil {
					return
				}
			}
		}()
	}
	return conn, nil
}

// pour writes the same bytes, which are so many messages, at a rate of messages a
// second until it fails; 0 is as fast as the server takes them.
func (a *abuse) pour(ctx context.Context, conn *pusher.Conn, b []byte, messages, rate int) error {
	for next := time.Now(); ctx.Err() == nil; {
		conn.SetWriteDeadline(time.Now().Add(30 * time.Second))
		if _, err := conn.Write(b); err != nil {
			return err
		}
		a.did.Add(int64(messages))
		if rate > 0 {
			next = next.Add(time.Second * time.Duration(messages) / time.Duration(rate))
			wait(ctx, next)
		}
	}
	return nil
}

// many appends the same message n times.
func many(conn *pusher.Conn, id uint32, m pusher.Message, n int) (b []byte) {
	for range n {
		b = conn.Append(b, id, m)
	}
	return b
}

const (
	typeAck         = 3
	typeUserControl = 4
	typeWindow      = 5
)

// ping is a user control message that the server has to answer.
func ping(i uint32) pusher.Message {
	return pusher.Message{Type: typeUserControl, Body: binary.BigEndian.AppendUint32([]byte{0, 6}, i)}
}

// flood opens a publish and pours messages.
func flood(deaf bool, id uint32, m func() pusher.Message, rate int) func(context.Context, *abuse) error {
	return func(ctx context.Context, a *abuse) error {
		conn, err := a.open(ctx, deaf)
		if err != nil {
			return err
		}
		defer conn.Close()
		conn.Compress = true
		each := max(1, rate/100)
		if rate == 0 {
			each = 1000
		}
		many(conn, id, m(), 2) // the full header and the difference, so that the rest can be repeated
		b := many(conn, id, m(), each)
		if _, err := conn.Write(many(&pusher.Conn{Chunker: pusher.Chunker{Size: 4096}}, id, m(), 1)); err != nil {
			return err
		}
		return a.pour(ctx, conn, b, each, rate)
	}
}

// abusers stall, flood, lie and die.
var abusers = []abuser{
	{"stalls in a handshake", func(ctx context.Context, a *abuse) error {
		nc, err := new(net.Dialer).DialContext(ctx, "tcp", a.c.host)
		if err != nil {
			return err
		}
		defer nc.Close()
		for first := []byte{3}; ctx.Err() == nil; first = []byte{0} {
			if _, err := nc.Write(first); err != nil {
				return err
			}
			a.did.Add(1)
			wait(ctx, time.Now().Add(time.Second))
		}
		return nil
	}},
	{"stalls in a frame", func(ctx context.Context, a *abuse) error {
		conn, err := a.open(ctx, false)
		if err != nil {
			return err
		}
		defer conn.Close()
		conn.Send(a.clip[:100]...)
		if _, err := conn.Write(conn.Begin(pusher.VideoID, pusher.Message{Type: pusher.Video, Stream: 1, Time: 5000, Body: make([]byte, 1<<20)}).Next(nil)); err != nil {
			return err
		}
		a.did.Add(1)
		<-ctx.Done()
		return nil
	}},
	{"100,000 tiny messages a second", flood(false, pusher.DataID, func() pusher.Message {
		return pusher.Message{Type: pusher.Data, Stream: 1, Body: []byte{5}}
	}, 100_000)},
	{"a clip as fast as it goes", func(ctx context.Context, a *abuse) error {
		conn, err := a.open(ctx, false)
		if err != nil {
			return err
		}
		defer conn.Close()
		for round := uint32(0); ctx.Err() == nil; round++ {
			if err := conn.Send(later(a.clip, round*a.clip[len(a.clip)-1].Time)...); err != nil {
				return err
			}
			a.did.Add(int64(len(a.clip)))
		}
		return nil
	}},
	{"60 KiB of metadata 100 times a second", flood(false, pusher.DataID, func() pusher.Message { return metadata(60 << 10) }, 100)},
	{"1 MiB of metadata", flood(false, pusher.DataID, func() pusher.Message { return metadata(1 << 20) }, 1)},
	{"20,000 pings a second", flood(false, pusher.ControlID, func() pusher.Message { return ping(7) }, 20_000)},
	{"pings without reading the answers", flood(true, pusher.ControlID, func() pusher.Message { return ping(7) }, 0)},
	{"control storm", func(ctx context.Context, a *abuse) error {
		conn, err := a.open(ctx, false)
		if err != nil {
			return err
		}
		defer conn.Close()
		var b []byte
		for i := range uint32(200) {
			for _, m := range []pusher.Message{
				{Type: typeWindow, Body: binary.BigEndian.AppendUint32(nil, i%2)},
				{Type: typeAck, Body: binary.BigEndian.AppendUint32(nil, i<<24)},
				{Type: pusher.Abort, Body: binary.BigEndian.AppendUint32(nil, 500+i)},
				{Type: typeUserControl, Body: []byte{0, byte(i)}},
			} {
				b = conn.Append(b, pusher.ControlID, m)
			}
			b = conn.SetSize(b, 1+int(i))
		}
		return a.pour(ctx, conn, conn.SetSize(b, 4096), 1000, 20_000)
	}},
	{"claims 16 MiB on 60 chunk streams", func(ctx context.Context, a *abuse) error {
		conn, err := a.open(ctx, false)
		if err != nil {
			return err
		}
		defer conn.Close()
		giant := make([]byte, 1<<24-1)
		for id := uint32(3); id < 63; id++ {
			if _, err := conn.Write(conn.Begin(id, pusher.Message{Type: pusher.Video, Stream: 1, Body: giant}).Next(nil)); err != nil {
				return err
			}
			a.did.Add(1)
		}
		<-ctx.Done()
		return nil
	}},
	{"flips bits", func(ctx context.Context, a *abuse) error {
		conn, err := a.open(ctx, false)
		if err != nil {
			return err
		}
		defer conn.Close()
		r := rand.New(rand.NewPCG(1, uint64(a.did.Add(1))))
		for began, i := time.Now(), 0; ctx.Err() == nil; i++ {
			m := a.clip[i%len(a.clip)]
			m.Body = slices.Clone(m.Body)
			for range r.IntN(3) {
				m.Body[r.IntN(len(m.Body))] ^= 1 << r.IntN(8)
			}
			b := conn.Append(nil, pusher.ID(m.Type), m)
			if r.IntN(200) == 0 {
				b[r.IntN(len(b))] ^= 1 << r.IntN(8) // of the chunks as well
			}
			if _, err := conn.Write(b); err != nil {
				return err
			}
			wait(ctx, began.Add(time.Duration(i)*5*time.Millisecond))
		}
		return nil
	}},
	{"dies and comes back", func(ctx context.Context, a *abuse) error {
		conn, err := a.open(ctx, true)
		if err != nil {
			return err
		}
		conn.Send(a.clip[:40+a.did.Add(1)%60]...)
		conn.Conn.(*net.TCPConn).SetLinger(0) // a reset, as after a crash
		return conn.Close()
	}},
	{"guesses signatures", func(ctx context.Context, a *abuse) error {
		conn, err := pusher.Open(ctx, credentials{owner.ID, "guess"}.publishURL(a.c.host, a.c.bucket, a.channel, time.Now().Add(time.Hour), nil))
		if err == nil {
			conn.Close()
			return errors.New("a guessed signature was accepted")
		}
		a.did.Add(1)
		return nil
	}},
}

func metadata(size int) pusher.Message {
	return pusher.Message{Type: pusher.Data, Stream: 1,
		Body: pusher.AppendAMF(nil, "@setDataFrame", "onMetaData", pusher.ECMAArray{{Name: "encoder\x1b[2J\r\n", Value: strings.Repeat("\x00\x1b\r\n#EXTINF:", size/12)}})}
}
