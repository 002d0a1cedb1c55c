package rtmp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"testing"

	"osslive/rtmp/amf0"
	"osslive/rtmp/flv"
)

// counts returns how much a test of hostile input does: few normally, the number
// stated in integration/README.md with OSSLIVE_SOAK.
func counts(normally, soak int) int {
	if os.Getenv("OSSLIVE_SOAK") != "" {
		return soak
	}
	return normally
}

// TestHostileChunkSizes is R3: a chunk size is a claim. Whatever it is, memory
// follows the bytes that arrive, and a message that was begun under another one is
// whole.
func TestHostileChunkSizes(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789"), 100)
	tests := []struct {
		name  string
		sizes []uint32 // announced between the chunks of one message
		good  bool
	}{
		{"0", []uint32{0}, false},
		{"bit 31", []uint32{1 << 31}, false},
		{"bit 31 and more", []uint32{1<<32 - 1}, false},
		{"1", []uint32{1}, true},
		{"16,777,215", []uint32{1<<24 - 1}, true},
		{"16,777,216", []uint32{1 << 24}, true},
		{"2^31-1", []uint32{1<<31 - 1}, true},
		{"up and down within a message", []uint32{1, 300, 2, 65536}, true},
	}
	for _, tt := range tests {
		w := &chunker{size: 128}
		w.header(0, 6, 0, len(body), int(typeVideo), 1)
		rest := w.part(body)
		for _, size := range tt.sizes {
			w.message(2, typeSetChunkSize, 0, []byte{byte(size >> 24), byte(size >> 16), byte(size >> 8), byte(size)})
			w.size = int(min(max(size, 1), 1<<20))
			if len(rest) > 0 {
				w.basic(3, 6)
				rest = w.part(rest)
			}
		}
		for len(rest) > 0 {
			w.basic(3, 6)
			rest = w.part(rest)
		}
		// Then a giant of which only the beginning comes.
		w.header(0, 7, 0, flv.MaxData, int(typeVideo), 1)
		w.Write(make([]byte, min(100, w.size)))

		wire := w.Bytes()
		var got []messageSum
		var err error
		spent := allocated(func() { got, err = readChunks(bytes.NewReader(wire), 4096, openLimits()) })
		var protocol *ProtocolError
		switch {
		case tt.good && (len(got) != 1 || got[0] != sumMessage(message{typeVideo, 1, 0, body}) || err != io.ErrUnexpectedEOF):
			t.Errorf("%s: got %d messages, %v", tt.name, len(got), err)
		case !tt.good && !errors.As(err, &protocol):
			t.Errorf("%s: got %v, want a ProtocolError", tt.name, err)
		}
		t.Logf("R3: chunk size %s: %d bytes received, %d allocated, error %v", tt.name, len(wire), spent, err)
		if limit := uint64(4*len(wire) + 20<<10); spent > limit { // the reader's own tables are of a few KiB
			t.Errorf("%s: %d bytes allocated for %d received", tt.name, spent, len(wire))
		}
	}
}

// TestHostileHeaders is R6: chunk headers of every format in any order, with any
// lengths, types and times, behind a good beginning.
func TestHostileHeaders(t *testing.T) {
	n := counts(5000, 1_000_000)
	begin := &peer{w: chunker{size: 128}}
	begin.w.Write(append([]byte{3}, make([]byte, 2*handshakeSize)...))
	begin.command(0, "connect", 1, amf0.Object{{Name: "app", Value: amf0.String("live")}})
	begin.command(1, "publish", 3, amf0.Null{}, amf0.String("ch"), amf0.String("live"))
	ends := map[string]int{}
	var panicked *PanicError
	for seed := range n {
		r := rand.New(rand.NewPCG(uint64(seed), 6))
		w := &chunker{size: 128, twoByte: seed%2 == 0}
		for range 1 + r.IntN(30) {
			csid := 2 + r.IntN(8)
			if r.IntN(8) == 0 {
				csid = 64 + r.IntN(1000)
			}
			length := []int{0, 1, 4, 100, 128, 129, 1000, 70_000, 1<<24 - 1}[r.IntN(9)]
			typ := []int{1, 2, 3, 4, 5, 6, 8, 9, 15, 17, 18, 20, 22, 99}[r.IntN(14)]
			w.header(r.IntN(4), csid, []uint32{0, 40, 0xfffffe, 0xffffff, 0xffffffff}[r.IntN(5)], length, typ, r.IntN(3))
			part := make([]byte, min(length, r.IntN(200)))
			for i := range part {
				part[i] = byte(r.Uint32())
			}
			w.Write(part)
		}
		var end CloseInfo
		s := &Server{Handler: &discard{}, OnClose: func(i CloseInfo) { end = i }}
		s.ServeConn(&scripted{io.MultiReader(bytes.NewReader(begin.w.Bytes()), bytes.NewReader(w.Bytes()))})
		if errors.As(end.Reason, &panicked) {
			t.Fatalf("seed %d: %v\n%s", seed, panicked, panicked.Stack)
		}
		var protocol *ProtocolError
		switch {
		case end.Limit != "":
			ends["limit"]++
		case errors.As(end.Reason, &protocol):
			ends["protocol error"]++
		default:
			ends["end of the bytes"]++
		}
	}
	t.Logf("R6: %d connections of random headers, crashes 0; ended by %s", n, fmt.Sprint(ends))
	if len(ends) < 3 {
		t.Errorf("ends: got %v, want all three kinds", ends)
	}
}
