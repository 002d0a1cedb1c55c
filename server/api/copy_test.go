package api

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"osslive/store"
)

func TestParseCopySource(t *testing.T) {
	for header, want := range map[string]target{
		"/bucket/key":               {bucket: "bucket", key: "key"},
		"bucket/key":                {bucket: "bucket", key: "key"},
		"/bucket/a/b//c/":           {bucket: "bucket", key: "a/b//c/"},
		"/bucket/a%2Fb":             {bucket: "bucket", key: "a/b"},
		"/bucket/%E6%97%A5":         {bucket: "bucket", key: "日"},
		"/bucket/日":                 {bucket: "bucket", key: "日"},
		"/bucket/a+b%2Bc%20d":       {bucket: "bucket", key: "a b+c d"},
		"/bucket/..%2F..%2Fpasswd":  {bucket: "bucket", key: "../../passwd"},
		"/bucket/a%3Fversions":      {bucket: "bucket", key: "a?versions"},
		"/bucket/a%00b":             {bucket: "bucket", key: "a\x00b"},
		"":                          {},
		"/":                         {},
		"/bucket":                   {},
		"/bucket/":                  {},
		"//bucket/key":              {},
		"/bucket//key":              {},
		"/bucket%2Fother/key":       {},
		"/BUCKET/key":               {},
		"/../bucket/key":            {},
		"/bucket/%zz":               {},
		"/bucket/%ff":               {},
		"/bucket/%5Ckey":            {},
		"http://host/bucket/key":    {},
		"/bucket/key?versionId=abc": {},
	} {
		got, err := parseCopySource(header)
		got.named = false
		if got != want || (err == nil) != (want != target{}) {
			t.Errorf("%q: got %+v, %v, want %+v", header, got, err, want)
		}
	}
}

func FuzzParseCopySource(f *testing.F) {
	for _, seed := range []string{"/bucket/key", "bucket/a%2Fb+c", "/bucket//", "/b?x", "/bucket/%E6%97%A5"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		got, err := parseCopySource(header)
		if err != nil {
			return
		}
		if store.CheckBucketName(got.bucket) != nil || store.CheckKey(got.key) != nil {
			t.Errorf("%q: got %+v, which is no object", header, got)
		}
		again, err := parseCopySource("/" + got.bucket + "/" + url.QueryEscape(got.key))
		if err != nil || again != got {
			t.Errorf("%q: got %+v, escaped again %+v, %v", header, got, again, err)
		}
	})
}

// TestCopyOwnBytes: a copy lives on when its source goes.
func TestCopyOwnBytes(t *testing.T) {
	w := newWorld(t)
	w.must("PUT", "/bucket", nil, "")
	body := strings.Repeat("0123456789", 20_000)
	w.must("PUT", "/bucket/from", nil, body)
	w.must("PUT", "/bucket/to", http.Header{copyHeader: {"/bucket/from"}}, "")
	w.must("DELETE", "/bucket/from", nil, "")
	if err := w.config.Store.Upkeep(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if got := w.must("GET", "/bucket/to", nil, ""); got != body {
		t.Errorf("got %d bytes, want %d", len(got), len(body))
	}
}

// TestCopyConditions has the source's conditions, one at a time and against each
// other.
func TestCopyConditions(t *testing.T) {
	w := newWorld(t)
	w.must("PUT", "/bucket", nil, "")
	w.must("PUT", "/bucket/from", nil, "hello world")
	const tag, other = "5EB63BBBE01EEED093CB22BB8F5ACDC3", "00000000000000000000000000000000"
	const now, before, after = "Tue, 04 Dec 2018 03:55:06 GMT", "Tue, 04 Dec 2018 03:55:05 GMT", "Tue, 04 Dec 2018 03:55:07 GMT"
	for _, c := range []struct {
		conditions string // name: value, a line each
		want       int
	}{
		{"If-Match: " + tag, 200},
		{"If-Match: " + other, 412},
		{"If-None-Match: " + tag, 304},
		{"If-None-Match: " + other, 200},
		{"If-Modified-Since: " + before, 200},
		{"If-Modified-Since: " + now, 304},
		{"If-Unmodified-Since: " + now, 200},
		{"If-Unmodified-Since: " + before, 412},
		{"If-Unmodified-Since: " + after + "\nIf-Match: " + other, 412},
		{"If-Unmodified-Since: " + before + "\nIf-Match: " + tag, 200},
		{"If-Modified-Since: nonsense", 200},
	} {
		for _, target := range []string{"/bucket/to", "/bucket/to?partNumber=1&uploadId="} {
			if strings.Contains(target, "?") {
				target += between(w.must("POST", "/bucket/to?uploads", nil, ""), "<UploadId>", "</UploadId>")
			}
			header := http.Header{copyHeader: {"/bucket/from"}}
			for line := range strings.SplitSeq(c.conditions, "\n") {
				name, value, _ := strings.Cut(line, ": ")
				header.Set("x-oss-copy-source-"+name, value)
			}
			if res, body := w.do("PUT", target, header, ""); res.StatusCode != c.want {
				t.Errorf("%s, %q: %s, want %d\n%s", target, c.conditions, res.Status, c.want, body)
			}
		}
	}
}
