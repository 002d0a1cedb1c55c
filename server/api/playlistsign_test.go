package api

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"

	"osslive/auth"
	"osslive/store"
)

// signer makes the query of a signed URL for an object of the bucket.
type signer func(w *world, key string, query url.Values, expires time.Duration) url.Values

func signedV1(k auth.Key) signer {
	return func(w *world, key string, query url.Values, expires time.Duration) url.Values {
		return auth.SignURL(&auth.Request{Method: "GET", Bucket: "bucket", Key: key, Query: query}, k, w.clock.Add(expires))
	}
}

func signedV4(k auth.Key) signer {
	return func(w *world, key string, query url.Values, expires time.Duration) url.Values {
		r := &auth.Request{Method: "GET", Bucket: "bucket", Key: key, Query: query, Region: "cn-hangzhou"}
		return auth.SignURLV4(r, k, w.clock, w.clock.Add(expires))
	}
}

// signedPlaylist asks for a playlist of the bucket by a signed URL.
func (w *world) signedPlaylist(sign signer, key string, header http.Header) (*http.Response, string) {
	w.t.Helper()
	query := sign(w, key, url.Values{"x-oss-process": {"hls/sign"}}, time.Hour)
	return w.anonymous("GET", "/bucket/"+url.PathEscape(key)+"?"+query.Encode(), header, "")
}

// uris are the lines of a playlist that are no tags.
func uris(playlist string) (list []string) {
	for line := range strings.Lines(playlist) {
		if !strings.HasPrefix(line, "#") {
			list = append(list, strings.TrimRight(line, "\r\n"))
		}
	}
	return list
}

// TestSignedPlaylist plays a private playlist with nothing but its signed URL.
func TestSignedPlaylist(t *testing.T) {
	const (
		list   = "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"k.ts\"\n#EXTINF:2.000,\na.ts\r\n#EXTINF:2.000,\n../b%20b.ts\n./c.ts\nhttp://example.org/d.ts\nnote.txt\n\n../deep/e+e.ts"
		master = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nch/list.m3u8\n"
	)
	objects := map[string]string{"ch/a.ts": "A", "b b.ts": "B", "ch/c.ts": "C", "deep/e+e.ts": "E", "ch/list.m3u8": list, "master.m3u8": master}
	temporary := auth.MintToken(testKey, time.Date(2018, 12, 4, 5, 0, 0, 0, time.UTC))
	for name, sign := range map[string]signer{
		"version 1":          signedV1(testKey),
		"version 4":          signedV4(testKey),
		"version 1, a token": signedV1(temporary),
		"version 4, a token": signedV4(temporary),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.must("PUT", "/bucket", nil, "")
			for key, body := range objects {
				w.must("PUT", "/bucket/"+url.PathEscape(key), http.Header{"Content-Type": {"application/x-mpegURL"}}, body)
			}
			res, text := w.signedPlaylist(sign, "master.m3u8", nil)
			if res.StatusCode != http.StatusOK {
				t.Fatalf("master: %s\n%s", res.Status, text)
			}
			// The nested playlist is one request on, as a player makes it.
			res, text = w.anonymous("GET", "/bucket/"+uris(text)[0], nil, "")
			if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "application/x-mpegURL" || res.Header.Get("Cache-Control") != "no-cache" {
				t.Fatalf("nested: %s %v\n%s", res.Status, res.Header, text)
			}
			got := uris(text)
			for i, want := range []string{"A", "B", "C"} {
				base, _ := url.Parse("http://127.0.0.1:9000/bucket/ch/list.m3u8")
				u, err := base.Parse(got[i])
				if err != nil {
					t.Fatal(err)
				}
				if _, body := w.anonymous("GET", u.RequestURI(), nil, ""); body != want {
					t.Errorf("%s: got %q, want %q", got[i], body, want)
				}
				w.clock = w.clock.Add(time.Hour)
				if _, body := w.anonymous("GET", u.RequestURI(), nil, ""); body != want {
					t.Errorf("%s, at its end: got %q, want %q", got[i], body, want)
				}
				w.clock = w.clock.Add(time.Second)
				if _, body := w.anonymous("GET", u.RequestURI(), nil, ""); code(body) != "AccessDenied" && code(body) != "SecurityTokenExpired" {
					t.Errorf("%s, a second later than its playlist: got %q, want AccessDenied", got[i], body)
				}
				w.clock = w.clock.Add(-time.Hour - time.Second)
			}
			// All else is as it was, line ends included.
			stripped := text
			for _, uri := range got {
				before, query, signed := strings.Cut(uri, "?")
				if signed {
					stripped = strings.Replace(stripped, "?"+query, "", 1)
				}
				if signed != (strings.HasSuffix(before, ".ts") && !strings.Contains(before, "://")) {
					t.Errorf("%q, signed %v", uri, signed)
				}
			}
			if stripped != list {
				t.Errorf("without signatures:\n%q, want\n%q", stripped, list)
			}
		})
	}
}

// TestSignedLivePlaylist signs what a publisher writes.
func TestSignedLivePlaylist(t *testing.T) {
	w := newWorld(t)
	w.must("PUT", "/bucket", nil, "")
	w.must("PUT", "/bucket/ch?live", nil, channelXML)
	w.record("bucket", "ch", segment{w.clock, 2 * time.Second})
	res, text := w.signedPlaylist(signedV1(testKey), "ch/playlist.m3u8", nil)
	if res.StatusCode != http.StatusOK || len(uris(text)) != 1 {
		t.Fatalf("%s\n%s", res.Status, text)
	}
	if _, body := w.anonymous("GET", "/bucket/ch/"+uris(text)[0], nil, ""); !strings.HasPrefix(body, "bytes of ") {
		t.Errorf("segment = %q", body)
	}
}

func TestSignedPlaylistRefuses(t *testing.T) {
	w := newWorld(t)
	w.must("PUT", "/bucket", nil, "")
	lines := func(n int, suffix string) string {
		return "#EXTM3U\n" + strings.Repeat("x"+suffix+"\n", n)
	}
	for key, body := range map[string]string{
		"good.m3u8":       "#EXTM3U\na.ts\n",
		"good.txt":        "#EXTM3U\na.ts\n",
		"empty.m3u8":      "",
		"tags.m3u8":       "#EXTM3U\n#a.ts\n",
		"mixed.m3u8":      "#EXTM3U\na.ts\nb.m3u8\n",
		"big.m3u8":        "#EXTM3U\na.ts\n" + strings.Repeat("#\n", maxSignedPlaylist/2),
		"segments.m3u8":   lines(maxSignedSegments, ".ts"),
		"segments+1.m3u8": lines(maxSignedSegments+1, ".ts"),
		"variants.m3u8":   lines(maxSignedVariants, ".m3u8"),
		"variants+1.m3u8": lines(maxSignedVariants+1, ".m3u8"),
	} {
		w.must("PUT", "/bucket/"+url.PathEscape(key), nil, body)
	}
	token := func(s string) http.Header { return http.Header{"X-Oss-Hls-Sign-Token": {s}} }
	for _, c := range []struct {
		key    string
		header http.Header
		want   string // EC, or "" for success
	}{
		{"good.m3u8", nil, ""},
		{"good.m3u8", token("aSI78fe_-.78TYOst"), ""},
		{"good.m3u8", token(strings.Repeat("a", 100)), ""},
		{"good.m3u8", token(strings.Repeat("a", 101)), "0044-00000401"},
		{"good.m3u8", token("test&*^%abc"), "0044-00000402"},
		{"good.txt", nil, "0044-00000403"},
		{"big.m3u8", nil, "0044-00000404"},
		{"segments.m3u8", nil, ""},
		{"segments+1.m3u8", nil, "0044-00000406"},
		{"variants.m3u8", nil, ""},
		{"variants+1.m3u8", nil, "0044-00000407"},
		{"empty.m3u8", nil, "0044-00000408"},
		{"tags.m3u8", nil, "0044-00000408"},
		{"mixed.m3u8", nil, "0044-00000409"},
		{"absent.m3u8", nil, "0026-00000001"},
	} {
		// A header of the service is signed with a URL, where it is sent.
		sign := func(w *world, key string, query url.Values, expires time.Duration) url.Values {
			return auth.SignURL(&auth.Request{Method: "GET", Header: c.header, Bucket: "bucket", Key: key, Query: query}, testKey, w.clock.Add(expires))
		}
		res, body := w.signedPlaylist(sign, c.key, c.header.Clone())
		if got := res.Header.Get("x-oss-ec"); got != c.want || (c.want == "") != (res.StatusCode == 200) {
			t.Errorf("%s %v: %s %q, want %q\n%.300s", c.key, c.header, res.Status, got, c.want, body)
		}
	}
	if res, body := w.do("GET", "/bucket/good.m3u8?x-oss-process=hls/sign", nil, ""); res.StatusCode != 400 || res.Header.Get("x-oss-ec") != "0044-00000410" {
		t.Errorf("signed in the header: %s\n%s", res.Status, body)
	}
	if res, body := w.anonymous("GET", "/bucket/good.m3u8?x-oss-process=hls/sign", nil, ""); res.StatusCode != 403 {
		t.Errorf("unsigned: %s\n%s", res.Status, body)
	}
	query := signedV1(testKey)(w, "good.m3u8", nil, time.Hour)
	if res, body := w.anonymous("GET", "/bucket/good.m3u8?x-oss-process=hls/sign&"+query.Encode(), nil, ""); code(body) != "SignatureDoesNotMatch" {
		t.Errorf("added to the URL of the object: %s\n%s", res.Status, body)
	}
	query = signedV1(testKey)(w, "good.m3u8", url.Values{"x-oss-process": {"hls/other"}}, time.Hour)
	if res, body := w.anonymous("GET", "/bucket/good.m3u8?"+query.Encode(), nil, ""); res.StatusCode != 501 || !strings.Contains(body, "hls/other") {
		t.Errorf("another process: %s\n%s", res.Status, body)
	}
}

// hostile are lines whose author wants to read what is not theirs.
var hostile = []struct{ name, line string }{
	{"absolute, the same bucket", "http://127.0.0.1:9000/bucket/secret.ts"},
	{"absolute, another bucket", "http://127.0.0.1:9000/other/secret.ts"},
	{"another host", "//evil.example/secret.ts"},
	{"absolute path", "/other/secret.ts"},
	{"absolute path, escaped", "%2Fother/secret.ts"},
	{"out of the bucket", "../../other/secret.ts"},
	{"far out of the bucket", "../../../../other/secret.ts"},
	{"out through a folder", "x/../../../other/secret.ts"},
	{"escaped dots", "%2e%2e/%2E%2E/other/secret.ts"},
	{"half escaped dots", ".%2e/.%2e/other/secret.ts"},
	{"escaped slashes", "..%2f..%2fother/secret.ts"},
	{"backslashes", `..\..\other\secret.ts`},
	{"escaped backslashes", "..%5c..%5cother%5csecret.ts"},
	{"another kind of object", "../secret.mp4"},
	{"query", "../secret.mp4?x.ts"},
	{"escaped query, a parameter", "../secret.mp4%3Fresponse-content-type=x.ts"},
	{"escaped query, a folder", "../secret.mp4%3Fresponse-content-type=/x.ts"},
	{"escaped query, an operation", "../secret.mp4%3facl=.ts"},
	{"fragment", "../secret.mp4#.ts"},
	{"an operation", "a.ts?acl"},
	{"a header of the answer", "a.ts?response-content-type=text/html&x=.ts"},
	{"scheme", "javascript:alert(1)//.ts"},
	{"scheme in upper case", "HTTP:../other/secret.ts"},
	{"white space before a path", " /other/secret.ts"},
	{"white space before a scheme", "\thttp://127.0.0.1:9000/other/secret.ts"},
	{"white space behind", "../secret.mp4\t.ts "},
	{"two lines in one", "a.ts\r/other/secret.ts"},
	{"escaped line end", "../secret.mp4%0a.ts"},
	{"zero byte", "../secret.mp4%00.ts"},
	{"not UTF-8", "../secret\xff.ts"},
	{"not UTF-8, escaped", "../secret%ff.ts"},
	{"broken escape", "../secret%zz.ts"},
	{"encryption key", `#EXT-X-KEY:METHOD=AES-128,URI="../secret.ts"`},
	{"initialisation section", `#EXT-X-MAP:URI="../secret.ts"`},
	{"empty query", "?.ts"},
	{"folder", "../folder.ts/"},
}

// TestHostilePlaylists has each of them signed, and tries what signature there
// is on everything else.
func TestHostilePlaylists(t *testing.T) {
	w := newWorld(t)
	for _, bucket := range []string{"bucket", "other"} {
		w.must("PUT", "/"+bucket, nil, "")
		for _, key := range []string{"secret.ts", "secret.mp4"} {
			w.must("PUT", "/"+bucket+"/"+key, nil, "foreign")
		}
	}
	signatures, foreign := 0, 0
	for name, sign := range map[string]signer{"version 1": signedV1(testKey), "version 4": signedV4(testKey)} {
		for _, c := range hostile {
			w.must("PUT", "/bucket/ch/list.m3u8", nil, "#EXTM3U\n"+c.line+"\ngood.ts\n")
			res, text := w.signedPlaylist(sign, "ch/list.m3u8", nil)
			if res.StatusCode != http.StatusOK {
				t.Fatalf("%s: %s\n%s", c.name, res.Status, text)
			}
			before, query, signed := strings.Cut(text, "\ngood.ts?")
			if !signed {
				t.Errorf("%s, %s: the good line is not signed:\n%q", c.name, name, text)
			}
			signatures++
			if before != "#EXTM3U\n"+c.line {
				foreign++
				t.Errorf("%s, %s: %q became\n%q", c.name, name, c.line, before)
			}
			for _, other := range []string{"/bucket/secret.mp4", "/bucket/secret.ts", "/bucket/ch/good.ts%3F", "/other/secret.ts", "/other/ch/good.ts"} {
				if res, body := w.anonymous("GET", other+"?"+strings.TrimSpace(query), nil, ""); res.StatusCode != http.StatusForbidden {
					foreign++
					t.Errorf("%s, %s: %s with the signature of good.ts: %s %q", c.name, name, other, res.Status, body)
				}
			}
		}
	}
	t.Logf("%d hostile playlists, %d signatures, %d foreign keys signed", len(hostile), signatures, foreign)
}

// FuzzSiblingKey holds the keys that are signed to what net/url makes of the
// URI, in both forms of address.
func FuzzSiblingKey(f *testing.F) {
	for _, c := range hostile {
		f.Add("ch/list.m3u8", c.line)
	}
	for _, uri := range []string{"a.ts", "../b%20b.ts", "./x/.././c.ts", "a//b.ts", "a b.ts", "ä.ts", "a%2Fb.ts", "x/../../y.ts"} {
		f.Add("deep/ch/list.m3u8", uri)
	}
	f.Fuzz(func(t *testing.T, base, uri string) {
		key, ok := siblingKey(base, uri)
		if !ok || store.CheckKey(base) != nil || path.Clean(base) != base {
			return
		}
		// A player asks for the slashes of a key as they are.
		escaped := strings.ReplaceAll(url.PathEscape(base), "%2F", "/")
		for _, root := range []string{"/bucket/", "/"} {
			from, err := url.Parse("http://host" + root + escaped)
			if err != nil {
				t.Fatal(err)
			}
			to, err := from.Parse(uri)
			if err != nil {
				t.Fatalf("signed %q, which is no URI: %v", uri, err)
			}
			if to.Host != "host" || to.RawQuery != "" || to.Path != root+key {
				t.Errorf("%q beside %q is %q at %s, signed for %q", uri, base, to.Path, to.Host, key)
			}
		}
	})
}
