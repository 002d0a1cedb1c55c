package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

const testToken = "sixteen-characters-or-more"

// TestTrustedCallers checks which callers may sign and change. A caller is trusted if
// the page of a private channel has a signed URL.
func TestTrustedCallers(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.Token = testToken })
	f.putChannel(t, "closed", "ch")
	w := f.do(http.MethodPost, "/login", there, url.Values{"token": {testToken}})
	cookie := w.Header().Get("Set-Cookie")
	if w.Code != http.StatusSeeOther || !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Strict") || strings.Contains(cookie, testToken) {
		t.Fatalf("login: got %d, cookie %q", w.Code, cookie)
	}
	cookie, _, _ = strings.Cut(cookie, ";")
	with := func(o origin, name, value string) origin {
		o.header = http.Header{name: {value}}
		return o
	}
	for _, c := range []struct {
		name  string
		from  origin
		token string
		want  bool
	}{
		{"this machine", here, testToken, true},
		{"this machine by IPv6", origin{host: "[::1]:9001", peer: "[::1]:5000"}, testToken, true},
		{"this machine, no token is set", here, "", true},
		{"a proxy on this machine", origin{host: "console.example.com", peer: "127.0.0.1:5000"}, testToken, false},
		{"another machine with a loopback Host", origin{host: "127.0.0.1:9001", peer: "192.0.2.9:5000"}, testToken, false},
		{"another machine", there, testToken, false},
		{"another machine, no token is set", there, "", false},
		{"the token in the header", with(there, TokenHeader, testToken), testToken, true},
		{"a wrong token", with(there, TokenHeader, testToken+"x"), testToken, false},
		{"an empty token, none is set", with(there, TokenHeader, ""), "", false},
		{"the cookie of a login", with(there, "Cookie", cookie), testToken, true},
		{"a cookie with the token itself", with(there, "Cookie", cookieName+"="+testToken), testToken, false},
		{"a cookie from before the token was changed", with(there, "Cookie", cookie), testToken + "2", false},
		{"an empty cookie, no token is set", with(there, "Cookie", cookieName+"="), "", false},
	} {
		f.Token = c.token
		f.handler = New(f.Config)
		page := f.get(t, "/channel/closed/ch", c.from)
		if got := strings.Contains(page, "Signature="); got != c.want {
			t.Errorf("%s: signed is %v, want %v", c.name, got, c.want)
		}
	}
}

func TestLoginRefusesWrongToken(t *testing.T) {
	for _, token := range []string{"", testToken} {
		f := newFixture(t, func(c *Config) { c.Token = token })
		for _, guess := range []string{"", "x", testToken + " "} {
			w := f.do(http.MethodPost, "/login", there, url.Values{"token": {guess}})
			if w.Code != http.StatusBadRequest || w.Header().Get("Set-Cookie") != "" {
				t.Errorf("token %q, login with %q: got %d, cookie %q, want 400", token, guess, w.Code, w.Header().Get("Set-Cookie"))
			}
		}
	}
}

// TestSecurityHeaders checks that every answer lets only the console's own files run
// or show on a page.
func TestSecurityHeaders(t *testing.T) {
	f := newFixture(t, nil)
	for _, target := range []string{"/", "/login", "/channel/open/none", "/static/console.js", "/no-such-page"} {
		h := f.do(http.MethodGet, target, here, nil).Header()
		csp := h.Get("Content-Security-Policy")
		wantAll(t, "policy of "+target, csp, "default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'")
		if strings.Contains(csp, "unsafe") || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: got %v", target, h)
		}
	}
}
