package server

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestResolveTarget(t *testing.T) {
	type want struct{ bucket, key string }
	for _, c := range []struct {
		host, target string
		want         []want // the readings
		hosted       bool   // of the first
	}{
		{"127.0.0.1:9000", "/", []want{{"", ""}}, false},
		{"127.0.0.1:9000", "/b", []want{{"b", ""}}, false},
		{"127.0.0.1:9000", "/b/", []want{{"b", ""}}, false},
		{"127.0.0.1:9000", "/b?live", []want{{"b", ""}}, false},
		{"127.0.0.1:9000", "/b/k", []want{{"b", "k"}}, false},
		{"127.0.0.1:9000", "/b/ch%2Fvod.m3u8?vod", []want{{"b", "ch/vod.m3u8"}}, false},
		{"127.0.0.1:9000", "/b//k", []want{{"b", "/k"}}, false},
		{"127.0.0.1:9000", "/b/k//", []want{{"b", "k//"}}, false},
		{"127.0.0.1:9000", "/b/../c/./k", []want{{"b", "../c/./k"}}, false},
		{"127.0.0.1:9000", "/b%2Fk", []want{{"b/k", ""}}, false},
		{"127.0.0.1:9000", "//k", []want{{"", "k"}}, false},
		{"127.0.0.1:9000", "/b/%252F", []want{{"b", "%2F"}}, false},
		{"127.0.0.1:9000", "/b/a+b", []want{{"b", "a+b"}}, false},
		{"127.0.0.1:9000", "/b/a%3Fb?x=1", []want{{"b", "a?b"}}, false},
		{"127.0.0.1:9000", "/b/%00", []want{{"b", "\x00"}}, false},
		{"[::1]:9000", "/b/k", []want{{"b", "k"}}, false},
		{"localhost:9000", "/b/k", []want{{"b", "k"}}, false},
		{"LOCALHOST.", "/b/k", []want{{"b", "k"}}, false},
		{"", "/b/k", []want{{"b", "k"}}, false},
		{"oss.example.com", "/b/k", []want{{"b", "k"}}, false},
		{"other.example.org", "/b/k", []want{{"b", "k"}}, false},

		{"b.localhost:9000", "/k", []want{{"b", "k"}}, true},
		{"b.localhost:9000", "/", []want{{"b", ""}}, true},
		{"b.localhost:9000", "//k", []want{{"b", "/k"}}, true},
		{"B.LocalHost:9000", "/K", []want{{"b", "K"}}, true},
		{"b.localhost.", "/k%2Fl", []want{{"b", "k/l"}}, true},
		{"b.oss.example.com", "/c/k", []want{{"b", "c/k"}}, true},
		{"b.oss-cn-hangzhou.aliyuncs.com", "/k", []want{{"b", "k"}}, true},
		{"oss-cn-hangzhou.aliyuncs.com", "/b/k", []want{{"b", "k"}}, false},
		{".oss-cn-hangzhou.aliyuncs.com", "/", []want{{"", ""}}, true},
		{".oss-cn-hangzhou.aliyuncs.com", "/b/k", []want{{"b", "k"}}, false},

		// The Node SDK with an IP endpoint and sldEnable, or a key that begins
		// like its bucket: the signature decides.
		{"b.oss-cn-hangzhou.aliyuncs.com", "/b/k", []want{{"b", "b/k"}, {"b", "k"}}, true},
		{"b.oss-cn-hangzhou.aliyuncs.com", "/b", []want{{"b", "b"}, {"b", ""}}, true},

		{"proxy:3128", "http://b.oss-cn-hangzhou.aliyuncs.com/k?live", []want{{"b", "k"}}, true},
		{"proxy:3128", "http://127.0.0.1:9000/b/k", []want{{"b", "k"}}, false},
		{"proxy:3128", "http://b.oss-cn-hangzhou.aliyuncs.com?live", []want{{"b", ""}}, true},
		{"proxy:3128", "http://b.oss-cn-hangzhou.aliyuncs.com", []want{{"b", ""}}, true},
	} {
		r := newWorld(t).request("GET", c.target, http.Header{"Host": {c.host}}, nil)
		readings, _, err := resolveTarget(r, []string{"oss.example.com"})
		if err != nil {
			t.Errorf("%s of %q: %v", c.target, c.host, err)
			continue
		}
		var got []want
		for _, reading := range readings {
			got = append(got, want{reading.bucket, reading.key})
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) || readings[0].hosted != c.hosted {
			t.Errorf("%s of %q = %q, hosted %v; want %q, %v", c.target, c.host, got, readings[0].hosted, c.want, c.hosted)
		}
	}
}

func TestResolveTargetRefuses(t *testing.T) {
	for _, c := range []struct{ name, host, target, code string }{
		{"long target", "h", "/b/" + strings.Repeat("k", maxTarget), "RequestURITooLong"},
		{"many parameters", "h", "/b?" + strings.Join(numbered("p", maxParams+1), "&"), "RequestURITooLong"},
		{"parameter twice", "h", "/b/ch?live&status=enabled&status=disabled", "InvalidArgument"},
		{"bad escape in the path", "h", "/b/%zz", "InvalidURI"},
		{"bad escape in the query", "h", "/b?prefix=%zz", "InvalidURI"},
		{"host with a comma", "a,b", "/", "InvalidURI"},
		{"host with a quote", "a'b", "/", "InvalidURI"},
		{"host with user", "user@h", "/", "InvalidURI"},
		{"host with two ports", "h:1:2", "/", "InvalidURI"},
		{"host with a word for a port", "h:http", "/", "InvalidURI"},
		{"host with a long port", "h:900000", "/", "InvalidURI"},
		{"IPv6 without brackets", "::1", "/", "InvalidURI"},
		{"brackets without IPv6", "[h]", "/", "InvalidURI"},
		{"IPv4 in brackets", "[127.0.0.1]", "/", "InvalidURI"},
		{"long host", strings.Repeat("h", 256), "/", "InvalidURI"},
		{"asterisk", "h", "*", "InvalidURI"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &http.Request{Method: "GET", Host: c.host, RequestURI: c.target}
			_, _, err := resolveTarget(r, nil)
			if err == nil {
				t.Fatal("accepted")
			}
			if got := describe(&request{}, err).code; got != c.code {
				t.Errorf("got %s, want %s", got, c.code)
			}
		})
	}
}

func numbered(name string, n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprint(name, i))
	}
	return list
}

// TestReadingBySignature sends the two requests that look alike and differ in
// what was signed.
func TestReadingBySignature(t *testing.T) {
	w := newWorld(t)
	w.must("PUT", "/bucket", nil, "")
	w.must("PUT", "/bucket/k", nil, "short key")
	w.must("PUT", "/bucket/bucket/k", nil, "long key")
	for _, c := range []struct{ key, want string }{{"k", "short key"}, {"bucket/k", "long key"}} {
		r := w.request("GET", "/bucket/k", http.Header{"Host": {"bucket.oss-cn-hangzhou.aliyuncs.com"}}, nil)
		w.signAs(r, target{bucket: "bucket", key: c.key}, url.Values{})
		if res, got := w.read(w.serve(r)); got != c.want {
			t.Errorf("signed for %q: got %s %q, want %q", c.key, res.Status, got, c.want)
		}
	}
}

// TestSameVerdictInEveryForm asks for one object in all forms of its address,
// as the owner, as a forger and as nobody.
func TestSameVerdictInEveryForm(t *testing.T) {
	for _, acl := range []string{"private", "public-read", "public-read-write"} {
		w := newWorld(t)
		w.must("PUT", "/bucket", http.Header{"X-Oss-Acl": {acl}}, "")
		w.must("PUT", "/bucket/dir/key", nil, "body")
		for _, method := range []string{"GET", "HEAD", "PUT", "DELETE"} {
			for _, as := range []string{"owner", "forger", "nobody"} {
				verdicts := map[string][]string{}
				for _, form := range []struct{ host, target string }{
					{"127.0.0.1:9000", "/bucket/dir/key"},
					{"127.0.0.1:9000", "/bucket/dir%2Fkey"},
					{"127.0.0.1:9000", "/bucket/%64ir/key"},
					{"127.0.0.1:9000", "/%62ucket/dir/key"},
					{"localhost", "/bucket/dir/key"},
					{"[::1]:9000", "/bucket/dir/key"},
					{"oss.example.com", "/bucket/dir/key"},
					{"unknown.example.org", "/bucket/dir/key"},
					{"bucket.localhost:1234", "/dir/key"},
					{"BUCKET.localhost", "/dir%2fkey"},
					{"bucket.oss.example.com.", "/dir/key"},
					{"bucket.oss-cn-hangzhou.aliyuncs.com", "/dir/key"},
					{"x", "http://bucket.oss-cn-hangzhou.aliyuncs.com/dir/key"},
				} {
					r := w.request(method, form.target, http.Header{"Host": {form.host}}, []byte("body"))
					switch as {
					case "owner":
						w.sign(r)
					case "forger":
						w.signAs(r, target{bucket: "bucket", key: "other"}, url.Values{})
					}
					res, _ := w.read(w.serve(r))
					if method == "DELETE" && res.StatusCode == 204 {
						w.must("PUT", "/bucket/dir/key", nil, "body")
					}
					verdicts[res.Status] = append(verdicts[res.Status], form.host+" "+form.target)
				}
				if len(verdicts) != 1 {
					t.Errorf("%s by %s in a %s bucket: %v", method, as, acl, verdicts)
				}
			}
		}
	}
}

func FuzzResolveTarget(f *testing.F) {
	f.Add("127.0.0.1:9000", "/b/k?live")
	f.Add("b.localhost", "/ch%2Fvod.m3u8?vod&startTime=1")
	f.Add("b.oss-cn-hangzhou.aliyuncs.com", "/b/../k//%252F")
	f.Add("[::1]:9000", "http://x/b/%00?a=%20&b")
	f.Fuzz(func(t *testing.T, host, requestTarget string) {
		r := &http.Request{Host: host, RequestURI: requestTarget}
		readings, query, err := resolveTarget(r, []string{"oss.example.com"})
		if err != nil {
			return
		}
		if len(readings) == 0 {
			t.Fatal("no reading")
		}
		for _, reading := range readings {
			if reading.hosted && strings.ContainsAny(reading.bucket, "./%") {
				t.Errorf("bucket %q from host %q", reading.bucket, host)
			}
		}
		// Escaping what was read and reading it again must change nothing.
		first := readings[0]
		again := "/" + url.PathEscape(first.bucket) + "/" + url.PathEscape(first.key) + "?" + query.Encode()
		if len(again) > maxTarget || first.bucket == "" {
			return
		}
		second, query2, err := resolveTarget(&http.Request{Host: "127.0.0.1", RequestURI: again}, nil)
		if err != nil || second[0].bucket != first.bucket || second[0].key != first.key || query2.Encode() != query.Encode() {
			t.Errorf("%q of %q = %+v %v; again %q = %+v %v, %v", requestTarget, host, first, query, again, second, query2, err)
		}
	})
}
