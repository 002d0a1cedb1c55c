package server

import (
	"osslive/server/door/doortest"
	"strings"
	"testing"
)

// TestNotHTTP: what net/http refuses before any handler is refused in our form.
func TestNotHTTP(t *testing.T) {
	n := start(t, nil)
	for name, c := range map[string]struct{ send, status, code string }{
		"escape":        {"GET /demo/%zz HTTP/1.1\r\nHost: h\r\n\r\n", "400 Bad Request", "InvalidRequest"},
		"length":        {"PUT /demo/k HTTP/1.1\r\nHost: h\r\nContent-Length: abc\r\n\r\n", "400 Bad Request", "InvalidRequest"},
		"two lengths":   {"PUT /demo/k HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "400 Bad Request", "InvalidRequest"},
		"no host":       {"GET / HTTP/1.1\r\n\r\n", "400 Bad Request", "InvalidRequest"},
		"no request":    {"hello\r\n\r\n", "400 Bad Request", "InvalidRequest"},
		"large headers": {"GET / HTTP/1.1\r\nHost: h\r\nX: " + strings.Repeat("x", 80<<10) + "\r\n\r\n", "431 Request Header Fields Too Large", "RequestHeaderSectionTooLarge"},
	} {
		t.Run(name, func(t *testing.T) {
			got := doortest.Exchange(t, n.Listen, []byte(c.send))
			head, body, _ := strings.Cut(got, "\r\n\r\n")
			for _, want := range []string{"HTTP/1.1 " + c.status, "x-oss-request-id: ", "Content-Type: application/xml", "Connection: close"} {
				if !strings.Contains(head, want) {
					t.Errorf("no %q in\n%s", want, head)
				}
			}
			if !strings.HasPrefix(body, "<?xml") || !strings.Contains(body, "<Code>"+c.code+"</Code>") {
				t.Errorf("body %q, want an error document with %s", body, c.code)
			}
		})
	}
}
