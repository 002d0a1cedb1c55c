package server

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"osslive/rtmp"
	"osslive/server/door"
)

// connect opens a connection that the test's end closes.
func connect(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c
}

// ask makes one request of a connection and leaves it open.
func ask(c net.Conn) error {
	if _, err := io.WriteString(c, "GET /demo/none HTTP/1.1\r\nHost: h\r\n\r\n"); err != nil {
		return err
	}
	r, err := http.ReadResponse(bufio.NewReaderSize(c, 1<<10), nil)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return err
	}
	if r.StatusCode != http.StatusNotFound {
		return fmt.Errorf("status %s, want 404", r.Status)
	}
	return nil
}

// TestConnectionLimit: over the limit a connection is closed at once, one that
// ends makes room for another, and a publisher takes no room.
func TestConnectionLimit(t *testing.T) {
	const limit = 4
	n := start(t, func(c *Config) { c.limits = door.Limits{Connections: limit, Header: time.Minute, Idle: time.Minute} })
	publisher, err := rtmp.Dial(t.Context(), publishURL(n, n.Listen))
	if err != nil {
		t.Fatal(err)
	}
	defer publisher.Close()
	var open []net.Conn
	for i := range limit {
		c := connect(t, n.Listen)
		if i > 0 { // the first says nothing: undecided ones count
			if err := ask(c); err != nil {
				t.Fatalf("connection %d: %v", i+1, err)
			}
		}
		open = append(open, c)
	}
	began := time.Now()
	if err := ask(connect(t, n.Listen)); err == nil {
		t.Errorf("connection %d was served", limit+1)
	} else if took := time.Since(began); took > 8*time.Second { // neither the deadline of a minute nor that of connect
		t.Errorf("connection %d was closed after %v, want at once", limit+1, took)
	}
	if err := ask(open[1]); err != nil {
		t.Errorf("one of those within the limit: %v", err)
	}
	for _, c := range open[:2] {
		c.Close()
		eventually(t, "room for another", func() bool { return ask(connect(t, n.Listen)) == nil })
	}
}

// TestSlowHeaders: connections that drip their headers are closed at the
// deadline, and hinder nobody until then.
func TestSlowHeaders(t *testing.T) {
	const count, deadline = 200, 300 * time.Millisecond
	const patience = 8 * time.Second // of this test, on a busy machine; less than that of connect
	n := start(t, func(c *Config) { c.limits = door.Limits{Connections: 1000, Header: deadline, Idle: time.Minute} })
	quick := connect(t, n.Listen)
	if err := ask(quick); err != nil {
		t.Fatal(err)
	}
	baseline := runtime.NumGoroutine()

	var drips sync.WaitGroup
	for i := range count {
		c := connect(t, n.Listen)
		drips.Go(func() {
			head := "GET /demo/none HTTP/1.1\r\nHost: h\r\nX: "
			began := time.Now()
			io.WriteString(c, head[:1+i%len(head)])
			tick := time.NewTicker(deadline / 10)
			defer tick.Stop()
			for range tick.C {
				if _, err := io.WriteString(c, "x"); err != nil {
					return
				}
				if time.Since(began) > patience {
					t.Errorf("connection %d drips after %v, want it closed after %v", i, patience, deadline)
					return
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { drips.Wait(); close(done) }()
	var took []time.Duration
	for over := false; !over; {
		began := time.Now()
		if err := ask(quick); err != nil {
			t.Fatal(err)
		}
		took = append(took, time.Since(began))
		select {
		case <-done:
			over = true
		default:
		}
	}
	slices.Sort(took)
	p99 := took[len(took)*99/100]
	t.Logf("among %d dripping connections: %d small GETs, p99 %v", count, len(took), p99)
	eventually(t, "no more goroutines than before", func() bool { return runtime.NumGoroutine() <= baseline })
}

// TestIdleConnections: they cost little, and go after the idle time.
func TestIdleConnections(t *testing.T) {
	const count = 500
	n := start(t, func(c *Config) { c.limits = door.Limits{Connections: 1000, Header: time.Minute, Idle: 3 * time.Second} })
	first := connect(t, n.Listen)
	if err := ask(first); err != nil { // makes what is made once
		t.Fatal(err)
	}
	if _, err := first.Read(make([]byte, 1)); err != io.EOF {
		t.Fatalf("an idle connection ended with %v", err)
	}
	baseline, before := runtime.NumGoroutine(), memory()
	for range count {
		if err := ask(connect(t, n.Listen)); err != nil {
			t.Fatal(err)
		}
	}
	open := runtime.NumGoroutine() - baseline
	each := float64(memory()-before) / count / 1024
	t.Logf("%d idle connections, both ends: %.1f KiB each", count, each)
	if open < count*9/10 {
		t.Errorf("%d goroutines for %d connections: some were closed early", open, count)
	}
	if each > 32 {
		t.Errorf("%.1f KiB each, want at most 32", each)
	}
	eventually(t, "no more goroutines than before", func() bool { return runtime.NumGoroutine() <= baseline })
}

// memory returns the bytes of live objects and stacks.
func memory() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
