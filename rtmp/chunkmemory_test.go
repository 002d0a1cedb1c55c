package rtmp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"testing"

	"osslive/rtmp/flv"
)

// allocated returns the bytes that f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestChunkMemoryFollowsBytes(t *testing.T) {
	const overhead = 16 << 10 // the chunk reader itself, its chunk streams and growStep
	w := &chunker{size: 128}
	w.setSize(1<<31 - 1)
	w.header(0, 6, 0, flv.MaxData, int(typeVideo), 1)
	head := w.Len()
	for _, sent := range []int{0, 1, 128, 10_000, 1 << 20} {
		wire := append(slices.Clone(w.Bytes()), make([]byte, sent)...)
		buf := make([]byte, 4096)
		got := allocated(func() {
			r := newChunkReader(bytes.NewReader(wire), buf, openLimits(), new(memory))
			m, _ := r.next()
			r.setChunkSize(m)
			r.next()
		})
		// Doubling allocates the sum of a geometric series.
		if want := uint64(4*(sent+head) + overhead); got > want {
			t.Errorf("16 MiB announced, %d bytes sent: %d bytes allocated, want at most %d", sent, got, want)
		}
	}
}

func TestChunkBudget(t *testing.T) {
	limits := openLimits()
	limits.BufferedWaiting = 3 << 17 // bodies take powers of two
	partial := func(csids ...int) *chunker {
		w := &chunker{size: 128}
		w.setSize(90_000)
		for _, csid := range csids {
			w.header(0, csid, 0, 100_000, int(typeVideo), 1)
			w.part(make([]byte, 100_000))
		}
		return w
	}
	tests := []struct {
		name string
		wire *chunker
		want error
	}{
		{"three unfinished", partial(3, 4, 5), io.ErrUnexpectedEOF},
		{"four unfinished", partial(3, 4, 5, 6), &LimitError{}},
		{"finished ones do not count", func() *chunker {
			w := &chunker{size: 128}
			w.setSize(90_000)
			for csid := 3; csid < 33; csid++ {
				w.message(csid, typeVideo, 0, make([]byte, 100_000))
			}
			return w
		}(), io.EOF},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := readChunks(&tt.wire.Buffer, 4096, limits)
			var limit *LimitError
			if errors.As(tt.want, &limit) {
				if !errors.As(err, &limit) || limit.Limit != "BufferedWaiting" {
					t.Errorf("got %v, want the limit", err)
				}
			} else if err != tt.want {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

// A chunk stream has memory only while a message of it is in progress or in use.
func TestChunkMemoryIsGivenBack(t *testing.T) {
	w := &chunker{size: 128}
	w.message(6, typeVideo, 0, make([]byte, 1<<20))
	w.message(4, typeAudio, 0, make([]byte, 100))
	r := newChunkReader(&w.Buffer, make([]byte, 4096), openLimits(), new(memory))
	r.next()
	if r.held < 1<<20 {
		t.Fatalf("with the giant in use: %d bytes held, want at least %d", r.held, 1<<20)
	}
	r.next()
	if r.held != 0 {
		t.Errorf("after it: %d bytes held, want none", r.held)
	}
}

// endless repeats its bytes.
type endless struct {
	wire []byte
	pos  int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.wire[e.pos:])
	e.pos = (e.pos + n) % len(e.wire)
	return n, nil
}

func endlessReader(chunkSize int) (r *chunkReader, messages, chunks, size int) {
	w := &chunker{size: chunkSize}
	for i := range 50 {
		n := 5000
		if i%2 == 1 {
			n = 300
		}
		w.message(6-2*(i%2), messageType(9-i%2), uint32(i*20), make([]byte, n))
		chunks += (n + chunkSize - 1) / chunkSize
	}
	size = w.Len()
	r = newChunkReader(&endless{wire: w.Bytes()}, make([]byte, 64<<10), openLimits(), new(memory))
	r.chunkSize = uint32(chunkSize)
	return r, 50, chunks, size
}

func TestChunkReaderDoesNotAllocate(t *testing.T) {
	for _, size := range []int{128, 4096, 65536} {
		r, messages, _, _ := endlessReader(size)
		for range 2 * messages {
			r.next() // body buffers reach their size
		}
		if got := testing.AllocsPerRun(1000, func() {
			if _, err := r.next(); err != nil {
				t.Fatal(err)
			}
		}); got != 0 {
			t.Errorf("chunks of %d: %v allocations a message, want 0", size, got)
		}
	}
}

func BenchmarkChunkReader(b *testing.B) {
	for _, size := range []int{128, 4096} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			r, messages, chunks, bytes := endlessReader(size)
			b.SetBytes(int64(bytes))
			b.ReportAllocs()
			for b.Loop() {
				for range messages {
					if _, err := r.next(); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*chunks), "ns/chunk")
		})
	}
}
