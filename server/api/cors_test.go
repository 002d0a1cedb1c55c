package api

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"osslive/store"
)

func TestCORS(t *testing.T) {
	preflight := func(method string) http.Header {
		return http.Header{"Origin": {"http://page.example"}, "Access-Control-Request-Method": {method}, "Access-Control-Request-Headers": {"range"}}
	}
	for _, c := range []struct {
		name           string
		cors           CORS
		method, target string
		header         http.Header
		status         int
		origin         string // Access-Control-Allow-Origin
	}{
		{"open, GET", CORSOpen, "GET", "/bucket/key", http.Header{"Origin": {"http://page.example"}}, 200, "*"},
		{"open, GET without Origin", CORSOpen, "GET", "/bucket/key", nil, 200, "*"},
		{"open, HEAD", CORSOpen, "HEAD", "/bucket/key", nil, 200, "*"},
		{"open, missing key", CORSOpen, "GET", "/bucket/none", nil, 404, "*"},
		{"open, PUT", CORSOpen, "PUT", "/bucket/key", http.Header{"Origin": {"http://page.example"}}, 403, ""},
		{"open, preflight GET", CORSOpen, "OPTIONS", "/bucket/key", preflight("GET"), 200, "*"},
		{"open, preflight on a bucket", CORSOpen, "OPTIONS", "/bucket", preflight("HEAD"), 200, "*"},
		{"open, preflight PUT", CORSOpen, "OPTIONS", "/bucket/key", preflight("PUT"), 403, ""},
		{"open, preflight without method", CORSOpen, "OPTIONS", "/bucket/key", http.Header{"Origin": {"http://page.example"}}, 400, ""},
		{"rules, GET", CORSRules, "GET", "/bucket/key", http.Header{"Origin": {"http://page.example"}}, 200, ""},
		{"rules, preflight", CORSRules, "OPTIONS", "/bucket/key", preflight("GET"), 403, ""},
		{"default, GET", "", "GET", "/bucket/key", http.Header{"Origin": {"http://page.example"}}, 200, ""},
	} {
		w := newWorld(t, func(config *Config) { config.CORS = c.cors })
		w.must("PUT", "/bucket", http.Header{"X-Oss-Acl": {"public-read"}}, "")
		w.must("PUT", "/bucket/key", nil, "body")
		res, body := w.anonymous(c.method, c.target, c.header, "")
		if res.StatusCode != c.status || res.Header.Get("Access-Control-Allow-Origin") != c.origin {
			t.Errorf("%s: %s, Allow-Origin %q, want %d, %q\n%s", c.name, res.Status, res.Header.Get("Access-Control-Allow-Origin"), c.status, c.origin, body)
		}
		if res.Header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: credentials are allowed", c.name)
		}
	}
}

const corsRules = `<CORSConfiguration>
<CORSRule><AllowedOrigin>https://*.example.com</AllowedOrigin><AllowedOrigin>http://exact.example</AllowedOrigin>
<AllowedMethod>GET</AllowedMethod><AllowedMethod>PUT</AllowedMethod><AllowedHeader>x-oss-*</AllowedHeader><AllowedHeader>Range</AllowedHeader>
<ExposeHeader>ETag</ExposeHeader><ExposeHeader>x-oss-request-id</ExposeHeader><MaxAgeSeconds>60</MaxAgeSeconds></CORSRule>
<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>HEAD</AllowedMethod></CORSRule>
<CORSRule><AllowedOrigin>http://exact.example</AllowedOrigin><AllowedMethod>DELETE</AllowedMethod><AllowedHeader>*</AllowedHeader></CORSRule>
</CORSConfiguration>`

// TestCORSRules holds every origin, method and header against rules that allow few.
func TestCORSRules(t *testing.T) {
	for _, c := range []struct {
		name, origin, method, headers string
		preflight, actual             string // Access-Control-Allow-Origin; of a preflight "": 403
	}{
		{"wildcard", "https://a.example.com", "GET", "", "https://a.example.com", "https://a.example.com"},
		{"wildcard stands for dots", "https://a.b.example.com", "GET", "", "https://a.b.example.com", "https://a.b.example.com"},
		{"wildcard for nothing", "https://.example.com", "GET", "", "https://.example.com", "https://.example.com"},
		{"too short for the wildcard", "https://example.com", "GET", "", "", ""},
		{"behind the pattern", "https://a.example.com.evil.example", "GET", "", "", ""},
		{"another scheme", "http://a.example.com", "GET", "", "", ""},
		{"another port", "http://exact.example:81", "GET", "", "", ""},
		{"exact", "http://exact.example", "PUT", "", "http://exact.example", "http://exact.example"},
		{"another case", "http://EXACT.example", "PUT", "", "", ""},
		{"null", "null", "GET", "", "", ""},
		{"any origin", "null", "HEAD", "", "*", "*"},
		{"any origin, a header", "null", "HEAD", "range", "", "*"},
		{"headers", "http://exact.example", "PUT", "X-OSS-Meta-A, range", "http://exact.example", "http://exact.example"},
		{"one header too many", "http://exact.example", "PUT", "x-oss-meta-a, authorization", "", "http://exact.example"},
		{"empty headers", "http://exact.example", "PUT", ", ,", "http://exact.example", "http://exact.example"},
		{"the third rule", "http://exact.example", "DELETE", "anything", "http://exact.example", "http://exact.example"},
		{"a method of no rule", "http://exact.example", "POST", "", "", ""},
		{"no method at all", "http://exact.example", "BREW", "", "", ""},
	} {
		for _, mode := range []CORS{CORSRules, CORSOpen} {
			w := newWorld(t, func(config *Config) { config.CORS = mode })
			w.must("PUT", "/bucket", http.Header{"X-Oss-Acl": {"public-read-write"}}, "")
			w.must("PUT", "/bucket?cors", nil, corsRules)
			w.must("PUT", "/bucket/key", nil, "body")
			header := http.Header{"Origin": {c.origin}, "Access-Control-Request-Method": {c.method}}
			if c.headers != "" {
				header.Set("Access-Control-Request-Headers", c.headers)
			}
			wantPreflight, wantActual := c.preflight, c.actual
			if mode == CORSOpen && readable(c.method) {
				if wantPreflight == "" {
					wantPreflight = "*"
				}
				if wantActual == "" {
					wantActual = "*"
				}
			}
			res, body := w.anonymous("OPTIONS", "/bucket/key", header, "")
			status := 200
			if wantPreflight == "" {
				status = 403
			}
			if res.StatusCode != status || status == 403 && code(body) != "AccessForbidden" {
				t.Errorf("%s, %s: preflight answered %s %s, want %d", c.name, mode, res.Status, code(body), status)
			}
			checkAllowed(t, c.name+", preflight", res, wantPreflight)
			if c.method == "BREW" {
				continue
			}
			res, _ = w.anonymous(c.method, "/bucket/key", http.Header{"Origin": {c.origin}}, "")
			checkAllowed(t, c.name, res, wantActual)
			if c.preflight == c.origin && c.method != "DELETE" && res.Header.Get("Access-Control-Expose-Headers") != "ETag, x-oss-request-id" {
				t.Errorf("%s: exposed %q", c.name, res.Header.Get("Access-Control-Expose-Headers"))
			}
		}
	}
}

// checkAllowed: an answer that depends on the origin says so to caches, and no
// origin is ever allowed to send credentials.
func checkAllowed(t *testing.T, name string, res *http.Response, origin string) {
	t.Helper()
	if got := res.Header.Get("Access-Control-Allow-Origin"); got != origin {
		t.Errorf("%s: Access-Control-Allow-Origin: got %q, want %q", name, got, origin)
	}
	if got := res.Header.Get("Vary"); got != "Origin" {
		t.Errorf("%s: Vary: got %q, want Origin", name, got)
	}
	if res.Header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("%s: credentials are allowed", name)
	}
}

func TestPreflightAnswer(t *testing.T) {
	w := newWorld(t, func(config *Config) { config.CORS = CORSRules })
	w.must("PUT", "/bucket", nil, "")
	header := http.Header{"Origin": {"http://exact.example"}, "Access-Control-Request-Method": {"PUT"}, "Access-Control-Request-Headers": {"x-oss-a", "range"}}
	for _, target := range []string{"/bucket/key", "/none/key", "/"} {
		if res, body := w.anonymous("OPTIONS", target, header, ""); res.StatusCode != 403 || res.Header.Get("Vary") != "" || between(body, "<Message>", "</Message>") != "CORSResponse: CORS is not enabled for this bucket." {
			t.Errorf("%s without rules: %s\n%s", target, res.Status, body)
		}
	}
	w.must("PUT", "/bucket?cors", nil, corsRules)
	res, _ := w.anonymous("OPTIONS", "/bucket/key", header, "")
	for name, want := range map[string]string{
		"Access-Control-Allow-Methods": "GET, PUT", "Access-Control-Allow-Headers": "x-oss-a, range",
		"Access-Control-Expose-Headers": "ETag, x-oss-request-id", "Access-Control-Max-Age": "60",
	} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	for missing, want := range map[string]string{
		"Origin":                        "Insufficient information. Origin request header needed.",
		"Access-Control-Request-Method": "Insufficient information. Request Access-Control-Request-Method header needed.",
	} {
		incomplete := header.Clone()
		incomplete.Del(missing)
		if res, body := w.anonymous("OPTIONS", "/bucket/key", incomplete, ""); res.StatusCode != 400 || between(body, "<Message>", "</Message>") != want {
			t.Errorf("without %s: %s\n%s", missing, res.Status, body)
		}
	}
	// No Origin, no headers, but Vary is set all the same.
	if res, _ := w.do("GET", "/bucket/key", nil, ""); res.Header.Get("Vary") != "Origin" || res.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("without an Origin: %v", res.Header)
	}
}

// Any page may read, and only a page gets the list of headers that it may read.
func TestOpenCORS(t *testing.T) {
	w := newWorld(t, func(config *Config) { config.CORS = CORSOpen })
	w.must("PUT", "/bucket", nil, "")
	w.must("PUT", "/bucket/key", nil, "body")
	for origin, want := range map[string]string{"": "", "https://page.example": openExposed} {
		header := http.Header{}
		if origin != "" {
			header.Set("Origin", origin)
		}
		res, _ := w.do("GET", "/bucket/key", header, "")
		if got := res.Header.Get("Access-Control-Allow-Origin"); got != "*" {
			t.Errorf("origin %q: Access-Control-Allow-Origin: got %q, want *", origin, got)
		}
		if got := res.Header.Get("Access-Control-Expose-Headers"); got != want {
			t.Errorf("origin %q: exposed %q, want %q", origin, got, want)
		}
	}
}

func FuzzCORSMatch(f *testing.F) {
	f.Add("https://*.example.com", "https://a.example.com", "x-oss-*", "X-Oss-Meta-A,range")
	f.Add("*", "null", "*", "")
	f.Add("http://a*a", "http://a", "", "authorization")
	f.Fuzz(func(t *testing.T, pattern, origin, allowed, headers string) {
		rule := store.CORSRule{AllowedOrigins: []string{pattern}, AllowedMethods: []string{"GET"}, AllowedHeaders: []string{allowed}}
		names := headerNames([]string{headers})
		_, got, ok := match([]store.CORSRule{rule}, origin, "GET", names)
		want := origin != "" && like(pattern, origin)
		for _, name := range names {
			want = want && like(strings.ToLower(allowed), strings.ToLower(name))
		}
		if strings.Count(pattern, "*") > 1 || strings.Count(allowed, "*") > 1 {
			return // no rule has such a pattern
		}
		if ok != want || ok && got != origin && (got != "*" || pattern != "*") {
			t.Errorf("%q, %q with %q, %q: %v %q, want %v", pattern, allowed, origin, headers, ok, got, want)
		}
		if _, _, ok := match([]store.CORSRule{rule}, origin, "PUT", names); ok {
			t.Error("another method is allowed")
		}
	})
}

// like is fits by trying every text that the asterisk can stand for.
func like(pattern, text string) bool {
	for i := range len(text) + 1 {
		if strings.Replace(pattern, "*", text[min(strings.Index(pattern+"*", "*"), i):i], 1) == text {
			return true
		}
	}
	return false
}

// TestCORSOfTheBucketServed: behind a host that names no bucket the signature tells
// which one is meant, and its rules count, not those of a bucket the path might name.
func TestCORSOfTheBucketServed(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.CORS = CORSRules })
	rule := "<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>"
	w.must("PUT", "/open", nil, "")
	w.must("PUT", "/open?cors", nil, rule)
	w.must("PUT", "/closed", nil, "")
	for bucket, want := range map[string]string{"closed": "", "open": "*"} {
		key := map[string]string{"closed": "open/k", "open": "closed/k"}[bucket] // the path names the other bucket
		w.must("PUT", "/"+bucket+"/"+key, nil, "body of "+bucket)
		r := w.request("GET", "/"+key, http.Header{"Host": {"cdn.example.net"}, "Origin": {"http://evil.example"}}, nil)
		w.signAs(r, target{bucket: bucket, key: key}, url.Values{})
		res, body := w.read(w.serve(r))
		if body != "body of "+bucket {
			t.Fatalf("%s: %s %s", bucket, res.Status, body)
		}
		if got := res.Header.Get("Access-Control-Allow-Origin"); got != want {
			t.Errorf("an object of %s: Access-Control-Allow-Origin %q, want %q", bucket, got, want)
		}
	}
}
