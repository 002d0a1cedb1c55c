package door

import (
	"crypto/tls"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// StreamsOfConnection bounds the open requests of one HTTP/2 connection; the other
// limits of HTTP/2 are those of net/http.
const StreamsOfConnection = 100

// protocols returns those of the API: HTTP/2 is served inside TLS only.
func protocols() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	p.SetHTTP2(true)
	return p
}

// secure makes the TLS handshake on c, then decides by the first byte inside, as
// sniff does outside. A client that negotiated HTTP/2 needs no first byte.
func (s *sniffer) secure(c *sniffedConn) {
	t := tls.Server(&belowTLS{sniffedConn: c, limit: tlsWrite}, s.tls)
	t.SetDeadline(time.Now().Add(s.config.Limits.Header))
	if err := t.Handshake(); err != nil {
		s.config.Logger.Debug("TLS handshake failed", "remote", c.RemoteAddr().String(), "error", err)
		t.Close()
		return
	}
	if t.ConnectionState().NegotiatedProtocol == "h2" {
		t.SetDeadline(time.Time{})
		s.toHTTP(t)
		return
	}
	inner := &secureConn{Conn: t, door: s.Door}
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

// tlsWrite is the deadline of belowTLS: longer than any deadline that an answer sets.
const tlsWrite = 5 * time.Minute

// belowTLS sets a write deadline for records that crypto/tls writes on its own, such
// as replies to KeyUpdate. A client that requests them and never reads would block
// the connection while the HTTP server, waiting for a request, has set no deadline.
type belowTLS struct {
	*sniffedConn
	limit   time.Duration
	bounded atomic.Bool // the user of the connection has set a deadline
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

// refuseTLS closes a connection that begins a TLS handshake if there is no
// certificate. Clients report this in terms that hide the cause, so the log names it,
// at most once a minute.
func (s *sniffer) refuseTLS(c *sniffedConn) {
	defer c.Close()
	now, last := time.Now().Unix(), s.noTLS.Load()
	if now-last >= 60 && s.noTLS.CompareAndSwap(last, now) {
		s.config.Logger.Warn("a client speaks TLS, and there is no certificate: let its endpoint begin with http:// and its publish URL with rtmp://, or set --tls-cert and --tls-key",
			"remote", c.RemoteAddr().String())
	}
}

// secureConn is a connection inside TLS whose first byte was read ahead: Read
// returns it again. It has no NetConn method, so that nothing reads the TCP
// connection past TLS.
type secureConn struct {
	net.Conn // a *tls.Conn
	peeked
	door *Door
}

func (c *secureConn) Read(p []byte) (int, error) { return c.read(c.Conn, p) }

func (c *secureConn) Write(p []byte) (int, error) { return c.door.writeHTTP(c.Conn, p) }

// CloseWrite ends the sending side; reading goes on.
func (c *secureConn) CloseWrite() error { return c.Conn.(*tls.Conn).CloseWrite() }

// ConnectionState is for net/http: it fills the TLS field of a request.
func (c *secureConn) ConnectionState() tls.ConnectionState {
	return c.Conn.(*tls.Conn).ConnectionState()
}
