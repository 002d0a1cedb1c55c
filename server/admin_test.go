package server

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestGuard: whatever a page of another origin makes a browser send is refused,
// at every path of the admin address.
func TestGuard(t *testing.T) {
	handler := guard([]string{"console.example.com"}, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	type header map[string]string
	navigate := header{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
	for _, c := range []struct {
		name, method, host string
		header             header
		want               int
	}{
		{"curl", "GET", "127.0.0.1:9001", nil, 200},
		{"curl that posts", "POST", "127.0.0.1:9001", nil, 200},
		{"localhost", "GET", "localhost:9001", nil, 200},
		{"upper case, trailing dot", "GET", "LOCALHOST.:9001", nil, 200},
		{"IPv6", "GET", "[::1]:9001", nil, 200},
		{"all of 127/8", "GET", "127.8.8.8:9001", nil, 200},
		{"--admin-host", "GET", "console.example.com", nil, 200},
		{"--admin-host in upper case", "GET", "Console.Example.Com:9001", nil, 200},
		{"a typed address", "GET", "localhost:9001", header{"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}, 200},
		{"own form", "POST", "localhost:9001", header{"Origin": "http://localhost:9001", "Sec-Fetch-Site": "same-origin"}, 200},
		{"own form behind TLS", "POST", "console.example.com", header{"Origin": "https://console.example.com"}, 200},
		{"own event stream", "GET", "localhost:9001", header{"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}, 200},
		{"a link from elsewhere", "GET", "localhost:9001", navigate, 200},

		{"DNS rebinding", "GET", "evil.example:9001", nil, 403},
		{"DNS rebinding, own origin", "POST", "evil.example:9001", header{"Origin": "http://evil.example:9001", "Sec-Fetch-Site": "same-origin"}, 403},
		{"a name that looks like loopback", "GET", "127.0.0.1.nip.example:9001", nil, 403},
		{"below localhost", "GET", "demo.localhost:9001", nil, 403},
		{"below an --admin-host", "GET", "x.console.example.com", nil, 403},
		{"an address of the network", "GET", "192.0.2.1:9001", nil, 403},
		{"unspecified", "GET", "0.0.0.0:9001", nil, 403},
		{"a number", "GET", "2130706433:9001", nil, 403},
		{"no host", "GET", "", nil, 403},
		{"foreign origin", "POST", "127.0.0.1:9001", header{"Origin": "http://evil.example"}, 403},
		{"foreign origin reads", "GET", "127.0.0.1:9001", header{"Origin": "http://evil.example"}, 403},
		{"foreign origin asks first", "OPTIONS", "127.0.0.1:9001", header{"Origin": "http://evil.example"}, 403},
		{"the API's origin", "POST", "127.0.0.1:9001", header{"Origin": "http://127.0.0.1:9000"}, 403},
		{"another name of this machine", "POST", "127.0.0.1:9001", header{"Origin": "http://localhost:9001"}, 403},
		{"a file, a sandbox", "POST", "127.0.0.1:9001", header{"Origin": "null"}, 403},
		{"an origin that is none", "POST", "127.0.0.1:9001", header{"Origin": "127.0.0.1:9001"}, 403},
		{"an extension", "POST", "127.0.0.1:9001", header{"Origin": "chrome-extension://127.0.0.1:9001"}, 403},
		{"an empty origin", "POST", "127.0.0.1:9001", header{"Origin": ""}, 403},
		{"a foreign form without Origin", "POST", "127.0.0.1:9001", header{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, 403},
		{"the API's page, same site", "POST", "127.0.0.1:9001", header{"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"}, 403},
		{"a foreign script tag", "GET", "127.0.0.1:9001", header{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"}, 403},
		{"a foreign frame", "GET", "127.0.0.1:9001", header{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, 403},
	} {
		r := httptest.NewRequest(c.method, "/metrics", nil)
		r.Host = c.host
		for name, value := range c.header {
			r.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%s: got %d, want %d", c.name, w.Code, c.want)
		}
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.Host = "localhost"
	r.Header["Origin"] = []string{"http://localhost", "http://evil.example"}
	w := httptest.NewRecorder()
	if handler.ServeHTTP(w, r); w.Code != http.StatusForbidden {
		t.Errorf("two origins: got %d, want 403", w.Code)
	}
}
