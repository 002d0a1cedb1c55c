package integration

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"osslive/integration/pusher"
)

// inter is a picture of H.264 that is no key frame, of so many bytes.
func inter(size int) []byte {
	body := append([]byte{0x27, 1, 0, 0, 0}, binary.BigEndian.AppendUint32(nil, uint32(size))...)
	return append(append(body, 0x41), slices.Repeat([]byte{0xaa}, size-1)...)
}

// begun publishes a clip up to its first key frame, and returns the time of that.
func begun(t *testing.T, c *client, channel string) (conn *pusher.Conn, at uint32) {
	t.Helper()
	source := readClip(t, small(t))
	conn, err := pusher.Open(t.Context(), owner.publishURL(c.host, c.bucket, channel, time.Now().Add(time.Hour), nil))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	first := slices.IndexFunc(source, isKey)
	if err := conn.Send(source[:first+1]...); err != nil {
		t.Fatal(err)
	}
	return conn, source[first].Time
}

// largest returns the size of a channel's largest object.
func (c *client) largest(t *testing.T, channel string) (size int64) {
	t.Helper()
	for _, o := range c.list(t, channel+"/") {
		size = max(size, o.Size)
	}
	return size
}

// TestHostileGroup is R14: a group of pictures that never ends. Memory stays flat
// and the segment is cut all the same.
func TestHostileGroup(t *testing.T) {
	length := time.Duration(counts(90, 600)) * time.Second
	s := serve(t, t.TempDir(), "group", "--durability", "relaxed")
	c := s.client("group")
	c.putChannel(t, "ch", 5, 100)
	conn, first := begun(t, c, "ch")
	frame := inter(8_000_000 / 8 / 25) // 8 Mbit/s at 25 frames a second
	grown := s.watchMemory(t)
	for at := time.Duration(0); at < length; at += 40 * time.Millisecond {
		if err := conn.Send(pusher.Message{Type: pusher.Video, Stream: 1, Time: first + uint32(at.Milliseconds()) + 40, Body: frame}); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.Finish(); err != nil {
		t.Fatal(err)
	}
	use := grown()
	p, err := listing(t.Context(), c, "ch", int(length/time.Minute), time.Now().Add(5*time.Second))
	if err != nil {
		t.Error(err)
	}
	t.Logf("R14: one key frame in %v at 8 Mbit/s: %d segments, the largest of %.0f MiB and at most %v; %v",
		length, len(p.Segments), float64(c.largest(t, "ch"))/(1<<20), p.Target, use)
	use.atMost(t, mayGrow)
	for _, e := range p.Segments {
		if e.Duration > 61*time.Second {
			t.Errorf("a segment of %v, want at most a minute", e.Duration)
		}
	}
}

// TestHostileSegment is R14 too: frames so large that the segment reaches its hard
// limit long before its time. It is cut, counted, and never in memory.
func TestHostileSegment(t *testing.T) {
	s := serve(t, t.TempDir(), "segment", "--durability", "relaxed")
	c := s.client("segment")
	c.putChannel(t, "ch", 5, 100)
	conn, first := begun(t, c, "ch")
	frame := inter(1 << 20)
	grown := s.watchMemory(t)
	for i := range uint32(300) {
		if err := conn.Send(pusher.Message{Type: pusher.Video, Stream: 1, Time: first + 1 + i, Body: frame}); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.Finish(); err != nil {
		t.Fatal(err)
	}
	use := grown()
	p, err := listing(t.Context(), c, "ch", 2, time.Now().Add(5*time.Second))
	if err != nil {
		t.Error(err)
	}
	largest := c.largest(t, "ch")
	t.Logf("R14: 300 MiB within 300 ms: %d segments, the largest of %.1f MiB; %v", len(p.Segments), float64(largest)/(1<<20), use)
	if len(p.Segments) != 2 || largest > 260<<20 {
		t.Errorf("%d segments, the largest of %d bytes, want 2, the first of about 256 MiB", len(p.Segments), largest)
	}
	if n := s.reached(t, "SegmentBytes"); n != 1 {
		t.Errorf("the limit SegmentBytes was reached %d times, want 1", n)
	}
	use.atMost(t, 2*mayGrow) // a few of the frames
}
