package console

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"osslive/auth"
	"osslive/server/metrics"
	"osslive/store"
	"osslive/store/memstore"
)

var testKey = auth.Key{ID: "test-id", Secret: "a-secret-that-no-page-shows"}

// fixture is a console over a store in memory with the buckets open
// (public-read) and closed (private).
type fixture struct {
	Config
	handler http.Handler
}

func newFixture(t *testing.T, change func(*Config)) *fixture {
	t.Helper()
	s := store.New(store.Config{KV: memstore.NewKV(), Leases: memstore.NewLeases(), Blobs: memstore.NewBlobs(), Now: time.Now})
	if _, err := s.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, acl := range map[string]store.ACL{"open": store.PublicRead, "closed": store.Private} {
		if _, err := s.PutBucket(t.Context(), name, acl); err != nil {
			t.Fatal(err)
		}
	}
	registry := prometheus.NewRegistry()
	metrics.New(registry)
	f := &fixture{Config: Config{
		Store: s, Key: testKey, Listen: "127.0.0.1:9000", Metrics: registry, Now: time.Now,
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}}
	if change != nil {
		change(&f.Config)
	}
	f.handler = New(f.Config)
	return f
}

func (f *fixture) putChannel(t *testing.T, bucket, name string) {
	t.Helper()
	if _, err := f.Store.PutChannel(t.Context(), store.Channel{Bucket: bucket, Name: name}); err != nil {
		t.Fatal(err)
	}
}

// publish starts a session, which ends with the test.
func (f *fixture) publish(t *testing.T, bucket, name string) *store.Session {
	t.Helper()
	p, err := f.Store.StartSession(t.Context(), bucket, name, store.SessionStart{RemoteAddr: "192.0.2.7:4711"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.End(context.Background()) })
	return p
}

// segment commits seg with a body of so many bytes.
func segment(t *testing.T, p *store.Session, seg store.Segment, bytes int) {
	t.Helper()
	w, err := p.NewSegment(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.Write(make([]byte, bytes))
	if err := w.Seal(seg); err != nil {
		t.Fatal(err)
	}
	if err := p.CommitSegments(t.Context(), []*store.SegmentWriter{w}, func(*store.Position) []byte { return []byte("#EXTM3U\n") }); err != nil {
		t.Fatal(err)
	}
}

// origin is the Host, the peer and the headers of a request.
type origin struct {
	host, peer string
	header     http.Header
}

var (
	// here is a browser on the server's machine, there one on another machine.
	here  = origin{host: "127.0.0.1:9001", peer: "127.0.0.1:5000"}
	there = origin{host: "console.example.com:9001", peer: "192.0.2.9:5000"}
)

func (f *fixture) do(method, target string, from origin, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(form.Encode()))
	r.Host, r.RemoteAddr = from.host, from.peer
	for name, values := range from.header {
		r.Header[name] = values
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	return w
}

// get returns a page. Any status but 200 fails the test.
func (f *fixture) get(t *testing.T, target string, from origin) string {
	t.Helper()
	w := f.do(http.MethodGet, target, from, nil)
	if w.Code != http.StatusOK {
		t.Fatalf("GET %s: got %d %s", target, w.Code, w.Body)
	}
	return w.Body.String()
}

func wantAll(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%s lacks %q:\n%s", what, p, text)
		}
	}
}

func TestOverview(t *testing.T) {
	f := newFixture(t, nil)
	f.putChannel(t, "open", "one")
	f.putChannel(t, "closed", "two & <three>")
	p := f.publish(t, "open", "one")
	err := p.Renew(t.Context(), store.Stat{Connected: time.Now(), RemoteAddr: "192.0.2.7:4711",
		Video: &store.VideoStat{Width: 1280, Height: 720, FrameRate: 30, Bandwidth: 250_000, Codec: "H264"},
		Audio: &store.AudioStat{Bandwidth: 12_500, SampleRate: 48000, Codec: "AAC"}})
	if err != nil {
		t.Fatal(err)
	}
	page := f.get(t, "/", here)
	wantAll(t, "overview", page, `<a href="/channel/open/one">open/one</a>`, "1280×720, 30 fps", "2.1 Mbit/s", `class="status Live"`,
		`<a href="/channel/closed/two%20&amp;%20%3cthree%3e">closed/two &amp; &lt;three&gt;</a>`, `class="status Idle"`, "public-read", "private")
}

func TestChannelPage(t *testing.T) {
	f := newFixture(t, nil)
	f.putChannel(t, "open", "one")
	f.putChannel(t, "closed", "two")
	p := f.publish(t, "open", "one")
	segment(t, p, store.Segment{Duration: 5 * time.Second, Keyframe: true}, 1000)
	segment(t, p, store.Segment{Duration: 7 * time.Second, Keyframe: true, Forced: true, Ending: "length, no key frame came"}, 3000)
	segment(t, p, store.Segment{Duration: 5 * time.Second, Discontinuity: true}, 500)
	if err := p.Renew(t.Context(), store.Stat{Connected: time.Now(), RemoteAddr: "192.0.2.7:4711",
		Video: &store.VideoStat{Width: 640, Height: 360, FrameRate: 25, Codec: "H264", KeyInterval: 4 * time.Second},
		Audio: &store.AudioStat{Codec: "MP3", Dropped: "choose AAC"}}); err != nil {
		t.Fatal(err)
	}
	page := f.get(t, "/channel/open/one", here)
	wantAll(t, "channel page", page, `data-src="http://127.0.0.1:9000/open/one/playlist.m3u8"`, "640×360", "MP3 <small>dropped</small>", "Audio is dropped: choose AAC.", "192.0.2.7:4711", "every 4.0 s",
		"segments are 8.0 s long", "The last 3 segments", "1 cut without a key frame", "1 discontinuities", "0 reconnects", "begins without a key frame", `<td data-label="Ended by">length, no key frame came</td>`, `<td data-label="Ended by"></td>`)
	if n := strings.Count(page, `class="bar`); n != 3 {
		t.Errorf("got %d bars, want 3", n)
	}
	page = f.get(t, "/channel/closed/two", here)
	wantAll(t, "page of a private channel", page, "x-oss-process=hls%2Fsign", "Signature=")
	if w := f.do(http.MethodGet, "/channel/open/none", here, nil); w.Code != http.StatusNotFound {
		t.Errorf("unknown channel: got %d, want 404", w.Code)
	}
}

// TestEventOfEachChange checks that an open page gets one event for each change of its
// channel, and that the stream ends when the channel is deleted.
func TestEventOfEachChange(t *testing.T) {
	f := newFixture(t, nil)
	f.putChannel(t, "open", "one")
	server := httptest.NewServer(f.handler)
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/channel/open/one/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	events := bufio.NewReader(resp.Body)
	wantAll(t, "first event", readEvent(t, events), "data: ", `class="status Idle"`)
	if err := f.Store.SetChannelStatus(t.Context(), "open", "one", store.Disabled); err != nil {
		t.Fatal(err)
	}
	wantAll(t, "second event", readEvent(t, events), `class="status Disabled"`)
	if err := f.Store.DeleteChannel(t.Context(), "open", "one"); err != nil {
		t.Fatal(err)
	}
	wantAll(t, "last event", readEvent(t, events), "event: gone")
	if _, err := io.ReadAll(events); err != nil {
		t.Errorf("after the last event: %v, want its end", err)
	}
}

func readEvent(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	var text strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatalf("read an event: %v after %q", err, text.String())
		}
		if line == "\n" {
			return text.String()
		}
		text.WriteString(line)
	}
}

// TestEventFraming checks that each line of a text becomes a field of the event.
func TestEventFraming(t *testing.T) {
	if got, want := string(event([]byte("a\nb\r\nc\rd"))), "data: a\ndata: b\ndata: \ndata: c\ndata: d\n\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
