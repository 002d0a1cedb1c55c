package server

import (
	"bytes"
	"encoding/binary"
	"io"
	"osslive/server/door"
	"runtime"
	"testing"
	"time"
)

// Frame types and flags (RFC 9113 §6).
const (
	frameHeaders      = 1
	frameReset        = 3
	frameSettings     = 4
	framePing         = 6
	frameContinuation = 9

	endStream, endHeaders = 1, 4
)

// frame is one frame of HTTP/2.
func frame(kind, flags byte, stream uint32, payload []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(payload))<<8|uint32(kind))
	b = append(b, flags)
	b = binary.BigEndian.AppendUint32(b, stream)
	return append(b, payload...)
}

// getRoot is GET https://h/ in HPACK: three of the static table, and one literal.
var getRoot = []byte{0x82, 0x87, 0x84, 0x41, 1, 'h'}

// TestHTTP2Abuse: clients that make the server work without ever taking an answer.
// It stays within its bounds, others are served, and nothing is left afterwards.
func TestHTTP2Abuse(t *testing.T) {
	const (
		long      = 400 * time.Millisecond
		goroutine = 5 * door.StreamsOfConnection // net/http queues at most four times the streams
		heap      = 32 << 20
	)
	request := func(stream uint32) []byte { return frame(frameHeaders, endStream|endHeaders, stream, getRoot) }
	block := append([]byte{0x82, 0x87, 0x84, 0x41, 1, 'h', 0, 1, 'x', 0x7f, 0x81, 0x3e}, bytes.Repeat([]byte{'y'}, 8000)...)
	for _, c := range []struct {
		name  string
		first []byte
		next  func(i uint32) []byte
		ends  bool // the server has to hang up
	}{
		{"rapid reset", nil, func(i uint32) []byte {
			return append(request(2*i+1), frame(frameReset, 0, 2*i+1, []byte{0, 0, 0, 8})...)
		}, false},
		{"requests without an end", nil, func(i uint32) []byte { return request(2*i + 1) }, false},
		{"endless header", frame(frameHeaders, endStream, 1, block), func(uint32) []byte {
			return frame(frameContinuation, 0, 1, block[6:])
		}, true},
		{"settings", nil, func(uint32) []byte { return frame(frameSettings, 0, 0, nil) }, false},
		{"pings", nil, func(uint32) []byte { return frame(framePing, 0, 0, make([]byte, 8)) }, false},
		{"empty continuations", frame(frameHeaders, endStream, 1, getRoot), func(uint32) []byte {
			return frame(frameContinuation, 0, 1, nil)
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, trust := secured(t)
			other := connect(t, n.Listen)
			if err := ask(other); err != nil {
				t.Fatal(err)
			}
			calm, before := runtime.NumGoroutine(), memory()
			abuser := dialTLS(t, n, trust, "h2")
			go io.Copy(io.Discard, abuser) // some of the abuse needs a client that reads
			io.WriteString(abuser, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
			abuser.Write(frame(frameSettings, 0, 0, nil))
			abuser.Write(c.first)
			began, slowest, most, frames := time.Now(), time.Duration(0), 0, uint32(0)
			var hungUp error
			limit := long
			if c.ends {
				limit = 10 * time.Second
			}
			for hungUp == nil && time.Since(began) < limit {
				var batch []byte
				for range 64 {
					batch = append(batch, c.next(frames)...)
					frames++
				}
				abuser.SetWriteDeadline(time.Now().Add(time.Second))
				_, hungUp = abuser.Write(batch)
				most = max(most, runtime.NumGoroutine())
				if frames%4096 == 0 {
					asked := time.Now()
					if err := ask(other); err != nil {
						t.Fatalf("another client during it: %v", err)
					}
					slowest = max(slowest, time.Since(asked))
				}
			}
			grown := memory() - before
			t.Logf("%d frames in %v, ended by %v; %d goroutines more at most, %.1f MiB more; another client waited %v at most",
				frames, time.Since(began).Round(time.Millisecond), hungUp, most-calm, float64(grown)/(1<<20), slowest)
			if c.ends && hungUp == nil {
				t.Error("the server did not hang up")
			}
			if most-calm > goroutine {
				t.Errorf("%d goroutines more, want at most %d", most-calm, goroutine)
			}
			if grown > heap {
				t.Errorf("%d bytes more, want at most %d", grown, heap)
			}
			if err := ask(other); err != nil {
				t.Errorf("another client afterwards: %v", err)
			}
			abuser.Close()
			eventually(t, "no more goroutines than before", func() bool { return runtime.NumGoroutine() <= calm })
		})
	}
}
