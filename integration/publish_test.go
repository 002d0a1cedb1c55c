package integration

import (
	"testing"
	"time"
)

// A minute of 1080p30 with B-frames from three publishers at once: nothing is
// lost, every segment stands alone, every version of the list keeps the rules.
func publishers(t *testing.T, _ *matrix) {
	source := fullHD(t)
	tool(t, "gst-launch-1.0")
	s := serve(t, t.TempDir(), "media")
	c := s.client("media")

	publishers := []struct {
		name  string
		start func(url string) *process
		host  string
	}{
		{"ffmpeg", func(url string) *process { return push(t, source, url) }, s.HTTP},
		{"rtmpsink", func(url string) *process {
			return gstreamer(t, source, "rtmpsink", "location="+url+" live=1")
		}, s.RTMP},
		{"rtmp2sink", func(url string) *process { return gstreamer(t, source, "rtmp2sink", "location="+url) }, s.HTTP},
	}
	began := time.Now()
	watchers := map[string]*watcher{}
	running := map[string]*process{}
	for _, p := range publishers {
		c.putChannel(t, p.name, 5, 3)
		watchers[p.name] = watch(t, c.url(p.name+"/playlist.m3u8"), 5*time.Second, 3)
		running[p.name] = p.start(owner.publishURL(p.host, "media", p.name, time.Now().Add(time.Hour), nil))
	}
	for _, p := range publishers {
		running[p.name].finish(t, 90*time.Second)
		c.waitStatus(t, p.name, "Idle", 5*time.Second)
	}
	t.Logf("three publishers ran for %v", time.Since(began).Round(time.Second))

	pictures, sound := frames(t, source), audioPackets(t, source)
	for _, p := range publishers {
		t.Run(p.name, func(t *testing.T) {
			vod := c.postVOD(t, p.name, "vod.m3u8", began.Add(-time.Second), time.Now().Add(time.Second))
			w := watchers[p.name]
			eventually(t, 5*time.Second, "the watcher saw the last segment", func() error {
				return sameTail(t, w.latest(), vod)
			})
			w.check(t)
			same(t, "frame", played(t, vod), pictures)
			same(t, "audio packet", audioPackets(t, vod), sound)
			playAlone(t, w.entries())
			if n := len(c.history(t, p.name)); n != 1 {
				t.Errorf("history: got %d records, want 1", n)
			}
			if !t.Failed() {
				t.Logf("%d frames and %d audio packets identical, %d segments play alone", len(pictures), len(sound), len(w.entries()))
			}
		})
	}
}

// sameTail tells whether the live list ends where the recording ends.
func sameTail(t testing.TB, live playlist, vod string) error {
	text, _, err := get(t.Context(), vod)
	if err != nil {
		return err
	}
	all := parsePlaylist(t, text).Segments
	if n := len(live.Segments); n == 0 || live.Segments[n-1].URI != all[len(all)-1].URI {
		return errNotYet
	}
	return nil
}
