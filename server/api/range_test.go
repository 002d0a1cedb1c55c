package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestRange(t *testing.T) {
	w := newWorld(t)
	w.must("PUT", "/bucket", nil, "")
	w.must("PUT", "/bucket/ten", nil, "0123456789")
	w.must("PUT", "/bucket/empty", nil, "")
	const whole = "0123456789"
	for _, c := range []struct {
		object, header    string
		service, standard string // the answer's bytes; "416" for InvalidRange
	}{
		{"ten", "", whole, whole},
		{"ten", "bytes=0-0", "0", "0"},
		{"ten", "bytes=0-9", whole + "*", whole + "*"},
		{"ten", "bytes=2-4", "234", "234"},
		{"ten", "bytes=9-9", "9", "9"},
		{"ten", "bytes=3-", "3456789", "3456789"},
		{"ten", "bytes=0-", whole + "*", whole + "*"},
		{"ten", "bytes=-1", "9", "9"},
		{"ten", "bytes=-10", whole + "*", whole + "*"},
		{"ten", "bytes=-11", whole, whole + "*"},
		{"ten", "bytes=5-10", whole, "56789"},
		{"ten", "bytes=5-18446744073709551615", whole, "56789"},
		{"ten", "bytes=5-99999999999999999999999999", whole, "56789"},
		{"ten", "bytes=10-", whole, "416"},
		{"ten", "bytes=10-20", whole, "416"},
		{"ten", "bytes=9223372036854775807-9223372036854775807", whole, "416"},
		{"ten", "bytes=18446744073709551615-", whole, "416"},
		{"ten", "bytes=-0", whole, "416"},
		{"ten", "bytes=4-2", whole, whole},
		{"ten", "bytes=-", whole, whole},
		{"ten", "bytes=", whole, whole},
		{"ten", "bytes=a-b", whole, whole},
		{"ten", "bytes=+1-2", whole, whole},
		{"ten", "bytes=--1", whole, whole},
		{"ten", "bytes=1-2,4-5", whole, whole},
		{"ten", "bytes=" + strings.Repeat("0-,", 1000) + "0-", whole, whole},
		{"ten", "items=0-1", whole, whole},
		{"ten", "0-1", whole, whole},
		{"ten", "bytes 0-1", whole, whole},
		{"empty", "bytes=0-", "", "416"},
		{"empty", "bytes=0-0", "", "416"},
		{"empty", "bytes=-1", "", "416"},
	} {
		for mode, want := range map[string]string{"": c.service, "standard": c.standard} {
			header := http.Header{}
			if c.header != "" {
				header.Set("Range", c.header)
			}
			if mode != "" {
				header.Set("x-oss-range-behavior", mode)
			}
			name := fmt.Sprintf("%s %.60s %s", c.object, c.header, mode)
			res, got := w.do("GET", "/bucket/"+c.object, header, "")
			if want == "416" {
				if res.StatusCode != 416 || code(got) != "InvalidRange" {
					t.Errorf("%s: %s %q, want 416 InvalidRange", name, res.Status, got)
				}
				continue
			}
			want, partial := strings.CutSuffix(want, "*") // the whole, and yet 206
			partial = partial || c.object == "ten" && want != whole
			if got != want || (res.StatusCode == 206) != partial || res.Header.Get("Content-Length") != fmt.Sprint(len(want)) {
				t.Errorf("%s: %s %q, want %q, partial %v", name, res.Status, got, want, partial)
			}
			if partial != (res.Header.Get("Content-Range") != "") {
				t.Errorf("%s: Content-Range %q, partial %v", name, res.Header.Get("Content-Range"), partial)
			}
		}
	}
}

func FuzzParseRange(f *testing.F) {
	for _, s := range []string{"bytes=0-1", "bytes=-5", "bytes=5-", "bytes=9-99999999999999999999", "bytes=1-2,3-4", "x"} {
		f.Add(s, int64(10), true)
	}
	f.Fuzz(func(t *testing.T, header string, size int64, standard bool) {
		if size < 0 {
			return
		}
		part, ok, err := parseRange(header, size, standard)
		if err != nil && !standard {
			t.Errorf("%q of %d: %v", header, size, err)
		}
		if ok && (part.offset < 0 || part.length < 1 || part.length > size-part.offset) {
			t.Errorf("%q of %d = %+v, outside of the object", header, size, part)
		}
	})
}

func TestConditions(t *testing.T) {
	w := newWorld(t)
	w.clock = time.Date(2018, 12, 4, 3, 55, 6, 700e6, time.UTC)
	w.must("PUT", "/bucket", nil, "")
	w.must("PUT", "/bucket/key", nil, "hello world")
	const (
		etag   = `"5EB63BBBE01EEED093CB22BB8F5ACDC3"`
		before = "Tue, 04 Dec 2018 03:55:05 GMT"
		at     = "Tue, 04 Dec 2018 03:55:06 GMT"
	)
	for _, c := range []struct {
		header http.Header
		want   int
	}{
		{http.Header{"If-Match": {etag}}, 200},
		{http.Header{"If-Match": {strings.ToLower(strings.Trim(etag, `"`))}}, 200},
		{http.Header{"If-Match": {`"x", ` + etag}}, 200},
		{http.Header{"If-Match": {"*"}}, 200},
		{http.Header{"If-Match": {`"x"`}}, 412},
		{http.Header{"If-None-Match": {etag}}, 304},
		{http.Header{"If-None-Match": {"W/" + etag}}, 304},
		{http.Header{"If-None-Match": {`"x"`}}, 200},
		{http.Header{"If-Modified-Since": {at}}, 304},
		{http.Header{"If-Modified-Since": {before}}, 200},
		{http.Header{"If-Modified-Since": {"yesterday"}}, 200},
		{http.Header{"If-Unmodified-Since": {at}}, 200},
		{http.Header{"If-Unmodified-Since": {before}}, 412},
		{http.Header{"If-Match": {etag}, "If-Unmodified-Since": {before}}, 200},
		{http.Header{"If-None-Match": {`"x"`}, "If-Modified-Since": {at}}, 200},
		{http.Header{"If-Match": {`"x"`}, "If-None-Match": {etag}}, 412},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			res, body := w.do(method, "/bucket/key", c.header, "")
			if res.StatusCode != c.want {
				t.Errorf("%s %v: %s, want %d", method, c.header, res.Status, c.want)
			}
			if c.want == 304 && (body != "" || res.Header.Get("ETag") != etag) {
				t.Errorf("%s %v: 304 with ETag %s and body %q", method, c.header, res.Header.Get("ETag"), body)
			}
		}
	}
}

func TestResponseOverrides(t *testing.T) {
	w := newWorld(t)
	w.must("PUT", "/bucket", http.Header{"X-Oss-Acl": {"public-read"}}, "")
	w.must("PUT", "/bucket/key", nil, "body")
	for param, header := range overridable {
		if res, _ := w.do("GET", "/bucket/key?"+param+"=a%20b", nil, ""); res.Header.Get(header) != "a b" {
			t.Errorf("%s: %s is %q, want \"a b\"", param, header, res.Header.Get(header))
		}
		if res, body := w.anonymous("GET", "/bucket/key?"+param+"=x", nil, ""); res.StatusCode != 400 || code(body) != "InvalidRequest" {
			t.Errorf("%s of an anonymous caller: %s %s, want 400 InvalidRequest", param, res.Status, code(body))
		}
		for _, value := range []string{"a%0d%0aX-Injected:%201", "a%0aX", "a%0dX", "a%00b", "%7f", "%1b"} {
			res, body := w.do("GET", "/bucket/key?"+param+"="+value, nil, "")
			if res.StatusCode != 400 || code(body) != "InvalidArgument" || res.Header.Get("X-Injected") != "" {
				t.Errorf("%s=%s: %s %s, want 400 InvalidArgument", param, value, res.Status, code(body))
			}
		}
	}
}
