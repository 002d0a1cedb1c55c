package server

import (
	"net/http"
	"testing"
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
