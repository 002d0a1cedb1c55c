package rtmp

import (
	"errors"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
)

var maxURLPart = DefaultLimits().URLPart

func TestJoinURL(t *testing.T) {
	q := func(pairs ...string) url.Values {
		v := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			v.Add(pairs[i], pairs[i+1])
		}
		return v
	}
	const whole = "abcdefghijklmnopqrstuvwxyz0=" // as long as a signature
	tests := []struct {
		typed     string // by the user, after rtmp://host
		client    string
		app, name string
		path      []string
		query     url.Values
	}{
		// Measured: what each client makes of a URL.
		{"/live/chan1?k=v", "all", "live", "chan1?k=v", []string{"live", "chan1"}, q("k", "v")},
		{"/live/chan1?Signature=aB%2Bc%2Fd%3D", "ffmpeg, rtmp2sink", "live", "chan1?Signature=aB%2Bc%2Fd%3D", []string{"live", "chan1"}, q("Signature", "aB+c/d=")},
		{"/live/chan1?Signature=aB%2Bc%2Fd%3D", "librtmp", "live", "chan1?Signature=aB+c/d=", []string{"live", "chan1"}, q("Signature", "aB+c/d=")},
		{"/live/chan1?Signature=aB+c/d=", "all", "live/chan1?Signature=aB+c", "d=", []string{"live", "chan1"}, q("Signature", "aB+c/d=")},
		{"/live/chan1?Signature=a//b", "ffmpeg", "live/chan1?Signature=a", "/b", []string{"live", "chan1"}, q("Signature", "a//b")},
		{"/live/chan1?Signature=a//b", "librtmp, rtmp2sink", "live/chan1?Signature=a/", "b", []string{"live", "chan1"}, q("Signature", "a//b")},
		{"/live/chan1?Signature=a/b/c=&x=y", "ffmpeg", "live/chan1?Signature=a", "b/c=&x=y", []string{"live", "chan1"}, q("Signature", "a/b/c=", "x", "y")},
		{"/live/chan1?Signature=a/b/c=&x=y", "librtmp, rtmp2sink", "live/chan1?Signature=a/b", "c=&x=y", []string{"live", "chan1"}, q("Signature", "a/b/c=", "x", "y")},
		{"/live/bucket/chan1?k=v", "all", "live/bucket", "chan1?k=v", []string{"live", "bucket", "chan1"}, q("k", "v")},
		{"/live/bucket/a/b/chan1?k=v", "ffmpeg", "live/bucket", "a/b/chan1?k=v", []string{"live", "bucket", "a", "b", "chan1"}, q("k", "v")},
		{"/chan1?k=v", "ffmpeg", "chan1?k=v", "", []string{"chan1"}, q("k", "v")},
		{"/live?k=v/chan1", "ffmpeg, librtmp", "live?k=v", "chan1", []string{"live", "chan1"}, q("k", "v")},
		{"/live/?k=v", "ffmpeg", "live", "?k=v", []string{"live"}, q("k", "v")},
		{"/live//chan1?k=v", "ffmpeg", "live/", "chan1?k=v", []string{"live", "chan1"}, q("k", "v")},
		{"/live/chan1.flv?k=v", "ffmpeg, rtmp2sink", "live", "chan1.flv?k=v", []string{"live", "chan1.flv"}, q("k", "v")},
		{"/live/chan1.flv?k=v", "librtmp", "live", "chan1?k=v", []string{"live", "chan1"}, q("k", "v")},
		{"/live/chan1.mp4?k=v", "ffmpeg", "live", "chan1.mp4?k=v", []string{"live", "chan1.mp4"}, q("k", "v")},
		{"/live/chan1.mp4", "ffmpeg", "live", "mp4:chan1.mp4", []string{"live", "chan1.mp4"}, q()},
		{"/live/chan1.mp4?k=v", "librtmp", "live", "mp4:chan1?k=v", []string{"live", "chan1"}, q("k", "v")},
		{"/live/chan%201?k=a%20b+c", "ffmpeg, rtmp2sink", "live", "chan%201?k=a%20b+c", []string{"live", "chan 1"}, q("k", "a b+c")},
		{"/live/chan%201?k=a%20b+c", "librtmp", "live", "chan 1?k=a b+c", []string{"live", "chan 1"}, q("k", "a b+c")},
		{"/live/chan1?k=v#frag", "ffmpeg", "live", "chan1?k=v#frag", []string{"live", "chan1"}, q("k", "v#frag")},

		// OBS: server and stream key are two fields.
		{"server /live, key chan1?...%2B...", "OBS", "live", "chan1?OSSAccessKeyId=id&Signature=aB+c/d=", []string{"live", "chan1"}, q("OSSAccessKeyId", "id", "Signature", "aB+c/d=")},
		{"server /live, key chan1?...+.../...", "OBS", "live", "chan1?Signature=aB+c/d=", []string{"live", "chan1"}, q("Signature", "aB+c/d=")},
		{"server /live/bucket/, key chan1?k=v", "OBS", "live/bucket", "chan1?k=v", []string{"live", "bucket", "chan1"}, q("k", "v")},
		{"server /live/chan1?Signature=..., no key", "OBS", "live/chan1?Signature=aB%2Bc%2Fd%3D", "", []string{"live", "chan1"}, q("Signature", "aB+c/d=")},
		{"server /live?k=a%2Fb, key chan1", "OBS", "live?k=a%2Fb", "chan1", []string{"live", "chan1"}, q("k", "a/b")},

		// Where a cut signature ends and a key begins.
		{"whole signature on the app", "OBS", "live/bucket?Signature=" + whole, "chan1", []string{"live", "bucket", "chan1"}, q("Signature", whole)},
		{"whole signature, encoded", "OBS", "live/bucket?Signature=" + strings.Replace(whole, "=", "%3D", 1), "chan1", []string{"live", "bucket", "chan1"}, q("Signature", whole)},
		{"short signature, but no channel before it", "OBS", "live?Signature=a", "chan1", []string{"live", "chan1"}, q("Signature", "a")},
		{"signature is not the last", "OBS", "live/bucket?Signature=a&Expires=1", "chan1", []string{"live", "bucket", "chan1"}, q("Signature", "a", "Expires", "1")},
		{"raw slash in a token", "ffmpeg", "live/chan1?security-token=a", "b/c&k=v", []string{"live", "chan1"}, q("security-token", "a/b/c", "k", "v")},
		{"query on both", "OBS", "live?a=1", "chan1?b=2", []string{"live", "chan1"}, q("a", "1", "b", "2")},
		{"prefix beside a query on the app", "OBS", "live?a=1", "mp4:chan1", []string{"live", "chan1"}, q("a", "1")},
		{"question mark without a query", "OBS", "live?", "chan1?b=2", []string{"live", "chan1"}, q("b", "2")},

		// Decoding.
		{"the C SDK encodes the slashes", "ffmpeg", "bucket%2Flive%2Fchan1?k=v", "", []string{"bucket", "live", "chan1"}, q("k", "v")},
		{"in the name too", "ffmpeg", "live", "bucket%2Fchan1?k=v", []string{"live", "bucket", "chan1"}, q("k", "v")},
		{"an encoded question mark belongs to the name", "ffmpeg", "live", "a%3Fb?k=v", []string{"live", "a?b"}, q("k", "v")},
		{"decoded once", "ffmpeg", "live", "chan1?playlistName=a%2525.m3u8", []string{"live", "chan1"}, q("playlistName", "a%25.m3u8")},
		{"a percent sign that encodes nothing", "librtmp", "live", "50%?k=%zz%4", []string{"live", "50%"}, q("k", "%zz%4")},
		{"plus is no space", "all", "live", "chan1?k=a+b", []string{"live", "chan1"}, q("k", "a+b")},
		{"but a space in a signature is a plus", "a form", "live", "chan1?Signature=a b", []string{"live", "chan1"}, q("Signature", "a+b")},
		{"value with equal signs", "all", "live", "chan1?k=a=b==", []string{"live", "chan1"}, q("k", "a=b==")},
		{"no value", "all", "live", "chan1?k&=v&&l=", []string{"live", "chan1"}, q("k", "", "", "v", "l", "")},
		{"repeated", "all", "live", "chan1?Expires=1&Expires=2", []string{"live", "chan1"}, q("Expires", "1", "Expires", "2")},
		{"repeated across app and name", "OBS", "live?Expires=1", "chan1?%45xpires=2", []string{"live", "chan1"}, q("Expires", "1", "Expires", "2")},

		// Slashes.
		{"leading slashes", "OBS", "//live", "/chan1", []string{"live", "chan1"}, q()},
		{"trailing slash", "ffmpeg", "live", "chan1/", []string{"live", "chan1"}, q()},
		{"bucket and channel called live", "ffmpeg", "live/live", "live", []string{"live", "live", "live"}, q()},
		{"nothing", "", "", "", nil, q()},
		{"name alone", "", "", "chan1", []string{"chan1"}, q()},
	}
	for _, tt := range tests {
		t.Run(tt.client+" "+tt.typed, func(t *testing.T) {
			_, path, query, err := joinURL(tt.app, "rtmp://host", tt.name, maxURLPart)
			if err != nil || !slices.Equal(path, tt.path) || !reflect.DeepEqual(query, tt.query) {
				t.Errorf("got %q %q %v, want %q %q", path, query, err, tt.path, tt.query)
			}
		})
	}
}

func TestJoinURLHost(t *testing.T) {
	tests := []struct {
		tcURL string
		host  string
		path  []string // when the app is empty
	}{
		{"rtmp://127.0.0.1:1935/live", "127.0.0.1", []string{"live", "ch"}},
		{"rtmp://Bucket.OSS.example/live", "bucket.oss.example", []string{"live", "ch"}},
		{"rtmp://user:p@ss@host:1/live", "host", []string{"live", "ch"}},
		{"rtmp://[::1]:1935/live/b", "::1", []string{"live", "b", "ch"}},
		{"rtmp://[::1]", "::1", []string{"ch"}},
		{"rtmp://host", "host", []string{"ch"}},
		{"rtmp://host?k=v", "host", []string{"ch"}},
		{"rtmp:///live", "", []string{"live", "ch"}},
		{"", "", []string{"ch"}},
		{"live", "", []string{"ch"}},
	}
	for _, tt := range tests {
		host, path, _, err := joinURL("", tt.tcURL, "ch", maxURLPart)
		if err != nil || host != tt.host || !slices.Equal(path, tt.path) {
			t.Errorf("%q: got %q %q %v, want %q %q", tt.tcURL, host, path, err, tt.host, tt.path)
		}
	}
	if _, path, _, _ := joinURL("app", "rtmp://host/other", "ch", maxURLPart); !slices.Equal(path, []string{"app", "ch"}) {
		t.Errorf("app beside another path in tcUrl: got %q, want the app", path)
	}
}

func TestJoinURLRefuses(t *testing.T) {
	tests := []struct{ name, app, tcURL, stream string }{
		{"zero byte", "live", "", "c\x00h"},
		{"line feed", "live\n", "", "ch"},
		{"carriage return", "live", "rtmp://h\r", "ch"},
		{"encoded line feed", "live", "", "c%0ah"},
		{"encoded line feed in the query", "live", "", "ch?k=%0A"},
	}
	for _, tt := range tests {
		_, _, _, err := joinURL(tt.app, tt.tcURL, tt.stream, maxURLPart)
		var reject *RejectError
		if !errors.As(err, &reject) || reject.Code != CodeBadName {
			t.Errorf("%s: got %v, want %s", tt.name, err, CodeBadName)
		}
	}
}

func TestURLPart(t *testing.T) {
	long := strings.Repeat("x", maxURLPart+1)
	for _, parts := range [][3]string{{long, "", "ch"}, {"live", long, "ch"}, {"live", "", long}} {
		_, _, _, err := joinURL(parts[0], parts[1], parts[2], maxURLPart)
		if limitName(err) != "URLPart" {
			t.Errorf("app, tcUrl and name of %d, %d and %d bytes: got %v", len(parts[0]), len(parts[1]), len(parts[2]), err)
		}
	}
	if _, _, _, err := joinURL(long[1:], long[1:], long[1:], maxURLPart); err != nil {
		t.Errorf("%d bytes each: %v", maxURLPart, err)
	}
}

func FuzzJoinURL(f *testing.F) {
	f.Add("live/chan1?Signature=aB+c/d=", "", "")
	f.Add("live?k=v", "rtmp://u:p@[::1]:1/x?y", "chan%2f1?k=%")
	f.Add("", "rtmp://h/live/b", "mp4:a//b?c&d=&=")
	f.Fuzz(func(t *testing.T, app, tcURL, name string) {
		host, path, query, err := joinURL(app, tcURL, name, maxURLPart)
		if err != nil {
			return
		}
		if strings.ContainsAny(host, "/?@\x00\r\n") {
			t.Fatalf("host %q", host)
		}
		for _, part := range path {
			if part == "" || strings.ContainsAny(part, "/\x00\r\n") {
				t.Fatalf("path %q", path)
			}
		}
		for k, values := range query {
			if len(values) == 0 {
				t.Fatalf("%q without a value", k)
			}
		}
	})
}

func TestSplitURL(t *testing.T) {
	tests := []struct{ url, address, tcURL, app, name string }{
		{"rtmp://h/live/ch?k=a%2Fb", "h:1935", "rtmp://h/live", "live", "ch?k=a%2Fb"},
		{"rtmp://h:99/bucket/live/ch", "h:99", "rtmp://h:99/bucket/live", "bucket/live", "ch"},
		{"rtmp://[::1]:99/live/ch?a/b", "[::1]:99", "rtmp://[::1]:99/live", "live", "ch?a/b"},
		{"rtmp://u:p@h/live/ch", "h:1935", "rtmp://h/live", "live", "ch"},
		{"rtmp://h/live?k=v", "h:1935", "rtmp://h/live", "live", "?k=v"},
	}
	for _, tt := range tests {
		address, tcURL, app, name, err := splitURL(tt.url)
		if err != nil || address != tt.address || tcURL != tt.tcURL || app != tt.app || name != tt.name {
			t.Errorf("%s: got %s %s %s %s %v, want %s %s %s %s", tt.url, address, tcURL, app, name, err, tt.address, tt.tcURL, tt.app, tt.name)
		}
	}
	for _, bad := range []string{"http://h/live/ch", "rtmp:live", "h/live/ch", "rtmp://h:port/live/ch", "rtmp:///live/ch"} {
		if _, _, _, _, err := splitURL(bad); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}
