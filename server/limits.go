package server

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"os"
	"time"

	"osslive/rtmp"
)

// limits bound what connections may take from the server before and between
// requests; those of RTMP are rtmp.Limits.
type limits struct {
	connections int           // open ones that are HTTP or undecided; more are closed at once
	header      time.Duration // for the first byte, then for the head of a request
	idle        time.Duration // between the requests of a connection
}

// headSize bounds the request line and the headers together, in bytes.
const headSize = 64 << 10

func defaultLimits() limits {
	return limits{connections: 10_000, header: 10 * time.Second, idle: 60 * time.Second}
}

// fit lowers the limits so that connections leave a quarter of the process's
// files, of which there may be n, for what serves them: the records, the
// objects' bytes, publishers, and the admin address, which has to answer when
// all else is refused.
func fit(n int, l *limits, r *rtmp.Limits) {
	l.connections = min(l.connections, n/2)
	r.Waiting = min(r.Waiting, n/4)
}

// noteState is an http.Server's ConnState: what a connection waits for tells which
// limit it goes over by waiting too long.
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

// overtime counts the limit that a failed Read tells of, if it does. That of a
// request's body is an error of the request, and counted as such.
func (c *sniffedConn) overtime(err error) {
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return
	}
	switch http.ConnState(c.state.Load()) {
	case http.StateNew:
		c.limit("header")
	case http.StateIdle:
		c.limit("idle")
	}
}
