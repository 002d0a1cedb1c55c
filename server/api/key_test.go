package api

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// oddKeys are names that a path cleaner, a file system, a URL or XML could
// change. They are data to us.
func oddKeys() []string {
	keys := []string{
		"a", "A", "a/b", "a//b", "a///b", "a/", "a//", "a/./b", "a/../b", "../a", "..", ".", "./a", "a/..", "a/.", ".../a", "..a", "a..",
		"a%2Fb", "a%2fb", "%2e%2e/a", "%", "%%", "%00", "%zz", "a%20b", "a b", " a", "a ", "  ", "a+b", "+", "a&b=c", "a?b", "?", "a#b", "#",
		"a;b", "a:b", "a=b", "a,b", "a@b", "a!b", "a$b", "a'b", `a"b`, "a*b", "a(b)", "a[b]", "a{b}", "a|b", "a^b", "a`b", "a~b", "~",
		`a\b`, `a/\b`, "a<b>c", "a&amp;b", "]]>", "<!--", "con", "nul.txt", "a.", "a..txt", "C:/x", "live", "acl", "a?live", "vod&live",
		"\u00e9", "e\u0301", "测试/通过", "\U0001f600", "a\u202eb", "a\u00a0b", "a\ufeffb", "a\tb", "a\nb", "a\rb", "a\x00b", "a\x01b", "a\x7fb", "\u0085",
		strings.Repeat("k", 1023), strings.Repeat("测", 341), strings.Repeat("a/", 511),
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

func TestOddKeysRoundTrip(t *testing.T) {
	w := newWorld(t)
	w.must("PUT", "/bucket", nil, "")
	keys := oddKeys()
	t.Logf("%d keys", len(keys))
	for _, key := range keys {
		w.must("PUT", "/bucket/"+url.PathEscape(key), nil, "body of "+key)
	}
	for _, key := range keys {
		want := "body of " + key
		for _, form := range []struct{ host, target string }{
			{"127.0.0.1:9000", "/bucket/" + url.PathEscape(key)},
			{"127.0.0.1:9000", "/bucket/" + strings.ReplaceAll(url.PathEscape(key), "%2F", "/")},
			{"bucket.localhost:9000", "/" + url.PathEscape(key)},
		} {
			res, got := w.do("GET", form.target, http.Header{"Host": {form.host}}, "")
			if res.StatusCode != 200 || got != want {
				t.Errorf("key %q by %s: %s %.80q, want %.80q", key, form.target, res.Status, got, want)
			}
		}
	}

	var listed []string
	for marker := ""; ; {
		var page struct {
			IsTruncated bool
			NextMarker  string
			Contents    []struct{ Key string }
		}
		text := w.must("GET", "/bucket?encoding-type=url&max-keys=7&marker="+url.QueryEscape(marker), nil, "")
		if err := xml.Unmarshal([]byte(text), &page); err != nil {
			t.Fatalf("listing: %v\n%s", err, text)
		}
		for _, c := range page.Contents {
			key, err := url.QueryUnescape(c.Key)
			if err != nil {
				t.Fatal(err)
			}
			listed = append(listed, key)
		}
		if !page.IsTruncated {
			break
		}
		marker, _ = url.QueryUnescape(page.NextMarker)
	}
	if !slices.Equal(listed, keys) {
		t.Errorf("listed %q\nwant %q", listed, keys)
	}

	// Without encoding-type XML cannot carry some keys, yet it is well-formed.
	for _, target := range []string{"/bucket?max-keys=1000", "/bucket?list-type=2&max-keys=1000", "/bucket?delimiter=%01"} {
		if err := xml.Unmarshal([]byte(w.must("GET", target, nil, "")), new(struct{})); err != nil {
			t.Errorf("%s: %v", target, err)
		}
	}

	for _, key := range keys {
		w.must("DELETE", "/bucket/"+url.PathEscape(key), nil, "")
	}
	w.must("DELETE", "/bucket", nil, "")
}

func TestRefusedKeys(t *testing.T) {
	w := newWorld(t)
	w.must("PUT", "/bucket", nil, "")
	for _, raw := range []string{"%2Fa", "/a", "%5Ca", "a%FFb", "%C0%AFa", "%ED%A0%80", strings.Repeat("k", 1024)} {
		for _, method := range []string{"PUT", "GET", "HEAD", "DELETE"} {
			res, body := w.do(method, "/bucket/"+raw, nil, "")
			if res.StatusCode != 400 || method != "HEAD" && code(body) != "InvalidObjectName" {
				t.Errorf("%s %.20q: %s %s, want 400 InvalidObjectName", method, raw, res.Status, code(body))
			}
		}
	}
	for _, bucket := range []string{"b%2Fk", "Bucket", "b", "-bucket", "bucket-", "buc.ket", "%2e%2e", ""} {
		if res, body := w.do("GET", "/"+bucket+"/k", nil, ""); code(body) != "InvalidBucketName" && code(body) != "InvalidArgument" {
			t.Errorf("bucket %q: %s %s, want InvalidBucketName", bucket, res.Status, code(body))
		}
	}
}

// TestNamesInURLs puts every odd name through PutLiveChannel: those the
// store takes must come back in URLs that mean them.
func TestNamesInURLs(t *testing.T) {
	w := newWorld(t)
	w.must("PUT", "/bucket", nil, "")
	taken := 0
	for _, name := range oddKeys() {
		res, body := w.do("PUT", "/bucket/"+url.PathEscape(name)+"?live", nil, "<LiveChannelConfiguration><Target><Type>HLS</Type></Target></LiveChannelConfiguration>")
		if res.StatusCode != 200 {
			continue
		}
		taken++
		var answer struct {
			Publish string `xml:"PublishUrls>Url"`
			Play    string `xml:"PlayUrls>Url"`
		}
		if err := xml.Unmarshal([]byte(body), &answer); err != nil {
			t.Fatal(err)
		}
		for got, want := range map[string]string{answer.Publish: "/bucket/live/" + name, answer.Play: "/bucket/" + name + "/playlist.m3u8"} {
			u, err := url.Parse(got)
			if err != nil || u.Path != want || u.RawQuery != "" || u.Fragment != "" || u.Host != "127.0.0.1:9000" {
				t.Errorf("channel %q: URL %q (%v), want the path %q", name, got, err, want)
			}
		}
	}
	if taken < 50 {
		t.Errorf("%d names taken, want most of those without a slash", taken)
	}
}
