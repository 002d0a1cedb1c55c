package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"osslive/server/address"
)

var testDomains = address.Domains{
	Base:   []string{"oss.example.com", "Base"},
	CNAMEs: map[string]string{"media.example.org": "b", "192.0.2.9": "b"},
}

// requestOn is a GET that no server has seen yet.
func requestOn(t *testing.T, target string, header http.Header) *http.Request {
	return (&world{t: t}).request("GET", target, header, nil)
}

// resolved writes readings as tests name them: "bucket|key", after it "host"
// where the host names the bucket and "signed" where only a signature can mean
// it; "*" is every bucket.
func resolved(readings []reading) []string {
	var list []string
	for _, r := range readings {
		s := r.bucket + "|" + r.key
		if r.anyBucket {
			s = "*" + s
		}
		if r.form != address.Endpoint {
			s += " host"
		}
		if r.signed {
			s += " signed"
		}
		list = append(list, s)
	}
	return list
}

// TestHosts sends the same targets to hosts of every kind.
func TestHosts(t *testing.T) {
	type meanings map[string][]string // of a target
	path := meanings{
		"/":        {"|"},
		"/b":       {"b|"},
		"/b/k?acl": {"b|k"},
		"/c/k":     {"c|k"},
		"/c%2Fk":   {"c|k"},
	}
	label := meanings{
		"/":        {"b| host"},
		"/b":       {"b|b host", "b| signed"},
		"/b/k?acl": {"b|b/k host", "b|k signed"},
		"/c/k":     {"b|c/k host"},
		"/c%2Fk":   {"b|c/k host"},
	}
	// The Node SDK dialled an address: the path may name the bucket too.
	node := meanings{
		"/":        {"b| host"},
		"/b":       {"b|b host", "b|"},
		"/b/k?acl": {"b|b/k host", "b|k"},
		"/c/k":     {"b|c/k host"},
		"/c%2Fk":   {"b|c/k host"},
	}
	cname := meanings{
		"/":        {"b| host"},
		"/b":       {"b|b host"},
		"/b/k?acl": {"b|b/k host"},
		"/c/k":     {"b|c/k host"},
		"/c%2Fk":   {"b|c/k host"},
	}
	unknown := meanings{
		"/":        {"|", "*| signed"},
		"/b":       {"b|", "*|b signed"},
		"/b/k?acl": {"b|k", "*|b/k signed"},
		"/c/k":     {"c|k", "*|c/k signed"},
		"/c%2Fk":   {"c|k", "*|c/k signed"},
	}
	guess := meanings{
		"/":        {"b| host", "|", "*| signed"},
		"/b":       {"b|b host", "b|", "*|b signed"},
		"/b/k?acl": {"b|b/k host", "b|k", "*|b/k signed"},
		"/c/k":     {"b|c/k host", "c|k", "*|c/k signed"},
		"/c%2Fk":   {"b|c/k host", "c|k", "*|c/k signed"},
	}
	cells := 0
	for _, c := range []struct {
		host           string
		want, absolute meanings // of the target alone, and as an absolute URL
	}{
		{"", path, nil},
		{"127.0.0.1", path, path},
		{"127.0.0.1:9000", path, path},
		{"127.0.0.2:80", path, path},
		{"10.1.2.3:9000", path, path},
		{"0.0.0.0:9000", path, path},
		{"255.255.255.255", path, path},
		{"[::1]:9000", path, path},
		{"[::1]", path, path},
		{"[::]:9000", path, path},
		{"[2001:db8::1]:80", path, path},
		{"[::ffff:127.0.0.1]:9000", path, path},
		{"localhost", path, path},
		{"localhost:9000", path, path},
		{"LOCALHOST", path, path},
		{"localhost.", path, path},
		{"LocalHost.:9000", path, path},
		{"oss.example.com", path, path},
		{"OSS.Example.COM.:9000", path, path},
		{"base:9000", path, path},
		{"BASE", path, path},
		{"oss-cn-hangzhou.aliyuncs.com", path, path},
		{"oss-cn-hangzhou-internal.aliyuncs.com", path, path},
		{"oss-accelerate.aliyuncs.com", path, path},
		{"oss.aliyuncs.com", path, path},
		{"OSS-CN-Shenzhen.aliyuncs.com.:80", path, path},
		{".oss-cn-hangzhou.aliyuncs.com", path, path}, // the service, of the Node SDK

		{"b.localhost", label, label},
		{"b.localhost:9000", label, label},
		{"B.LOCALHOST:9000", label, label},
		{"b.localhost.", label, label},
		{"b.localhost.:9000", label, label},
		{"b.oss.example.com", label, label},
		{"B.Oss.Example.Com.:9000", label, label},
		{"b.base", label, label},
		{"b.BASE:1", label, label},
		{"b.oss-cn-hangzhou.aliyuncs.com", node, label},
		{"b.oss-cn-hangzhou.aliyuncs.com:9000", node, label},
		{"B.OSS-cn-hangzhou.aliyuncs.com.", node, label},
		{"b.oss-us-west-1-internal.aliyuncs.com", node, label},
		{"b.oss-accelerate-overseas.aliyuncs.com", node, label},
		{"b.oss.aliyuncs.com", node, label},
		{"b.cn-hangzhou.oss.aliyuncs.com", node, label},

		{"media.example.org", cname, cname},
		{"MEDIA.example.org.:9000", cname, cname},
		{"192.0.2.9:9000", cname, cname},

		{"x", unknown, unknown},
		{"host.docker.internal:9000", unknown, unknown},
		{"unknown.example.org", unknown, unknown},
		{"x.media.example.org", unknown, unknown},
		{"example.com", unknown, unknown},
		{"a.b.localhost:9000", unknown, unknown},
		{".localhost", unknown, unknown},
		{"localhost.example.net", unknown, unknown},
		{"127.0.0.1.nip.io:9000", unknown, unknown},
		{"127.1", unknown, unknown},
		{"a.b.oss-cn-hangzhou.aliyuncs.com", unknown, unknown},
		{"aliyuncs.com", unknown, unknown},
		{"ecs.aliyuncs.com", unknown, unknown},
		{"my_host", unknown, unknown},

		{"b.oss.example.net", guess, guess},
		{"b.oss-local.test:9000", guess, guess},
		{"B.oss.svc.cluster.local.:9000", guess, guess},
		{"b.oss-cn-hangzhou.aliyuncs.com.evil.example", guess, guess},
	} {
		forms := map[string]meanings{"": c.want}
		if c.absolute != nil {
			forms["http://"+c.host] = c.absolute
			forms["HTTPS://"+c.host] = c.absolute
		}
		for prefix, want := range forms {
			for target, want := range want {
				header := http.Header{"Host": {c.host}}
				if prefix != "" {
					header.Set("Host", "c.localhost") // the authority of the target counts
				}
				r := requestOn(t, prefix+target, header)
				found, err := resolveTarget(r.Host, r.RequestURI, testDomains)
				if err != nil {
					t.Errorf("%s%s of %q: %v", prefix, target, c.host, err)
					continue
				}
				if got := resolved(found.readings); !slices.Equal(got, want) || found.proxied != (prefix != "") {
					t.Errorf("%s%s of %q = %q, proxied %v; want %q", prefix, target, c.host, got, found.proxied, want)
				}
				cells++
			}
		}
	}
	t.Logf("%d cells", cells)
}

// TestKeys: nothing of a key is cleaned or decoded twice.
func TestKeys(t *testing.T) {
	for _, c := range []struct{ host, target, want string }{
		{"127.0.0.1:9000", "/b/", "b|"},
		{"127.0.0.1:9000", "/b/ch%2Fvod.m3u8?vod", "b|ch/vod.m3u8"},
		{"127.0.0.1:9000", "/b//k", "b|/k"},
		{"127.0.0.1:9000", "/b/k//", "b|k//"},
		{"127.0.0.1:9000", "/b/../c/./k", "b|../c/./k"},
		{"127.0.0.1:9000", "//k", "|k"},
		{"127.0.0.1:9000", "/b/%252F", "b|%2F"},
		{"127.0.0.1:9000", "/b/a+b", "b|a+b"},
		{"127.0.0.1:9000", "/b/a%3Fb?x=1", "b|a?b"},
		{"127.0.0.1:9000", "/b/%00", "b|\x00"},
		{"127.0.0.1:9000", "/b/http://x/k", "b|http://x/k"},
		{"b.localhost:9000", "//k", "b|/k host"},
		{"b.localhost", "/k%2Fl", "b|k/l host"},
		{"b.localhost", "/../../k", "b|../../k host"},
		{"x", "http://b.localhost?live", "b| host"},
		{"x", "http://b.localhost", "b| host"},
		{"x", "http://b.localhost/?live", "b| host"},
		{"x", "http://b.localhost//k", "b|/k host"},
		{"x", "http://user:secret@b.localhost/k", "b|k host"},
	} {
		r := requestOn(t, c.target, http.Header{"Host": {c.host}})
		found, err := resolveTarget(r.Host, r.RequestURI, testDomains)
		if err != nil {
			t.Errorf("%s of %q: %v", c.target, c.host, err)
			continue
		}
		if got := resolved(found.readings); got[0] != c.want {
			t.Errorf("%s of %q = %q, want %q", c.target, c.host, got[0], c.want)
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
		{"no slash", "h", "b/k", "InvalidURI"},
		{"absolute without a host", "h", "http:///b/k", "InvalidURI"},
		{"absolute of another scheme", "h", "ftp://h/b/k", "InvalidURI"},
		{"absolute without a scheme", "h", "://h/b/k", "InvalidURI"},
		{"empty", "h", "", "InvalidURI"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &http.Request{Method: "GET", Host: c.host, RequestURI: c.target}
			_, err := resolveTarget(r.Host, r.RequestURI, testDomains)
			if err == nil {
				t.Fatal("accepted")
			}
			if got := describe(&request{}, err).Code; got != c.code {
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

func FuzzResolveTarget(f *testing.F) {
	f.Add("127.0.0.1:9000", "/b/k?live")
	f.Add("b.localhost", "/ch%2Fvod.m3u8?vod&startTime=1")
	f.Add("b.oss-cn-hangzhou.aliyuncs.com", "/b/../k//%252F")
	f.Add("[::1]:9000", "http://x/b/%00?a=%20&b")
	f.Add("media.example.org", "/b/k")
	f.Add("b.oss.example.net", "HTTPS://b.oss.example.net?live")
	f.Fuzz(func(t *testing.T, host, requestTarget string) {
		r := &http.Request{Host: host, RequestURI: requestTarget}
		found, err := resolveTarget(r.Host, r.RequestURI, testDomains)
		if err != nil {
			return
		}
		if len(found.readings) == 0 {
			t.Fatal("no reading")
		}
		for i, reading := range found.readings {
			if reading.anyBucket && !reading.signed || i == 0 && reading.signed {
				t.Errorf("reading %d of %q is %+v", i, requestTarget, reading)
			}
			if reading.form != address.Endpoint && strings.ContainsAny(reading.bucket, "./%") {
				t.Errorf("bucket %q from host %q", reading.bucket, host)
			}
		}
		// Escaping what was read and reading it again must change nothing.
		first, query := found.readings[0], found.query
		again := "/" + url.PathEscape(first.bucket) + "/" + url.PathEscape(first.key) + "?" + query.Encode()
		if len(again) > maxTarget || first.bucket == "" {
			return
		}
		second, err := resolveTarget("127.0.0.1", again, address.Domains{})
		if err != nil || second.readings[0].bucket != first.bucket || second.readings[0].key != first.key || second.query.Encode() != query.Encode() {
			t.Errorf("%q of %q = %+v %v; again %q = %+v, %v", requestTarget, host, first, query, again, second, err)
		}
	})
}
