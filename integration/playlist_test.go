package integration

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grafov/m3u8"
)

// playlist is one version of a media playlist, as an independent reader sees it.
type playlist struct {
	Sequence, DiscontinuitySequence uint64
	Target                          time.Duration
	Ended                           bool
	Segments                        []entry
}

// entry is one segment in a playlist.
type entry struct {
	URI           string
	Duration      time.Duration
	Discontinuity bool
}

func parsePlaylist(t testing.TB, text []byte) playlist {
	t.Helper()
	p, err := readPlaylist(text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return p
}

func readPlaylist(text []byte) (playlist, error) {
	decoded, kind, err := m3u8.DecodeFrom(bytes.NewReader(text), true)
	if err != nil {
		return playlist{}, err
	}
	if kind != m3u8.MEDIA {
		return playlist{}, fmt.Errorf("not a media playlist")
	}
	media := decoded.(*m3u8.MediaPlaylist)
	p := playlist{Sequence: media.SeqNo, DiscontinuitySequence: media.DiscontinuitySeq,
		Target: seconds(media.TargetDuration), Ended: media.Closed}
	for _, s := range media.Segments {
		if s != nil {
			p.Segments = append(p.Segments, entry{s.URI, seconds(s.Duration), s.Discontinuity})
		}
	}
	return p, nil
}

func seconds(s float64) time.Duration { return time.Duration(math.Round(s*1000)) * time.Millisecond }

func (p playlist) duration() (sum time.Duration) {
	for _, s := range p.Segments {
		sum += s.Duration
	}
	return sum
}

// watcher reads a live playlist as a player does, keeps every version it sees,
// and fetches each segment when it is first listed.
type watcher struct {
	url       string
	fragCount int
	target    time.Duration // FragDuration
	every     time.Duration // between looks at the list
	checker   *tsChecker    // if set, it takes the segments, which are not kept
	stop      context.CancelFunc
	done      chan struct{}

	mu       sync.Mutex
	versions []playlist
	segments map[string][]byte // by URI
	bySeq    map[uint64]entry
	findings []string
}

// watch polls until close. A 404 is a list not there yet; a refused connection a server not there.
func watch(t testing.TB, url string, fragDuration time.Duration, fragCount int) *watcher {
	w := &watcher{url: url, fragCount: fragCount, target: fragDuration}
	w.start(t)
	return w
}

// start begins to poll with an empty memory.
func (w *watcher) start(t testing.TB) {
	var ctx context.Context
	ctx, w.stop = context.WithCancel(context.Background())
	w.done = make(chan struct{})
	w.segments, w.bySeq = map[string][]byte{}, map[uint64]entry{}
	if w.every == 0 {
		w.every = 100 * time.Millisecond
	}
	t.Cleanup(w.close)
	go w.poll(ctx)
}

// resume goes on where a closed watcher stopped, on a server that was started again.
func (w *watcher) resume(t testing.TB, url string) *watcher {
	w.close()
	ctx, cancel := context.WithCancel(context.Background())
	next := &watcher{url: url, fragCount: w.fragCount, target: w.target, every: w.every, stop: cancel, done: make(chan struct{}),
		segments: w.segments, bySeq: w.bySeq, versions: w.versions, findings: w.findings}
	t.Cleanup(next.close)
	go next.poll(ctx)
	return next
}

func (w *watcher) close() {
	w.stop()
	<-w.done
}

func (w *watcher) poll(ctx context.Context) {
	defer close(w.done)
	tick := time.NewTicker(w.every)
	defer tick.Stop()
	var last []byte
	for {
		if text, status, err := get(ctx, w.url); err == nil && status == http.StatusOK && !bytes.Equal(text, last) {
			w.see(ctx, text)
			last = text
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

var segmentName = regexp.MustCompile(`^\d{13}\.ts$`)

// see checks a new version against all before it.
func (w *watcher) see(ctx context.Context, text []byte) {
	p, err := readPlaylist(text)
	if err != nil {
		w.note("%v in\n%s", err, text)
		return
	}
	for _, s := range p.Segments {
		if w.has(s.URI) {
			continue
		}
		body, status, err := get(ctx, w.url[:strings.LastIndexByte(w.url, '/')+1]+s.URI)
		switch {
		case err != nil: // the server was killed meanwhile: the next version has it again
			return
		case status != http.StatusOK:
			w.note("%s is listed but answers %d", s.URI, status)
		default:
			w.keep(s, body)
		}
	}
	w.rules(p, text)
}

func (w *watcher) has(uri string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, ok := w.segments[uri]
	return ok
}

func (w *watcher) keep(s entry, body []byte) {
	if w.checker != nil {
		w.checker.next(tsSegment{s, body})
		body = nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.segments[s.URI] = body
}

// rules are those of RFC 8216 sections 4.3.3 and 6.2, and of PutLiveChannel.
func (w *watcher) rules(p playlist, text []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	bad := func(format string, args ...any) {
		w.findings = append(w.findings, fmt.Sprintf(format, args...)+" in\n"+string(text))
	}
	if p.Ended {
		bad("ENDLIST")
	}
	if len(p.Segments) == 0 || len(p.Segments) > w.fragCount {
		bad("%d segments, want 1 to %d", len(p.Segments), w.fragCount)
	}
	if !strings.HasPrefix(string(text), "#EXTM3U\n#EXT-X-VERSION:3\n") || !strings.HasSuffix(string(text), "\n") {
		bad("header or final line end")
	}
	if p.Target < w.target {
		bad("TARGETDURATION %v, want at least FragDuration %v", p.Target, w.target)
	}
	if n := len(w.versions); n > 0 {
		before := w.versions[n-1]
		if p.Sequence < before.Sequence {
			bad("MEDIA-SEQUENCE %d after %d", p.Sequence, before.Sequence)
		}
		if p.DiscontinuitySequence < before.DiscontinuitySequence {
			bad("DISCONTINUITY-SEQUENCE %d after %d", p.DiscontinuitySequence, before.DiscontinuitySequence)
		}
		if p.Target < before.Target {
			bad("TARGETDURATION %v after %v", p.Target, before.Target)
		}
	}
	name := ""
	for i, s := range p.Segments {
		if !segmentName.MatchString(s.URI) || s.URI <= name {
			bad("segment name %q after %q, want 13 digits that rise", s.URI, name)
		}
		name = s.URI
		if s.Duration <= 0 {
			bad("EXTINF %v", s.Duration)
		}
		if s.Duration.Round(time.Second) > p.Target {
			bad("EXTINF %v above TARGETDURATION %v", s.Duration, p.Target)
		}
		seq := p.Sequence + uint64(i)
		if old, ok := w.bySeq[seq]; ok && old != s {
			bad("segment %d is %v, was %v", seq, s, old)
		}
		w.bySeq[seq] = s
	}
	w.versions = append(w.versions, p)
}

func (w *watcher) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.findings = append(w.findings, fmt.Sprintf(format, args...))
}

// latest is the newest version seen; its zero value before the first.
func (w *watcher) latest() playlist {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.versions) == 0 {
		return playlist{}
	}
	return w.versions[len(w.versions)-1]
}

// entries returns every segment ever listed, in order, with its bytes.
func (w *watcher) entries() (all []tsSegment) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, seq := range sortedKeys(w.bySeq) {
		all = append(all, tsSegment{w.bySeq[seq], w.segments[w.bySeq[seq].URI]})
	}
	return all
}

// check fails the test for everything that was wrong in any version or segment.
func (w *watcher) check(t testing.TB) {
	t.Helper()
	w.close()
	for _, f := range w.findings {
		t.Errorf("playlist: %s", f)
	}
	media := checkTS(w.entries())
	for _, f := range media.findings {
		t.Errorf("segment %s", f)
	}
	t.Logf("%s: %d playlist versions, %d segments, %d frames, PCR at most %v apart: %d findings",
		w.url, len(w.versions), len(w.bySeq), media.frames, media.maxPCR, len(w.findings)+len(media.findings))
}
