package rtmp

import (
	"context"
	"errors"
	"net"
	"net/url"
	"sync"
	"time"

	"osslive/rtmp/flv"
)

// Handler accepts or refuses publishes. Many goroutines call it.
type Handler interface {
	// Publish accepts a publish by returning the Stream to write to. A
	// *RejectError refuses it with that code and text, any other error with a
	// general text; the connection then ends.
	//
	// ctx is done when the connection has ended, which is after Stream.Close
	// has returned, or when Shutdown has waited long enough.
	Publish(ctx context.Context, r *PublishRequest) (Stream, error)
}

// Stream takes the tags of a publisher. The connection's goroutine calls its methods: while
// WriteTag blocks, nothing is read and the publisher waits. That time is not idle time.
type Stream interface {
	// WriteTag takes an audio, video or script tag; its data is valid until WriteTag
	// returns. An error ends publish and connection; the publisher gets the text that it
	// would get from Handler.Publish.
	WriteTag(flv.Tag) error

	// Close is called exactly once, whichever way a publish ends. The cause is nil if
	// the publisher ended it properly; otherwise it is the error of WriteTag, the
	// argument of Kick, ErrServerClosed, a *ProtocolError, *LimitError or *PanicError,
	// or an error of the network.
	Close(cause error)
}

// PublishRequest is what a client asks for with publish.
type PublishRequest struct {
	Host  string     // of the URL, in lower case, without user and port; "" if the client sent none
	Path  []string   // of the URL: its non-empty parts, decoded, e.g. live and a channel
	Query url.Values // of the URL, decoded once; '+' is a plus, repeated names keep all values

	Type     string // "live", "record", "append" or ""
	FlashVer string // the client's name for itself

	RemoteAddr, LocalAddr net.Addr

	// Kick ends this publish, once it has begun, as if WriteTag had returned
	// the error; nil ends it properly. It may be called by any goroutine at any
	// time, does not wait, and only its first call counts.
	Kick func(error)
}

// CloseInfo describes a connection that has ended.
type CloseInfo struct {
	RemoteAddr net.Addr
	FlashVer   string
	Path       []string // of the last publish asked for
	Published  bool     // a publish was accepted
	Duration   time.Duration
	Received   int64 // bytes
	Sent       int64
	Limit      string // the field of Limits that the client went over, "" for none

	// Reason is nil after a publish that ended properly and wraps io.EOF if the
	// client left without one; otherwise it is as the cause of Stream.Close.
	Reason error
}

// Server takes publishing connections. Set its fields before the first call.
type Server struct {
	Handler Handler
	Limits  Limits          // the zero value means DefaultLimits
	OnClose func(CloseInfo) // called for each connection, if not nil
	// OnMalformed is called, if not nil, for a publish whose URL cannot be read, with
	// neither path nor query, in place of Handler. It returns the refusal for the client.
	OnMalformed func(*PublishRequest, *RejectError) *RejectError

	// Video and Audio are the codecs that Handler takes, for clients that ask at
	// connect. Tags of others reach it all the same.
	Video []flv.VideoCodec
	Audio []flv.AudioCodec

	memory memory

	mu        sync.Mutex
	closed    bool
	listeners map[net.Listener]struct{}
	conns     map[*conn]struct{}
	waiting   int        // conns without a publish
	pacing    bool       // pace is running
	idle      *sync.Cond // signalled when conns shrinks
	ctx       context.Context
	cancel    context.CancelFunc
}

// ready initialises a zero Server. s.mu is held.
func (s *Server) ready() {
	if s.conns != nil {
		return
	}
	if s.Limits == (Limits{}) {
		s.Limits = DefaultLimits()
	}
	s.listeners = make(map[net.Listener]struct{})
	s.conns = make(map[*conn]struct{})
	s.idle = sync.NewCond(&s.mu)
	s.ctx, s.cancel = context.WithCancel(context.Background())
}

// Serve accepts connections from l until Shutdown, which makes it return
// ErrServerClosed, or until l fails for good. It closes l.
func (s *Server) Serve(l net.Listener) error {
	defer l.Close()
	s.mu.Lock()
	s.ready()
	if s.closed {
		s.mu.Unlock()
		return ErrServerClosed
	}
	s.listeners[l] = struct{}{}
	s.mu.Unlock()

	defer func() {
		s.mu.Lock()
		delete(s.listeners, l)
		s.mu.Unlock()
	}()
	for {
		nc, err := l.Accept()
		if err == nil {
			go s.Admit(nc)() // Admit runs here, before the next Accept
			continue
		}
		s.mu.Lock()
		closed := s.closed
		s.mu.Unlock()
		if closed {
			return ErrServerClosed
		}
		// Out of file descriptors, or the client has left: go on with others.
		var temporary interface{ Temporary() bool }
		if !errors.As(err, &temporary) || !temporary.Temporary() {
			return err
		}
		time.Sleep(acceptPause)
	}
}

const acceptPause = 20 * time.Millisecond

// ServeConn serves one connection that the caller accepted, closes it and returns. It
// does not panic: a panic of Handler or Stream is the reason that OnClose gets.
func (s *Server) ServeConn(nc net.Conn) { s.Admit(nc)() }

// Admit counts nc against Limits.Waiting, evicting the connection that has waited longest if
// the limit is reached, and returns the function that serves nc. Call it in the accept
// loop, before the next Accept, so that connections that are not yet counted are bounded.
func (s *Server) Admit(nc net.Conn) (serve func()) {
	c, err := s.add(nc)
	if err != nil {
		nc.Close()
		if s.OnClose != nil {
			s.OnClose(CloseInfo{RemoteAddr: nc.RemoteAddr(), Limit: limitName(err), Reason: err})
		}
		return func() {}
	}
	return func() {
		defer s.remove(c)
		reason := c.serve()
		if s.OnClose != nil {
			s.OnClose(c.closeInfo(reason))
		}
	}
}

func (s *Server) add(nc net.Conn) (*conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ready()
	if s.closed {
		return nil, ErrServerClosed
	}
	if s.waiting >= s.Limits.Waiting {
		err := limitErrorf("Waiting", "more than %d connections wait for a publish", s.Limits.Waiting)
		if !s.evict(err) {
			return nil, err
		}
	}
	s.waiting++
	c := newConn(s, nc)
	s.conns[c] = struct{}{}
	return c, nil
}

func (s *Server) remove(c *conn) {
	c.cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	if c.state != publishing && !c.evicted {
		s.waiting--
	}
	s.idle.Broadcast()
}

// headStart is how much longer a connection may wait, when Limits.Waiting is reached, for
// each step towards its publish that it has made.
const headStart = 2 * time.Second

// evict ends the connection that has waited longest for its publish, less its head start.
// An encoder sends its part of the handshake at once and publishes within a few round
// trips; connections that stall must not keep it out. s.mu is held.
func (s *Server) evict(reason error) bool {
	var victim *conn
	var longest time.Time
	for c := range s.conns {
		if c.state == publishing || c.evicted {
			continue
		}
		since := c.start.Add(time.Duration(c.steps()) * headStart)
		if victim == nil || since.Before(longest) {
			victim, longest = c, since
		}
	}
	if victim == nil {
		return false
	}
	victim.evicted = true
	s.waiting--
	victim.kick(reason)
	victim.cancel()
	victim.cut() // without a farewell, which the client could delay
	return true
}

// steps returns how many steps towards its publish a connection has made: its part of the
// handshake, then connect. Server.mu is held.
func (c *conn) steps() int {
	if c.received.Load() < 1+handshakeSize {
		return 0
	}
	return 1 + int(c.state)
}

// setState changes the state of c, and the count of waiting connections with it.
func (s *Server) setState(c *conn, to state) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.state == publishing && !c.evicted {
		s.waiting++
	}
	if to == publishing && !c.evicted {
		s.waiting--
		if !s.pacing {
			s.pacing = true
			go s.pace()
		}
	}
	c.state = to
}

// Shutdown stops accepting, ends every connection with ErrServerClosed and waits
// until each Stream has been closed. When ctx is done first, the connections are
// cut and Shutdown returns ctx.Err() without waiting further.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ready()
	s.closed = true
	for l := range s.listeners {
		l.Close()
	}
	for c := range s.conns {
		c.kick(ErrServerClosed)
	}
	defer context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.idle.Broadcast()
	})()
	for len(s.conns) > 0 && ctx.Err() == nil {
		s.idle.Wait()
	}
	s.cancel()
	if len(s.conns) == 0 {
		return nil
	}
	for c := range s.conns {
		c.cut()
	}
	return ctx.Err()
}

// Connections returns the number of open connections.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}
