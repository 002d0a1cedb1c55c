package rtmp

import (
	"bytes"
	"context"
	"runtime"
	"testing"
	"time"

	"osslive/rtmp/amf0"
	"osslive/rtmp/flv"
)

// counted is a scripted connection that counts the calls of its methods.
type counted struct {
	scripted
	reads, deadlines int
}

func (c *counted) Read(p []byte) (int, error) {
	c.reads++
	return c.scripted.Read(p)
}

func (c *counted) SetReadDeadline(time.Time) error {
	c.deadlines++
	return nil
}

// framesOf returns the bytes of a publisher that sends that number of frames.
func framesOf(frames int) []byte {
	p := &peer{w: chunker{size: 128}}
	p.w.Write(append([]byte{3}, make([]byte, 2*handshakeSize)...))
	p.command(0, "connect", 1, amf0.Object{})
	p.command(1, "publish", 2, amf0.Null{}, amf0.String("ch"))
	body := make([]byte, 2000)
	for i := range frames {
		p.w.message(4+2*(i%2), messageType(8+i%2), uint32(20*i), body[:300+i%2*1700])
	}
	return p.w.Bytes()
}

// discard is a Handler and a Stream.
type discard struct{ tags int }

func (d *discard) Publish(context.Context, *PublishRequest) (Stream, error) { return d, nil }
func (d *discard) WriteTag(flv.Tag) error                                   { d.tags++; return nil }
func (d *discard) Close(error)                                              {}

// A frame costs no allocation, and many of them one read and no deadline.
func TestNoAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector takes from pools what it likes")
	}
	run := func(frames int) (mallocs uint64, c *counted) {
		wire := framesOf(frames)
		c = &counted{scripted: scripted{bytes.NewReader(wire)}}
		d := &discard{}
		s := &Server{Handler: d}
		s.memory.putReadBuffer(make([]byte, readBufferSize))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		s.ServeConn(c)
		runtime.ReadMemStats(&after)
		if d.tags != frames {
			t.Fatalf("got %d tags, want %d", d.tags, frames)
		}
		return after.Mallocs - before.Mallocs, c
	}
	few, _ := run(100)
	many, c := run(10_100)
	// Other goroutines of the test binary allocate now and then.
	if more := int64(many) - int64(few); more > 100 {
		t.Errorf("10,000 frames more: %d allocations more, want none", more)
	}
	if c.reads < 100 || c.deadlines > c.reads/10 {
		t.Errorf("%d reads, %d deadlines set, want at most a tenth", c.reads, c.deadlines)
	}
}

func BenchmarkConn(b *testing.B) {
	wire := framesOf(1000)
	b.SetBytes(int64(len(wire)))
	b.ReportAllocs()
	s := &Server{Handler: &discard{}}
	for b.Loop() {
		s.ServeConn(&scripted{bytes.NewReader(wire)})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*1000), "ns/frame")
}
