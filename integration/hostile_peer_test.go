package integration

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"osslive/integration/pusher"
)

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
	waits := make([]time.Duration, count) // from the last that was taken of each to its end
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
				began := time.Now()
				conn.SetWriteDeadline(began.Add(30 * time.Second))
				_, err = conn.Write(pings)
				waits[i] = time.Since(began)
			}
			if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
				t.Errorf("%s is still open after 30 s", channel)
			}
		})
	}
	all.Wait()
	took := slices.Max(waits)
	left := 0
	eventually(t, 10*time.Second, "no goroutine is left", func() error {
		if left = s.goroutines(t) - before; left > 5 { // those of the HTTP connections that ask
			return fmt.Errorf("%d are left", left)
		}
		return nil
	})
	reached := s.reached(t, "Write")
	t.Logf("R17: %d clients that never read: closed %.1f s after the last that was taken, goroutines left %d; limit Write reached %d times; %v",
		count, took.Seconds(), max(0, left), reached, grown())
	if took > 10*time.Second || reached != count {
		t.Errorf("closed after %v, limit Write reached %d times; want 5 s and some slack, %d times", took, reached, count)
	}
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
