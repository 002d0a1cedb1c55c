package rtmp

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"osslive/rtmp/amf0"
	"osslive/rtmp/flv"
)

// peer is a client that a test scripts.
type peer struct {
	t  testing.TB
	nc net.Conn
	in *chunkReader
	w  chunker
}

// rawPeer connects and sends nothing.
func rawPeer(t testing.TB, addr string) *peer {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return peerOn(t, nc)
}

func peerOn(t testing.TB, nc net.Conn) *peer {
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(patience))
	return &peer{t: t, nc: nc, in: newChunkReader(nc, make([]byte, 4096), openLimits(), new(memory)), w: chunker{size: 128}}
}

// newPeer has the handshake behind it.
func newPeer(t testing.TB, addr string) *peer {
	t.Helper()
	p := rawPeer(t, addr)
	p.handshake()
	return p
}

func (p *peer) handshake() {
	p.t.Helper()
	if err := offerHandshake(p.in, p.nc); err != nil {
		p.t.Fatal(err)
	}
}

// connectedPeer has connected, publishingPeer is publishing.
func connectedPeer(t testing.TB, addr string) *peer {
	t.Helper()
	p := newPeer(t, addr)
	p.connect()
	return p
}

func (p *peer) connect() {
	p.t.Helper()
	p.command(0, "connect", 1, amf0.Object{{Name: "app", Value: amf0.String("live")}, {Name: "tcUrl", Value: amf0.String("rtmp://host/live")}})
	p.send()
	p.await("_result")
}

func publishingPeer(t testing.TB, addr string) *peer {
	t.Helper()
	p := connectedPeer(t, addr)
	p.publish()
	if code := p.status(); code != codePublishStart {
		t.Fatalf("publish: got %s", code)
	}
	return p
}

func (p *peer) publish() {
	p.command(1, "publish", 0, amf0.Null{}, amf0.String("ch?k=v"), amf0.String("live"))
	p.send()
}

func (p *peer) command(stream int, name string, transaction amf0.Number, args ...amf0.Value) {
	body := amf0.Append(nil, append([]amf0.Value{amf0.String(name), transaction}, args...)...)
	p.w.header(0, 3, 0, len(body), int(typeCommand), stream)
	p.w.rest(3, 0, p.w.part(body))
}

func (p *peer) tag(t flv.Tag) {
	p.w.message(4, messageType(t.Type), uint32(t.Time), t.Data)
}

// send writes the prepared bytes; a closed connection does not fail the test here.
func (p *peer) send() {
	p.nc.Write(p.w.Bytes())
	p.w.Reset()
}

// next reads a message, obeying Set Chunk Size.
func (p *peer) next() (message, error) {
	m, err := p.in.next()
	if err == nil && m.typ == typeSetChunkSize {
		err = p.in.setChunkSize(m)
	}
	return m, err
}

// await reads up to a command of that name.
func (p *peer) await(name string) command {
	p.t.Helper()
	for {
		m, err := p.next()
		if err != nil {
			p.t.Fatalf("waiting for %s: %v", name, err)
		}
		if m.typ != typeCommand {
			continue
		}
		cmd, err := parseCommand(m)
		if err != nil {
			p.t.Fatal(err)
		}
		if cmd.name == name {
			return cmd
		}
	}
}

// status returns the code of the next onStatus.
func (p *peer) status() string {
	p.t.Helper()
	return text(p.await("onStatus").object(1), "code")
}

// rejection reads up to the refusal and then the end of the connection, and
// closes it.
func (p *peer) rejection() *RejectError {
	p.t.Helper()
	var reject *RejectError
	if err := p.await("onStatus").refusal(); !errors.As(err, &reject) {
		p.t.Fatalf("got %v, want a refusal", err)
	}
	if _, err := p.next(); err != io.EOF {
		p.t.Errorf("after the refusal: got %v, want %v", err, io.EOF)
	}
	p.nc.Close()
	return reject
}
