package refusal

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"osslive/auth"
	"osslive/server/address"
	"osslive/server/refusal/proof"
	"osslive/store"
	"osslive/store/memstore"
)

var (
	key   = auth.Key{ID: "the-id", Secret: "the secret+/of this key"}
	other = auth.Key{ID: "another", Secret: "the other secret"}
	now   = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
)

// newLog has two buckets, b with the channel ch, and c with its own.
func newLog(t testing.TB) *Log {
	t.Helper()
	s := store.New(store.Config{KV: memstore.NewKV(), Leases: memstore.NewLeases(), Blobs: memstore.NewBlobs(), Now: time.Now})
	for _, b := range []string{"bucket-b", "bucket-c"} {
		if _, err := s.PutBucket(t.Context(), b, store.Private); err != nil {
			t.Fatal(err)
		}
		c := store.Channel{Bucket: b, Name: "channel-of-" + b, Target: store.Target{FragDuration: 5, FragCount: 3, PlaylistName: "list.m3u8"}}
		if _, err := s.PutChannel(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	object := store.Object{Bucket: "bucket-b", Key: "key"}
	if _, err := s.PutObject(t.Context(), object, strings.NewReader("x"), store.PutOptions{Length: 1}); err != nil {
		t.Fatal(err)
	}
	return New(Config{Store: s, Keys: auth.NewKeys(key, other), Domains: address.Domains{}, Region: "oss-cn-local"})
}

func request(method, key string, query url.Values) *auth.Request {
	if query == nil {
		query = url.Values{}
	}
	return &auth.Request{Method: method, Host: "127.0.0.1:9000", Header: http.Header{}, Bucket: "bucket-b", Key: key, Query: query, Region: "cn-hangzhou"}
}

// signings are all ways to sign, r.Query included.
var signings = map[string]func(r *auth.Request, k auth.Key){
	"1 header": func(r *auth.Request, k auth.Key) { auth.SignRequest(r, k, now) },
	"1 url":    func(r *auth.Request, k auth.Key) { r.Query = auth.SignURL(r, k, now.Add(time.Hour)) },
	"4 header": func(r *auth.Request, k auth.Key) { auth.SignRequestV4(r, k, now) },
	"4 url":    func(r *auth.Request, k auth.Key) { r.Query = auth.SignURLV4(r, k, now, now.Add(time.Hour)) },
	"publish": func(r *auth.Request, k auth.Key) {
		r.Method = ""
		r.Query = auth.SignPublish(&auth.Publish{Bucket: r.Bucket, Channel: r.Key, Query: r.Query}, k, now.Add(time.Hour))
	},
}

func claimOf(r *auth.Request) auth.Claim { return proof.ClaimOf(r) }

// setSignature puts another signature into r.
func setSignature(r *auth.Request, signature string) {
	switch c := claimOf(r); {
	case !c.InURL:
		r.Header.Set("Authorization", strings.TrimSuffix(r.Header.Get("Authorization"), c.Signature)+signature)
	case c.Version == "1":
		r.Query.Set("Signature", signature)
	default:
		r.Query.Set("x-oss-signature", signature)
	}
}

// refuse verifies r as the server does, and explains why it is refused.
func refuse(t testing.TB, l *Log, r *auth.Request) *Explanation {
	t.Helper()
	kept := Refusal{ID: fmt.Sprintf("%024X", len(l.byID)+1), Time: now, Remote: "127.0.0.1:5", Client: "client", Code: "SignatureDoesNotMatch", Message: "m",
		Bucket: r.Bucket, Name: r.Key, Method: r.Method, RawPath: "/" + r.Bucket + "/" + url.PathEscape(r.Key), Host: r.Host, Header: r.Header, Query: r.Query}
	if r.Method == "" {
		kept.RawPath, kept.Path = "", []string{r.Bucket, "live", r.Key}
		_, kept.Err = auth.VerifyPublish(&auth.Publish{Bucket: r.Bucket, Channel: r.Key, Query: r.Query}, l.config.Keys, now)
	} else {
		verified := *r
		verified.Region = ""
		_, kept.Err = auth.VerifyRequest(&verified, l.config.Keys, now)
	}
	if kept.Err == nil {
		t.Fatalf("%s %s/%s?%s was not refused", r.Method, r.Bucket, r.Key, r.Query.Encode())
	}
	l.Add(kept)
	e := l.Explain(t.Context(), kept.ID)
	if e == nil {
		t.Fatal("the refusal was not kept")
	}
	return e
}

// Undoing a change proves that it was made, in whatever way the request is signed.
func TestProofs(t *testing.T) {
	all := []string{"1 header", "1 url", "4 header", "4 url", "publish"}
	http1 := all[:4]
	for _, tt := range []struct {
		cause   string
		signed  []string // the ways in which this changes what is signed
		with    auth.Key
		prepare func(r *auth.Request)
		change  func(r *auth.Request)
	}{
		{cause: "wrong-secret", signed: all, with: auth.Key{ID: key.ID, Secret: other.Secret}},
		{cause: "secret-whitespace", signed: all, with: auth.Key{ID: key.ID, Secret: key.Secret + "\r\n"}},
		{cause: "secret-empty", signed: []string{"1 header", "1 url", "4 header", "publish"}, with: auth.Key{ID: key.ID}},
		{cause: "secret-encoded", signed: all, with: auth.Key{ID: key.ID, Secret: url.QueryEscape(key.Secret)}},
		{cause: "content-type", signed: http1, change: func(r *auth.Request) { r.Header.Set("Content-Type", "image/webp") }},
		{cause: "content-type", signed: http1, prepare: func(r *auth.Request) { r.Header.Set("Content-Type", "image/png") },
			change: func(r *auth.Request) { r.Header.Set("Content-Type", "image/png; charset=utf-8") }},
		{cause: "content-type", signed: http1, prepare: func(r *auth.Request) { r.Header.Set("Content-Type", "application/json") },
			change: func(r *auth.Request) { r.Header.Del("Content-Type") }},
		{cause: "content-md5", signed: http1, change: func(r *auth.Request) { r.Header.Set("Content-Md5", "1B2M2Y8AsgTpgAmY7PhCfg==") }},
		{cause: "header-added", signed: http1, change: func(r *auth.Request) { r.Header.Set("X-Oss-Range-Behavior", "standard") }},
		{cause: "header-missing", signed: http1, prepare: func(r *auth.Request) { r.Header.Set("X-Oss-Object-Acl", "public-read") },
			change: func(r *auth.Request) { r.Header.Del("X-Oss-Object-Acl") }},
		{cause: "method", signed: http1, change: func(r *auth.Request) { r.Method = "HEAD" }},
		{cause: "sub-resource-missing", signed: []string{"1 header"}, change: func(r *auth.Request) { r.Query.Set("live", ""); r.Query.Set("comp", "stat") }},
		{cause: "parameter-added", signed: []string{"1 url", "4 header", "4 url"}, change: func(r *auth.Request) { r.Query.Set("x-oss-process", "hls/sign") }},
		{cause: "parameter-added", signed: []string{"4 header", "4 url", "publish"}, change: func(r *auth.Request) { r.Query.Set("t", "1") }},
		{cause: "parameter-removed", signed: http1, prepare: func(r *auth.Request) { r.Query.Set("live", "") }, change: func(r *auth.Request) { r.Query.Del("live") }},
		{cause: "parameter-changed", signed: []string{"publish"}, prepare: func(r *auth.Request) { r.Key = "channel-of-bucket-b"; r.Query.Set("playlistName", "list.m3u8") },
			change: func(r *auth.Request) { r.Query.Set("playlistName", "mine.m3u8") }},
		{cause: "region", signed: []string{"4 url"}, change: func(r *auth.Request) {
			r.Query.Set("x-oss-credential", strings.Replace(r.Query.Get("x-oss-credential"), "cn-hangzhou", "oss-cn-hangzhou", 1))
		}},
		{cause: "key-double-encoded", signed: http1, prepare: func(r *auth.Request) { r.Key = "a b" }, change: func(r *auth.Request) { r.Key = "a%20b" }},
		{cause: "key-encoding", signed: http1, prepare: func(r *auth.Request) { r.Key = "a%20b" }, change: func(r *auth.Request) { r.Key = "a b" }},
		{cause: "key-encoding", signed: http1, prepare: func(r *auth.Request) { r.Key = "a b" }, change: func(r *auth.Request) { r.Key = "a+b" }},
		{cause: "key-slash", signed: http1, prepare: func(r *auth.Request) { r.Key = "/a" }, change: func(r *auth.Request) { r.Key = "a" }},
		{cause: "other-target", signed: all, change: func(r *auth.Request) { r.Bucket = "bucket-c" }},
		{cause: "other-target", signed: []string{"publish"}, prepare: func(r *auth.Request) { r.Bucket, r.Key = "bucket-c", "channel-of-bucket-c" },
			change: func(r *auth.Request) { r.Bucket, r.Key = "bucket-b", "channel-of-bucket-b" }},
		{cause: "host-changed", signed: http1, prepare: func(r *auth.Request) { r.Key = "folder/file" }, change: func(r *auth.Request) { r.Bucket, r.Key = "folder", "file" }},
		{cause: "signature-extra", signed: []string{"1 header", "1 url", "4 url", "publish"}, change: func(r *auth.Request) { c := claimOf(r); setSignature(r, c.Signature+" ") }},
		{cause: "signature-extra", signed: []string{"1 url", "4 url"}, change: func(r *auth.Request) { c := claimOf(r); setSignature(r, c.Signature+"?t=1") }},
		{cause: "signature-case", signed: []string{"4 header", "4 url"}, change: func(r *auth.Request) { c := claimOf(r); setSignature(r, strings.ToUpper(c.Signature)) }},
		{cause: "parameter-signed", signed: []string{"1 header", "1 url"}, prepare: func(r *auth.Request) { r.Key = "key?max-keys=2&prefix" },
			change: func(r *auth.Request) { r.Key = "key"; r.Query.Set("max-keys", "2"); r.Query.Set("prefix", "") }},
		{cause: "other-target", signed: http1, prepare: func(r *auth.Request) { r.Bucket, r.Key = "folder", "file" }, change: func(r *auth.Request) { r.Bucket, r.Key = "bucket-b", "folder/file" }},
		{cause: "other-target", signed: http1, change: func(r *auth.Request) { r.Key = "not the object" }},
		{cause: "other-protocol", signed: []string{"publish"}, change: func(r *auth.Request) { r.Method = "GET"; r.Key += "/playlist.m3u8" }},
		{cause: "other-protocol", signed: []string{"1 url"}, change: func(r *auth.Request) { r.Method = "" }},
		{cause: "expires-changed", signed: []string{"1 url", "publish"}, change: func(r *auth.Request) { r.Query.Set("Expires", fmt.Sprint(now.Add(25*time.Hour).Unix())) }},
		{cause: "expires-changed", signed: []string{"4 url"}, change: func(r *auth.Request) { r.Query.Set("x-oss-expires", "9600") }},
		{cause: "signature-encoded", signed: []string{"1 header", "1 url", "publish"}, change: func(r *auth.Request) { c := claimOf(r); setSignature(r, url.QueryEscape(c.Signature)) }},
	} {
		for _, how := range tt.signed {
			t.Run(tt.cause+" "+how, func(t *testing.T) {
				l := newLog(t)
				r := request("GET", "key", nil)
				if tt.prepare != nil {
					tt.prepare(r)
				}
				if tt.with.ID == "" {
					tt.with = key
				}
				signings[how](r, tt.with)
				if tt.change != nil {
					tt.change(r)
				}
				e := refuse(t, l, r)
				if e.Causes[0].ID != tt.cause || !e.Causes[0].Proof {
					t.Errorf("got %+v, want a proof of %s", e.Causes, tt.cause)
				}
				if len(e.Server) == 0 || len(e.Signed) == 0 {
					t.Errorf("the text that the server signed has %d lines, the client's %d", len(e.Server), len(e.Signed))
				}
				showsNothing(t, e, r, tt.with)
			})
		}
	}
}

var update = flag.Bool("update", false, "write the golden files anew")

// TestText compares what is printed with testdata.
func TestText(t *testing.T) {
	r := request("PUT", "picture.png", nil)
	signings["1 url"](r, key)
	r.Header.Set("Content-Type", "image/png")
	got := refuse(t, newLog(t), r).Text()
	golden := filepath.Join("testdata", "content-type.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || got != string(want) {
		t.Errorf("%v; got\n%s\nwant\n%s", err, got, want)
	}
}

// showsNothing looks for secrets, signatures and control characters in every form of
// an explanation.
func showsNothing(t *testing.T, e *Explanation, r *auth.Request, used auth.Key) {
	t.Helper()
	document, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	shown := e.Text() + string(document)
	for _, secret := range []string{key.Secret, other.Secret, used.Secret, claimOf(r).Signature, strings.TrimSpace(claimOf(r).Signature)} {
		for _, form := range []string{secret, url.QueryEscape(secret), proof.Escaped(secret)} {
			if len(form) > 1 && strings.Contains(shown, form) {
				t.Errorf("%q is shown:\n%s", form, shown)
			}
		}
	}
	if i := strings.IndexFunc(shown, func(c rune) bool { return c < ' ' && c != '\n' || c == 0x7f }); i >= 0 {
		t.Errorf("a control character is shown: %q", shown[max(0, i-20):min(len(shown), i+20)])
	}
}

// An ID that is a secret, and names made to look like more than they are, stay text.
func TestShownIsText(t *testing.T) {
	l := newLog(t)
	for _, id := range []string{key.Secret, "\x1b[31mred\x07", "<script>alert(1)</script>", "line\r\nbreak"} {
		r := request("GET", "k\x1b]0;title\x07\r\n"+key.Secret, url.Values{"x\x1b": {"\x00" + other.Secret}})
		auth.SignRequest(r, auth.Key{ID: id, Secret: "s3cret"}, now)
		r.Header.Set("X-Oss-Meta-A", key.Secret)
		showsNothing(t, refuse(t, l, r), r, key)
	}
	foreign := "abcdefghijABCDEFGHIJ0123456789"
	r := request("GET", "key", nil)
	auth.SignRequest(r, auth.Key{ID: foreign, Secret: "the ID"}, now)
	e := refuse(t, l, r)
	if shown := e.Text(); e.Causes[0].ID != "key-swapped" || strings.Contains(shown, foreign) {
		t.Errorf("an ID that looks like a secret: %s", shown)
	}
	for _, s := range l.Summaries(10) {
		if strings.Contains(s.Name, key.Secret) || strings.ContainsAny(s.Name, "\x1b\r\n\x07") {
			t.Errorf("a summary shows %q", s.Name)
		}
	}
}

// BenchmarkExplain looks into a signature that nothing explains: every change is tried.
func BenchmarkExplain(b *testing.B) {
	for _, how := range []string{"1 url", "4 url"} {
		b.Run(how, func(b *testing.B) {
			l := newLog(b)
			r := request("PUT", "a key", url.Values{"x": {"1"}, "y": {"2"}})
			signings[how](r, auth.Key{ID: key.ID, Secret: "of no key"})
			refuse(b, l, r)
			for b.Loop() {
				l.Explain(b.Context(), "000000000000000000000001")
			}
		})
	}
}

func TestKept(t *testing.T) {
	l := newLog(t)
	long := strings.Repeat("x", 64<<10)
	for i := range maxKept + 10 {
		l.Add(Refusal{ID: fmt.Sprint(i), Client: long, Message: long, Host: long, Bucket: long, Name: long, Method: "GET", RawPath: long,
			Header: http.Header{"X-Oss-Meta-A": {long}, "Accept": {long}}, Query: url.Values{"q": {long}},
			Err: &auth.MismatchError{KeyID: long, StringToSign: long, CanonicalRequest: long, Provided: long}})
	}
	if l.Get("9") != nil || l.Get("10") == nil || len(l.byID) != maxKept {
		t.Errorf("%d are kept, the tenth: %v, the eleventh: %v; want the last %d", len(l.byID), l.Get("9") != nil, l.Get("10") != nil, maxKept)
	}
	if got := l.Recent(2); len(got) != 2 || got[0].ID != fmt.Sprint(maxKept+9) || got[1].ID != fmt.Sprint(maxKept+8) {
		t.Errorf("the last two are %v", got)
	}
	for _, r := range l.Recent(maxKept) {
		size := len(r.Client) + len(r.Message) + len(r.Host) + len(r.Bucket) + len(r.Name) + len(r.RawPath) + len(fmt.Sprint(r.Header, r.Query)) + len(fmt.Sprintf("%#v", r.Err))
		if size > maxBytes || !r.Oversize {
			t.Fatalf("one of %d bytes is kept, oversize %v; want at most %d", size, r.Oversize, maxBytes)
		}
	}
	if e := l.Explain(t.Context(), fmt.Sprint(maxKept)); e.Causes[0].ID != "too-long" {
		t.Errorf("got %+v, want that it was too long", e.Causes)
	}

	l.Add(Refusal{ID: "a", Path: []string{"b", "live", "c"}, Bucket: "b", Name: "c"})
	l.Add(Refusal{ID: "b", Path: []string{"b", "live", "d"}, Bucket: "b", Name: "d"})
	l.Add(Refusal{ID: "c", Method: "GET", Bucket: "b", Name: "c"})
	if got := l.LastPublish("b", "c"); got == nil || got.ID != "a" {
		t.Errorf("the last publish to b/c: got %v, want a", got)
	}
	if got := l.LastPublish("b", "e"); got != nil {
		t.Errorf("the last publish to b/e: got %v, want none", got)
	}
}

// Hints come for what has no right, one at a time, and never hold up who is refused.
func TestHints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLog(t)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		var said []time.Duration
		began := time.Now()
		for i := range 3 * maxWaiting {
			l.Add(Refusal{ID: fmt.Sprint(i), Method: "GET", Status: 403, Code: "AccessDenied"})
			l.Add(Refusal{ID: fmt.Sprint("n", i), Method: "GET", Status: 404, Code: "NoSuchKey"})
		}
		go l.Hints(ctx, func(e *Explanation) {
			if e.ID != fmt.Sprint(len(said)) {
				t.Errorf("hint %d is about %s", len(said), e.ID)
			}
			said = append(said, time.Since(began))
		})
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(said) != maxWaiting || said[maxWaiting-1] < (maxWaiting-2)*hintInterval {
			t.Errorf("%d hints, at %v; want %d, %v apart", len(said), said, maxWaiting, hintInterval)
		}
	})
}

func TestNearest(t *testing.T) {
	names := []string{"lecture", "lecture-2", "demo", "x"}
	for written, want := range map[string]string{"lectre": "lecture", "letcure": "lecture", "LECTURE": "lecture", "demo1": "demo", "quite different": "", "y": "", "": ""} {
		if got := nearest(written, slices.Clone(names)); got != want {
			t.Errorf("nearest to %q: got %q, want %q", written, got, want)
		}
	}
}
