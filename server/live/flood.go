package live

import (
	"sync"
	"time"
)

// linesPerSecond is how many refusals of one second have a line of the log each.
const linesPerSecond = 5

// limiter limits the lines that refusals add to the log: 10,000 wrong signatures a
// second are five lines and one summary.
type limiter struct {
	mu     sync.Mutex
	since  time.Time // start of the second that is counted
	lines  int       // asked for in that second
	others int       // refusals without a line since the last summary
	reason string    // of the last of them
	summed time.Time // time of the last summary
}

// allow reports whether a refusal may have a line of its own, and counts it if not.
func (l *limiter) allow(now time.Time, reason string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.since) >= time.Second {
		l.since, l.lines = now, 0
	}
	if l.lines++; l.lines <= linesPerSecond {
		return true
	}
	l.others++
	l.reason = reason
	return false
}

// summary returns how many refusals had no line since the last summary, and the
// reason of the last one. It returns 0 if the last summary is less than a second old.
func (l *limiter) summary(now time.Time) (others int, reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.others == 0 || now.Sub(l.summed) < time.Second {
		return 0, ""
	}
	others, reason = l.others, l.reason
	l.others, l.summed = 0, now
	return others, reason
}
