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
	// maxForces: a segment is open for so many times the time for force by the real
	// clock, at most. Media times that stand still would keep it open for ever.
	maxForces = 2
)

// cutRule decides where a segment ends. PutLiveChannel API page, FragDuration.
type cutRule struct {
	target mpegts.Ticks  // nearly reached: ends before the next keyframe
	force  mpegts.Ticks  // reached: ends before any frame
	open   time.Duration // reached, in real time: ends before any frame
}

func newCutRule(fragDuration time.Duration) cutRule {
	force := max(2*fragDuration, minForce)
	return cutRule{
		target: fromMillis(fragDuration.Milliseconds()),
		force:  fromMillis(force.Milliseconds()),
		open:   maxForces * force,
	}
}

// cut says whether a segment of that age ends before the frame.
func (r cutRule) cut(keyframe bool, age mpegts.Ticks) bool {
	return keyframe && age+cutSlack >= r.target || age >= r.force
}
