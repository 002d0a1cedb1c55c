package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"osslive/store"
)

// TestReadingBySignature sends requests that look alike and differ in what was
// signed.
func TestReadingBySignature(t *testing.T) {
	w := newWorld(t)
	for _, b := range []string{"bucket", "films", "songs"} {
		w.must("PUT", "/"+b, nil, "")
		for _, key := range []string{"k", b + "/k", "songs/k"} {
			w.must("PUT", "/"+b+"/"+key, nil, b+" "+key)
		}
	}
	for _, c := range []struct {
		host, target string
		signed       target
		want         string
	}{
		// The Node SDK with an IP endpoint: with sldEnable, and without.
		{"bucket.oss-cn-hangzhou.aliyuncs.com", "/bucket/k", target{bucket: "bucket", key: "k"}, "bucket k"},
		{"bucket.oss-cn-hangzhou.aliyuncs.com", "/bucket/k", target{bucket: "bucket", key: "bucket/k"}, "bucket bucket/k"},
		{"bucket.localhost", "/bucket/k", target{bucket: "bucket", key: "k"}, "bucket k"},
		{"bucket.localhost", "/bucket/k", target{bucket: "bucket", key: "bucket/k"}, "bucket bucket/k"},
		// A CNAME that is not configured, which may also be a plain endpoint.
		{"media.example.org", "/songs/k", target{bucket: "songs", key: "k"}, "songs k"},
		{"media.example.org", "/songs/k", target{bucket: "bucket", key: "songs/k"}, "bucket songs/k"},
		{"media.example.org", "/songs/k", target{bucket: "films", key: "songs/k"}, "films songs/k"},
		{"media.example.org", "/songs%2Fk", target{bucket: "films", key: "songs/k"}, "films songs/k"},
		{"media.example.org", "/k", target{bucket: "films", key: "k"}, "films k"},
		// A name that looks like bucket.endpoint.
		{"films.oss.example.net", "/songs/k", target{bucket: "songs", key: "k"}, "songs k"},
		{"films.oss.example.net", "/songs/k", target{bucket: "films", key: "songs/k"}, "films songs/k"},
		{"films.oss.example.net", "/songs/k", target{bucket: "bucket", key: "songs/k"}, "bucket songs/k"},
		// Where there is nothing to choose, a signature for something else is wrong.
		{"127.0.0.1:9000", "/songs/k", target{bucket: "films", key: "songs/k"}, "SignatureDoesNotMatch"},
		{"songs.localhost", "/songs/k", target{bucket: "films", key: "songs/k"}, "SignatureDoesNotMatch"},
		{"songs.localhost", "/films/k", target{bucket: "films", key: "k"}, "SignatureDoesNotMatch"},
		{"media.example.org", "/songs/k", target{bucket: "absent", key: "songs/k"}, "SignatureDoesNotMatch"},
	} {
		r := w.request("GET", c.target, http.Header{"Host": {c.host}}, nil)
		w.signAs(r, c.signed, url.Values{})
		res, got := w.read(w.serve(r))
		if res.StatusCode != http.StatusOK {
			got = code(got)
		}
		if got != c.want {
			t.Errorf("%s of %s signed for %s/%s: got %q, want %q", c.target, c.host, c.signed.bucket, c.signed.key, got, c.want)
		}
	}
}

// TestMismatchNames: a refusal shows the reading that a client can mean.
func TestMismatchNames(t *testing.T) {
	w := newWorld(t)
	w.must("PUT", "/bucket", nil, "")
	for _, c := range []struct{ host, target, want string }{
		{"127.0.0.1", "/bucket/k", "/bucket/k"},
		{"media.example.org", "/bucket/k", "/bucket/k"},
		{"media.example.org", "/a%2Fk", "/a/k"},
		{"bucket.oss-cn-hangzhou.aliyuncs.com", "/bucket/k", "/bucket/bucket/k"},
		{"films.oss.example.net", "/bucket/k", "/films/bucket/k"},
	} {
		r := w.request("GET", c.target, http.Header{"Host": {c.host}}, nil)
		w.signAs(r, target{bucket: "other", key: "other"}, url.Values{})
		_, body := w.read(w.serve(r))
		if got := between(body, "<StringToSign>", "<") + between(body, "<Message>", "<"); !strings.Contains(got, c.want) {
			t.Errorf("%s of %s: got %q, want %s in it", c.target, c.host, got, c.want)
		}
	}
}

// TestUnsignedReading: without a signature, what there is decides.
func TestUnsignedReading(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Domains.CNAMEs = map[string]string{"media.example.org": "both"} })
	public := http.Header{"X-Oss-Acl": {"public-read-write"}}
	w.must("PUT", "/short", public.Clone(), "")
	w.must("PUT", "/short/k", nil, "short k")
	w.must("PUT", "/both", public.Clone(), "")
	w.must("PUT", "/both/k", nil, "both k")
	w.must("PUT", "/both/both/k", nil, "both both/k")
	w.must("PUT", "/both/short/k", nil, "both short/k")
	for _, c := range []struct{ host, target, want string }{
		{"short.oss-cn-hangzhou.aliyuncs.com", "/k", "short k"},
		{"short.oss-cn-hangzhou.aliyuncs.com", "/short/k", "short k"},
		{"both.oss-cn-hangzhou.aliyuncs.com", "/both/k", "both both/k"},
		{"x", "http://both.oss-cn-hangzhou.aliyuncs.com/both/k", "both both/k"},
		{"x", "http://short.oss-cn-hangzhou.aliyuncs.com/short/k", "NoSuchKey"}, // a proxy's client means the host
		{"short.localhost", "/short/k", "NoSuchKey"},
		{"media.example.org", "/short/k", "both short/k"},
		{"unknown.example.org", "/short/k", "short k"},
		{"unknown.example.org", "/key", "NoSuchBucket"}, // of no bucket in particular
		{"both.oss.example.net", "/short/k", "both short/k"},
		{"absent.oss.example.net", "/short/k", "short k"},
		{"a.oss.example.net", "/short/k", "short k"}, // too short for a bucket
	} {
		res, got := w.anonymous("GET", c.target, http.Header{"Host": {c.host}}, "")
		if res.StatusCode != http.StatusOK {
			got = code(got)
		}
		if got != c.want {
			t.Errorf("%s of %s: got %q, want %q", c.target, c.host, got, c.want)
		}
	}
	// What is written follows the same rule.
	w.anonymous("PUT", "/short/new", http.Header{"Host": {"short.oss-cn-hangzhou.aliyuncs.com"}}, "written")
	if got := w.must("GET", "/short/new", nil, ""); got != "written" {
		t.Errorf("wrote %q, want written", got)
	}
}

// TestTunnel: the answer to a client that wants TLS through its proxy says what to do.
func TestTunnel(t *testing.T) {
	w := newWorld(t)
	r := httptest.NewRequest(http.MethodConnect, "http://bucket.oss-cn-hangzhou.aliyuncs.com:443", nil)
	r.RequestURI = "bucket.oss-cn-hangzhou.aliyuncs.com:443"
	res, body := w.read(w.serve(r))
	if res.StatusCode != http.StatusNotImplemented || !strings.Contains(body, "http:// endpoint") || res.Header.Get("Connection") != "close" {
		t.Errorf("got %s %v\n%s", res.Status, res.Header, body)
	}
}

// forms are the ways to address a key.
var forms = []struct{ host, target string }{
	{"127.0.0.1:9000", "/BUCKET/KEY"},
	{"[::1]:9000", "/BUCKET/KEY"},
	{"localhost", "/BUCKET/KEY"},
	{"oss.example.com", "/BUCKET/KEY"},
	{"unknown.example.org", "/BUCKET/KEY"},
	{"oss-cn-hangzhou.aliyuncs.com", "/BUCKET/KEY"},
	{"BUCKET.localhost:1234", "/KEY"},
	{"BUCKET.oss.example.com.", "/KEY"},
	{"BUCKET.oss.example.net", "/KEY"},
	{"BUCKET.oss-cn-hangzhou.aliyuncs.com", "/KEY"},
	{"BUCKET.cname.example.org", "/KEY"},
	{"x", "http://BUCKET.oss-cn-hangzhou.aliyuncs.com/KEY"},
	{"x", "http://oss-cn-hangzhou.aliyuncs.com/BUCKET/KEY"},
	{"x", "http://127.0.0.1/BUCKET/KEY"},
}

// escapings are ways to write a key.
var escapings = []func(string) string{
	func(key string) string { return strings.ReplaceAll(url.PathEscape(key), "%2F", "/") },
	url.PathEscape,
	func(key string) string {
		var b strings.Builder
		for _, c := range []byte(key) {
			fmt.Fprintf(&b, "%%%02x", c)
		}
		return b.String()
	},
}

// TestSameVerdictInEveryForm asks for resources in all forms of their address,
// by all methods, as the owner, as a forger and as nobody: who may do what does
// not depend on the form, and neither does what is read.
func TestSameVerdictInEveryForm(t *testing.T) {
	keys := []string{"k", "dir/key", "dir/", "a b+c", "ä/日本", "..", "../x", "a//b", "%2F", "a?b", "a#b", "a&b=c", "bucket", "k.ts", "live/ch"}
	w := newWorld(t)
	buckets := map[string]string{"hidden": "private", "shown": "public-read", "free": "public-read-write"}
	w.config.Domains.CNAMEs = map[string]string{}
	for bucket, acl := range buckets {
		w.must("PUT", "/"+bucket, http.Header{"X-Oss-Acl": {acl}}, "")
		w.config.Domains.CNAMEs[bucket+".cname.example.org"] = bucket
	}
	requests, disagreeing := 0, 0
	for bucket := range buckets {
		for i, key := range append(keys, bucket, bucket+"/"+bucket) {
			body := fmt.Sprintf("%s %d", bucket, i)
			path := "/" + bucket + "/" + url.PathEscape(key)
			w.must("PUT", path, nil, body)
			for _, method := range []string{"GET", "HEAD", "PUT", "DELETE"} {
				for _, as := range []string{"owner", "forger", "nobody"} {
					verdicts := map[string][]string{}
					for n, form := range forms {
						escape := escapings[(n+i)%len(escapings)]
						place := strings.NewReplacer("BUCKET", bucket, "KEY", escape(key))
						host, uri := place.Replace(form.host), place.Replace(form.target)
						r := w.request(method, uri, http.Header{"Host": {host}}, []byte(body))
						switch as {
						case "owner":
							w.signAs(r, target{bucket: bucket, key: key}, url.Values{})
						case "forger":
							w.signAs(r, target{bucket: bucket, key: "other"}, url.Values{})
						}
						res, got := w.read(w.serve(r))
						if res.StatusCode >= 300 {
							got = code(got)
						}
						if method == "DELETE" && res.StatusCode == http.StatusNoContent {
							if _, err := w.config.Store.Object(t.Context(), bucket, key); err == nil {
								got = "still there"
							}
							w.must("PUT", path, nil, body)
						}
						verdict := res.Status + " " + got
						verdicts[verdict] = append(verdicts[verdict], host+" "+uri)
						requests++
					}
					if len(verdicts) != 1 {
						disagreeing++
						t.Errorf("%s of %s/%s by %s: %v", method, bucket, key, as, verdicts)
					}
				}
			}
		}
	}
	t.Logf("%d requests, %d resources whose forms disagree", requests, disagreeing)
	for bucket := range buckets {
		list, err := w.config.Store.ListObjects(t.Context(), bucket, store.ListQuery{Limit: 1000})
		if err != nil || len(list.Items) != len(keys)+2 {
			t.Errorf("%s has %d objects, %v; want %d", bucket, len(list.Items), err, len(keys)+2)
		}
	}
}
