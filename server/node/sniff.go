package node

import (
	"errors"
	"net"
	"sync"
	"time"
)

// sniffLimit bounds the wait for the first byte of a connection.
const sniffLimit = 10 * time.Second

// sniffer shares one port between HTTP and RTMP. The first byte decides: 0x03
// is the version that opens an RTMP handshake (RTMP 1.0 §5.2.2), a letter is
// the method of an HTTP request (RFC 9112 §3); anything else is closed.
//
// It is the net.Listener of the HTTP server; RTMP connections go to rtmp.
type sniffer struct {
	net.Listener
	rtmp func(net.Conn)

	http   chan net.Conn
	closed chan struct{}
	once   sync.Once
	err    error // why accepting ended; set before closed is
}

func newSniffer(l net.Listener, rtmp func(net.Conn)) *sniffer {
	s := &sniffer{Listener: l, rtmp: rtmp, http: make(chan net.Conn), closed: make(chan struct{})}
	go s.accept()
	return s
}

func (s *sniffer) accept() {
	var delay time.Duration
	for {
		c, err := s.Listener.Accept()
		if err == nil {
			delay = 0
			go s.sniff(c.(*net.TCPConn))
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

func (s *sniffer) sniff(c *net.TCPConn) {
	var first [1]byte
	c.SetReadDeadline(time.Now().Add(sniffLimit))
	if _, err := c.Read(first[:]); err != nil {
		c.Close()
		return
	}
	c.SetReadDeadline(time.Time{})
	conn := &sniffedConn{TCPConn: c, first: first[0]}
	switch b := first[0]; {
	case b == 0x03:
		s.rtmp(conn)
	case 'A' <= b && b <= 'Z' || 'a' <= b && b <= 'z':
		select {
		case s.http <- conn:
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

// sniffedConn gives back the byte that sniff took. It is otherwise the
// TCPConn itself, so that files still leave by sendfile.
type sniffedConn struct {
	*net.TCPConn
	first byte
	given bool
}

func (c *sniffedConn) Read(p []byte) (int, error) {
	if c.given || len(p) == 0 {
		return c.TCPConn.Read(p)
	}
	c.given = true
	p[0] = c.first
	return 1, nil
}

// NetConn returns the connection underneath.
func (c *sniffedConn) NetConn() net.Conn { return c.TCPConn }
