package server

import (
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// sniffer shares one port between HTTP and RTMP. The first byte decides: 0x03
// is the version that opens an RTMP handshake (RTMP 1.0 §5.2.2), a letter is
// the method of an HTTP request (RFC 9112 §3), 0x16 a TLS handshake (RFC 8446
// §5.1) where there is a certificate; anything else is closed.
//
// It is the net.Listener of the HTTP server; RTMP connections go to rtmp.
type sniffer struct {
	net.Listener
	sniffing

	http   chan net.Conn
	closed chan struct{}
	once   sync.Once
	err    error // why accepting ended; set before closed is
}

// sniffing is what the sniffers of one port have in common.
type sniffing struct {
	rtmp  func(net.Conn) (serve func()) // as rtmp.Server's Admit
	slots slots
	wait  time.Duration // for the first byte, and for a TLS handshake with the first byte inside
	tls   *tls.Config   // nil: no TLS
	limit func(string)  // is told the name of a limit that a client went over
	log   *slog.Logger
	// told is when, in Unix seconds, the log last said that there is no certificate.
	told *atomic.Int64
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

func newSniffer(l net.Listener, c sniffing) *sniffer {
	s := &sniffer{Listener: l, sniffing: c, http: make(chan net.Conn), closed: make(chan struct{})}
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
				go s.sniff(&sniffedConn{TCPConn: c.(*net.TCPConn), slots: s.slots, limit: s.limit})
			} else {
				s.limit("connections")
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
	c.SetReadDeadline(time.Now().Add(s.wait))
	if err := c.peek(c.TCPConn); err != nil {
		c.overtime(err)
		c.Close()
		return
	}
	c.SetReadDeadline(time.Time{})
	switch kind := c.spoken(); {
	case kind == spokenRTMP:
		s.toRTMP(c, c.leave)
	case kind == spokenHTTP:
		s.toHTTP(c)
	case kind == spokenTLS && s.tls != nil:
		s.secure(c)
	case kind == spokenTLS:
		s.noTLS(c)
	default:
		c.Close()
	}
}

// toRTMP serves a connection. It leaves its slot when it counts as one of RTMP, not
// before: at no time is it one that nothing bounds.
func (s *sniffer) toRTMP(c net.Conn, leave func()) {
	serve := s.rtmp(c)
	leave()
	serve()
}

// toHTTP gives a connection to the HTTP server.
func (s *sniffer) toHTTP(c net.Conn) {
	select {
	case s.http <- c:
	case <-s.closed:
		c.Close()
	}
}

// spoken is a protocol, as its first byte tells it.
type spoken int

const (
	spokenOther spoken = iota
	spokenHTTP
	spokenRTMP
	spokenTLS
)

// peeked is the first byte of a connection, taken to look at.
type peeked struct {
	first   byte
	pending bool // first was not read yet
}

// peek reads the first byte.
func (p *peeked) peek(r io.Reader) error {
	var first [1]byte
	if _, err := io.ReadFull(r, first[:]); err != nil {
		return err
	}
	p.first, p.pending = first[0], true
	return nil
}

// read gives the byte back, then reads on.
func (p *peeked) read(r io.Reader, into []byte) (int, error) {
	if !p.pending || len(into) == 0 {
		return r.Read(into)
	}
	p.pending = false
	into[0] = p.first
	return 1, nil
}

func (p *peeked) spoken() spoken {
	switch b := p.first; {
	case b == 0x03:
		return spokenRTMP
	case b == 0x16:
		return spokenTLS
	case 'A' <= b && b <= 'Z' || 'a' <= b && b <= 'z':
		return spokenHTTP
	}
	return spokenOther
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
	peeked

	slots slots
	left  sync.Once

	limit func(string)
	state atomic.Int32 // http.ConnState, of HTTP/1.1: what a timeout means
}

func (c *sniffedConn) Read(p []byte) (int, error) {
	n, err := c.read(c.TCPConn, p)
	if n > 0 {
		c.state.CompareAndSwap(int32(http.StateIdle), int32(http.StateNew)) // another head begins
	}
	if err != nil {
		c.overtime(err)
	}
	return n, err
}

func (c *sniffedConn) Write(p []byte) (int, error) { return writeHTTP(c.TCPConn, c.limit, p) }

func (c *sniffedConn) Close() error {
	c.leave()
	return c.TCPConn.Close()
}

// leave frees the connection's slot; what still waits is no longer HTTP.
func (c *sniffedConn) leave() {
	c.state.Store(int32(http.StateHijacked))
	c.left.Do(c.slots.give)
}

// NetConn returns the connection underneath.
func (c *sniffedConn) NetConn() net.Conn { return c.TCPConn }
