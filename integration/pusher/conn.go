package pusher

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"
)

// patience bounds the wait for an answer of the server, and for a write to it.
const patience = 30 * time.Second

// writeSize is the number of bytes that Send collects before it writes.
const writeSize = 64 << 10

// Conn is an RTMP connection. Only the methods that say so read from it: the messages of
// a server to a publisher fit into the socket's buffer.
type Conn struct {
	net.Conn
	Chunker
	Stream uint32 // message stream ID from createStream
	Piece  int    // bytes in each write of Send; 0 is writeSize

	in   *bufio.Reader
	recv receiver
	buf  []byte
	id   int // of the last transaction
}

// Status is the info object of an onStatus or an _error.
type Status struct{ Level, Code, Description string }

// Refused is the error of a Status that refuses.
type Refused struct{ Status }

func (r *Refused) Error() string { return r.Code + ": " + r.Description }

// Open connects to an RTMP URL, publishes its stream, and announces a chunk size of
// 4096. The error is a *Refused if the server gave a reason.
func Open(ctx context.Context, url string) (*Conn, error) {
	host, app, name, err := Split(url)
	if err != nil {
		return nil, err
	}
	c, err := Dial(ctx, host)
	if err != nil {
		return nil, err
	}
	err = c.Connect(app, "rtmp://"+host+"/"+app)
	if err == nil {
		err = c.Publish(name)
	}
	if err == nil {
		_, err = c.Write(c.SetSize(nil, 4096))
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Split splits an RTMP URL as ffmpeg does: the name is the last element of the path with
// the query.
func Split(url string) (host, app, name string, err error) {
	rest, ok := strings.CutPrefix(url, "rtmp://")
	host, path, ok2 := strings.Cut(rest, "/")
	before, query, has := strings.Cut(path, "?")
	cut := strings.LastIndexByte(before, '/')
	if !ok || !ok2 || cut < 0 {
		return "", "", "", fmt.Errorf("pusher: %q is not rtmp://HOST:PORT/APP/NAME", url)
	}
	name = before[cut+1:]
	if has {
		name += "?" + query
	}
	return host, before[:cut], name, nil
}

// Dial connects and makes the handshake, RTMP 1.0 §5.2.
func Dial(ctx context.Context, host string) (*Conn, error) {
	nc, err := new(net.Dialer).DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, err
	}
	c := &Conn{Conn: nc, in: bufio.NewReader(nc), recv: receiver{size: DefaultChunkSize}}
	c.SetDeadline(time.Now().Add(patience))
	hello := append([]byte{3}, make([]byte, 1536)...)
	answer := make([]byte, 1+1536+1536)
	if _, err = c.Write(hello); err == nil {
		if _, err = io.ReadFull(c.in, answer); err == nil {
			_, err = c.Write(answer[1 : 1+1536])
		}
	}
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("handshake: %w", err)
	}
	return c, nil
}

// Call sends a command on a message stream and returns its transaction.
func (c *Conn) Call(stream uint32, name string, arguments ...any) (id int, err error) {
	c.id++
	body := AppendAMF(nil, append([]any{name, c.id}, arguments...)...)
	_, err = c.Write(c.Append(nil, CommandID, Message{Type: Command, Stream: stream, Body: body}))
	return c.id, err
}

// Connect sends connect, with more properties if given, and reads the answer.
func (c *Conn) Connect(app, tcURL string, more ...Property) error {
	id, err := c.Call(0, "connect", append(Object{{"app", app}, {"type", "nonprivate"},
		{"flashVer", "FMLE/3.0 (compatible; pusher)"}, {"tcUrl", tcURL}}, more...))
	if err != nil {
		return err
	}
	_, err = c.Result(id)
	return err
}

// Publish creates a message stream, publishes a name on it, and reads the answer.
func (c *Conn) Publish(name string) error {
	id, err := c.Call(0, "createStream", nil)
	if err != nil {
		return err
	}
	result, err := c.Result(id)
	if err != nil {
		return err
	}
	if number, ok := result.(float64); ok {
		c.Stream = uint32(number)
	}
	if _, err := c.Call(c.Stream, "publish", nil, name, "live"); err != nil {
		return err
	}
	return c.Await("NetStream.Publish.Start")
}

// Result reads up to the answer to a call and returns its last argument. The server has
// then read everything sent before the call.
func (c *Conn) Result(id int) (any, error) {
	for {
		name, arguments, err := c.ReadCommand()
		switch {
		case err != nil:
			return nil, err
		case len(arguments) == 0 || arguments[0] != float64(id):
		case name == "_result":
			return arguments[len(arguments)-1], nil
		case name == "_error":
			return nil, &Refused{status(arguments)}
		}
	}
}

// Await reads up to the onStatus with that code. An earlier status of level error is
// returned as a *Refused.
func (c *Conn) Await(code string) error {
	for {
		name, arguments, err := c.ReadCommand()
		if err != nil {
			return err
		}
		switch s := status(arguments); {
		case name != "onStatus":
		case s.Code == code:
			return nil
		case s.Level == "error":
			return &Refused{s}
		}
	}
}

// Ended reads until the server ends the connection. The error is a *Refused if the
// server gave a reason, else nil.
func (c *Conn) Ended() error {
	if err := c.Await(""); !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

func status(arguments []any) (s Status) {
	for _, a := range arguments {
		if o, ok := a.(Object); ok {
			s = Status{o.Text("level"), o.Text("code"), o.Text("description")}
		}
	}
	return s
}

// ReadCommand reads up to the next command and returns its name, transaction and
// arguments. It waits for at most half a minute.
func (c *Conn) ReadCommand() (name string, arguments []any, err error) {
	c.SetReadDeadline(time.Now().Add(patience))
	for {
		m, err := c.recv.next(c.in)
		if err != nil {
			return "", nil, err
		}
		if m.Type != Command {
			continue
		}
		values, err := decode(m.Body)
		if err != nil {
			return "", nil, err
		}
		if len(values) > 0 {
			if name, ok := values[0].(string); ok {
				return name, values[1:], nil
			}
		}
	}
}

// ID returns the chunk stream that Send uses for a message type.
func ID(typ byte) uint32 {
	switch typ {
	case Audio:
		return AudioID
	case Video:
		return VideoID
	}
	return DataID
}

// Send sends messages, each type on a chunk stream of its own. The error is a *Refused
// if the server ended the publish with a reason.
func (c *Conn) Send(messages ...Message) error {
	c.buf = c.buf[:0]
	for _, m := range messages {
		c.buf = c.Append(c.buf, ID(m.Type), m)
		if len(c.buf) >= writeSize {
			if err := c.Flush(c.buf); err != nil {
				return err
			}
			c.buf = c.buf[:0]
		}
	}
	return c.Flush(c.buf)
}

// Flush writes bytes in pieces of Piece. Errors are those of Send.
func (c *Conn) Flush(b []byte) error {
	piece := c.Piece
	if piece == 0 {
		piece = max(1, len(b))
	}
	for part := range slices.Chunk(b, piece) {
		c.SetWriteDeadline(time.Now().Add(patience))
		if _, err := c.Write(part); err != nil {
			if refused := (*Refused)(nil); errors.As(c.Ended(), &refused) {
				return refused
			}
			return err
		}
	}
	return nil
}

// Finish ends the publish properly, reads the server's confirmation, and closes the
// connection.
func (c *Conn) Finish() error {
	defer c.Close()
	if _, err := c.Call(c.Stream, "FCUnpublish", nil, ""); err != nil {
		return err
	}
	if _, err := c.Call(0, "deleteStream", nil, int(c.Stream)); err != nil {
		return err
	}
	return c.Await("NetStream.Unpublish.Success")
}
