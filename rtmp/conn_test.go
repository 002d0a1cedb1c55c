package rtmp

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"osslive/rtmp/amf0"
	"osslive/rtmp/flv"
)

func TestFirstByte(t *testing.T) {
	for b := range 256 {
		err := checkVersion(byte(b))
		want := b >= 3 && b < 32 && b != 6 && b != 8 && b != 9 && b != 0x16
		if (err == nil) != want {
			t.Errorf("0x%02x: got %v, want accepted: %v", b, err, want)
		}
	}
	for b, word := range map[byte]string{'G': "HTTP", 'P': "HTTP", 0x16: "TLS", 6: "encrypted"} {
		if err := checkVersion(b); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("0x%02x: got %v, want a word about %s", b, err, word)
		}
	}
}

func TestHandshake(t *testing.T) {
	s := startServer(t, newRecorder(), Limits{})
	p := rawPeer(t, s.addr)
	c1 := append([]byte("time\x09\x00\x7c\x02"), bytes.Repeat([]byte("r"), 1528)...)
	p.nc.Write(append([]byte{31}, c1...))
	answer := make([]byte, 1+2*handshakeSize)
	if _, err := io.ReadFull(p.nc, answer); err != nil {
		t.Fatal(err)
	}
	if answer[0] != 3 {
		t.Errorf("S0: got %d, want 3", answer[0])
	}
	if got := answer[5:9]; !bytes.Equal(got, []byte{0, 0, 0, 0}) {
		t.Errorf("S1 asks for a digest: % x", got)
	}
	if !bytes.Equal(answer[1+handshakeSize:], c1) {
		t.Error("S2 is not C1")
	}
}

func TestNotRTMP(t *testing.T) {
	for _, hello := range []string{"GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\x02\x00\x01", "\xff"} {
		s := startServer(t, newRecorder(), Limits{})
		p := rawPeer(t, s.addr)
		p.nc.Write([]byte(hello))
		var protocol *ProtocolError
		if end := s.end(t); !errors.As(end.Reason, &protocol) || end.Sent != 0 {
			t.Errorf("%q: got %+v", hello, end)
		}
	}
}

// A client that leaves between messages gave no reason to complain.
func TestLeavingEarly(t *testing.T) {
	s := startServer(t, newRecorder(), Limits{})
	for _, leave := range []func(){
		func() { rawPeer(t, s.addr).nc.Close() },
		func() { newPeer(t, s.addr).nc.Close() },
		func() { connectedPeer(t, s.addr).nc.Close() },
	} {
		leave()
		if end := s.end(t); !errors.Is(end.Reason, io.EOF) {
			t.Errorf("got %v, want %v", end.Reason, io.EOF)
		}
	}
}

// The refusal arrives although the client goes on sending without reading.
func TestRefusalIsNotOvertakenByReset(t *testing.T) {
	h := newRecorder()
	h.accept = func(*PublishRequest) error { return &RejectError{CodeBadName, "NoSuchLiveChannel: no"} }
	s := startServer(t, h, Limits{})
	p := connectedPeer(t, s.addr)
	p.command(1, "publish", 0, amf0.Null{}, amf0.String("ch"), amf0.String("live"))
	for range 10 {
		p.tag(testTags[4])
	}
	p.send()
	if got, want := *p.rejection(), (RejectError{CodeBadName, "NoSuchLiveChannel: no"}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	p.nc.Close()
	s.end(t)
}

// A client that hears the refusal but stays is cut off.
func TestRefusedClientStays(t *testing.T) {
	limits := DefaultLimits()
	limits.Drain = 50 * time.Millisecond
	h := newRecorder()
	h.accept = func(*PublishRequest) error { return errors.New("secret") }
	s := startServer(t, h, limits)
	p := connectedPeer(t, s.addr)
	p.publish()
	if o := p.await("onStatus").object(1); text(o, "code") != CodeRejected || strings.Contains(text(o, "description"), "secret") {
		t.Errorf("got %v", o)
	}
	s.end(t)
}

func TestReplies(t *testing.T) {
	s := startServer(t, newRecorder(), Limits{})
	p := newPeer(t, s.addr)
	p.w.setSize(4096) // OBS does so before connect
	p.command(0, "connect", 1, amf0.Object{{Name: "app", Value: amf0.String("live")}})
	p.send()
	var types []messageType
	for len(types) < 4 {
		m, err := p.next()
		if err != nil {
			t.Fatal(err)
		}
		types = append(types, m.typ)
		if m.typ != typeCommand {
			continue
		}
		cmd, _ := parseCommand(m)
		o := cmd.object(1)
		if cmd.name != "_result" || cmd.transaction != 1 || text(o, "code") != codeConnectSuccess || o.Get("objectEncoding") != amf0.Number(0) {
			t.Errorf("connect: got %+v", cmd)
		}
	}
	if want := []messageType{typeWindowSize, typeSetPeerBandwidth, typeSetChunkSize, typeCommand}; !slices.Equal(types, want) {
		t.Errorf("connect: got %v, want %v", types, want)
	}

	// Transaction 0 wants no answer, and unknown commands get none yet.
	p.command(0, "releaseStream", 0, amf0.Null{}, amf0.String("ch"))
	p.command(0, "FCPublish", 0, amf0.Null{}, amf0.String("ch"))
	p.command(0, "_checkbw", 7, amf0.Null{})
	p.command(0, "getStreamLength", 8, amf0.Null{}, amf0.String("ch"))
	p.command(0, "releaseStream", 2, amf0.Null{}, amf0.String("ch"))
	p.command(0, "FCPublish", 3, amf0.Null{}, amf0.String("ch"))
	p.command(0, "createStream", 4, amf0.Null{})
	p.command(0, "createStream", 5, amf0.Null{})
	p.send()
	for _, want := range []struct {
		name        string
		transaction amf0.Number
		second      amf0.Value
	}{
		{"_result", 2, amf0.Undefined{}},
		{"onFCPublish", 0, nil},
		{"_result", 3, nil},
		{"_result", 4, amf0.Number(1)},
		{"_result", 5, amf0.Number(2)},
	} {
		m, err := p.next()
		if err != nil {
			t.Fatal(err)
		}
		cmd, _ := parseCommand(m)
		if cmd.name != want.name || cmd.transaction != want.transaction || want.second != nil && cmd.arg(1) != want.second {
			t.Errorf("got %+v, want %+v", cmd, want)
		}
	}

	// AMF3 commands carry AMF0 behind a zero.
	body := append([]byte{0}, amf0.Append(nil, amf0.String("publish"), amf0.Number(6), amf0.Null{}, amf0.String("ch"))...)
	p.w.message(8, typeCommandAMF3, 0, body)
	p.send()
	m, err := p.next()
	if want := eventMessage(eventStreamBegin, 1); err != nil || m.typ != want.typ || !bytes.Equal(m.body, want.body) {
		t.Errorf("publish: got %+v, %v, want %+v", m, err, want)
	}
	if code := p.status(); code != codePublishStart {
		t.Errorf("publish: got %s", code)
	}
	p.command(0, "getStreamLength", 9, amf0.Null{}, amf0.String("ch"))
	p.send()
	if cmd := p.await("_error"); cmd.transaction != 9 {
		t.Errorf("unknown command: got %+v", cmd)
	}
}

func TestHopelessConnect(t *testing.T) {
	connect := amf0.Append(nil, amf0.String("connect"), amf0.Number(1))
	for _, tt := range []struct{ name, object, want string }{
		{"long app", string(amf0.Append(nil, amf0.Object{{Name: "app", Value: amf0.String(strings.Repeat("x", 5000))}})), "LimitExceeded: a part of the URL has 5000 bytes, at most 4096 are taken"},
		{"line break in app", string(amf0.Append(nil, amf0.Object{{Name: "app", Value: amf0.String("a\nb")}})), "contains a line break"},
		{"AMF3 object", "\x11\x0a\x0b\x01\x01", "AMF3 values are not supported"},
		{"too deep", strings.Repeat("\x03\x00\x01k", 40), "LimitExceeded: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := startServer(t, newRecorder(), Limits{})
			p := newPeer(t, s.addr)
			p.w.message(3, typeCommand, 0, append(bytes.Clone(connect), tt.object...))
			p.send()
			var reject *RejectError
			if err := p.await("_error").refusal(); !errors.As(err, &reject) || reject.Code != codeConnectRejected || !strings.Contains(reject.Description, tt.want) {
				t.Errorf("got %v, want %s with %q", err, codeConnectRejected, tt.want)
			}
			p.nc.Close()
			s.end(t)
		})
	}
}

// lingering records the argument of SetLinger.
type lingering struct {
	net.Conn
	seconds int
}

func (l *lingering) SetLinger(seconds int) error {
	l.seconds = seconds
	return nil
}

// A client that takes no replies leaves none of them to the kernel.
func TestWriteLimitResets(t *testing.T) {
	limits := DefaultLimits()
	limits.Write = 50 * time.Millisecond
	s := startServer(t, newRecorder(), limits)
	client, server := net.Pipe()
	defer client.Close()
	go client.Write(append([]byte{3}, make([]byte, handshakeSize)...))
	nc := &lingering{server, -1}
	s.ServeConn(nc)
	if end := s.end(t); end.Limit != "Write" || nc.seconds != 0 {
		t.Errorf("got the limit %q, SetLinger(%d), want Write, 0", end.Limit, nc.seconds)
	}
}

// Commands during a publish are not counted as those before the next one.
func TestCommandsWhilePublishing(t *testing.T) {
	s := startServer(t, newRecorder(), Limits{})
	p := publishingPeer(t, s.addr)
	for range DefaultLimits().Commands {
		p.command(0, "getStreamLength", 0, amf0.Null{})
	}
	p.command(0, "FCUnpublish", 0, amf0.Null{})
	p.send()
	if code := p.status(); code != codeUnpublishSuccess {
		t.Fatalf("unpublish: got %s", code)
	}
	p.publish()
	if code := p.status(); code != codePublishStart {
		t.Errorf("the next publish: got %s", code)
	}
}

func TestCommandsOutOfOrder(t *testing.T) {
	object := amf0.Append(nil, amf0.Object{})
	tests := []struct {
		name string
		wait func(testing.TB, string) *peer
		do   func(*peer)
	}{
		{"publish before connect", newPeer, (*peer).publish},
		{"connect twice", connectedPeer, func(p *peer) { p.command(0, "connect", 1, amf0.Object{}) }},
		{"no name", connectedPeer, func(p *peer) { p.w.message(3, typeCommand, 0, nil) }},
		{"name is an object", connectedPeer, func(p *peer) { p.w.message(3, typeCommand, 0, object) }},
		{"AMF3 inside", connectedPeer, func(p *peer) { p.w.message(3, typeCommandAMF3, 0, []byte("\x00\x11\x06\x01")) }},
		{"short Set Chunk Size", connectedPeer, func(p *peer) { p.w.message(2, typeSetChunkSize, 0, []byte{1}) }},
		{"short window size", connectedPeer, func(p *peer) { p.w.message(2, typeWindowSize, 0, nil) }},
		{"torn aggregate", publishingPeer, func(p *peer) { p.w.message(4, typeAggregate, 0, []byte("\x08\x00\x00\x09")) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := startServer(t, newRecorder(), Limits{})
			p := tt.wait(t, s.addr)
			tt.do(p)
			p.send()
			var protocol *ProtocolError
			closeWrite(p.nc)
			if end := s.end(t); !errors.As(end.Reason, &protocol) {
				t.Errorf("got %v, want a ProtocolError", end.Reason)
			}
		})
	}
}

// What does not belong to a publish is ignored, on whatever stream it comes.
func TestIgnored(t *testing.T) {
	h := newRecorder()
	s := startServer(t, h, Limits{})
	p := connectedPeer(t, s.addr)
	p.tag(testTags[3]) // before the publish
	p.publish()
	p.status()
	p.w.message(2, typeAcknowledgement, 0, []byte{0, 0, 0, 1})
	p.w.message(2, typeUserControl, 0, []byte{0})
	p.w.message(2, typeUserControl, 0, []byte{0, 6, 1})
	p.w.message(2, typeUserControl, 0, []byte{0, 3, 0, 0, 0, 1, 0, 0, 0, 9})
	p.w.message(2, typeSetPeerBandwidth, 0, []byte{0, 0, 0, 0, 0})
	p.w.message(2, typeWindowSize, 0, []byte{0, 0, 0, 0})
	p.w.message(2, typeAbort, 0, []byte{0, 0, 0, 99})
	p.w.message(7, 16, 0, []byte("shared object"))
	p.w.message(7, 19, 0, []byte("shared object"))
	p.w.message(7, 200, 0, []byte("unknown"))
	p.w.message(9, typeUserControl, 0, []byte{0, 6, 1, 2, 3, 4}) // a ping, not on csid 2
	p.command(0, "deleteStream", 0, amf0.Null{}, amf0.Number(5)) // another stream
	p.w.message(9, typeDataAMF3, 7, append([]byte{0}, testTags[0].Data...))
	p.command(0, "deleteStream", 0, amf0.Null{}, amf0.Number(1))
	p.send()
	m, err := p.next()
	if want := eventMessage(eventPingResponse, 0x01020304); err != nil || !bytes.Equal(m.body, want.body) {
		t.Errorf("ping: got %+v, %v, want %+v", m, err, want)
	}
	want := []tagSum{sumTag(flv.Tag{Type: flv.Script, Time: 7, Data: testTags[0].Data})}
	if r := h.wait(t); r.cause != nil || !slices.Equal(r.tags, want) {
		t.Errorf("got %+v, %v, want %+v", r.tags, r.cause, want)
	}
}

func TestAggregate(t *testing.T) {
	h := newRecorder()
	s := startServer(t, h, Limits{})
	p := publishingPeer(t, s.addr)
	var body []byte
	for i, typ := range []flv.TagType{flv.Video, flv.Audio, 99, flv.Script} {
		body = flv.AppendTag(body, flv.Tag{Type: typ, Time: flv.Millis(5000 + 10*i), Data: []byte{byte(i)}})
	}
	p.w.message(4, typeAggregate, 100, body[:len(body)-4])
	p.w.message(4, typeAggregate, 200, nil)
	p.command(0, "deleteStream", 0, amf0.Null{}, amf0.Number(1))
	p.send()
	want := sums([]flv.Tag{
		{Type: flv.Video, Time: 100, Data: []byte{0}},
		{Type: flv.Audio, Time: 110, Data: []byte{1}},
		{Type: flv.Script, Time: 130, Data: []byte{3}},
	})
	if r := h.wait(t); r.cause != nil || !slices.Equal(r.tags, want) {
		t.Errorf("got %+v, %v, want %+v", r.tags, r.cause, want)
	}
}

// Acknowledgements come as often as the client asks, but not for every byte,
// and not at all if it does not ask. The server reads at a time what is written to a
// pipe at once, so that its buffers hide nothing.
func TestAcknowledgements(t *testing.T) {
	for _, tt := range []struct {
		window   []uint32
		min, max int
	}{
		{nil, 0, 0},
		{[]uint32{0}, 51, 54}, // of 64 KiB each
		{[]uint32{1}, 51, 54},
		{[]uint32{250_000}, 13, 14},
		{[]uint32{2_500_000}, 1, 1},
		{[]uint32{1<<32 - 1}, 0, 0},
		{[]uint32{1, 250_000}, 13, 14},
	} {
		s := startServer(t, newRecorder(), Limits{})
		near, far := net.Pipe()
		go s.ServeConn(far)
		p := peerOn(t, near)
		p.handshake()
		p.connect()
		p.publish()
		p.status()
		for _, size := range tt.window {
			p.w.message(2, typeWindowSize, 0, binary.BigEndian.AppendUint32(nil, size))
		}
		p.w.setSize(65536)
		for range 70 {
			p.tag(flv.Tag{Type: flv.Video, Data: make([]byte, 50_000)})
		}
		p.command(0, "deleteStream", 0, amf0.Null{}, amf0.Number(1))
		go func() {
			for piece := range slices.Chunk(p.w.Bytes(), 1000) {
				p.nc.Write(piece)
			}
		}()
		got := acknowledgements(t, p)
		t.Logf("R10: windows asked for %d: %.1f acknowledgements a MiB", tt.window, float64(got)/3.5e6*(1<<20))
		if got < tt.min || got > tt.max {
			t.Errorf("windows %d: got %d acknowledgements of 3.5 MB, want %d to %d", tt.window, got, tt.min, tt.max)
		}
	}
}

// acknowledgements counts them until the server answers a command.
func acknowledgements(t *testing.T, p *peer) (count int) {
	t.Helper()
	last := uint32(0)
	for {
		m, err := p.next()
		if err != nil {
			t.Fatal(err)
		}
		if m.typ == typeCommand {
			return count
		}
		if m.typ == typeAcknowledgement {
			n, _ := m.uint32Body()
			if n <= last {
				t.Errorf("acknowledges %d after %d", n, last)
			}
			count, last = count+1, n
		}
	}
}

func TestShutdown(t *testing.T) {
	h := newRecorder()
	stuck := make(chan struct{})
	h.onTag = func(flv.Tag) error {
		<-stuck
		return nil
	}
	s := startServer(t, h, Limits{})
	p := publishingPeer(t, s.addr)
	connectedPeer(t, s.addr)
	p.tag(testTags[1])
	p.send()
	r := receive(t, h.begun, "publish")

	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := s.Shutdown(ctx); err != context.DeadlineExceeded {
		t.Errorf("stuck: got %v, want %v", err, context.DeadlineExceeded)
	}
	close(stuck)
	if err := s.Shutdown(context.Background()); err != nil {
		t.Errorf("again: got %v", err)
	}
	receive(t, r.closed, "end of the publish")
	if r.cause != ErrServerClosed || r.closes != 1 {
		t.Errorf("closed %d times with %v, want once with %v", r.closes, r.cause, ErrServerClosed)
	}
	if _, err := net.Dial("tcp", s.addr); err == nil {
		t.Error("still accepts")
	}
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	if err := s.Serve(l); err != ErrServerClosed {
		t.Errorf("Serve: got %v, want %v", err, ErrServerClosed)
	}
}

func ExampleClient() {
	c, err := Dial(context.Background(), "rtmp://127.0.0.1:1935/live/channel?OSSAccessKeyId=...")
	if err != nil {
		fmt.Println(err) // a *RejectError says why
		return
	}
	defer c.Close()
	c.WriteTag(flv.Tag{Type: flv.Video, Data: []byte("\x17\x00\x00\x00\x00...")})
}
