package api

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"osslive/auth"
)

// signV4 signs r with version 4 for the bucket and key that it names first.
func (w *world) signV4(r *http.Request, k auth.Key, additional ...string) *http.Request {
	w.t.Helper()
	found, err := resolveTarget(r.Host, r.RequestURI, w.config.Domains)
	if err != nil {
		w.t.Fatal(err)
	}
	to := found.readings[0]
	auth.SignRequestV4(&auth.Request{
		Method: r.Method, Host: r.Host, Header: r.Header, Bucket: to.bucket, Key: to.key, Query: found.query, Region: "cn-hangzhou",
	}, k, w.clock, additional...)
	return r
}

// TestVersion4 signs all kinds of requests, in all forms of address.
func TestVersion4(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct{ method, host, target, body string }{
		{"PUT", "127.0.0.1:9000", "/bucket", ""},
		{"PUT", "bucket.localhost:9000", "/dir%2Fa%20b+c", "x"},
		{"GET", "localhost", "/bucket/dir/a%20b+c", ""},
		{"GET", "x", "http://bucket.oss-cn-hangzhou.aliyuncs.com/dir/a%20b%2Bc", ""},
		{"PUT", "bucket.oss.example.com", "/ch?live", channelXML},
		{"GET", "bucket.oss.example.com", "/ch?live&comp=stat", ""},
		{"GET", "127.0.0.1:9000", "/?prefix=b%2F%20&max-keys=7", ""},
		{"DELETE", "127.0.0.1:9000", "/bucket/ch?live", ""},
	} {
		r := w.signV4(w.request(c.method, c.target, http.Header{"Host": {c.host}}, []byte(c.body)), testKey, "host")
		if res, body := w.read(w.serve(r)); res.StatusCode >= 300 {
			t.Errorf("%s %s of %s: %s\n%s", c.method, c.target, c.host, res.Status, body)
		}
	}
	// The host is signed where the signer says so.
	r := w.signV4(w.request("GET", "/bucket", nil, nil), testKey, "host")
	r.Host = "localhost:9000"
	if _, body := w.read(w.serve(r)); code(body) != "SignatureDoesNotMatch" {
		t.Errorf("another host: %s", body)
	}
}

// TestVersion4Errors: codes of the service, and what it shows of a mismatch.
func TestVersion4Errors(t *testing.T) {
	w := newWorld(t)
	w.must("PUT", "/bucket", nil, "")
	signed := func(change func(http.Header)) *http.Request {
		r := w.signV4(w.request("GET", "/bucket", nil, nil), testKey)
		change(r.Header)
		return r
	}
	credential := func(old, new string) func(http.Header) {
		return func(h http.Header) {
			h.Set("Authorization", strings.Replace(h.Get("Authorization"), old, new, 1))
		}
	}
	inURL := func(name, value string) *http.Request {
		q := auth.SignURLV4(&auth.Request{Method: "GET", Bucket: "bucket", Region: "cn-hangzhou"}, testKey, w.clock, w.clock.Add(time.Hour))
		if q.Set(name, value); value == "" {
			q.Del(name)
		}
		return w.request("GET", "/bucket?"+q.Encode(), nil, nil)
	}
	const scope = "ak/20181204/cn-hangzhou/oss/aliyun_v4_request"
	for _, c := range []struct {
		name             string
		r                *http.Request
		status           int
		code, ec, within string
	}{
		{"mismatch", signed(credential("Signature=", "Signature=0")), 403, "SignatureDoesNotMatch", "0002-00000040", "<CanonicalRequest>GET\n/bucket/\n\nx-oss-content-sha256:UNSIGNED-PAYLOAD\n"},
		{"date", signed(credential("20181204", "2018-12-04")), 400, "InvalidArgument", "0002-00000212", "Invalid signing date in Authorization header."},
		{"region", signed(credential("cn-hangzhou", "")), 400, "InvalidArgument", "0002-00000226", "Invalid signing region in Authorization header."},
		{"product", signed(credential("/oss/", "/ecs/")), 400, "InvalidArgument", "0002-00000227", "Invalid signing product in Authorization header."},
		{"request", signed(credential("aliyun_v4_request", "abc")), 400, "InvalidArgument", "0002-00000213", "Invalid credential in Authorization header."},
		{"parts", signed(credential("/cn-hangzhou", "")), 400, "InvalidArgument", "0002-00000213", "Invalid credential in Authorization header."},
		{"payload", signed(func(h http.Header) { h.Set("x-oss-content-sha256", "78adf") }), 400, "InvalidArgument", "0002-00000214", "UNSIGNED-PAYLOAD"},
		{"no date", signed(func(h http.Header) { h.Del("x-oss-date") }), 403, "AccessDenied", "", "valid Date"},
		{"key", signed(credential("ak/", "nobody/")), 403, "InvalidAccessKeyId", "0002-00000902", ""},
		{"two ways", func() *http.Request {
			r := signed(func(http.Header) {})
			r.RequestURI += "?Signature=x"
			return r
		}(), 400, "InvalidArgument", "", "more than one way"},
		{"URL, date", inURL("x-oss-credential", strings.Replace(scope, "20181204", "2018-12-04", 1)), 400, "InvalidArgument", "0002-00000223", "Invalid signing date in x-oss-credential."},
		{"URL, request", inURL("x-oss-credential", scope+"x"), 400, "InvalidArgument", "0002-00000224", "Invalid credential in x-oss-credential."},
		{"URL, lifetime", inURL("x-oss-expires", "604801"), 400, "InvalidArgument", "", "604800"},
		{"URL, no lifetime", inURL("x-oss-expires", ""), 403, "AccessDenied", "", "x-oss-credential, x-oss-date"},
		{"URL, no version", inURL("x-oss-signature-version", ""), 400, "InvalidArgument", "", "x-oss-signature-version is missing"},
		{"URL, unknown version", inURL("x-oss-signature-version", "OSS5"), 501, "NotImplemented", "", "OSS5"},
		{"URL, mismatch", inURL("x-oss-signature", strings.Repeat("0", 64)), 403, "SignatureDoesNotMatch", "0002-00000040", "<CanonicalRequest>"},
		{"URL, of another day", inURL("x-oss-date", "20181203T035506Z"), 400, "InvalidArgument", "0002-00000223", ""},
		{"URL, ended", inURL("x-oss-date", "20181204T025505Z"), 403, "AccessDenied", "0002-00000069", "Request has expired."},
		{"URL, too early", inURL("x-oss-date", "20181204T041007Z"), 403, "RequestTimeTooSkewed", "0002-00000504", ""},
		{"version 2, no lifetime", w.request("GET", "/bucket?x-oss-signature-version=OSS2&x-oss-signature=x", nil, nil), 403, "AccessDenied", "", "x-oss-access-key-id"},
	} {
		res, body := w.read(w.serve(c.r))
		if res.StatusCode != c.status || code(body) != c.code || res.Header.Get("x-oss-ec") != c.ec || !strings.Contains(body, c.within) {
			t.Errorf("%s: got %s, want %d %s %s with %q\n%s", c.name, res.Status, c.status, c.code, c.ec, c.within, body)
		}
	}
}

// TestPayload: a body that is not what was signed is not stored, whatever its
// length and however it comes.
func TestPayload(t *testing.T) {
	big := strings.Repeat("0123456789abcdef", 20_000)
	sum := func(s string) string {
		h := sha256.Sum256([]byte(s))
		return hex.EncodeToString(h[:])
	}
	for _, c := range []struct {
		name, signed, sent string
		chunked            bool
		ok                 bool
	}{
		{"small", "small", "small", false, true},
		{"big", big, big, false, true},
		{"empty", "", "", false, true},
		{"chunked", big, big, true, true},
		{"small, other", "small", "other", false, false},
		{"empty, other", "x", "", false, false},
		{"other, empty", "", "x", false, false},
		{"big, last byte", big + "x", big + "y", false, false},
		{"big, first byte", "x" + big, "y" + big, false, false},
		{"chunked, last byte", big + "x", big + "y", true, false},
		{"shorter", big, big[1:], false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.must("PUT", "/bucket", nil, "")
			r := w.request("PUT", "/bucket/k", http.Header{"X-Oss-Content-Sha256": {sum(c.signed)}}, []byte(c.sent))
			if c.chunked {
				r.ContentLength = -1
			}
			res, body := w.read(w.serve(w.signV4(r, testKey)))
			if c.ok {
				if got := w.must("GET", "/bucket/k", nil, ""); res.StatusCode != 200 || got != c.sent {
					t.Errorf("%s %s; stored %d bytes, want %d", res.Status, body, len(got), len(c.sent))
				}
				return
			}
			if res.StatusCode != 400 || res.Header.Get("x-oss-ec") != "0002-00000214" {
				t.Errorf("got %s, want 400 of EC 0002-00000214\n%s", res.Status, body)
			}
			if res, _ := w.do("HEAD", "/bucket/k", nil, ""); res.StatusCode != 404 {
				t.Errorf("stored: %s", res.Status)
			}
		})
	}
	t.Run("document", func(t *testing.T) {
		w := newWorld(t)
		w.must("PUT", "/bucket", nil, "")
		r := w.request("PUT", "/bucket/ch?live", http.Header{"X-Oss-Content-Sha256": {sum("another")}}, []byte(channelXML))
		if res, body := w.read(w.serve(w.signV4(r, testKey))); res.Header.Get("x-oss-ec") != "0002-00000214" {
			t.Errorf("%s\n%s", res.Status, body)
		}
	})
}

// TestToken: a temporary key works until its end, and without its token not at
// all.
func TestToken(t *testing.T) {
	w := newWorld(t)
	w.must("PUT", "/bucket", nil, "")
	k := auth.MintToken(testKey, w.clock.Add(time.Hour))
	for _, c := range []struct {
		name string
		key  auth.Key
		at   time.Duration
		want string
	}{
		{"good", k, time.Hour, ""},
		{"late", k, time.Hour + time.Second, "SecurityTokenExpired"},
		{"no token", auth.Key{ID: k.ID, Secret: k.Secret}, 0, "InvalidAccessKeyId"},
		{"another's", auth.Key{ID: k.ID, Secret: k.Secret, Token: auth.MintToken(testKey, w.clock.Add(time.Hour)).Token}, 0, "InvalidSecurityToken"},
		{"of a strange parent", auth.MintToken(auth.Key{ID: "ak", Secret: "guessed"}, w.clock.Add(time.Hour)), 0, "InvalidSecurityToken"},
	} {
		began := w.clock
		w.clock = began.Add(c.at)
		for version, sign := range map[string]func(*http.Request) *http.Request{
			"1": func(r *http.Request) *http.Request {
				auth.SignRequest(&auth.Request{Method: "GET", Header: r.Header, Bucket: "bucket"}, c.key, w.clock)
				return r
			},
			"4": func(r *http.Request) *http.Request { return w.signV4(r, c.key) },
			"1, URL": func(r *http.Request) *http.Request {
				r.RequestURI += "?" + auth.SignURL(&auth.Request{Method: "GET", Bucket: "bucket", Query: url.Values{}}, c.key, w.clock.Add(time.Minute)).Encode()
				return r
			},
		} {
			if _, body := w.read(w.serve(sign(w.request("GET", "/bucket", nil, nil)))); code(body) != c.want {
				t.Errorf("%s, version %s: got %s, want %s", c.name, version, fmt.Sprint(body), c.want)
			}
		}
		w.clock = began
	}
}
