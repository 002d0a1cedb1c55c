package rtmp

import (
	"bytes"
	"errors"
	"net"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"osslive/rtmp/amf0"
	"osslive/rtmp/flv"
)

// TestEveryLimit exceeds each limit. OnClose reports which one, and the server serves
// the next connection.
func TestEveryLimit(t *testing.T) {
	limits := DefaultLimits()
	limits.Waiting = 4
	limits.Handshake, limits.Publish, limits.Idle = 100*time.Millisecond, 200*time.Millisecond, time.Second
	limits.Write, limits.Drain = 50*time.Millisecond, 20*time.Millisecond
	limits.VideoMessage, limits.Buffered = 256<<10, 2<<20

	// over announces a message of that size, and sends what the chunk size allows of it.
	over := func(p *peer, csid, size int, typ messageType) {
		p.w.header(0, csid, 0, size, int(typ), 1)
		p.w.part(make([]byte, size))
	}
	repeat := func(name string) func(*testing.T, *testServer) {
		return func(t *testing.T, s *testServer) {
			p := connectedPeer(t, s.addr)
			for range 100 {
				p.command(0, name, 0, amf0.Null{})
			}
			p.send()
		}
	}
	announced := func(size int, typ messageType) func(*testing.T, *testServer) {
		return func(t *testing.T, s *testServer) {
			p := publishingPeer(t, s.addr)
			over(p, 6, size, typ)
			p.send()
		}
	}
	command := func(body string) func(*testing.T, *testServer) {
		return func(t *testing.T, s *testServer) {
			p := connectedPeer(t, s.addr)
			p.w.message(3, typeCommand, 0, []byte(body))
			p.send()
		}
	}
	unfinished := func(peer func(testing.TB, string) *peer, chunk int) func(*testing.T, *testServer) {
		return func(t *testing.T, s *testServer) {
			p := peer(t, s.addr)
			p.w.setSize(chunk)
			for csid := 4; csid < 60; csid++ {
				over(p, csid, chunk+1, typeVideo)
			}
			p.send()
		}
	}
	reach := map[string]func(*testing.T, *testServer){
		"Waiting": func(t *testing.T, s *testServer) {
			for range limits.Waiting + 1 {
				rawPeer(t, s.addr)
			}
		},
		"Handshake": func(t *testing.T, s *testServer) { rawPeer(t, s.addr) },
		"Publish":   func(t *testing.T, s *testServer) { newPeer(t, s.addr) },
		"Idle":      func(t *testing.T, s *testServer) { publishingPeer(t, s.addr) },
		"Write": func(t *testing.T, s *testServer) {
			client, server := net.Pipe()
			t.Cleanup(func() { client.Close() })
			go s.ServeConn(server)
			client.Write(append([]byte{3}, make([]byte, handshakeSize)...))
		},
		"Drain": func(t *testing.T, s *testServer) {
			p := connectedPeer(t, s.addr)
			p.command(0, "publish", 0, amf0.Null{}, amf0.String("no"))
			p.send()
		},
		"VideoMessage":    announced(limits.VideoMessage+1, typeVideo),
		"AudioMessage":    announced(limits.AudioMessage+1, typeAudio),
		"DataMessage":     announced(limits.DataMessage+1, typeData),
		"CommandMessage":  announced(limits.CommandMessage+1, typeCommand),
		"ControlMessage":  announced(limits.ControlMessage+1, typeWindowSize),
		"Buffered":        unfinished(publishingPeer, 255<<10),
		"BufferedWaiting": unfinished(connectedPeer, 2000),
		"ChunkStreams": func(t *testing.T, s *testServer) {
			p := connectedPeer(t, s.addr)
			for csid := 3; csid < 100; csid++ {
				over(p, csid, 200, typeAudio)
			}
			p.send()
		},
		"MessageStreams": repeat("createStream"),
		"Commands":       repeat("unheardOf"),
		"URLPart": func(t *testing.T, s *testServer) {
			p := connectedPeer(t, s.addr)
			p.command(1, "publish", 0, amf0.Null{}, amf0.String(strings.Repeat("x", limits.URLPart+1)))
			p.send()
		},
		"AMFDepth":  command(string(bytes.Repeat([]byte("\x0a\x00\x00\x00\x01"), 13_000))),
		"AMFValues": command(string(bytes.Repeat([]byte{5}, 1025))),
	}
	var names []string
	for i := range reflect.TypeFor[Limits]().NumField() {
		names = append(names, reflect.TypeFor[Limits]().Field(i).Name)
	}
	for _, name := range names {
		if reach[name] == nil {
			t.Errorf("no test reaches the limit %s", name)
		}
	}

	for name, do := range reach {
		t.Run(name, func(t *testing.T) {
			h := newRecorder()
			h.accept = func(r *PublishRequest) error {
				if slices.Contains(r.Path, "no") {
					return errors.New("refused")
				}
				return nil
			}
			s := startServer(t, h, limits)
			do(t, s)
			if end := s.end(t); end.Limit != name {
				t.Errorf("got the limit %q, %v, want %s", end.Limit, end.Reason, name)
			}
			p := publishingPeer(t, s.addr)
			p.tag(flv.Tag{Type: flv.Audio, Data: []byte{0xaf, 1}})
			p.command(0, "deleteStream", 0, amf0.Null{}, amf0.Number(1))
			p.send()
			if code := p.status(); code != codeUnpublishSuccess {
				t.Errorf("the next publisher: got %s", code)
			}
		})
	}
}
