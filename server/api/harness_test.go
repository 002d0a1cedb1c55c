package api

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"osslive/auth"
	"osslive/hls"
	"osslive/server/address"
	"osslive/server/metrics"
	"osslive/store"
	"osslive/store/memstore"
)

var update = flag.Bool("update", false, "rewrite golden files")

var testKey = auth.Key{ID: "ak", Secret: "sk-secret"}

// world is a server on a real store with a clock of its own.
type world struct {
	*Server
	t        testing.TB
	registry *prometheus.Registry
	log      bytes.Buffer
	clock    time.Time
	session  *store.Session // of publish

	served, refused, failed atomic.Int64 // answers, those of 400 and more, those of 500
}

func newWorld(t testing.TB, configure ...func(*Config)) *world {
	t.Helper()
	w := &world{t: t, clock: time.Date(2018, 12, 4, 3, 55, 6, 0, time.UTC), registry: prometheus.NewRegistry()}
	t.Cleanup(func() {
		t.Logf("%d requests: %d refused, %d of them with InternalError", w.served.Load(), w.refused.Load(), w.failed.Load())
	})
	now := func() time.Time { return w.clock }
	c := Config{
		Store:   store.New(store.Config{KV: memstore.NewKV(), Leases: memstore.NewLeases(), Blobs: memstore.NewBlobs(), Now: now}),
		Keys:    auth.NewKeys(testKey),
		Region:  "oss-cn-hangzhou",
		Owner:   Owner{"1234", "owner"},
		Logger:  slog.New(slog.NewTextHandler(&w.log, nil)),
		Metrics: metrics.New(w.registry),
		Now:     now,

		Domains: address.Domains{Base: []string{"oss.example.com"}},
		CORS:    CORSOpen,
	}
	for _, f := range configure {
		f(&c)
	}
	if _, err := c.Store.Recover(context.Background()); err != nil {
		t.Fatal(err)
	}
	w.Server = New(c)
	return w
}

// request builds a request as it would come from the wire. target is the raw
// request target; the bucket and key that it stands for are signed, unless
// unsigned is set.
func (w *world) request(method, target string, header http.Header, body []byte) *http.Request {
	w.t.Helper()
	if header == nil {
		header = http.Header{}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", method, target)
	if _, given := header["Host"]; !given {
		b.WriteString("Host: 127.0.0.1:9000\r\n")
	}
	if len(body) > 0 || method == http.MethodPut {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	header.Write(&b)
	b.WriteString("\r\n")
	b.Write(body)
	r, err := http.ReadRequest(bufio.NewReader(&b))
	if err != nil {
		w.t.Fatalf("%s %s: %v", method, target, err)
	}
	r.RemoteAddr = "192.0.2.1:1234"
	return r
}

// sign signs r for what its URL stands for, by the first reading of it.
func (w *world) sign(r *http.Request) *http.Request {
	w.t.Helper()
	found, err := resolveTarget(r.Host, r.RequestURI, w.config.Domains)
	if err != nil {
		return r // refused before anybody looks at a signature
	}
	return w.signAs(r, found.readings[0].target, found.query)
}

func (w *world) signAs(r *http.Request, to target, query url.Values) *http.Request {
	auth.SignRequest(&auth.Request{Method: r.Method, Header: r.Header, Bucket: to.bucket, Key: to.key, Query: query}, testKey, w.clock)
	return r
}

func (w *world) serve(r *http.Request) *http.Response {
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	answer := rec.Result()
	w.served.Add(1)
	if answer.StatusCode >= 400 {
		w.refused.Add(1)
	}
	if answer.StatusCode == 500 {
		w.failed.Add(1)
	}
	for name, values := range answer.Header { // as an HTTP client reads the names
		delete(answer.Header, name)
		answer.Header[http.CanonicalHeaderKey(name)] = values
	}
	return answer
}

// do sends a signed request and returns the answer with its body.
func (w *world) do(method, target string, header http.Header, body string) (*http.Response, string) {
	w.t.Helper()
	return w.read(w.serve(w.sign(w.request(method, target, header, []byte(body)))))
}

// anonymous sends a request without a signature.
func (w *world) anonymous(method, target string, header http.Header, body string) (*http.Response, string) {
	w.t.Helper()
	return w.read(w.serve(w.request(method, target, header, []byte(body))))
}

func (w *world) read(res *http.Response) (*http.Response, string) {
	w.t.Helper()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return res, string(b)
}

// must sends a signed request that has to succeed.
func (w *world) must(method, target string, header http.Header, body string) string {
	w.t.Helper()
	res, text := w.do(method, target, header, body)
	if res.StatusCode >= 300 {
		w.t.Fatalf("%s %s: %s\n%s", method, target, res.Status, text)
	}
	return text
}

// code returns the Code of an error document, "" of anything else.
func code(body string) string { return between(body, "<Code>", "</Code>") }

func between(s, start, end string) string {
	_, rest, ok := strings.Cut(s, start)
	if !ok {
		return ""
	}
	inner, _, _ := strings.Cut(rest, end)
	return inner
}

// segment is one that a test records.
type segment struct {
	at       time.Time // gives it its name
	duration time.Duration
}

// record publishes segments in one session.
func (w *world) record(bucket, channel string, segments ...segment) {
	w.t.Helper()
	ctx := context.Background()
	session, err := w.config.Store.StartSession(ctx, bucket, channel, store.SessionStart{RemoteAddr: "10.1.2.3:47745"})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, s := range segments {
		w.clock = s.at
		out, err := session.NewSegment(ctx)
		if err != nil {
			w.t.Fatal(err)
		}
		fmt.Fprintf(out, "bytes of %s", out.Name())
		if err := out.Seal(store.Segment{Duration: s.duration}); err != nil {
			w.t.Fatal(err)
		}
		if err := session.CommitSegments(ctx, []*store.SegmentWriter{out}, playlist); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := session.End(ctx); err != nil {
		w.t.Fatal(err)
	}
}

// playlist renders a live list as package live does.
func playlist(pos *store.Position) []byte {
	p := hls.Playlist{Sequence: pos.Sequence, DiscontinuitySequence: pos.DiscontinuitySequence, TargetDuration: pos.TargetDuration}
	for _, s := range pos.Window {
		p.Segments = append(p.Segments, hls.Segment{URI: s.Name, Duration: s.Duration, Discontinuity: s.Discontinuity})
		p.TargetDuration = max(p.TargetDuration, hls.TargetDuration(s.Duration))
	}
	pos.TargetDuration = p.TargetDuration
	return p.AppendText(nil)
}

// publish makes a channel live with the statistics of the sample answer.
func (w *world) publish(bucket, channel string) {
	w.t.Helper()
	ctx := context.Background()
	session, err := w.config.Store.StartSession(ctx, bucket, channel, store.SessionStart{RemoteAddr: "10.1.2.3:47745"})
	if err != nil {
		w.t.Fatal(err)
	}
	err = session.Renew(ctx, store.Stat{
		Connected: w.clock, RemoteAddr: "10.1.2.3:47745",
		Video: &store.VideoStat{Width: 1280, Height: 536, FrameRate: 24, Bandwidth: 214146, Codec: "H264"},
		Audio: &store.AudioStat{Bandwidth: 11444, SampleRate: 44100, Codec: "AAC"},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.session = session
}
