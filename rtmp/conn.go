package rtmp

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"osslive/rtmp/flv"
)

// state is what a connection waits for: it decides which commands may come.
type state uint8

const (
	connecting state = iota // handshake, then connect and nothing else
	connected               // releaseStream, FCPublish, createStream, publish in any order
	publishing              // media, until FCUnpublish, closeStream or deleteStream
)

func (s state) String() string {
	return [...]string{"connecting", "connected", "publishing"}[s]
}

const (
	// ackWindow, in bytes, is the window that the server asks the client for. The
	// client gets acknowledgements only if it asks for them: one that does not read
	// them and closes while they are in flight resets its connection, which loses
	// its last bytes. minAckWindow keeps them rare if it asks for a tiny window.
	ackWindow    = 2_500_000
	minAckWindow = 64 << 10

	replyChunkSize = 4096
)

// conn is one connection. The goroutine that serves it owns its fields, with three
// exceptions: mu guards those below it; state and arrival are written by the goroutine
// under Server.mu and read by the Server under it. A goroutine that needs both locks takes
// Server.mu before conn.mu.
type conn struct {
	server *Server
	limits *Limits
	nc     net.Conn
	in     *chunkReader
	out    chunkWriter
	ctx    context.Context
	cancel context.CancelFunc
	start  time.Time

	state     state
	published bool // a publish was accepted
	evicted   bool // counts no longer among those that wait; the Server.mu guards it
	client    client
	streamID  uint32 // message stream that onStatus goes to
	stream    Stream // while publishing
	commands  int    // since the last publish began or ended
	created   int    // message streams, since then
	lastID    uint32 // of a message stream
	path      []string

	received           atomic.Int64 // written by the connection's goroutine only
	acknowledged, sent int64
	ackWindow          int64 // the client's, 0 if it has not asked

	arrival *arrival // since the first publish; nil for TLS, and outside Linux
	pace    pace

	limitName, missing string // of the time limit that runs, see allow
	limit              time.Duration
	deadline           time.Time
	progress           bool // a message was handled since the last read
	overstayed         bool // the client did not leave within limits.Drain

	kicked atomic.Pointer[kick] // set with mu held

	mu    sync.Mutex
	armed time.Time // the deadline of nc that arm has set
	turn  int       // number of the current publish; Kick ends only the one it was made for
}

// client is what the client sent with connect.
type client struct{ app, tcURL, flashVer string }

// kick is an order to end the publish, properly if err is nil.
type kick struct{ err error }

func newConn(s *Server, nc net.Conn) *conn {
	c := &conn{server: s, limits: &s.Limits, nc: nc, start: time.Now()}
	c.in = newChunkReader(c, make([]byte, waitingBufferSize), c.limits, &s.memory)
	c.out = chunkWriter{w: c, chunkSize: defaultChunkSize}
	c.ctx, c.cancel = context.WithCancel(s.ctx)
	return c
}

// serve runs the connection to its end and returns the reason, nil for a proper end.
func (c *conn) serve() error {
	defer c.nc.Close()
	reason := guard(c.talk)
	var failure *ioError
	switch {
	case c.stream != nil:
		if reason = c.closeStream(reason); reason == nil {
			c.out.add(csidStatus, unpublished(c.streamID))
		}
	case c.published && errors.As(reason, &failure):
		reason = nil // the client has left after its publish
	}
	c.farewell(reason)
	c.in.close()
	return reason
}

// guard turns a panic of f into an error.
func guard(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{v, debug.Stack()}
		}
	}()
	return f()
}

// talk reads and handles messages until an error ends it.
func (c *conn) talk() error {
	c.allow("Handshake", c.limits.Handshake, "no complete handshake")
	if err := acceptHandshake(c.in, c); err != nil {
		return c.readError(err)
	}
	c.allow("Publish", c.limits.Publish, "no publish")
	for {
		m, err := c.in.next()
		if err != nil {
			return c.readError(err)
		}
		if k := c.kicked.Load(); k != nil {
			return k.err
		}
		if err := c.handle(m); err != nil {
			return err
		}
		c.progress = true
	}
}

// readError returns the reason for which reading failed with err.
func (c *conn) readError(err error) error {
	if k := c.kicked.Load(); k != nil {
		return k.err
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &ioError{err}
	}
	return err
}

func (c *conn) handle(m message) error {
	switch m.typ {
	case typeAudio, typeVideo:
		return c.media(flv.Tag{Type: flv.TagType(m.typ), Time: m.time, Data: m.body})
	case typeData, typeDataAMF3:
		return c.media(flv.Tag{Type: flv.Script, Time: m.time, Data: m.amf0Body()})
	case typeAggregate:
		return c.aggregate(m)
	case typeCommand, typeCommandAMF3:
		return c.command(m)
	}
	return c.control(m)
}

// control handles protocol control messages of every message stream. It ignores types that
// it does not know.
func (c *conn) control(m message) error {
	switch m.typ {
	case typeSetChunkSize:
		return c.in.setChunkSize(m)
	case typeAbort:
		return c.in.abort(m)
	case typeWindowSize:
		n, err := m.uint32Body()
		if err != nil {
			return err
		}
		c.ackWindow = max(int64(n), minAckWindow)
	case typeUserControl:
		if pong, ok := m.pong(); ok {
			c.out.add(csidControl, pong)
			return c.out.flush()
		}
	}
	return nil
}

// Read reads from the peer within the time that the state allows. It first sends an
// acknowledgement if one is due. Nothing else reads from nc.
func (c *conn) Read(p []byte) (int, error) {
	if err := c.beforeRead(); err != nil {
		return 0, err
	}
	n, err := c.nc.Read(p)
	c.received.Add(int64(n))
	return n, c.readFailure(err)
}

// wait returns when Read would not block, or need not wait for more. It is a waiter.
func (c *conn) wait() (mark int, err error) {
	if err := c.beforeRead(); err != nil {
		return 0, err
	}
	mark = int(c.pace.mark.Load())
	if m := c.in.partial; m != nil && int(m.length) > mark {
		// The end of a large message, such as a keyframe that ends a segment, does not
		// wait for the bytes behind it.
		mark = min(mark, int(m.left))
	}
	if c.ackWindow > 0 {
		// A client that needs an acknowledgement before it sends more does not wait.
		mark = int(min(int64(mark), c.acknowledged+c.ackWindow-c.received.Load()))
	}
	return mark, c.readFailure(c.arrival.wait(mark))
}

func (c *conn) beforeRead() error {
	if received := c.received.Load(); c.ackWindow > 0 && received-c.acknowledged >= c.ackWindow {
		c.acknowledged = received
		c.out.add(csidControl, controlMessage(typeAcknowledgement, uint32(received)))
		if err := c.out.flush(); err != nil {
			return err
		}
	}
	c.arm()
	return nil
}

// readFailure wraps an error of nc by its kind.
func (c *conn) readFailure(err error) error {
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return limitErrorf(c.limitName, "%s within %v", c.missing, c.limit)
	}
	return &ioError{err}
}

// allow sets how long, from now, the client has for its next step. limitName is the field
// of Limits that it breaks by taking longer.
func (c *conn) allow(limitName string, limit time.Duration, missing string) {
	c.limitName, c.limit, c.missing = limitName, limit, missing
	c.deadline = time.Now().Add(limit)
}

// arm sets the deadline for reading, and for records that crypto/tls writes on its own
// while it reads, such as replies to KeyUpdate, which a client may never read. While
// publishing, the deadline moves with every message; it is set about once a second, and so
// it ends up to a second late.
func (c *conn) arm() {
	var slack time.Duration
	if c.state == publishing {
		if c.progress {
			c.deadline = time.Now().Add(c.limit)
		}
		slack = min(time.Second, c.limit/10)
	}
	c.progress = false

	c.mu.Lock()
	defer c.mu.Unlock()
	if early := c.armed.Sub(c.deadline); c.kicked.Load() == nil && (early < 0 || early > slack) {
		c.armed = c.deadline.Add(slack)
		c.nc.SetDeadline(c.armed)
	}
}

// Write writes to the peer within Limits.Write.
func (c *conn) Write(p []byte) (int, error) {
	c.nc.SetWriteDeadline(time.Now().Add(c.limits.Write))
	n, err := c.nc.Write(p)
	c.mu.Lock()
	c.armed = time.Time{} // the next read has to set its own again
	c.mu.Unlock()
	c.sent += int64(n)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded): // nothing more can be sent to the client
		if tcp, ok := under[interface{ SetLinger(int) error }](c.nc); ok {
			_ = tcp.SetLinger(0) // the kernel drops unsent bytes at the close
		}
		err = &ioError{limitErrorf("Write", "the client took no reply within %v", c.limits.Write)}
	case err != nil:
		err = &ioError{err}
	}
	return n, err
}

// kick ends the connection from another goroutine. A blocked read returns.
func (c *conn) kick(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kickLocked(err)
}

// cut closes the connection without waiting. Closing TLS writes a last record, which blocks
// for some seconds if the client does not read.
func (c *conn) cut() {
	c.nc.SetDeadline(time.Unix(1, 0))
	go c.nc.Close()
}

// kickLocked is kick with c.mu held.
func (c *conn) kickLocked(err error) {
	if c.kicked.CompareAndSwap(nil, &kick{err}) {
		c.nc.SetReadDeadline(time.Unix(1, 0))
	}
}

// farewell sends the client the reason for the end. The connection is not closed before the
// client has read it: with unread input a close becomes a reset, which overtakes the text.
func (c *conn) farewell(reason error) {
	if reason != nil && c.state != connecting {
		if code, description := Status(reason); code != "" {
			c.out.add(csidStatus, onStatus(c.streamID, "error", code, description))
		}
	}
	if len(c.out.buf) == 0 || c.out.flush() != nil || !closeWrite(c.nc) {
		return
	}
	c.nc.SetReadDeadline(time.Now().Add(c.limits.Drain))
	buf := make([]byte, waitingBufferSize)
	for {
		if _, err := c.nc.Read(buf); err != nil {
			c.overstayed = errors.Is(err, os.ErrDeadlineExceeded)
			return
		}
	}
}

// closeWrite shuts the sending side of a connection, through its wrappers.
func closeWrite(nc net.Conn) bool {
	w, ok := under[interface{ CloseWrite() error }](nc)
	return ok && w.CloseWrite() == nil
}

// under returns the outermost T among a connection and the connections that it wraps.
func under[T any](nc net.Conn) (t T, ok bool) {
	for {
		if t, ok = nc.(T); ok {
			return t, true
		}
		outer, wraps := nc.(interface{ NetConn() net.Conn })
		if !wraps {
			return t, false
		}
		nc = outer.NetConn()
	}
}

func (c *conn) closeInfo(reason error) CloseInfo {
	limit := limitName(reason)
	if limit == "" && c.overstayed {
		limit = "Drain"
	}
	return CloseInfo{
		RemoteAddr: c.nc.RemoteAddr(),
		FlashVer:   c.client.flashVer,
		Path:       c.path,
		Published:  c.published,
		Duration:   time.Since(c.start),
		Received:   c.received.Load(),
		Sent:       c.sent,
		Limit:      limit,
		Reason:     reason,
	}
}
