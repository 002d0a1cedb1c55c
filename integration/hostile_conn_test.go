package integration

import (
	"context"
	"encoding/binary"
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
	use.atMost(t, int64(min(count, 1024))*64+mayGrow)
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

// TestHostileReaders is R17: who asks and does not read the answers is gone after
// five seconds, with all that served it.
func TestHostileReaders(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for deadlines: not in -short")
	}
	count := counts(10, 100)
	s := serve(t, t.TempDir(), "readers")
	c := s.client("readers")
	before := s.goroutines(t)
	grown := s.watchMemory(t)
	var all sync.WaitGroup
	began := time.Now()
	for i := range count {
		channel := fmt.Sprint("ch", i)
		c.putChannel(t, channel, 1, 3)
		all.Go(func() {
			conn, err := pusher.Open(t.Context(), owner.publishURL(s.RTMP, "readers", channel, time.Now().Add(time.Hour), nil))
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			pings := many(conn, pusher.ControlID, ping(1), 1000)
			for err == nil {
				conn.SetWriteDeadline(time.Now().Add(30 * time.Second))
				_, err = conn.Write(pings)
			}
			if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
				t.Errorf("%s is still open after 30 s", channel)
			}
		})
	}
	all.Wait()
	took := time.Since(began)
	left := 0
	eventually(t, 10*time.Second, "no goroutine is left", func() error {
		if left = s.goroutines(t) - before; left > 5 { // those of the HTTP connections that ask
			return fmt.Errorf("%d are left", left)
		}
		return nil
	})
	t.Logf("R17: %d clients that never read: closed within %.1f s, goroutines left %d; limit Write reached %d times; %v",
		count, took.Seconds(), max(0, left), s.reached(t, "Write"), grown())
}

// TestHostileHalfOpen is R18: a publisher that is no longer there makes room for
// the next after the idle limit, with its segment finished and its history closed.
func TestHostileHalfOpen(t *testing.T) {
	source := readClip(t, small(t))
	idle := time.Duration(counts(2, 15)) * time.Second
	s := serve(t, t.TempDir(), "halfopen", "--publisher-idle", idle.String())
	c := s.client("halfopen")
	c.putChannel(t, "ch", 1, 3)
	url := owner.publishURL(s.HTTP, "halfopen", "ch", time.Now().Add(time.Hour), nil)
	frozen, err := pusher.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer frozen.Close()
	if err := frozen.Send(source[:150]...); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	var next *pusher.Conn
	eventually(t, idle+10*time.Second, "another publisher is accepted", func() error {
		next, err = pusher.Open(t.Context(), url)
		return err
	})
	took := time.Since(began)
	defer next.Close()
	keys := 0
	for _, m := range source[:150] {
		if isKey(m) {
			keys++
		}
	}
	if _, err := listing(t.Context(), c, "ch", keys, time.Now().Add(5*time.Second)); err != nil {
		t.Error(err)
	}
	if n := len(c.history(t, "ch")); n != 1 {
		t.Errorf("history: got %d records, want the frozen publisher's", n)
	}
	t.Logf("R18: idle limit %v: another publisher is accepted %.1f s after the last message", idle, took.Seconds())
	if took < idle || took > idle+3*time.Second {
		t.Errorf("accepted after %v, want about %v", took, idle)
	}
}

// TestHostilePlayers is R19: what is asked for a channel that is there, live or
// not, and for one that is not, is answered alike, and disturbs nobody.
func TestHostilePlayers(t *testing.T) {
	source := readClip(t, small(t))
	s := serve(t, t.TempDir(), "players")
	c := s.client("players")
	c.putChannel(t, "live", 1, 3)
	c.putChannel(t, "idle", 1, 3)
	victim, err := pusher.Open(t.Context(), owner.publishURL(s.HTTP, "players", "live", time.Now().Add(time.Hour), nil))
	if err != nil {
		t.Fatal(err)
	}
	defer victim.Close()
	if err := victim.Send(source[:150]...); err != nil {
		t.Fatal(err)
	}
	answers, differ := 0, 0
	for _, command := range []struct {
		name      string
		arguments func(channel string) []any
	}{
		{"play", func(ch string) []any { return []any{nil, ch} }},
		{"play2", func(ch string) []any { return []any{nil, pusher.Object{{Name: "streamName", Value: ch}}} }},
		{"pause", func(ch string) []any { return []any{nil, true, 0} }},
		{"seek", func(ch string) []any { return []any{nil, 1000} }},
		{"deleteStream", func(ch string) []any { return []any{nil, int(victim.Stream)} }},
		{"closeStream", func(ch string) []any { return []any{nil, ch} }},
		{"FCUnpublish", func(ch string) []any { return []any{nil, ch} }},
		{"releaseStream", func(ch string) []any { return []any{nil, ch} }},
		{"getStreamLength", func(ch string) []any { return []any{nil, ch} }},
		{"FCSubscribe", func(ch string) []any { return []any{nil, ch} }},
	} {
		var said []string
		for _, channel := range []string{"live", "idle", "none"} {
			text := askFor(t, s, command.name, command.arguments(channel))
			said = append(said, strings.ReplaceAll(text, channel, "CHANNEL"))
			answers++
			if said[0] != said[len(said)-1] {
				differ++
				t.Errorf("%s: %s for the live channel, %s for %s", command.name, said[0], text, channel)
			}
		}
		t.Logf("%s: %s", command.name, said[0])
	}
	if err := victim.Send(source[150:300]...); err != nil {
		t.Errorf("the publisher: %v", err)
	}
	if err := victim.Finish(); err != nil {
		t.Errorf("the publisher: %v", err)
	}
	t.Logf("R19: %d answers, %d differ", answers, differ)
}

// askFor sends a command on a connection that does not publish, and returns all
// that the server says up to the answer of the next command, or to the end.
func askFor(t *testing.T, s *server, name string, arguments []any) string {
	t.Helper()
	conn, err := pusher.Dial(t.Context(), s.HTTP)
	if err == nil {
		err = conn.Connect("players/live", "rtmp://"+s.HTTP+"/players/live")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Call(1, name, arguments...); err != nil {
		t.Fatal(err)
	}
	barrier, err := conn.Call(0, "createStream", nil)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for {
		answer, values, err := conn.ReadCommand()
		if errors.Is(err, io.EOF) {
			return strings.Join(append(said, "end"), ", ")
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(values) > 0 && values[0] == float64(barrier) {
			return strings.Join(said, ", ")
		}
		said = append(said, fmt.Sprint(answer, values))
	}
}

// TestHostileGroup is R14: a group of pictures that never ends. Memory stays flat
// and the segment is cut all the same.
func TestHostileGroup(t *testing.T) {
	source := readClip(t, small(t))
	length := time.Duration(counts(90, 600)) * time.Second
	s := serve(t, t.TempDir(), "group", "--durability", "relaxed")
	c := s.client("group")
	c.putChannel(t, "ch", 5, 100)
	conn, err := pusher.Open(t.Context(), owner.publishURL(s.HTTP, "group", "ch", time.Now().Add(time.Hour), nil))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	first := slices.IndexFunc(source, isKey)
	if err := conn.Send(source[:first+1]...); err != nil {
		t.Fatal(err)
	}
	const perFrame = 8_000_000 / 8 / 25 // 8 Mbit/s at 25 frames a second
	frame := append([]byte{0x27, 1, 0, 0, 0}, binary.BigEndian.AppendUint32(nil, perFrame)...)
	frame = append(frame, 0x41)
	frame = append(frame, slices.Repeat([]byte{0xaa}, perFrame-1)...)
	grown := s.watchMemory(t)
	for at := time.Duration(0); at < length; at += 40 * time.Millisecond {
		if err := conn.Send(pusher.Message{Type: pusher.Video, Stream: 1, Time: source[first].Time + uint32(at.Milliseconds()) + 40, Body: frame}); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.Finish(); err != nil {
		t.Fatal(err)
	}
	use := grown()
	var largest int64
	for _, o := range c.list(t, "ch/") {
		largest = max(largest, o.Size)
	}
	p, err := listing(t.Context(), c, "ch", int(length/time.Minute), time.Now().Add(5*time.Second))
	if err != nil {
		t.Error(err)
	}
	t.Logf("R14: one key frame in %v at 8 Mbit/s: %d segments, the largest of %.0f MiB and at most %v; %v",
		length, len(p.Segments), float64(largest)/(1<<20), p.Target, use)
	use.atMost(t, mayGrow)
	for _, e := range p.Segments {
		if e.Duration > 61*time.Second {
			t.Errorf("a segment of %v, want at most a minute", e.Duration)
		}
	}
}
