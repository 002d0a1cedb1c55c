package rtmp

import (
	"net"
	"strings"
	"testing"
	"time"

	"osslive/rtmp/amf0"
	"osslive/rtmp/flv"
)

func TestTimeLimits(t *testing.T) {
	limits := DefaultLimits()
	limits.Handshake, limits.Publish = 50*time.Millisecond, 50*time.Millisecond
	limits.Drain = time.Millisecond
	tests := []struct {
		limit string
		stall func(*testServer)
	}{
		{"Handshake", func(s *testServer) { rawPeer(t, s.addr) }},
		{"Handshake", func(s *testServer) { rawPeer(t, s.addr).nc.Write([]byte{3, 0, 0}) }},
		{"Publish", func(s *testServer) { newPeer(t, s.addr) }},
		{"Publish", func(s *testServer) { connectedPeer(t, s.addr) }},
		{"Publish", func(s *testServer) { // messages do not help
			p := connectedPeer(t, s.addr)
			go func() {
				for {
					if _, err := p.nc.Write([]byte("\x04\x00\x00\x00\x00\x00\x00\x08\x01\x00\x00\x00")); err != nil {
						return
					}
				}
			}()
		}},
	}
	for _, tt := range tests {
		s := startServer(t, newRecorder(), limits)
		tt.stall(s)
		end := s.end(t)
		if !isLimit(tt.limit)(end.Reason) {
			t.Errorf("got %v, want the limit %s", end.Reason, tt.limit)
		}
	}
}

// Bytes that complete no message do not make a publisher less idle.
func TestIdleWhileBytesDrip(t *testing.T) {
	limits := DefaultLimits()
	limits.Idle = 50 * time.Millisecond
	limits.Drain = time.Millisecond
	s := startServer(t, newRecorder(), limits)
	p := publishingPeer(t, s.addr)
	p.w.setSize(1 << 20)
	p.w.header(0, 4, 0, 1<<20, int(typeAudio), 1)
	p.send()
	go func() {
		for {
			if _, err := p.nc.Write([]byte{0}); err != nil {
				return
			}
		}
	}()
	if end := s.end(t); !isLimit("Idle")(end.Reason) {
		t.Errorf("got %v, want the limit Idle", end.Reason)
	}
}

func TestWaitingLimit(t *testing.T) {
	limits := DefaultLimits()
	limits.Waiting = 2
	h := newRecorder()
	s := startServer(t, h, limits)
	publishingPeer(t, s.addr) // does not wait
	oldest := rawPeer(t, s.addr)
	waitFor(t, "the connection", func() bool { return s.count() == 2 })
	second := connectedPeer(t, s.addr)
	third := connectedPeer(t, s.addr)
	if end := s.end(t); !isLimit("Waiting")(end.Reason) || end.RemoteAddr.String() != oldest.nc.LocalAddr().String() {
		t.Errorf("got the end of %v by %v, want the oldest, %v, by the limit", end.RemoteAddr, end.Reason, oldest.nc.LocalAddr())
	}
	if _, err := oldest.nc.Read(make([]byte, 1)); err == nil {
		t.Error("the oldest is still open")
	}
	for _, p := range []*peer{third, second} {
		p.publish()
		if code := p.status(); code != codePublishStart {
			t.Errorf("publish: got %s", code)
		}
	}
}

// Who has come some way is not put out by those that came later and did nothing.
func TestWaitingFavoursProgress(t *testing.T) {
	limits := DefaultLimits()
	limits.Waiting = 3
	s := startServer(t, newRecorder(), limits)
	slow := connectedPeer(t, s.addr)
	for range 10 {
		rawPeer(t, s.addr)
	}
	for range 8 {
		if end := s.end(t); !isLimit("Waiting")(end.Reason) || end.RemoteAddr.String() == slow.nc.LocalAddr().String() {
			t.Fatalf("got the end of %v by %v, want those that said nothing", end.RemoteAddr, end.Reason)
		}
	}
	slow.publish()
	if code := slow.status(); code != codePublishStart {
		t.Errorf("publish: got %s", code)
	}
}

func (s *testServer) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// waitFor asks until the answer is true.
func waitFor(t testing.TB, what string, is func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("never saw %s", what)
		}
	}
}

func TestCommandLimits(t *testing.T) {
	tests := []struct {
		limit, command string
		wait           func(testing.TB, string) *peer
	}{
		{"Commands", "unheardOf", connectedPeer},
		{"Commands", "releaseStream", connectedPeer},
		{"MessageStreams", "createStream", connectedPeer},
		{"MessageStreams", "createStream", publishingPeer},
	}
	for _, tt := range tests {
		s := startServer(t, newRecorder(), Limits{})
		p := tt.wait(t, s.addr)
		for range 100 {
			p.command(0, tt.command, 9, amf0.Null{})
		}
		p.send()
		if got := p.rejection(); !strings.HasPrefix(got.Description, "LimitExceeded: ") {
			t.Errorf("%s: got %v", tt.command, got)
		}
		if end := s.end(t); !isLimit(tt.limit)(end.Reason) {
			t.Errorf("%s: got %v, want the limit %s", tt.command, end.Reason, tt.limit)
		}
	}
}

// A client that never reads cannot hold the connection.
func TestClientNeverReads(t *testing.T) {
	limits := DefaultLimits()
	limits.Write = 50 * time.Millisecond
	h := newRecorder()
	ended := make(chan CloseInfo, 1)
	s := &Server{Handler: h, Limits: limits, OnClose: func(i CloseInfo) { ended <- i }}
	client, server := net.Pipe()
	defer client.Close()
	go s.ServeConn(server)
	client.Write(append([]byte{3}, make([]byte, handshakeSize)...))
	if end := receive(t, ended, "end of the connection"); !isLimit("Write")(end.Reason) || end.Limit != "Write" {
		t.Errorf("got %v, want the limit Write", end.Reason)
	}
}

// Memory of connections that do nothing, or that announce what they do not send.
func TestMemoryOfStalledConnections(t *testing.T) {
	const conns = 50
	got := allocated(func() {
		s := &Server{Handler: newRecorder()}
		for range conns {
			client, server := net.Pipe()
			done := make(chan struct{})
			go func() {
				defer close(done)
				s.ServeConn(server)
			}()
			p := &peer{t: t, nc: client, in: newChunkReader(client, make([]byte, 4096), openLimits(), new(memory)), w: chunker{size: 128}}
			if err := offerHandshake(p.in, client); err != nil {
				t.Error(err)
			}
			p.w.header(0, 6, 0, flv.MaxData, int(typeVideo), 1)
			p.w.Write(make([]byte, 128))
			p.send()
			client.Close()
			<-done
		}
	})
	if perConn := got / conns; perConn > 32<<10 {
		t.Errorf("got %d bytes a connection, both sides, want at most %d", perConn, 32<<10)
	}
}
