package integration

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// live creates a channel with one-second segments and starts a push to it.
func live(t *testing.T, s *server, c *client, channel string) (*process, *watcher) {
	t.Helper()
	source := small(t)
	c.putChannel(t, channel, 1, 3)
	w := watch(t, c.url(channel+"/playlist.m3u8"), time.Second, 3)
	p := push(t, source, owner.publishURL(s.HTTP, c.bucket, channel, time.Now().Add(time.Hour), nil))
	c.waitStatus(t, channel, "Live", 5*time.Second)
	return p, w
}

// segmentsSeen waits until a player has seen so many segments.
func segmentsSeen(t *testing.T, w *watcher, n int) {
	t.Helper()
	eventually(t, 20*time.Second, "segments appear", func() error {
		if len(w.entries()) < n {
			return errNotYet
		}
		return nil
	})
}

func TestDisableEndsThePublish(t *testing.T) {
	s := serve(t, t.TempDir(), "media")
	c := s.client("media")
	p, w := live(t, s, c, "ch")
	segmentsSeen(t, w, 2)

	c.setStatus(t, "ch", "disabled")
	began := time.Now()
	err, gone := p.wait(20 * time.Second)
	took := time.Since(began)
	if !gone || err == nil {
		t.Fatalf("ffmpeg %v after the channel was disabled: ended %v, error %v; want it cut off", took, gone, err)
	}
	if took > 10*time.Second {
		t.Errorf("the publish ended %v after the channel was disabled, want about half a second", took)
	}
	if !strings.Contains(p.output(), "LiveChannelDisabled") {
		t.Errorf("ffmpeg prints %q, want LiveChannelDisabled in it", p.output())
	}
	c.waitStatus(t, "ch", "Disabled", 2*time.Second)
	if n := len(c.history(t, "ch")); n != 1 {
		t.Errorf("history: got %d records, want 1", n)
	}
	w.check(t)
	t.Logf("cut off %v after the status changed: %s", took.Round(time.Millisecond), strings.TrimSpace(p.output()))
}

func TestDeleteWhileLive(t *testing.T) {
	s := serve(t, t.TempDir(), "media")
	c := s.client("media")
	p, w := live(t, s, c, "ch")
	for _, method := range []string{"DELETE", "PUT"} {
		status, answer, err := c.do(method, "ch", values("live", ""), []byte(
			`<LiveChannelConfiguration><Target><Type>HLS</Type></Target></LiveChannelConfiguration>`))
		if err != nil {
			t.Fatal(err)
		}
		if status != http.StatusConflict || code(answer) != "ChannelStillLive" {
			t.Errorf("%s of a live channel: got %d %s, want 409 ChannelStillLive", method, status, code(answer))
		}
	}
	segmentsSeen(t, w, 2)
	if err, gone := p.exited(); gone {
		t.Errorf("the publisher ended: %v %s", err, p.output())
	}
}

func secondPublisher(t *testing.T, _ *matrix) {
	s := serve(t, t.TempDir(), "media")
	c := s.client("media")
	first, w := live(t, s, c, "ch")
	segmentsSeen(t, w, 1)

	for range 2 {
		refused(t, small(t), owner.publishURL(s.HTTP, "media", "ch", time.Now().Add(time.Hour), nil), "ChannelStillLive")
	}
	segmentsSeen(t, w, 5)
	if err, gone := first.exited(); gone {
		t.Fatalf("the first publisher ended: %v %s", err, first.output())
	}
	if n := len(c.history(t, "ch")); n != 0 {
		t.Errorf("history while the first session runs: got %d records, want 0", n)
	}
	w.check(t)
	for _, e := range w.entries() {
		if e.Discontinuity {
			t.Errorf("%s: a discontinuity in the first publisher's stream", e.URI)
		}
	}
}
