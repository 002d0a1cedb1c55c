package integration

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"osslive/integration/pusher"
)

// metric returns the value of a series, 0 if there is none.
func (s *server) metric(t *testing.T, series string) float64 {
	t.Helper()
	text, _, err := get(t.Context(), "http://"+s.Admin+"/metrics")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, series+" "); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			return n
		}
	}
	return 0
}

// goroutines returns how many the server has.
func (s *server) goroutines(t *testing.T) int { return int(s.metric(t, "go_goroutines")) }

// reached returns how often a limit of RTMP was gone over.
func (s *server) reached(t *testing.T, limit string) int {
	return int(s.metric(t, `osslive_limits_reached_total{limit="`+limit+`",protocol="rtmp"}`))
}

// atMost expects the server to have had no more memory of its own than that, in KiB.
func (m memoryUse) atMost(t *testing.T, kib int64) {
	t.Helper()
	if m.growth() > kib {
		t.Errorf("memory of the server grew by %d KiB, want at most %d", m.growth(), kib)
	}
}

// publishTime is how long it takes from connecting until a publish is accepted.
func publishTime(t *testing.T, c *client, host, channel string) time.Duration {
	t.Helper()
	began := time.Now()
	conn, err := pusher.Open(t.Context(), owner.publishURL(host, c.bucket, channel, time.Now().Add(time.Hour), nil))
	if err != nil {
		t.Fatalf("publish among hostile connections: %v", err)
	}
	took := time.Since(began)
	if err := conn.Finish(); err != nil {
		t.Error(err)
	}
	c.waitStatus(t, channel, "Idle", 5*time.Second)
	return took
}

// TestHostileStalledHandshakes is R1: sockets that say nothing, or a byte a
// second, are closed after five seconds and keep no publisher out.
func TestHostileStalledHandshakes(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for deadlines: not in -short")
	}
	count := counts(300, 5000)
	s := serve(t, t.TempDir(), "stalled")
	c := s.client("stalled")
	c.putChannel(t, "ch", 1, 3)
	alone := publishTime(t, c, s.RTMP, "ch")
	grown := s.watchMemory(t)

	var mu sync.Mutex
	var lasted []time.Duration
	var all sync.WaitGroup
	for i := range count {
		nc, err := net.Dial("tcp", s.RTMP)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		ctx, closed := context.WithCancel(t.Context())
		all.Go(func() {
			defer nc.Close()
			nc.SetReadDeadline(time.Now().Add(30 * time.Second))
			_, err := io.Copy(io.Discard, nc)
			closed()
			mu.Lock()
			defer mu.Unlock()
			lasted = append(lasted, time.Since(began))
			var timeout net.Error
			if errors.As(err, &timeout) && timeout.Timeout() {
				t.Errorf("socket %d is still open after 30 s", i)
			}
		})
		if i%2 == 1 {
			all.Go(func() {
				for b := []byte{3}; ctx.Err() == nil; b = []byte{0} {
					if _, err := nc.Write(b); err != nil {
						return
					}
					wait(ctx, time.Now().Add(time.Second))
				}
			})
		}
	}
	among := publishTime(t, c, s.RTMP, "ch")
	all.Wait()
	use := grown()
	last := slices.Max(lasted)
	t.Logf("R1: %d stalled sockets, half of them dripping: closed after at most %.1f s; %.1f KiB each; a publisher is accepted in %.1f ms, alone in %.1f ms; limits reached: Handshake %d, Waiting %d",
		count, last.Seconds(), float64(use.growth())/float64(min(count, 1024)), ms(among), ms(alone), s.reached(t, "Handshake"), s.reached(t, "Waiting"))
	if last > 8*time.Second {
		t.Errorf("the last was closed after %v, want 5 s", last)
	}
	if among > alone+2*time.Second {
		t.Errorf("a publisher was accepted after %v, alone after %v", among, alone)
	}
	use.atMost(t, int64(min(count, 1024))*32+mayGrow)
}

// TestHostileClaims is R4: the length of a message is a claim that costs nothing.
func TestHostileClaims(t *testing.T) {
	count := counts(100, 1000)
	s := serve(t, t.TempDir(), "claims")
	grown := s.watchMemory(t)
	giant := make([]byte, 1<<24-1)
	for range count {
		conn, err := pusher.Dial(t.Context(), s.RTMP)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := conn.Connect("claims/live", "rtmp://"+s.RTMP+"/claims/live"); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write(conn.Begin(pusher.VideoID, pusher.Message{Type: pusher.Video, Stream: 1, Body: giant}).Next(nil)); err != nil {
			t.Fatal(err)
		}
	}
	use := grown()
	t.Logf("R4: %d connections that each announce 16 MiB and send 128 bytes: %v", count, use)
	use.atMost(t, 32<<10)
}

// TestHostileChunkStreams is R5: one socket walks all chunk streams, each with a
// message that never ends.
func TestHostileChunkStreams(t *testing.T) {
	s := serve(t, t.TempDir(), "csids")
	c := s.client("csids")
	c.putChannel(t, "ch", 1, 3)
	for _, published := range []bool{false, true} {
		conn, err := pusher.Dial(t.Context(), s.RTMP)
		if err == nil {
			err = conn.Connect("csids/live", "rtmp://"+s.RTMP+"/csids/live")
		}
		if err == nil && published {
			_, _, name, _ := pusher.Split(owner.publishURL(s.RTMP, "csids", "ch", time.Now().Add(time.Hour), nil))
			err = conn.Publish(name)
		}
		if err != nil {
			t.Fatal(err)
		}
		grown := s.watchMemory(t)
		body := make([]byte, 1<<20)
		var walk []byte
		for id := uint32(2); id <= 65599; id++ {
			walk = append(walk, conn.Begin(id, pusher.Message{Type: pusher.Video, Stream: 1, Body: body}).Next(nil)...)
		}
		go conn.Write(walk)
		var refused *pusher.Refused
		if err := conn.Ended(); !errors.As(err, &refused) || !strings.HasPrefix(refused.Description, "LimitExceeded") {
			t.Errorf("published %v: the connection ended with %v, want LimitExceeded", published, err)
			continue
		}
		conn.Close()
		use := grown()
		t.Logf("R5: 65598 chunk streams, published %v: %s; %v", published, refused.Description, use)
		use.atMost(t, mayGrow)
	}
	for _, limit := range []string{"BufferedWaiting", "ChunkStreams"} {
		eventually(t, 5*time.Second, "the limit "+limit+" is counted", func() error {
			if n := s.reached(t, limit); n != 1 {
				return fmt.Errorf("it was reached %d times", n)
			}
			return nil
		})
	}
}

// TestHostileCommands is R9: commands without end are answered up to the limit.
func TestHostileCommands(t *testing.T) {
	count := counts(10_000, 1_000_000)
	s := serve(t, t.TempDir(), "commands")
	for _, name := range []string{"createStream", "FCPublish", "unheardOf"} {
		conn, err := pusher.Dial(t.Context(), s.RTMP)
		if err == nil {
			err = conn.Connect("commands/live", "rtmp://"+s.RTMP+"/commands/live")
		}
		if err != nil {
			t.Fatal(err)
		}
		grown := s.watchMemory(t)
		go func() {
			for range count {
				if _, err := conn.Call(0, name, nil, "ch"); err != nil {
					return
				}
			}
		}()
		answered := 0
		var said pusher.Status
		for {
			answer, arguments, err := conn.ReadCommand()
			if err != nil {
				break
			}
			if answer == "_result" {
				answered++
			}
			if answer == "onStatus" {
				for _, a := range arguments {
					if o, ok := a.(pusher.Object); ok {
						said = pusher.Status{Level: o.Text("level"), Code: o.Text("code"), Description: o.Text("description")}
					}
				}
			}
		}
		conn.Close()
		use := grown()
		t.Logf("R9: up to %d of %s: %d answered, then %q; %v", count, name, answered, said.Description, use)
		if answered > 64 || said.Level != "error" || !strings.HasPrefix(said.Description, "LimitExceeded") {
			t.Errorf("%s: %d answers and %+v, want at most 64 and a refusal", name, answered, said)
		}
		use.atMost(t, mayGrow)
	}
}
