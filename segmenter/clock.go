package segmenter

import (
	"time"

	"osslive/rtmp/flv"
	"osslive/segmenter/mpegts"
)

// wrapSlack is how far from half of the 32-bit range a step may be, in ms, to
// be taken for a wrap of 31 bits.
const wrapSlack = 120_000

// clock unwraps the times of tags, audio and video together.
type clock struct {
	started bool
	last    flv.Millis
	now     int64 // ms
}

// ticks returns t on the 90 kHz clock, counted from the first media frame.
// Senders wrap at 2^31 ms (ffmpeg, OBS) or at 2^32: a step near either is a wrap.
func (c *clock) ticks(t flv.Millis) mpegts.Ticks {
	if c.started {
		d := int64(int32(t - c.last))
		if d < wrapSlack-1<<31 {
			d += 1 << 31
		} else if d > 1<<31-wrapSlack {
			d -= 1 << 31
		}
		c.now += d
	}
	c.started, c.last = true, t
	return fromMillis(c.now)
}

func fromMillis(ms int64) mpegts.Ticks { return mpegts.Ticks(ms) * (mpegts.Second / 1000) }

// millis rounds to whole milliseconds.
func millis(t mpegts.Ticks) int64 {
	const perMilli = mpegts.Second / 1000
	t += perMilli / 2
	if t < 0 {
		t -= perMilli - 1
	}
	return int64(t / perMilli)
}

// between is the time from a to b in whole milliseconds, at least one. Both
// ends are rounded, not the difference: the durations of adjacent segments add
// up without drift.
func between(a, b mpegts.Ticks) time.Duration {
	return time.Duration(max(1, millis(b)-millis(a))) * time.Millisecond
}

// limits on a step of the sender's clock; beyond it is a jump
const (
	maxForward  = 10 * mpegts.Second
	maxBackward = mpegts.Second
)

// maxApart is how far tracks that belong together are from each other, and frames of
// a track that goes on.
const maxApart = mpegts.Second / 2

// track is the place of one track on the output timeline.
type track struct {
	started bool
	base    mpegts.Ticks // sender's time at output time 0
	last    mpegts.Ticks // output time of the last frame
}

// near says that a frame the sender dates at follows the track's last one
// without a jump.
func (t *track) near(at mpegts.Ticks) bool {
	d := at - t.base - t.last
	return t.started && -maxBackward <= d && d <= maxForward
}

// follows says that a frame the sender dates at goes on from the track's last one,
// with nothing lost between them.
func (t *track) follows(at mpegts.Ticks) bool {
	d := at - t.base - t.last
	return t.started && -maxApart <= d && d <= maxApart
}

// starts says that a track without a frame so far can start at, beside o.
func (t *track) starts(o *track, at mpegts.Ticks) bool {
	d := at - o.base - o.last
	return !t.started && o.started && -maxForward <= d && d <= maxForward
}
