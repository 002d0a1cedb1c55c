package segmenter_test

import (
	"io"
	"testing"
	"time"

	"osslive/rtmp/flv"
	"osslive/segmenter"
)

// discard throws segments away.
type discard struct{ segments int }

func (d *discard) Open() (io.Writer, error)       { return io.Discard, nil }
func (d *discard) Finish(segmenter.Segment) error { d.segments++; return nil }

// loop replays the media of a clip for ever, its times growing.
type loop struct {
	media  []flv.Tag
	length flv.Millis
	next   int
	shift  flv.Millis
}

// newLoop has written the head of the clip and all of its media once.
func newLoop(t testing.TB, file string, length flv.Millis, s *segmenter.Segmenter) *loop {
	l := &loop{length: length}
	for _, tag := range readClip(t, file) {
		if len(tag.Data) > 1 && tag.Data[1] == 1 && tag.Type != flv.Script {
			l.media = append(l.media, tag)
		} else if err := s.WriteTag(tag); err != nil {
			t.Fatal(err)
		}
	}
	for range l.media {
		l.write(t, s)
	}
	return l
}

func (l *loop) write(t testing.TB, s *segmenter.Segmenter) int {
	tag := l.media[l.next]
	tag.Time += l.shift
	if err := s.WriteTag(tag); err != nil {
		t.Fatal(err)
	}
	if l.next++; l.next == len(l.media) {
		l.next, l.shift = 0, l.shift+l.length
	}
	return len(tag.Data)
}

// Two seconds and two cuts of pictures with B-frames and audio allocate
// nothing.
func TestNoAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	var out discard
	s := segmenter.New(segmenter.Config{FragDuration: 2 * time.Second}, &out)
	l := newLoop(t, "testdata/bframes.flv", 6000, s)
	before := out.segments
	allocs := testing.AllocsPerRun(5, func() {
		for range l.media {
			l.write(t, s)
		}
	})
	if allocs != 0 {
		t.Errorf("got %v allocations in %d frames, want 0", allocs, len(l.media))
	}
	if got := out.segments - before; got < 2*6 {
		t.Errorf("got %d cuts in 6 rounds, want at least 12", got)
	}
}

// BenchmarkSegmenter measures tag bytes into segment bytes: small frames of a
// real clip, and pictures of 20 KB as 4 Mbit/s has them.
func BenchmarkSegmenter(b *testing.B) {
	b.Run("clip", func(b *testing.B) {
		s := segmenter.New(segmenter.Config{FragDuration: 2 * time.Second}, &discard{})
		l := newLoop(b, "testdata/bframes.flv", 6000, s)
		bytes := 0
		b.ReportAllocs()
		for b.Loop() {
			bytes += l.write(b, s)
		}
		b.SetBytes(int64(bytes / b.N))
	})
	b.Run("20KB", func(b *testing.B) {
		s := segmenter.New(segmenter.Config{FragDuration: 2 * time.Second}, &discard{})
		key := picture(0, 0, append([]byte{0x65}, make([]byte, 20_000)...))
		s.WriteTag(avcC(0, sps, pps))
		s.WriteTag(asc(0, stereo48))
		b.SetBytes(int64(len(key.Data)))
		b.ReportAllocs()
		for b.Loop() {
			key.Time += 40
			if err := s.WriteTag(key); err != nil {
				b.Fatal(err)
			}
		}
	})
}
