package integration

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"osslive/integration/pusher"
)

// row is one case of the test matrix: what a publisher sends, and what has to
// come out of it.
type row struct {
	name string
	run  func(t *testing.T, m *matrix)
}

// serverRows start servers of their own, to stop, kill or starve them.
var serverRows = []row{
	{"19 second publisher", secondPublisher},
	{"29 refusals with ffmpeg", refusals},
	{"31 ffmpeg, rtmpsink, rtmp2sink in real time", publishers},
	{"33 full disk", fullDisk},
	{"33 data that cannot be written", unwritableData},
	{"34 kill -9 of the server, 20 times", killedAtAnyMoment},
}

// rows returns the whole matrix: those first that take their time and little else.
func rows() []row {
	return slices.Concat(serverRows, timeRows, mediaRows, changeRows, formRows, enhancedRows, chunkRows, refuseRows, statRows)
}

// matrix is what the rows have in common: one server with a channel for each.
type matrix struct {
	s *server
	c *client

	takes   atomic.Int32
	mu      sync.Mutex
	results map[string]string // by row
}

// TestMatrix pushes whatever an encoder can send, and checks what a player gets:
// what ffmpeg, GStreamer and OBS make by these, the rest by integration/pusher.
func TestMatrix(t *testing.T) {
	tool(t, "ffmpeg")
	m := &matrix{s: serve(t, t.TempDir(), "matrix", "--durability", "relaxed"), results: map[string]string{}}
	m.c = m.s.client("matrix")
	all := rows()
	t.Run("rows", func(t *testing.T) { // ends when all parallel rows have
		for _, r := range all {
			t.Run(r.name, func(t *testing.T) {
				t.Parallel()
				began := time.Now()
				t.Cleanup(func() { m.note(t, r.name, time.Since(began)) })
				r.run(t, m)
			})
		}
	})
	slices.SortStableFunc(all, func(a, b row) int { return strings.Compare(a.name, b.name) })
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, r := range all {
		if result := m.results[r.name]; result != "" { // else -run left it out
			fmt.Fprintf(w, "%s\t→ %s\n", r.name, result)
		}
	}
	w.Flush()
	t.Logf("%d of %d rows\n%s", len(m.results), len(all), text.String())
}

func (m *matrix) note(t *testing.T, name string, took time.Duration) {
	result := "pass"
	switch {
	case t.Failed():
		result = "FAIL"
	case t.Skipped():
		result = "skipped"
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.results[name] = fmt.Sprintf("%s (%.1f s)", result, took.Seconds())
}

// take is one channel of the matrix and what is recorded on it.
type take struct {
	c       *client
	channel string
	w       *watcher // sees every version of the playlist
}

// take makes a channel for a part of a row.
func (m *matrix) take(t *testing.T, fragDuration int) *take {
	t.Helper()
	return takeOn(t, m.c, fmt.Sprintf("ch-%d", m.takes.Add(1)), fragDuration)
}

func takeOn(t *testing.T, c *client, channel string, fragDuration int) *take {
	t.Helper()
	c.putChannel(t, channel, fragDuration, 100)
	return &take{c, channel, watch(t, c.url(channel+"/playlist.m3u8"), time.Duration(fragDuration)*time.Second, 100)}
}

// url is where a publisher sends to, with a signature.
func (k *take) url() string {
	return owner.publishURL(k.c.host, k.c.bucket, k.channel, time.Now().Add(time.Hour), nil)
}

// open starts a publish of our own.
func (k *take) open(t *testing.T) *pusher.Conn {
	t.Helper()
	c, err := pusher.Open(t.Context(), k.url())
	if err != nil {
		t.Fatalf("%s: %v", k.channel, err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// send publishes messages from the first to the last, with the orderly end.
func (k *take) send(t *testing.T, messages []pusher.Message) {
	t.Helper()
	c := k.open(t)
	if err := c.Send(messages...); err != nil {
		t.Fatalf("%s: %v", k.channel, err)
	}
	if err := c.Finish(); err != nil {
		t.Fatalf("%s: %v", k.channel, err)
	}
}

// recorded returns every segment of the channel, from the VOD playlist, once the
// publish has ended.
func (k *take) recorded(t *testing.T) []tsSegment {
	t.Helper()
	k.c.waitStatus(t, k.channel, "Idle", 10*time.Second)
	text := k.c.must(t, "GET", k.channel, values("vod", "",
		"startTime", fmt.Sprint(time.Now().Add(-time.Hour).Unix()), "endTime", fmt.Sprint(time.Now().Add(time.Minute).Unix())), nil)
	var all []tsSegment
	for _, e := range parsePlaylist(t, text).Segments {
		body, status, err := get(t.Context(), k.c.url(k.channel+"/"+e.URI))
		if err != nil || status != 200 {
			t.Fatalf("%s: got %d, %v", e.URI, status, err)
		}
		all = append(all, tsSegment{e, body})
	}
	return all
}

// shape describes segments: their durations, D for a discontinuity.
func shape(segments []tsSegment) string {
	var parts []string
	for _, s := range segments {
		part := fmt.Sprintf("%.3f", s.Duration.Seconds())
		if s.Discontinuity {
			part = "D " + part
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}

// identical fails the test where segments differ from those of the baseline, in
// bytes or in what the playlist says of them.
func identical(t *testing.T, what string, got, want []tsSegment) {
	t.Helper()
	if g, w := shape(got), shape(want); g != w {
		t.Errorf("%s: segments are %s, want %s", what, g, w)
		return
	}
	for i := range want {
		g, w := got[i].Data, want[i].Data
		if slices.Equal(g, w) {
			continue
		}
		at := 0
		for at < min(len(g), len(w)) && g[at] == w[at] {
			at++
		}
		t.Errorf("%s: segment %d differs at byte %d, in packet %d: got %d bytes, want %d", what, i, at, at/tsPacket, len(g), len(w))
		return
	}
}

// readClip reads the tags of a clip.
func readClip(t testing.TB, path string) []pusher.Message {
	t.Helper()
	all, err := pusher.ReadFLV(path)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
