package door

import (
	"crypto/tls"
	"errors"
	"log"
	"net"
	"net/http"
	"os"
	"time"
)

// Limits bound what connections take from the server before and between requests;
// those of RTMP are rtmp.Limits.
type Limits struct {
	Connections int           // open ones that are HTTP or undecided; one more is closed at once
	Header      time.Duration // for the first byte, for a TLS handshake, then for the head of a request
	Idle        time.Duration // between two requests of a connection
}

// headSize bounds the request line and the headers together, in bytes.
const headSize = 64 << 10

// DefaultLimits returns the limits of a server that nobody has configured.
func DefaultLimits() Limits {
	return Limits{Connections: 10_000, Header: 10 * time.Second, Idle: 60 * time.Second}
}

// HTTPServer returns an HTTP server that keeps the limits of requests.
func (l Limits) HTTPServer(h http.Handler, errors *log.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: l.Header,
		IdleTimeout:       l.Idle,
		MaxHeaderBytes:    headSize,
		ErrorLog:          errors,
	}
}

// noteState is the ConnState of an http.Server. It notes what a connection waits
// for, which says which limit a timeout breaks.
func noteState(c net.Conn, state http.ConnState) {
	for {
		switch outer := c.(type) {
		case *sniffedConn:
			outer.state.Store(int32(state))
			return
		case *secureConn:
			c = outer.Conn
		case *tls.Conn:
			c = outer.NetConn()
		default:
			return
		}
	}
}

// overtime counts the limit that a failed Read has broken, if it was a timeout. The
// timeout of a request's body is an error of the request, which the API counts.
func (c *sniffedConn) overtime(err error) {
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return
	}
	switch http.ConnState(c.state.Load()) {
	case http.StateNew:
		c.door.config.Exceeded("header")
	case http.StateIdle:
		c.door.config.Exceeded("idle")
	}
}
