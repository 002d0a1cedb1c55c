package segmenter

import (
	"time"

	"osslive/segmenter/mpegts"
)

const (
	// cutSlack is how much a keyframe may be early: times in milliseconds make a
	// GOP of exactly FragDuration look shorter by a little.
	cutSlack = mpegts.Second * 50 / 1000
	// minForce is the shortest time after which a segment ends without keyframe.
	minForce = 60 * time.Second
	// minPause is the shortest limit on a pause.
	minPause = 10 * time.Second
	// maxForces is how often the time for force may pass by the real clock: media
	// times that hardly move, or not at all, would keep a segment open for ever.
	maxForces = 2
)

// cutRule decides where a segment ends. PutLiveChannel API page, FragDuration.
type cutRule struct {
	target mpegts.Ticks // nearly reached: ends before the next keyframe
	force  mpegts.Ticks // reached: ends before any frame
	// pause is the longest step of the sender's clock that the segment goes on
	// after: a longer one is a jump.
	pause mpegts.Ticks
	// open is the longest that a segment is open in real time.
	open time.Duration
}

func newCutRule(fragDuration time.Duration) cutRule {
	force := max(2*fragDuration, minForce)
	return cutRule{
		target: fromMillis(fragDuration.Milliseconds()),
		force:  fromMillis(force.Milliseconds()),
		pause:  fromMillis(max(2*fragDuration, minPause).Milliseconds()),
		open:   maxForces * force,
	}
}

// cut says whether a segment of that age ends before the frame.
func (r cutRule) cut(keyframe bool, age mpegts.Ticks) bool {
	return keyframe && age+cutSlack >= r.target || age >= r.force
}
