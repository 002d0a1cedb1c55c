package server

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestFirstByte decides all 256 first bytes, with nothing and with much behind.
func TestFirstByte(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	echo := func(name string, c net.Conn) {
		defer c.Close()
		var first [1]byte
		if _, err := io.ReadFull(c, first[:]); err == nil {
			fmt.Fprintf(c, "%s %d", name, first[0])
		}
	}
	s := newSniffer(l, sniffing{rtmp: func(c net.Conn) func() { return func() { echo("rtmp", c) } }, slots: make(slots, 16), wait: 10 * time.Second,
		limit: func(string) {}, log: slog.New(slog.DiscardHandler), told: new(atomic.Int64)})
	defer s.Close()
	go func() {
		for {
			c, err := s.Accept()
			if err != nil {
				return
			}
			go echo("http", c)
		}
	}()
	slowest := time.Duration(0)
	for _, tail := range []string{"", "ET / HTTP/1.1\r\n\r\n"} {
		for b := range 256 {
			want := ""
			switch {
			case b == 3:
				want = "rtmp 3"
			case 'A' <= b && b <= 'Z', 'a' <= b && b <= 'z':
				want = fmt.Sprintf("http %d", b)
			}
			began := time.Now()
			got := exchange(t, l.Addr().String(), append([]byte{byte(b)}, tail...))
			slowest = max(slowest, time.Since(began))
			if got != want {
				t.Errorf("first byte %#x with %d behind: got %q, want %q", b, len(tail), got, want)
			}
		}
	}
	t.Logf("R2: 512 connections decided, slowest %v", slowest)
}

// A connection has its slot until it counts as one of RTMP, however long that takes.
func TestSlotUntilAdmitted(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	admitting, admit, limits := make(chan struct{}, 2), make(chan struct{}), make(chan string, 1)
	s := newSniffer(l, sniffing{
		rtmp: func(c net.Conn) func() {
			admitting <- struct{}{}
			<-admit
			return func() { c.Close() }
		},
		slots: make(slots, 1), wait: 10 * time.Second,
		limit: func(name string) { limits <- name }, log: slog.New(slog.DiscardHandler), told: new(atomic.Int64)})
	defer s.Close()
	first := make(chan string, 1)
	go func() { first <- exchange(t, l.Addr().String(), []byte{3}) }()
	<-admitting
	exchange(t, l.Addr().String(), []byte{3})
	if got := <-limits; got != "connections" {
		t.Errorf("limit %q, want connections", got)
	}
	close(admit)
	<-first
	exchange(t, l.Addr().String(), []byte{3})
	<-admitting
}

// exchange sends and returns what comes back until the end. A reset is an end:
// the server closes without reading what it does not want.
func exchange(t *testing.T, address string, send []byte) string {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	c.Write(send)
	answer, err := io.ReadAll(c)
	if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
		t.Fatalf("first byte %#x: no end within 5 s", send[0])
	}
	return string(answer)
}

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
			got := exchange(t, n.Listen, []byte(c.send))
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
