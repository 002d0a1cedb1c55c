package console

import (
	"time"

	"osslive/store"
)

// Limits of the timeline, which shows the last segments.
const (
	timelineSegments = 60
	timelineSpan     = 10 * time.Minute
)

// Lengths in the timeline's drawing, in units of its viewBox. The page stretches it.
const (
	timelineWidth  = 1000
	timelineHeight = 100
	breakWidth     = 14 // space before a reconnect
	leastHeight    = 4  // of a bar
)

// A segment is late if it is committed more than lateBy after its end: the publisher,
// the network or the disk is slower than real time.
const lateBy = time.Second

// timeline is the drawing of the last segments, oldest first.
type timeline struct {
	Segments      []bar
	Width, Height int
	// Of the segments shown:
	Forced, Late, Discontinuities, Reconnects int
	Longest                                   time.Duration
	Bytes                                     int64
}

// bar is the drawing of one segment: its width shows the duration, its height the size.
type bar struct {
	X, Y, W, H float64
	Name       string
	Start      time.Time
	Duration   time.Duration
	Bytes      int64

	Keyframe      bool   // begins with one
	Forced        bool   // ended without one
	Ending        string // why it ended
	Discontinuity bool
	Reconnect     bool // the first of another publish
	Late          bool
}

// Mark returns the X of a sign above the bar.
func (b bar) Mark() float64 { return b.X + b.W/2 }

func newTimeline(segments []store.Object) timeline {
	t := timeline{Width: timelineWidth, Height: timelineHeight}
	var total time.Duration
	var largest int64
	previous := ""
	for _, o := range segments {
		seg := o.Segment
		b := bar{
			Name: seg.Name, Start: seg.Start(), Duration: seg.Duration, Bytes: o.Size,
			Keyframe: seg.Keyframe, Forced: seg.Forced, Ending: seg.Ending,
			Reconnect: previous != "" && previous != seg.Session,
			Late:      o.Modified.Sub(seg.Start()) > seg.Duration+lateBy,
		}
		// Every publish begins with a discontinuity; a reconnect says so already.
		b.Discontinuity = seg.Discontinuity && !b.Reconnect && previous != ""
		previous = seg.Session
		t.Segments = append(t.Segments, b)

		total += seg.Duration
		largest = max(largest, o.Size)
		t.Bytes += o.Size
		t.Longest = max(t.Longest, seg.Duration)
		t.Forced += one(b.Forced)
		t.Late += one(b.Late)
		t.Discontinuities += one(b.Discontinuity)
		t.Reconnects += one(b.Reconnect)
	}
	x, scale := 0.0, (timelineWidth-breakWidth*float64(t.Reconnects))/max(1, total.Seconds())
	for i := range t.Segments {
		b := &t.Segments[i]
		if b.Reconnect {
			x += breakWidth
		}
		b.X, b.W = x, b.Duration.Seconds()*scale
		b.H = max(leastHeight, timelineHeight*float64(b.Bytes)/float64(max(1, largest)))
		b.Y = timelineHeight - b.H
		x += b.W
	}
	return t
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}
