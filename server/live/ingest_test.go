package live

import (
	"context"
	"io"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"osslive/rtmp"
	"osslive/rtmp/flv"
	"osslive/segmenter"
)

// discard is a sink that keeps nothing: what remains is the way from the
// socket to the bytes of the segments.
type discard struct {
	segments int
	bytes    int64
}

func (d *discard) Open() (io.Writer, error) { return io.Discard, nil }
func (d *discard) Finish(s segmenter.Segment) error {
	d.segments++
	d.bytes += s.Bytes
	return nil
}

// ingest is an rtmp.Handler that remuxes to a discard and counts what the
// process allocates once a stream is under way.
type ingest struct {
	warm           int // tags before counting
	sink           discard
	segmenter      *segmenter.Segmenter
	tags           int
	before, after  runtime.MemStats
	segmentsBefore int
	done           chan struct{}
}

func (h *ingest) Publish(context.Context, *rtmp.PublishRequest) (rtmp.Stream, error) {
	h.segmenter = segmenter.New(segmenter.Config{FragDuration: 2 * time.Second}, &h.sink)
	return h, nil
}

func (h *ingest) WriteTag(t flv.Tag) error {
	if h.tags == h.warm {
		h.segmentsBefore = h.sink.segments
		runtime.ReadMemStats(&h.before)
	}
	h.tags++
	return h.segmenter.WriteTag(t)
}

func (h *ingest) Close(error) {
	runtime.ReadMemStats(&h.after)
	h.segmenter.Close()
	close(h.done)
}

// record returns the bytes that a client sends to publish the clip rounds
// times over.
func record(t testing.TB, rounds int) []byte {
	t.Helper()
	l := listen(t)
	var recorded []byte
	var copied sync.WaitGroup
	server := &rtmp.Server{Handler: &ingest{warm: -1, done: make(chan struct{})}}
	copied.Go(func() {
		client, err := l.Accept()
		if err != nil {
			t.Error(err)
			return
		}
		near, far := net.Pipe()
		copied.Go(func() { io.Copy(client, near) })
		copied.Go(func() { server.ServeConn(far) })
		buf := make([]byte, 64<<10)
		for {
			n, err := client.Read(buf)
			recorded = append(recorded, buf[:n]...)
			if _, werr := near.Write(buf[:n]); err != nil || werr != nil {
				near.Close()
				return
			}
		}
	})
	client, err := rtmp.Dial(t.Context(), "rtmp://"+l.Addr().String()+"/demo/live/ch")
	if err != nil {
		t.Fatal(err)
	}
	clip := tags(t)
	for round := range rounds {
		for _, tag := range clip {
			tag.Time += flv.Millis(round) * 16000
			if err := client.WriteTag(tag); err != nil {
				t.Fatal(err)
			}
		}
	}
	client.Close()
	copied.Wait()
	return recorded
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// replay sends recorded bytes through a socket to h.
func replay(t testing.TB, l net.Listener, recorded []byte, h *ingest) {
	t.Helper()
	var server rtmp.Server
	server.Handler = h
	go func() {
		if c, err := l.Accept(); err == nil {
			server.ServeConn(c)
		}
	}()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	go io.Copy(io.Discard, c)
	if _, err := c.Write(recorded); err != nil {
		t.Fatal(err)
	}
	select {
	case <-h.done:
	case <-time.After(30 * time.Second):
		t.Fatal("the stream has not ended")
	}
}

// TestIngestAllocates holds the way from socket to segments, B-frames, audio
// and cuts included, to no allocation per frame.
func TestIngestAllocates(t *testing.T) {
	const rounds = 10
	recorded, l := record(t, rounds), listen(t)
	h := &ingest{warm: len(tags(t)), done: make(chan struct{})} // one round to grow the buffers
	replay(t, l, recorded, h)
	frames := h.tags - h.warm
	cuts := h.sink.segments - h.segmentsBefore
	allocs := h.after.Mallocs - h.before.Mallocs
	t.Logf("%d allocations in %d frames and %d cuts", allocs, frames, cuts)
	if cuts < 2 || frames < 5000 {
		t.Fatalf("only %d frames and %d cuts were counted", frames, cuts)
	}
	// The runtime has a few of its own; a single one per frame would be thousands.
	if allocs > uint64(frames/100) {
		t.Errorf("%d allocations in %d frames, want none per frame", allocs, frames)
	}
}

// BenchmarkIngest measures the same; one op is one frame.
func BenchmarkIngest(b *testing.B) {
	const rounds = 10
	recorded, l := record(b, rounds), listen(b)
	frames := len(tags(b)) * rounds
	b.ReportAllocs()
	b.SetBytes(int64(len(recorded) / frames))
	b.ResetTimer()
	var allocs, counted uint64
	for done := 0; done < b.N; done += frames {
		h := &ingest{warm: len(tags(b)), done: make(chan struct{})}
		replay(b, l, recorded, h)
		allocs += h.after.Mallocs - h.before.Mallocs
		counted += uint64(h.tags - h.warm)
	}
	b.ReportMetric(float64(allocs)/float64(counted), "allocs/frame")
}
