// Package door owns the sockets of a server: the listeners, the first byte of each
// connection on the API port, TLS, and the limits of what connections take before
// and between requests.
//
// The API port serves HTTP, RTMP and TLS. The first byte decides: 0x03 is the
// version that opens an RTMP handshake (RTMP 1.0 §5.2.2), a letter is the method of
// an HTTP request (RFC 9112 §3), 0x16 is a TLS handshake (RFC 8446 §5.1) if there is
// a certificate; anything else is closed. Inside TLS the first byte decides again.
//
// It must not know what is served: the handlers of HTTP and RTMP are arguments.
package door

import (
	"crypto/tls"
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Config is what a Door needs. All fields but Certificate must be set.
type Config struct {
	// RTMP takes a connection that speaks RTMP and returns the function that serves
	// it to its end, as the Admit of an rtmp.Server does.
	RTMP func(net.Conn) (serve func())
	// Refusal returns the whole answer, in wire form, that replaces the plain text of
	// net/http for a request that it refuses before any handler.
	Refusal func(status int) []byte
	// Exceeded counts a limit that a client went over: connections, header, idle or
	// headSize.
	Exceeded func(limit string)

	Certificate *Certificate // nil: no TLS
	Limits      Limits
	Logger      *slog.Logger
}

// Door serves the API port: HTTP and RTMP, in the clear and in TLS. It is safe for
// concurrent use.
type Door struct {
	config Config
	tls    *tls.Config  // nil: no TLS
	slots  slots        // of the connections of all listeners
	noTLS  atomic.Int64 // Unix seconds of the last log line about a missing certificate
}

// New returns a Door; it starts nothing.
func New(c Config) *Door {
	d := &Door{config: c, slots: make(slots, c.Limits.Connections)}
	if c.Certificate != nil {
		d.tls = c.Certificate.config()
	}
	return d
}

// Connections returns how many connections are open that are HTTP or undecided.
func (d *Door) Connections() int { return len(d.slots) }

// HTTPServer returns the HTTP server for the listeners that Listen returns.
func (d *Door) HTTPServer(h http.Handler, errors *log.Logger) *http.Server {
	s := d.config.Limits.HTTPServer(h, errors)
	s.Protocols = protocols()
	s.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: StreamsOfConnection}
	s.ConnState = noteState
	return s
}

// Listen accepts the connections of l, serves those that speak RTMP, and returns a
// listener that accepts those that speak HTTP. To close it closes l.
func (d *Door) Listen(l net.Listener) net.Listener {
	s := &sniffer{Listener: l, Door: d, http: make(chan net.Conn), closed: make(chan struct{})}
	go s.accept()
	return s
}

// slots count the connections that are HTTP or undecided; the capacity is their
// limit. RTMP connections have limits of their own.
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

// sniffer is the listener of the HTTP server: one port, shared with RTMP.
type sniffer struct {
	net.Listener
	*Door

	http   chan net.Conn
	closed chan struct{}
	once   sync.Once
	err    error // why accepting ended; set before closed is
}

func (s *sniffer) accept() {
	var delay time.Duration
	for {
		c, err := s.Listener.Accept()
		if err == nil {
			delay = 0
			if s.slots.take() {
				go s.sniff(&sniffedConn{TCPConn: c.(*net.TCPConn), door: s.Door})
			} else {
				s.config.Exceeded("connections")
				c.Close()
			}
			continue
		}
		// For example out of file descriptors, until others close theirs: wait.
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
	c.SetReadDeadline(time.Now().Add(s.config.Limits.Header))
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
		s.refuseTLS(c)
	default:
		c.Close()
	}
}

// toRTMP serves an RTMP connection. The connection keeps its slot until RTMP counts
// it, so that at each moment one limit holds it.
func (s *sniffer) toRTMP(c net.Conn, leave func()) {
	serve := s.config.RTMP(c)
	leave()
	serve()
}

// toHTTP passes a connection to Accept.
func (s *sniffer) toHTTP(c net.Conn) {
	select {
	case s.http <- c:
	case <-s.closed:
		c.Close()
	}
}

// spoken is the protocol that a first byte stands for.
type spoken int

const (
	spokenOther spoken = iota
	spokenHTTP
	spokenRTMP
	spokenTLS
)

// peeked is the first byte of a connection, read ahead.
type peeked struct {
	first   byte
	pending bool // the reader has not had first yet
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

// read returns the byte first, then what r has.
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

// sniffedConn is a connection whose first byte was read ahead: Read returns it
// again. Close frees the connection's slot. All else is the TCPConn's own, so that
// net/http sends files by sendfile.
type sniffedConn struct {
	*net.TCPConn
	peeked

	door  *Door
	left  sync.Once
	state atomic.Int32 // http.ConnState of HTTP/1.1: it says which limit a timeout breaks
}

func (c *sniffedConn) Read(p []byte) (int, error) {
	n, err := c.read(c.TCPConn, p)
	if n > 0 {
		c.state.CompareAndSwap(int32(http.StateIdle), int32(http.StateNew)) // the head of another request begins
	}
	if err != nil {
		c.overtime(err)
	}
	return n, err
}

func (c *sniffedConn) Write(p []byte) (int, error) { return c.door.writeHTTP(c.TCPConn, p) }

func (c *sniffedConn) Close() error {
	c.leave()
	return c.TCPConn.Close()
}

// leave frees the connection's slot, once. A later timeout is not one of HTTP.
func (c *sniffedConn) leave() {
	c.state.Store(int32(http.StateHijacked))
	c.left.Do(c.door.slots.give)
}

// NetConn returns the connection underneath.
func (c *sniffedConn) NetConn() net.Conn { return c.TCPConn }
