package server

import (
	"crypto/tls"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// streamsOfConnection bounds the requests that one HTTP/2 connection makes at a
// time; the other limits of HTTP/2 are the library's.
const streamsOfConnection = 100

// protocols are those of the API: HTTP/2 inside TLS only, never in the clear.
func protocols() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	p.SetHTTP2(true)
	return p
}

// secure makes the TLS handshake on c, then decides by the first byte inside, as
// sniff does outside. A client that chose HTTP/2 has said what it speaks.
func (s *sniffer) secure(c *sniffedConn) {
	t := tls.Server(&belowTLS{sniffedConn: c, limit: tlsWrite}, s.tls)
	t.SetDeadline(time.Now().Add(s.wait))
	if err := t.Handshake(); err != nil {
		s.log.Debug("TLS handshake failed", "remote", c.RemoteAddr().String(), "error", err)
		t.Close()
		return
	}
	if t.ConnectionState().NegotiatedProtocol == "h2" {
		t.SetDeadline(time.Time{})
		s.toHTTP(t)
		return
	}
	inner := &secureConn{Conn: t, limit: s.limit}
	if inner.peek(t) != nil {
		t.Close()
		return
	}
	t.SetDeadline(time.Time{})
	switch inner.spoken() {
	case spokenRTMP:
		s.toRTMP(inner, c.leave)
	case spokenHTTP:
		s.toHTTP(inner)
	default:
		t.Close()
	}
}

// tlsWrite is longer than any answer has for one write.
const tlsWrite = 5 * time.Minute

// belowTLS bounds what TLS writes of itself: a client can ask it for new keys and not
// take them, while those above wait for a request and have no deadline for writing.
type belowTLS struct {
	*sniffedConn
	limit   time.Duration
	bounded atomic.Bool // by those above
}

func (c *belowTLS) SetDeadline(t time.Time) error {
	c.bounded.Store(!t.IsZero())
	return c.sniffedConn.SetDeadline(t)
}

func (c *belowTLS) SetWriteDeadline(t time.Time) error {
	c.bounded.Store(!t.IsZero())
	return c.sniffedConn.SetWriteDeadline(t)
}

func (c *belowTLS) Write(p []byte) (int, error) {
	if !c.bounded.Load() {
		c.sniffedConn.SetWriteDeadline(time.Now().Add(c.limit))
	}
	return c.sniffedConn.Write(p)
}

// noTLS closes a connection that wants TLS where there is no certificate. The
// client reports what it cannot understand, so the log says it: once a minute.
func (s *sniffer) noTLS(c *sniffedConn) {
	defer c.Close()
	now, last := time.Now().Unix(), s.told.Load()
	if now-last >= 60 && s.told.CompareAndSwap(last, now) {
		s.log.Warn("a client speaks TLS, and there is no certificate: let its endpoint begin with http:// and its publish URL with rtmp://, or set --tls-cert and --tls-key",
			"remote", c.RemoteAddr().String())
	}
}

// secureConn gives back the byte that secure took. It does not say what it is
// wrapped around: nobody may read that past TLS.
type secureConn struct {
	net.Conn // a *tls.Conn
	peeked
	limit func(string)
}

func (c *secureConn) Read(p []byte) (int, error) { return c.read(c.Conn, p) }

func (c *secureConn) Write(p []byte) (int, error) { return writeHTTP(c.Conn, c.limit, p) }

// CloseWrite ends the sending side; what the client still sends can be read.
func (c *secureConn) CloseWrite() error { return c.Conn.(*tls.Conn).CloseWrite() }

// ConnectionState is for net/http: it fills the TLS field of a request.
func (c *secureConn) ConnectionState() tls.ConnectionState {
	return c.Conn.(*tls.Conn).ConnectionState()
}
