package door

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"osslive/server/door/doortest"
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
	s := New(Config{
		RTMP:   func(c net.Conn) func() { return func() { echo("rtmp", c) } },
		Limits: Limits{Connections: 16, Header: 10 * time.Second}, Exceeded: func(string) {},
		Logger: slog.New(slog.DiscardHandler),
	}).Listen(l)
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
			got := doortest.Exchange(t, l.Addr().String(), append([]byte{byte(b)}, tail...))
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
	s := New(Config{
		RTMP: func(c net.Conn) func() {
			admitting <- struct{}{}
			<-admit
			return func() { c.Close() }
		},
		Limits: Limits{Connections: 1, Header: 10 * time.Second}, Exceeded: func(name string) { limits <- name },
		Logger: slog.New(slog.DiscardHandler),
	}).Listen(l)
	defer s.Close()
	first := make(chan string, 1)
	go func() { first <- doortest.Exchange(t, l.Addr().String(), []byte{3}) }()
	<-admitting
	doortest.Exchange(t, l.Addr().String(), []byte{3})
	if got := <-limits; got != "connections" {
		t.Errorf("limit %q, want connections", got)
	}
	close(admit)
	<-first
	doortest.Exchange(t, l.Addr().String(), []byte{3})
	<-admitting
}
