package rtmp

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"osslive/rtmp/amf0"
	"osslive/rtmp/flv"
)

const (
	clientChunkSize = 64 << 10
	closeWait       = 5 * time.Second // for the server to finish the publish
	refusalWait     = time.Second     // for the text of a server that hung up
)

// Client publishes one stream. One goroutine calls WriteTag; another may call Close.
type Client struct {
	nc     net.Conn
	in     *chunkReader
	stream uint32 // message stream ID
	buf    []byte // for a script tag

	mu  sync.Mutex // guards out
	out chunkWriter

	done chan struct{} // closed when the server has ended the publish
	err  error         // why; read after done
}

// Dial connects to an rtmp:// or rtmps:// URL and publishes; the certificate of
// the latter must be one that the system trusts. It returns when the server has
// accepted, or with a *RejectError when it has refused. The last element of the path, with
// the query, is the stream name; the path before it is the app. ctx bounds Dial alone.
func Dial(ctx context.Context, rawURL string) (*Client, error) {
	address, tcURL, app, name, err := splitURL(rawURL)
	if err != nil {
		return nil, err
	}
	dial := new(net.Dialer).DialContext
	if strings.HasPrefix(tcURL, "rtmps:") {
		dial = new(tls.Dialer).DialContext
	}
	nc, err := dial(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	limits := DefaultLimits()
	c := &Client{nc: nc, done: make(chan struct{})}
	c.in = newChunkReader(nc, make([]byte, waitingBufferSize), &limits, new(memory))
	c.out = chunkWriter{w: nc, chunkSize: defaultChunkSize}

	stop := context.AfterFunc(ctx, func() { nc.SetDeadline(time.Unix(1, 0)) })
	err = c.publish(tcURL, app, name)
	if !stop() {
		err = ctx.Err()
	}
	if err != nil {
		nc.Close()
		return nil, err
	}
	go c.listen()
	return c, nil
}

// splitURL divides a URL into address, tcUrl, app and stream name as most clients do.
func splitURL(rawURL string) (address, tcURL, app, name string, err error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return "", "", "", "", err
	}
	standard := map[string]string{"rtmp": "1935", "rtmps": "443"}[u.Scheme]
	if standard == "" || u.Host == "" {
		return "", "", "", "", fmt.Errorf("rtmp: %q is not an rtmp:// or rtmps:// URL", u.Redacted())
	}
	port := cmp.Or(u.Port(), standard)
	// The text as the user typed it: the server checks its signature.
	path, query, hasQuery := strings.Cut(rawURL, "?")
	_, path, _ = strings.Cut(path, "://")
	_, path, _ = strings.Cut(path, "/")
	slash := strings.LastIndexByte(path, '/')
	if slash < 0 {
		app, name = path, ""
	} else {
		app, name = path[:slash], path[slash+1:]
	}
	if hasQuery {
		name += "?" + query
	}
	return net.JoinHostPort(u.Hostname(), port), u.Scheme + "://" + u.Host + "/" + app, app, name, nil
}

// Transaction IDs of the commands.
const (
	connectID amf0.Number = iota + 1
	releaseID
	fcPublishID
	createID
	publishID
	fcUnpublishID
	deleteID
)

// publish runs from the handshake to the server's answer to the publish command.
func (c *Client) publish(tcURL, app, name string) error {
	if err := offerHandshake(c.in, c.nc); err != nil {
		return err
	}
	c.out.add(csidControl, controlMessage(typeSetChunkSize, clientChunkSize))
	c.out.add(csidCommand, commandMessage(0, amf0.String("connect"), connectID, amf0.Object{
		{Name: "app", Value: amf0.String(app)},
		{Name: "type", Value: amf0.String("nonprivate")},
		{Name: "flashVer", Value: amf0.String("FMLE/3.0 (compatible; osslive)")},
		{Name: "tcUrl", Value: amf0.String(tcURL)},
	}))
	if _, err := c.await("_result", connectID); err != nil {
		return err
	}
	c.out.add(csidCommand, commandMessage(0, amf0.String("releaseStream"), releaseID, amf0.Null{}, amf0.String(name)))
	c.out.add(csidCommand, commandMessage(0, amf0.String("FCPublish"), fcPublishID, amf0.Null{}, amf0.String(name)))
	c.out.add(csidCommand, commandMessage(0, amf0.String("createStream"), createID, amf0.Null{}))
	created, err := c.await("_result", createID)
	if err != nil {
		return err
	}
	id, ok := created.arg(1).(amf0.Number)
	if !ok || id < 1 || id > 1<<31 {
		return protocolErrorf("server creates message stream %v", created.arg(1))
	}
	c.stream = uint32(id)
	c.out.add(csidCommand, commandMessage(c.stream, amf0.String("publish"), publishID, amf0.Null{}, amf0.String(name), amf0.String("live")))
	_, err = c.await("onStatus", 0)
	return err
}

// await flushes, then reads up to the command of that name and transaction. A refusal
// before it is an error, unless it refuses an optional command.
func (c *Client) await(name string, transaction amf0.Number) (command, error) {
	if err := c.out.flush(); err != nil {
		return command{}, err
	}
	for {
		cmd, err := c.read()
		if err != nil {
			return command{}, err
		}
		optional := cmd.transaction == releaseID || cmd.transaction == fcPublishID
		if cmd.name == "onStatus" || cmd.name == "_error" && !optional {
			if err := cmd.refusal(); err != nil {
				return command{}, err
			}
		}
		if cmd.name == name && cmd.transaction == transaction {
			return cmd, nil
		}
	}
}

// read returns the next command. It answers pings before it.
func (c *Client) read() (command, error) {
	for {
		m, err := c.in.next()
		if err != nil {
			return command{}, unexpectedEOF(err)
		}
		switch m.typ {
		case typeCommand, typeCommandAMF3:
			return parseCommand(m)
		case typeSetChunkSize:
			if err := c.in.setChunkSize(m); err != nil {
				return command{}, err
			}
		case typeAbort:
			if err := c.in.abort(m); err != nil {
				return command{}, err
			}
		case typeUserControl:
			if pong, ok := m.pong(); ok {
				if err := c.send(csidControl, pong); err != nil {
					return command{}, err
				}
			}
		}
	}
}

// listen reads until the server ends the publish or the connection.
func (c *Client) listen() {
	defer close(c.done)
	for c.err == nil {
		var cmd command
		if cmd, c.err = c.read(); c.err != nil || cmd.name != "onStatus" {
			continue
		}
		if c.err = cmd.refusal(); c.err == nil && text(cmd.object(1), "code") == codeUnpublishSuccess {
			c.err = errUnpublished
		}
	}
}

var errUnpublished = errors.New("rtmp: the server has ended the publish")

func (c *Client) send(csid byte, m message) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out.add(csid, m)
	return c.out.flush()
}

// onMetaData is the beginning of a script tag of that name.
var onMetaData = amf0.Append(nil, amf0.String("onMetaData"))

// WriteTag sends a tag; it blocks while the server does not read, and does not keep
// t.Data. Once the server has ended the publish it returns the reason, a *RejectError if
// the server sent one. Tags of other types than audio, video and script are dropped.
func (c *Client) WriteTag(t flv.Tag) error {
	select {
	case <-c.done:
		return c.err
	default:
	}
	csid := byte(csidData)
	switch t.Type {
	case flv.Audio:
		csid = csidAudio
	case flv.Video:
		csid = csidVideo
	case flv.Script:
		if bytes.HasPrefix(t.Data, onMetaData) {
			c.buf = append(amf0.Append(c.buf[:0], amf0.String("@setDataFrame")), t.Data...)
			t.Data = c.buf
		}
	default:
		return nil
	}
	if len(t.Data) > flv.MaxData {
		return fmt.Errorf("rtmp: %v tag of %d bytes is too long", t.Type, len(t.Data))
	}
	err := c.send(csid, message{messageType(t.Type), c.stream, t.Time, t.Data})
	if err == nil {
		return nil
	}
	return c.reason(err)
}

// reason returns why writing failed with err: the server's refusal, if it comes.
func (c *Client) reason(err error) error {
	var reject *RejectError
	select {
	case <-c.done:
		if errors.As(c.err, &reject) {
			return reject
		}
	case <-time.After(refusalWait):
	}
	return err
}

// Close ends the publish and waits, for closeWait at most, until the server has confirmed
// the end or closed the connection. It returns the server's refusal, if there was one.
func (c *Client) Close() error {
	defer c.nc.Close()
	c.nc.SetWriteDeadline(time.Now().Add(closeWait))
	c.mu.Lock()
	c.out.add(csidCommand, commandMessage(0, amf0.String("FCUnpublish"), fcUnpublishID, amf0.Null{}))
	c.out.add(csidCommand, commandMessage(0, amf0.String("deleteStream"), deleteID, amf0.Null{}, amf0.Number(c.stream)))
	err := c.out.flush()
	c.mu.Unlock()
	if err == nil {
		closeWrite(c.nc)
	}
	select {
	case <-c.done:
	case <-time.After(closeWait):
		return errors.New("rtmp: the server does not confirm the end of the publish")
	}
	var reject *RejectError
	switch {
	case errors.As(c.err, &reject):
		return reject
	case errors.Is(c.err, errUnpublished), errors.Is(c.err, io.ErrUnexpectedEOF):
		return nil
	}
	return c.err
}
