package server

import (
	"bytes"
	"net"
	"net/http"
	"strconv"

	"osslive/server/api"
)

// writeHTTP passes on what the HTTP server writes to c, but for the text that
// net/http itself answers with to what is no HTTP request, before any handler:
// that becomes an error document like all others. limit is told of a head that was
// too long.
func writeHTTP(c net.Conn, limit func(string), p []byte) (int, error) {
	status, ok := plainRefusal(p)
	if !ok {
		return c.Write(p)
	}
	if status == http.StatusRequestHeaderFieldsTooLarge {
		limit("headSize")
	}
	if _, err := c.Write(api.Refusal(status)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// plainHead is the head of those answers of net/http, after the status line. No
// handler's answer has it: theirs have a date.
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
