package console

import (
	"fmt"
	"testing"
	"time"

	"osslive/store"
)

func TestTimeline(t *testing.T) {
	began := time.UnixMilli(1_700_000_000_000)
	object := func(at int, seg store.Segment, size int64, took time.Duration) store.Object {
		start := began.Add(time.Duration(at) * time.Second)
		seg.Name = fmt.Sprintf("%013d.ts", start.UnixMilli())
		return store.Object{Segment: &seg, Size: size, Modified: start.Add(took)}
	}
	s := time.Second
	tl := newTimeline([]store.Object{
		object(0, store.Segment{Duration: 5 * s, Session: "a", Keyframe: true, Discontinuity: true}, 1000, 5*s),
		object(5, store.Segment{Duration: 5 * s, Session: "a", Keyframe: true, Forced: true}, 4000, 5500*time.Millisecond),
		object(10, store.Segment{Duration: 10 * s, Session: "a", Discontinuity: true}, 2000, 12*s),
		object(30, store.Segment{Duration: 5 * s, Session: "b", Keyframe: true, Discontinuity: true}, 10, 5*s),
	})
	for i, want := range []struct{ reconnect, discontinuity, forced, late, key bool }{
		{false, false, false, false, true},
		{false, false, true, false, true},
		{false, true, false, true, false},
		{true, false, false, false, true},
	} {
		b := tl.Segments[i]
		if got := (struct{ reconnect, discontinuity, forced, late, key bool }{b.Reconnect, b.Discontinuity, b.Forced, b.Late, b.Keyframe}); got != want {
			t.Errorf("segment %d: got %+v, want %+v", i, got, want)
		}
	}
	if tl.Reconnects != 1 || tl.Discontinuities != 1 || tl.Forced != 1 || tl.Late != 1 || tl.Longest != 10*s || tl.Bytes != 7010 {
		t.Errorf("got %+v", tl)
	}
	first, second, third, last := tl.Segments[0], tl.Segments[1], tl.Segments[2], tl.Segments[3]
	if third.W < 1.99*first.W || third.W > 2.01*first.W || second.H != timelineHeight || first.H != timelineHeight/4 || last.H != leastHeight {
		t.Errorf("bars are not as wide as they are long and as high as they are large: %+v", tl.Segments)
	}
	if end := last.X + last.W; end < timelineWidth-0.01 || end > timelineWidth+0.01 {
		t.Errorf("the last bar ends at %v, want %v", end, timelineWidth)
	}
	if empty := newTimeline(nil); len(empty.Segments) != 0 {
		t.Errorf("empty: got %+v", empty)
	}
}

func TestKeyIntervalAgainstFragDuration(t *testing.T) {
	for _, c := range []struct {
		interval time.Duration
		frag     int
		segment  time.Duration
		fits     bool
	}{
		{2 * time.Second, 4, 4 * time.Second, true},
		{2 * time.Second, 5, 6 * time.Second, false},
		{time.Second, 5, 5 * time.Second, true},
		{2002 * time.Millisecond, 2, 2002 * time.Millisecond, true}, // 29.97 frames
		{1970 * time.Millisecond, 2, 1970 * time.Millisecond, true}, // within the tolerance of the cut
		{10 * time.Second, 5, 10 * time.Second, false},
		{0, 5, 0, false},
	} {
		v := newKeyInterval(c.interval, c.frag)
		if v.Segment != c.segment || v.Fits != c.fits || c.frag%v.Suggest != 0 {
			t.Errorf("every %v for %d s: got %+v, want segments of %v, fits %v", c.interval, c.frag, v, c.segment, c.fits)
		}
	}
}

func TestFormats(t *testing.T) {
	for _, c := range [][2]string{
		{bytesText(0), "0 B"}, {bytesText(int64(999)), "999 B"}, {bytesText(1024.0), "1.0 KiB"}, {bytesText(20 << 20), "20 MiB"}, {bytesText(int64(5) << 50), "5120 TiB"},
		{rateText(0), "0 kbit/s"}, {rateText(64_000), "512 kbit/s"}, {rateText(500_000), "4.0 Mbit/s"},
		{countText(0), "0"}, {countText(1234567), "1\u202f234\u202f567"},
	} {
		if c[0] != c[1] {
			t.Errorf("got %q, want %q", c[0], c[1])
		}
	}
}
