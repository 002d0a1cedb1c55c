package node

import (
	"errors"
	"net"
	"sync"
	"time"
)

// sniffer shares one port between HTTP and RTMP. The first byte decides: 0x03
// is the version that opens an RTMP handshake (RTMP 1.0 §5.2.2), a letter is
// the method of an HTTP request (RFC 9112 §3); anything else is closed.
//
// It is the net.Listener of the HTTP server; RTMP connections go to rtmp.
type sniffer struct {
	net.Listener
	rtmp  func(net.Conn)
	slots slots
	wait  time.Duration // for the first byte

	http   chan net.Conn
	closed chan struct{}
	once   sync.Once
	err    error // why accepting ended; set before closed is
}

// slots count the connections that are HTTP or undecided, of all listeners; its
// capacity is their limit. RTMP has limits of its own.
type slots chan struct{}

func (s slots) take() bool {
	select {
	case s <- struct{}{}:
		return true
	default:
		return false
	}
}

func (s slots) give() { <-s }

func newSniffer(l net.Listener, rtmp func(net.Conn), slots slots, wait time.Duration) *sniffer {
	s := &sniffer{Listener: l, rtmp: rtmp, slots: slots, wait: wait, http: make(chan net.Conn), closed: make(chan struct{})}
	go s.accept()
	return s
}

func (s *sniffer) accept() {
	var delay time.Duration
	for {
		c, err := s.Listener.Accept()
		if err == nil {
			delay = 0
			if s.slots.take() {
				go s.sniff(&sniffedConn{TCPConn: c.(*net.TCPConn), slots: s.slots})
			} else {
				c.Close()
			}
			continue
		}
		// Out of file descriptors, say: others may close theirs. Wait, do not spin.
		if !errors.Is(err, net.ErrClosed) {
			delay = min(max(2*delay, 5*time.Millisecond), time.Second)
			select {
			case <-time.After(delay):
				continue
			case <-s.closed:
			}
		}
		s.stop(err)
		return
	}
}

func (s *sniffer) sniff(c *sniffedConn) {
	var first [1]byte
	c.SetReadDeadline(time.Now().Add(s.wait))
	if _, err := c.TCPConn.Read(first[:]); err != nil {
		c.Close()
		return
	}
	c.SetReadDeadline(time.Time{})
	c.first, c.pending = first[0], true
	switch b := first[0]; {
	case b == 0x03:
		c.leave()
		s.rtmp(c)
	case 'A' <= b && b <= 'Z' || 'a' <= b && b <= 'z':
		select {
		case s.http <- c:
		case <-s.closed:
			c.Close()
		}
	default:
		c.Close()
	}
}

// Accept returns the next HTTP connection.
func (s *sniffer) Accept() (net.Conn, error) {
	select {
	case c := <-s.http:
		return c, nil
	case <-s.closed:
		return nil, s.err
	}
}

func (s *sniffer) Close() error {
	err := s.Listener.Close()
	s.stop(net.ErrClosed)
	return err
}

func (s *sniffer) stop(err error) {
	s.once.Do(func() {
		s.err = err
		close(s.closed)
	})
}

// sniffedConn gives back the byte that sniff took, and its slot when it closes.
// It is otherwise the TCPConn itself, so that files still leave by sendfile.
type sniffedConn struct {
	*net.TCPConn
	first   byte
	pending bool // first was not read yet

	slots slots
	left  sync.Once
}

func (c *sniffedConn) Read(p []byte) (int, error) {
	if !c.pending || len(p) == 0 {
		return c.TCPConn.Read(p)
	}
	c.pending = false
	p[0] = c.first
	return 1, nil
}

func (c *sniffedConn) Close() error {
	c.leave()
	return c.TCPConn.Close()
}

// leave frees the connection's slot.
func (c *sniffedConn) leave() { c.left.Do(c.slots.give) }

// NetConn returns the connection underneath.
func (c *sniffedConn) NetConn() net.Conn { return c.TCPConn }
