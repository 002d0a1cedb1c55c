package door

import (
	"bytes"
	"net"
	"net/http"
	"strconv"
)

// writeHTTP writes what the HTTP server sends to c. It replaces the plain text with
// which net/http refuses, before any handler, what is not an HTTP request, by
// Config.Refusal.
func (d *Door) writeHTTP(c net.Conn, p []byte) (int, error) {
	status, ok := plainRefusal(p)
	if !ok {
		return c.Write(p)
	}
	if status == http.StatusRequestHeaderFieldsTooLarge {
		d.config.Exceeded("headSize")
	}
	if _, err := c.Write(d.config.Refusal(status)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// plainHead is the head of those answers of net/http, after the status line. The
// answer of a handler never has it: it has a Date.
var plainHead = []byte("\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n")

// plainRefusal returns the status of an answer that net/http gave by itself.
func plainRefusal(p []byte) (status int, ok bool) {
	line, found := bytes.CutPrefix(p, []byte("HTTP/1.1 "))
	if end := bytes.Index(line, []byte("\r\n")); !found || end < 3 || !bytes.HasPrefix(line[end:], plainHead) {
		return 0, false
	}
	status, err := strconv.Atoi(string(line[:3]))
	return status, err == nil && status >= 400
}
