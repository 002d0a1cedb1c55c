package segmenter_test

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"osslive/rtmp/flv"
	"osslive/segmenter"
)

// timeline is a random stream and what its sender's clock did.
type timeline struct {
	tags   []flv.Tag
	breaks int  // times that a track's clock may have jumped
	broken bool // that of the pictures surely has, with keyframes before and after
}

// newTimeline lets the clock run, stand still, step back by less than a second,
// pause for less than ten, and, in every other stream, jump, in some with another
// audio configuration. It starts anywhere,
// often just before a wrap, and wraps after 31 bits or 32. Both tracks take
// their times from it.
func newTimeline(seed uint64) (l timeline) {
	r := rand.New(rand.NewPCG(seed, 13))
	mask := int64(1<<32 - 1)
	if r.IntN(2) == 0 {
		mask >>= 1
	}
	now := [...]int64{0, 1<<24 - 1 - r.Int64N(3000), mask - r.Int64N(3000), r.Int64N(mask)}[r.IntN(4)]
	jumps := seed%2 == 0
	audioOnly := seed%16 == 15
	config := stereo48

	if !audioOnly {
		l.tags = append(l.tags, avcC(flv.Millis(now&mask), sps, pps))
	}
	if audioOnly || r.IntN(4) > 0 {
		l.tags = append(l.tags, asc(0, config))
	}
	started, leapt, jumped := false, false, false // leapt since the last picture
	var highest [2]int64                          // of audio, of video
	var seen [2]bool
	for range 20 + r.IntN(100) {
		switch n := r.IntN(100); {
		case n < 72:
			now += 20 + r.Int64N(40)
		case n < 80:
		case n < 88:
			now -= r.Int64N(900)
		case n < 97 || !jumps:
			now += r.Int64N(9000)
		case r.IntN(2) == 0:
			now += 12_000 + r.Int64N(86_400_000)
			leapt = true
		default:
			now -= 3000 + r.Int64N(86_400_000)
			leapt = true
		}
		track, key := 0, false
		at := flv.Millis(now & mask)
		if leapt && r.IntN(4) == 0 {
			config = map[string]string{stereo48: mono44, mono44: stereo48}[config]
			l.tags = append(l.tags, asc(at, config))
			l.breaks++
		}
		switch n := r.IntN(10); {
		case audioOnly || n < 5:
			l.tags = append(l.tags, aac(at))
		case n < 7:
			track, key = 1, true
			l.tags = append(l.tags, picture(at, r.IntN(700)-200, []byte{0x65, 0x88}))
		default:
			track = 1
			l.tags = append(l.tags, picture(at, r.IntN(700)-200, []byte{0x41, 0x9a}))
		}
		d := now - highest[track]
		if seen[track] && (d < -900 || d > 9000) {
			l.breaks++
			jumped = jumped || track == 1 && started && leapt && (d < -1200 || d > 11_000)
			highest[track] = now
		}
		highest[track] = max(highest[track], now)
		if !seen[track] {
			highest[track], seen[track] = now, true
		}
		leapt = leapt && track == 0
		l.broken = l.broken || jumped && key
		started = started || key
	}
	return l
}

// Whatever a sender's clock does, no segment has an impossible length, the
// output never goes back, and it breaks only where the clock has jumped: 10,000
// random streams, a million in the soak.
func TestTimelines(t *testing.T) {
	n := uint64(counts(10_000, 1_000_000))
	if testing.Short() {
		n = 1000
	}
	var next, segments, breaks atomic.Uint64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for !t.Failed() {
				seed := next.Add(1) - 1
				if seed >= n {
					return
				}
				found, broken := checkTimeline(t, seed)
				segments.Add(uint64(found))
				breaks.Add(uint64(broken))
			}
		})
	}
	workers.Wait()
	t.Logf("%d streams, %d segments, %d discontinuities: no invalid EXTINF, no time going back", n, segments.Load(), breaks.Load())
}

func checkTimeline(t *testing.T, seed uint64) (segments, discontinuities int) {
	l := newTimeline(seed)
	var out sink
	s := segmenter.New(segmenter.Config{FragDuration: time.Duration(1+seed%5) * time.Second, AllowAudioOnly: seed%16 == 15}, &out)
	for i, tag := range l.tags {
		if err := s.WriteTag(tag); err != nil {
			t.Errorf("stream %d, tag %d: %v", seed, i, err)
			return 0, 0
		}
	}
	if err := s.Close(); err != nil && (err != segmenter.ErrNoKeyframe || len(out.info) > 0) {
		t.Errorf("stream %d: Close: %v", seed, err)
	}
	out.check(t)
	for i, seg := range out.info {
		if seg.Discontinuity {
			discontinuities++
		}
		// Without a keyframe a segment ends after 60 s, with the frame after a
		// pause of up to 10 s and its time of composition at the latest.
		if seg.Duration > 80*time.Second {
			t.Errorf("stream %d, segment %d: %v long", seed, i, seg.Duration)
		}
	}
	// A step back that only one track takes for a jump can be one to the other later.
	if discontinuities > 2*l.breaks || l.broken && discontinuities == 0 {
		t.Errorf("stream %d: %d discontinuities where the clock has jumped up to %d times, surely %v", seed, discontinuities, l.breaks, l.broken)
	}
	return len(out.info), discontinuities
}
