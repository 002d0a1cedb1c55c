package integration

import (
	"bytes"
	"crypto/md5"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

const kills = 20

// kill -9 at random moments of pushes, in real time and in bursts, each
// followed by a restart: what was acknowledged is there, what is there is
// whole, and the next push goes on where the last one ended.
func killedAtAnyMoment(t *testing.T, _ *matrix) {
	source := small(t)
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)

	data := t.TempDir()
	s := serve(t, data, "crash")
	c := s.client("crash")
	c.putChannel(t, "ch", 1, 6)
	w := watch(t, c.url("ch/playlist.m3u8"), time.Second, 6)
	j := &journal{acknowledged: map[string][]byte{}, attempted: map[string][]byte{}, firsts: map[string]bool{}}
	var restarts time.Duration
	for round := range kills {
		began := time.Now()
		send, limit := push, 4*time.Second
		if round%2 == 1 { // many cuts a second: the kill falls into a commit
			send, limit = burst, 1200*time.Millisecond
		}
		moment := time.Duration(random.Int64N(int64(limit)))
		p := send(t, source, owner.publishURL(s.HTTP, "crash", "ch", began.Add(time.Hour), nil))
		writes := j.write(c, round)
		<-time.After(moment) // the random moment itself, not a wait for anything
		s.kill(t)
		<-writes
		w.close()
		p.wait(10 * time.Second)

		again := time.Now()
		s = serve(t, data, "crash")
		restarts += time.Since(again)
		c = s.client("crash")
		j.verify(t, c, w, began)
		if t.Failed() {
			t.Fatalf("round %d, killed after %v", round, moment)
		}
		w = w.resume(t, c.url("ch/playlist.m3u8"))
	}
	for _, f := range w.findings {
		t.Errorf("playlist: %s", f)
	}
	objects := len(j.acknowledged) - j.count
	t.Logf("%d kills: %d segments of %d sessions there and whole, so are %d acknowledged objects; %d more in flight whole or absent; restart %v on average",
		kills, j.count, len(j.firsts), objects, len(j.attempted)-objects, (restarts / kills).Round(time.Millisecond))
}

// journal is what the test knows the server has promised.
type journal struct {
	acknowledged map[string][]byte // objects whose PUT was answered with 200, and segments that were read
	attempted    map[string][]byte // objects sent, answered or not

	count  int             // segments found after the last restart
	firsts map[string]bool // first segment of each session that left one
}

// write puts objects, small and large, until the server is gone. The journal
// is the writer's until done is closed.
func (j *journal) write(c *client, round int) (done chan struct{}) {
	done = make(chan struct{})
	go func() {
		defer close(done)
		pace := time.NewTicker(25 * time.Millisecond)
		defer pace.Stop()
		for i := 0; ; i++ {
			key := fmt.Sprintf("note/%02d-%04d", round, i)
			body := bytes.Repeat([]byte(key), 1+i%3*4_000) // a few bytes, 48 KB, 96 KB
			j.attempted[key] = body
			status, _, err := c.do("PUT", key, nil, body)
			if err != nil {
				return
			}
			if status == 200 {
				j.acknowledged[key] = body
			}
			<-pace.C
		}
	}()
	return done
}

// verify compares everything the server has after a restart with the journal.
func (j *journal) verify(t *testing.T, c *client, w *watcher, began time.Time) {
	t.Helper()
	for _, s := range w.entries() { // a player had them: they were promised
		if s.Data != nil {
			j.acknowledged["ch/"+s.URI] = s.Data
		}
	}
	found := map[string][]byte{}
	var names []string
	for _, object := range c.list(t, "") {
		body, status, err := get(t.Context(), c.url(object.Key))
		if err != nil || status != 200 || int64(len(body)) != object.Size {
			t.Errorf("%s: listed with %d bytes, got %d %v with %d bytes", object.Key, object.Size, status, err, len(body))
			continue
		}
		found[object.Key] = body
		switch want, sent := j.attempted[object.Key]; {
		case strings.HasSuffix(object.Key, ".ts"):
			names = append(names, strings.TrimPrefix(object.Key, "ch/"))
			if _, ok := j.acknowledged[object.Key]; !ok {
				j.acknowledged[object.Key] = body // listed now: there for good
			}
		case sent && !bytes.Equal(body, want):
			t.Errorf("%s: got %d bytes, want the %d that were sent", object.Key, len(body), len(want))
		case sent && strings.Trim(object.ETag, `"`) != fmt.Sprintf("%X", md5.Sum(body)):
			t.Errorf("%s: ETag %s is not that of its bytes", object.Key, object.ETag)
		}
	}
	for key, want := range j.acknowledged {
		if got, ok := found[key]; !ok || !bytes.Equal(got, want) {
			t.Errorf("%s: got %d bytes (there: %v), want the %d acknowledged", key, len(got), ok, len(want))
		}
	}
	if len(names) > j.count {
		j.firsts[names[j.count]] = true
	}
	session := len(names) > j.count
	j.count = len(names)
	j.verifyPlaylists(t, c, w, names, found)

	if got := c.stat(t, "ch").Status; got != "Idle" {
		t.Errorf("channel after a restart: got %s, want Idle", got)
	}
	if h := c.history(t, "ch"); session && (len(h) == 0 || h[len(h)-1].StartTime.Before(began.Add(-time.Second))) {
		t.Errorf("history after a session from %v that left segments: got %v", began, h)
	}
}

// verifyPlaylists expects the live list to be the end of the recording, and
// the recording to be every segment, with one discontinuity for each session.
func (j *journal) verifyPlaylists(t *testing.T, c *client, w *watcher, names []string, found map[string][]byte) {
	t.Helper()
	if len(names) == 0 {
		return
	}
	text := c.must(t, "GET", "ch", values("vod", "",
		"startTime", fmt.Sprint(time.Now().Add(-time.Hour).Unix()), "endTime", fmt.Sprint(time.Now().Add(time.Minute).Unix())), nil)
	recorded := parsePlaylist(t, text).Segments
	if len(recorded) != len(names) {
		t.Fatalf("recording: got %d segments, want the %d objects", len(recorded), len(names))
	}
	segments := make([]tsSegment, len(recorded))
	for i, e := range recorded {
		if e.URI != names[i] {
			t.Errorf("recording, segment %d: got %s, want %s", i, e.URI, names[i])
		}
		if want := i > 0 && j.firsts[e.URI]; e.Discontinuity != want {
			t.Errorf("recording, segment %d (%s): discontinuity %v, want %v", i, e.URI, e.Discontinuity, want)
		}
		segments[i] = tsSegment{e, found["ch/"+e.URI]}
	}
	for _, f := range checkTS(segments).findings {
		t.Errorf("segment %s", f)
	}

	list := parsePlaylist(t, found["ch/playlist.m3u8"])
	if got, want := int(list.Sequence)+len(list.Segments), len(names); got != want {
		t.Errorf("the list ends at sequence %d, want %d: one for each segment ever made", got, want)
		return
	}
	if list.Sequence < w.latest().Sequence {
		t.Errorf("MEDIA-SEQUENCE %d after the restart, %d was seen before", list.Sequence, w.latest().Sequence)
	}
	for i, e := range list.Segments {
		if seq := int(list.Sequence) + i; e.URI != recorded[seq].URI || e.Duration != recorded[seq].Duration ||
			e.Discontinuity != recorded[seq].Discontinuity {
			t.Errorf("live list, sequence %d: got %v, want %v as recorded", seq, e, recorded[seq])
		}
	}
}
