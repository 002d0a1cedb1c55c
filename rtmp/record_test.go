package rtmp

import (
	"context"
	"hash/crc32"
	"net"
	"sync"
	"testing"
	"time"

	"osslive/rtmp/flv"
)

// patience bounds every wait of a test.
const patience = 10 * time.Second

// recorder is a Handler that keeps what it is given.
type recorder struct {
	accept func(*PublishRequest) error // nil accepts
	onTag  func(flv.Tag) error         // nil keeps

	mu      sync.Mutex
	begun   chan *recording // each accepted publish
	refused []*PublishRequest
}

func newRecorder() *recorder { return &recorder{begun: make(chan *recording, 16)} }

func (h *recorder) Publish(_ context.Context, r *PublishRequest) (Stream, error) {
	if h.accept != nil {
		if err := h.accept(r); err != nil {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.refused = append(h.refused, r)
			return nil, err
		}
	}
	s := &recording{request: r, onTag: h.onTag, closed: make(chan struct{})}
	h.begun <- s
	return s, nil
}

// tagSum is what a recording keeps of a tag.
type tagSum struct {
	Type flv.TagType
	Time flv.Millis
	Size int
	CRC  uint32
}

func sumTag(t flv.Tag) tagSum {
	return tagSum{t.Type, t.Time, len(t.Data), crc32.ChecksumIEEE(t.Data)}
}

// recording is a Stream that keeps sums of its tags; they may be read once
// closed is.
type recording struct {
	request *PublishRequest
	onTag   func(flv.Tag) error
	tags    []tagSum
	cause   error
	closes  int
	closed  chan struct{}
}

func (s *recording) WriteTag(t flv.Tag) error {
	s.tags = append(s.tags, sumTag(t))
	if s.onTag != nil {
		return s.onTag(t)
	}
	return nil
}

func (s *recording) Close(cause error) {
	s.cause = cause
	if s.closes++; s.closes == 1 {
		close(s.closed)
	}
}

// wait returns the recording of the next publish, once that has ended.
func (h *recorder) wait(t testing.TB) *recording {
	t.Helper()
	s := receive(t, h.begun, "publish")
	receive(t, s.closed, "end of the publish")
	return s
}

func receive[T any](t testing.TB, ch <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		t.Fatalf("no %s within %v", what, patience)
		panic("unreachable")
	}
}

// testServer is a Server on loopback whose connections' ends can be awaited.
type testServer struct {
	*Server
	addr  string
	ended chan CloseInfo
}

func startServer(t testing.TB, h Handler, limits Limits) *testServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan CloseInfo, 64)
	s := &Server{Handler: h, Limits: limits, OnClose: func(i CloseInfo) { ended <- i }}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if err := receive(t, served, "end of Serve"); err != ErrServerClosed {
			t.Errorf("Serve: got %v, want %v", err, ErrServerClosed)
		}
	})
	return &testServer{s, l.Addr().String(), ended}
}

func (s *testServer) end(t testing.TB) CloseInfo {
	t.Helper()
	return receive(t, s.ended, "end of the connection")
}
