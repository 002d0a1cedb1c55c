package rtmp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"osslive/rtmp/amf0"
	"osslive/rtmp/flv"
)

var testTags = []flv.Tag{
	{Type: flv.Script, Time: 0, Data: amf0.Append(nil, amf0.String("onMetaData"), amf0.Object{})},
	{Type: flv.Video, Time: 0, Data: []byte("\x17\x00\x00\x00\x00config")},
	{Type: flv.Audio, Time: 0, Data: []byte{}},
	{Type: flv.Video, Time: 40, Data: bytes.Repeat([]byte("frame"), 1000)},
	{Type: flv.Video, Time: 0xfffffff0, Data: bytes.Repeat([]byte("frame"), 50_000)},
}

func sums(tags []flv.Tag) []tagSum {
	var s []tagSum
	for _, t := range tags {
		s = append(s, sumTag(t))
	}
	return s
}

func TestServerAndClient(t *testing.T) {
	h := newRecorder()
	s := startServer(t, h, Limits{})
	c, err := Dial(context.Background(), "rtmp://"+s.addr+"/live/bucket/ch?k=a%2Fb&k=c")
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range testTags {
		if err := c.WriteTag(tag); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	r := h.wait(t)
	if want := []string{"live", "bucket", "ch"}; !slices.Equal(r.request.Path, want) {
		t.Errorf("path: got %q, want %q", r.request.Path, want)
	}
	if want := []string{"a/b", "c"}; !slices.Equal(r.request.Query["k"], want) {
		t.Errorf("query: got %q, want %q", r.request.Query["k"], want)
	}
	if r.request.Host != "127.0.0.1" || r.request.Type != "live" || r.request.FlashVer == "" || r.request.RemoteAddr == nil || r.request.LocalAddr.String() != s.addr {
		t.Errorf("request: %+v", r.request)
	}
	want := slices.Clone(testTags)
	want[0].Data = append(amf0.Append(nil, amf0.String("@setDataFrame")), want[0].Data...)
	if !slices.Equal(r.tags, sums(want)) {
		t.Errorf("got %+v, want %+v", r.tags, sums(want))
	}
	if r.cause != nil || r.closes != 1 {
		t.Errorf("closed %d times with %v, want once with nil", r.closes, r.cause)
	}
	end := s.end(t)
	if end.Reason != nil || !end.Published || end.Received < 250_000 || end.Sent < 3000 || !slices.Equal(end.Path, r.request.Path) {
		t.Errorf("end: %+v", end)
	}
}

func TestClientIsRefused(t *testing.T) {
	want := &RejectError{CodeDenied, "AccessDenied: no"}
	h := newRecorder()
	h.accept = func(*PublishRequest) error { return want }
	s := startServer(t, h, Limits{})
	_, err := Dial(context.Background(), "rtmp://"+s.addr+"/live/ch")
	if !reflect.DeepEqual(err, want) {
		t.Errorf("Dial: got %v, want %v", err, want)
	}
	if end := s.end(t); end.Reason != want || end.Published {
		t.Errorf("end: %+v", end)
	}
}

func TestClientHearsOfTheEnd(t *testing.T) {
	h := newRecorder()
	s := startServer(t, h, Limits{})
	c, err := Dial(context.Background(), "rtmp://"+s.addr+"/live/ch")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	want := &RejectError{CodeBadName, "disabled"}
	(<-h.begun).request.Kick(want)
	receive(t, c.done, "end of the publish")
	if err := c.WriteTag(testTags[3]); !reflect.DeepEqual(err, want) {
		t.Errorf("WriteTag: got %v, want %v", err, want)
	}
}

func TestDialGivesUp(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		if nc, err := l.Accept(); err == nil {
			defer nc.Close()
			io.ReadFull(nc, make([]byte, 1+handshakeSize))
			cancel()
			io.Copy(io.Discard, nc)
		}
	}()
	if _, err := Dial(ctx, "rtmp://"+l.Addr().String()+"/live/ch"); err != context.Canceled {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

// TestEndOfPublish: however a publish ends, its Stream is closed once, with the cause,
// and the publisher gets a status.
func TestEndOfPublish(t *testing.T) {
	boom := errors.New("boom")
	reject := &RejectError{CodeRejected, "InvalidVideoCodec: no"}
	limits := DefaultLimits()
	limits.Idle = 50 * time.Millisecond
	tests := []struct {
		name  string
		onTag func(flv.Tag) error
		do    func(*testServer, *peer, *recording)
		cause func(error) bool
		told  string // start of code and description
	}{
		{"deleteStream", nil, func(_ *testServer, p *peer, _ *recording) {
			p.command(0, "deleteStream", 0, amf0.Null{}, amf0.Number(1))
			p.send()
		}, isNil, codeUnpublishSuccess},
		{"deleteStream of rtmp2sink", nil, func(_ *testServer, p *peer, _ *recording) {
			p.command(0, "deleteStream", 0, amf0.Null{}, amf0.String("ch"))
			p.send()
		}, isNil, codeUnpublishSuccess},
		{"FCUnpublish", nil, func(_ *testServer, p *peer, _ *recording) {
			p.command(0, "FCUnpublish", 0, amf0.Null{}, amf0.String("ch"))
			p.send()
		}, isNil, codeUnpublishSuccess},
		{"closeStream", nil, func(_ *testServer, p *peer, _ *recording) {
			p.command(1, "closeStream", 0, amf0.Null{})
			p.send()
		}, isNil, codeUnpublishSuccess},
		{"disconnect", nil, func(_ *testServer, p *peer, _ *recording) { p.nc.Close() },
			func(err error) bool { return errors.Is(err, io.EOF) }, ""},
		{"disconnect inside a message", nil, func(_ *testServer, p *peer, _ *recording) {
			p.tag(testTags[3])
			p.w.Truncate(1000)
			p.send()
			p.nc.Close()
		}, func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }, ""},
		{"idle", nil, func(*testServer, *peer, *recording) {},
			isLimit("Idle"), CodeRejected + " LimitExceeded: no message within 50ms"},
		{"kick", nil, func(_ *testServer, _ *peer, r *recording) { r.request.Kick(reject) },
			func(err error) bool { return err == reject }, CodeRejected + " InvalidVideoCodec: no"},
		{"kick with another error", nil, func(_ *testServer, _ *peer, r *recording) { r.request.Kick(boom) },
			func(err error) bool { return err == boom }, CodeRejected + " InternalError"},
		{"kick without an error", nil, func(_ *testServer, _ *peer, r *recording) { r.request.Kick(nil) },
			isNil, codeUnpublishSuccess},
		{"refused by the stream", func(flv.Tag) error { return fmt.Errorf("tag: %w", reject) },
			func(_ *testServer, p *peer, _ *recording) { p.tag(testTags[1]); p.send() },
			func(err error) bool { return errors.Is(err, reject) }, CodeRejected + " InvalidVideoCodec: no"},
		{"failure of the stream", func(flv.Tag) error { return boom },
			func(_ *testServer, p *peer, _ *recording) { p.tag(testTags[1]); p.send() },
			func(err error) bool { return err == boom }, CodeRejected + " InternalError"},
		{"panic of the stream", func(flv.Tag) error { panic("ouch") },
			func(_ *testServer, p *peer, _ *recording) { p.tag(testTags[1]); p.send() },
			func(err error) bool {
				var p *PanicError
				return errors.As(err, &p) && p.Value == "ouch" && bytes.Contains(p.Stack, []byte("WriteTag"))
			}, CodeRejected + " InternalError"},
		{"protocol error", nil, func(_ *testServer, p *peer, _ *recording) { p.w.WriteByte(0xc9); p.send() },
			func(err error) bool { var p *ProtocolError; return errors.As(err, &p) }, CodeRejected + " ProtocolError: chunk stream 9"},
		{"long message", nil, func(_ *testServer, p *peer, _ *recording) {
			p.w.header(0, 4, 0, 2<<20, int(typeAudio), 1)
			p.send()
		}, isLimit("AudioMessage"), CodeRejected + " LimitExceeded: audio message of 2097152 bytes, at most 1048576"},
		{"second publish", nil, func(_ *testServer, p *peer, _ *recording) { p.publish() },
			func(err error) bool { var p *ProtocolError; return errors.As(err, &p) }, CodeRejected + " ProtocolError: publish"},
		{"play", nil, func(_ *testServer, p *peer, _ *recording) {
			p.command(1, "play", 0, amf0.Null{}, amf0.String("ch"))
			p.send()
		}, func(err error) bool { var r *RejectError; return errors.As(err, &r) }, codePlayFailed},
		{"shutdown", nil, func(s *testServer, _ *peer, _ *recording) {
			go s.Shutdown(context.Background())
		}, func(err error) bool { return err == ErrServerClosed }, CodeRejected + " ServiceUnavailable"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newRecorder()
			h.onTag = tt.onTag
			l := limits
			if tt.name != "idle" {
				l.Idle = patience
			}
			s := startServer(t, h, l)
			p := publishingPeer(t, s.addr)
			r := receive(t, h.begun, "publish")
			tt.do(s, p, r)
			if tt.told != "" {
				o := p.await("onStatus").object(1)
				if got := text(o, "code") + " " + text(o, "description"); !strings.HasPrefix(got, tt.told) {
					t.Errorf("told %q, want %q", got, tt.told)
				}
				p.nc.Close()
			}
			end := s.end(t)
			if r.closes != 1 || !tt.cause(r.cause) {
				t.Errorf("closed %d times, cause %v", r.closes, r.cause)
			}
			if !tt.cause(end.Reason) {
				t.Errorf("reason %v", end.Reason)
			}
		})
	}
}

func isNil(err error) bool { return err == nil }

func isLimit(name string) func(error) bool {
	return func(err error) bool {
		var l *LimitError
		return errors.As(err, &l) && l.Limit == name
	}
}

func TestPanicsElsewhere(t *testing.T) {
	h := newRecorder()
	h.accept = func(*PublishRequest) error { panic("accept") }
	s := startServer(t, h, Limits{})
	p := connectedPeer(t, s.addr)
	p.publish()
	if got := p.rejection(); got.Code != CodeRejected {
		t.Errorf("got %v", got)
	}
	var panicked *PanicError
	if end := s.end(t); !errors.As(end.Reason, &panicked) || panicked.Value != "accept" {
		t.Errorf("reason %v, want the panic", end.Reason)
	}
}

// A publish may follow another on the same connection, and a late Kick of the
// first does not hit the second.
func TestPublishAgain(t *testing.T) {
	h := newRecorder()
	s := startServer(t, h, Limits{})
	p := publishingPeer(t, s.addr)
	p.command(0, "deleteStream", 0, amf0.Null{}, amf0.Number(1))
	p.send()
	if code := p.status(); code != codeUnpublishSuccess {
		t.Fatalf("got %s", code)
	}
	first := h.wait(t)
	first.request.Kick(errors.New("late"))
	p.publish()
	if code := p.status(); code != codePublishStart {
		t.Fatalf("second publish: got %s", code)
	}
	first.request.Kick(errors.New("later"))
	p.tag(testTags[1])
	p.command(0, "deleteStream", 0, amf0.Null{}, amf0.Number(1))
	p.send()
	second := h.wait(t)
	if second.cause != nil || len(second.tags) != 1 {
		t.Errorf("second: got %d tags, %v, want one and nil", len(second.tags), second.cause)
	}
	p.nc.Close()
	if end := s.end(t); end.Reason != nil {
		t.Errorf("reason %v, want nil", end.Reason)
	}
}

// While the Stream takes its time the publisher is not idle.
func TestBlockedStreamIsNotIdle(t *testing.T) {
	limits := DefaultLimits()
	limits.Idle = 100 * time.Millisecond
	h := newRecorder()
	slow := make(chan struct{})
	h.onTag = func(flv.Tag) error {
		<-slow
		return nil
	}
	s := startServer(t, h, limits)
	p := publishingPeer(t, s.addr)
	p.tag(testTags[1])
	p.send()
	// Long enough for the read deadline, had it gone on, to have passed.
	time.AfterFunc(3*limits.Idle, func() {
		p.tag(testTags[3])
		p.command(0, "deleteStream", 0, amf0.Null{}, amf0.Number(1))
		p.send()
		close(slow)
	})
	if r := h.wait(t); r.cause != nil || len(r.tags) != 2 {
		t.Errorf("got %d tags, %v, want 2 and nil", len(r.tags), r.cause)
	}
	p.nc.Close()
	s.end(t)
}

// crowd is a listener to which ten clients come at once.
type crowd struct {
	net.Listener
	accepted int
	closed   chan struct{}
}

func (l *crowd) Accept() (net.Conn, error) {
	if l.accepted == 10 {
		<-l.closed
		return nil, net.ErrClosed
	}
	l.accepted++
	_, far := net.Pipe()
	return far, nil
}

func (l *crowd) Close() error { return nil }

// None is accepted before the last has been counted: those in between would be
// bounded by nothing.
func TestAcceptWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		s := &Server{Limits: Limits{Handshake: time.Second}, OnClose: func(CloseInfo) { <-hold }}
		l := &crowd{closed: make(chan struct{})}
		served := make(chan error)
		go func() { served <- s.Serve(l) }()
		synctest.Wait()
		if l.accepted != 1 {
			t.Errorf("%d connections accepted while the first finds no room, want 1", l.accepted)
		}
		close(hold)
		synctest.Wait()
		if l.accepted != 10 {
			t.Errorf("%d connections accepted, want 10", l.accepted)
		}
		close(l.closed)
		if err := <-served; err != net.ErrClosed {
			t.Errorf("Serve: %v", err)
		}
	})
}

// stubborn is a connection as TLS is with a client that asks for new keys and does
// not take them: it writes before it reads, and to close it is to wait.
type stubborn struct {
	net.Conn
	release chan struct{}
}

func (c stubborn) Read(p []byte) (int, error) {
	if _, err := c.Conn.Write([]byte{0}); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

func (c stubborn) Close() error {
	<-c.release
	return c.Conn.Close()
}

// A client that cannot be written to, and is slow to close, does not delay other
// connections.
func TestStubbornClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limits := DefaultLimits()
		limits.Waiting = 1
		ended := make(chan CloseInfo, 4)
		s := &Server{Limits: limits, OnClose: func(i CloseInfo) { ended <- i }}
		far := func() net.Conn {
			near, far := net.Pipe()
			t.Cleanup(func() { near.Close() })
			return far
		}
		release := make(chan struct{})
		defer close(release)
		go s.ServeConn(stubborn{far(), release})
		synctest.Wait()
		admitted := make(chan struct{})
		go func() {
			serve := s.Admit(stubborn{far(), release})
			close(admitted)
			serve()
		}()
		synctest.Wait()
		select {
		case <-admitted:
		default:
			t.Fatal("no room for another while the first is closed")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != context.DeadlineExceeded {
			t.Errorf("Shutdown: %v, want %v", err, context.DeadlineExceeded)
		}
	})
}

// What TLS writes while it reads is within the limit of the reading.
func TestHandshakeLimitOfWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		close(release)
		var end CloseInfo
		s := &Server{OnClose: func(i CloseInfo) { end = i }}
		near, far := net.Pipe()
		defer near.Close()
		began := time.Now()
		s.ServeConn(stubborn{far, release})
		if took := time.Since(began); end.Limit != "Handshake" || took != DefaultLimits().Handshake {
			t.Errorf("ended by limit %q after %v: %v", end.Limit, took, end.Reason)
		}
	})
}

// writable fails a test that reads when TLS could not write.
type writable struct {
	net.Conn
	t     *testing.T
	until time.Time
}

func (c *writable) SetDeadline(d time.Time) error {
	c.until = d
	return c.Conn.SetDeadline(d)
}

func (c *writable) SetWriteDeadline(d time.Time) error {
	c.until = d
	return c.Conn.SetWriteDeadline(d)
}

func (c *writable) Read(p []byte) (int, error) {
	if !c.until.After(time.Now()) {
		c.t.Error("reads, with the time for writing over")
	}
	return c.Conn.Read(p)
}

// A client that asks for new keys long after the last reply gets them.
func TestWritableWhileReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Server{Handler: newRecorder()}
		near, far := net.Pipe()
		go s.ServeConn(&writable{Conn: far, t: t})
		p := peerOn(t, near)
		p.handshake()
		p.connect()
		near.SetDeadline(time.Time{})
		time.Sleep(2 * DefaultLimits().Write)
		p.w.message(2, typeAcknowledgement, 0, make([]byte, 4))
		p.send()
		p.command(0, "createStream", 2, amf0.Null{})
		p.send()
		p.await("_result")
		near.Close()
		synctest.Wait()
	})
}
