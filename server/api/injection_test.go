package api

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// headLine is a line of an answer's head: no control characters but a tab, and
// nothing of what the requests below try to put in.
var headLine = regexp.MustCompile(`^(HTTP/1\.1 \d\d\d [A-Za-z: -]*|[!-9;-~]+: [^\x00-\x08\x0a-\x1f\x7f]*)$`)

// TestInjectedLines sends line ends and control characters wherever a request's
// text comes back in the head of an answer, of this one or a later one.
func TestInjectedLines(t *testing.T) {
	w := newWorld(t)
	w.must("PUT", "/bucket", http.Header{"X-Oss-Acl": {"public-read-write"}}, "")
	w.must("PUT", "/bucket/key", nil, "body")
	attacks := []string{
		"a\r\nX-Injected: 1", "a\nX-Injected: 1", "a\rX-Injected: 1", "a\r\n\r\nX-Injected", "a\x00b", "a\x01b", "a\x1bb", "a\x7fb", "a\u0085X-Injected: 1",
		"a\u2028X-Injected: 1", "嘊X-Injected: 1", "\xe5\x98\x8a", "\xff", "a\tb", "%0d%0aX-Injected: 1", "=?utf-8?B?DQpYLUluamVjdGVkOiAx?=",
	}
	places := []struct{ name, request string }{ // %s is the text, {} is the text escaped for a URL
		{"metadata", "PUT /bucket/stored HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nx-oss-meta-a: %s\r\n\r\nx"},
		{"content type", "PUT /bucket/stored HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Type: %s\r\n\r\nx"},
		{"disposition", "PUT /bucket/stored HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Disposition: %s\r\n\r\nx"},
		{"expiry", "PUT /bucket/stored HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nExpires: %s\r\n\r\nx"},
		{"metadata of a copy", "PUT /bucket/stored HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nx-oss-copy-source: /bucket/key\r\n" +
			"x-oss-metadata-directive: REPLACE\r\nx-oss-meta-a: %s\r\n\r\n"},
		{"metadata of an append", "POST /bucket/stored-by-append?append&position=0 HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nx-oss-meta-a: %s\r\n\r\n"},
		{"origin", "GET /bucket/key HTTP/1.1\r\nHost: h\r\nOrigin: http://%s\r\n\r\n"},
		{"preflight", "OPTIONS /bucket/key HTTP/1.1\r\nHost: h\r\nOrigin: http://o\r\nAccess-Control-Request-Method: PUT\r\nAccess-Control-Request-Headers: %s\r\n\r\n"},
		{"range", "GET /bucket/key HTTP/1.1\r\nHost: h\r\nRange: bytes=%s\r\n\r\n"},
		{"host", "GET /bucket/key HTTP/1.1\r\nHost: %s\r\n\r\n"},
		{"authorization", "GET /bucket/key HTTP/1.1\r\nHost: h\r\nDate: x\r\nAuthorization: OSS ak:%s\r\n\r\n"},
		{"key", "GET /bucket/{} HTTP/1.1\r\nHost: h\r\n\r\n"},
		{"key of a HEAD", "HEAD /bucket/{} HTTP/1.1\r\nHost: h\r\n\r\n"}, // the document is in a header
		{"bucket", "HEAD /{}/key HTTP/1.1\r\nHost: h\r\n\r\n"},
		{"prefix", "GET /bucket?prefix={} HTTP/1.1\r\nHost: h\r\n\r\n"},
		{"sub-resource", "HEAD /bucket/key?{} HTTP/1.1\r\nHost: h\r\n\r\n"},
		{"request id", "HEAD /bucket/key HTTP/1.1\r\nHost: h\r\nx-oss-request-id: %s\r\n\r\n"},
	}
	heads := 0
	for _, place := range places {
		for _, attack := range attacks {
			raw := strings.Replace(strings.Replace(place.request, "%s", attack, 1), "{}", url.PathEscape(attack), 1)
			for _, request := range []string{raw, "HEAD /bucket/stored HTTP/1.1\r\nHost: h\r\n\r\n", "GET /bucket/stored-by-append HTTP/1.1\r\nHost: h\r\n\r\n"} {
				head := w.answerHead(t, request)
				for _, line := range strings.Split(head, "\r\n") {
					heads++
					if !headLine.MatchString(line) || strings.HasPrefix(line, "X-Injected") {
						t.Errorf("%s of %q: line %q in\n%s", place.name, attack, line, head)
					}
				}
			}
		}
	}
	t.Logf("%d places, %d texts, %d lines of answers", len(places), len(attacks), heads)
}

// answerHead returns the head of the first answer, as it is on the wire.
func (w *world) answerHead(t *testing.T, request string) string {
	t.Helper()
	conn := w.dial(t)
	defer conn.Close()
	io.WriteString(conn, request)
	answer := bufio.NewReader(conn)
	var head bytes.Buffer
	for !bytes.HasSuffix(head.Bytes(), []byte("\r\n\r\n")) {
		b, err := answer.ReadByte()
		if err != nil {
			t.Fatalf("%q: %v after %q", request, err, head.String())
		}
		head.WriteByte(b)
	}
	return strings.TrimSuffix(head.String(), "\r\n\r\n")
}
