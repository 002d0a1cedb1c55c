package rtmp

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// A publisher in real time costs wake-ups more than bytes: each frame comes in a packet of
// its own, and waking a goroutine for it takes longer than handling it. So a publisher's
// connection has a low-water mark, the number of bytes that wakes it. The mark follows the
// rate of the bytes, so that reads are about a tenth of a second apart.
const (
	paceEvery = 100 * time.Millisecond // how often marks are adjusted, and rests taken up
	paceSpan  = 160 * time.Millisecond // worth of bytes that a mark has at most, and at least half of it

	minMark = 512      // bytes; below, waiting gains nothing
	maxMark = 32 << 10 // in real time

	// bulkMark is the largest mark for faster publishers, from 26 Mb/s on, mostly files
	// that are pushed flat out. Such marks are worth at most an eighth of paceSpan.
	bulkMark = bulkBufferSize / 2
)

// pace is the low-water mark of one connection. Server.pace owns all but mark.
type pace struct {
	mark     atomic.Int32
	received int64 // at the last adjustment
	rate     int64 // bytes in paceEvery, smoothed
}

// pace adjusts the marks of all publishers until no publisher is left.
func (s *Server) pace() {
	tick := time.NewTicker(paceEvery)
	defer tick.Stop()
	for range tick.C {
		if !s.adjust() {
			return
		}
	}
}

func (s *Server) adjust() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pacing = false
	for c := range s.conns {
		if c.state == publishing && c.arrival != nil {
			s.pacing = true
			c.adjust()
		}
	}
	return s.pacing
}

// adjust sets the mark by the bytes that came since the last call. If none came, it wakes
// the reader: fewer bytes than the mark may wait for more that does not come.
func (c *conn) adjust() {
	p := &c.pace
	received := c.received.Load()
	got := received - p.received
	p.received = received
	p.rate = (3*p.rate + got) / 4
	p.mark.Store(int32(mark(p.rate)))
	if got == 0 {
		c.arrival.wake()
	}
}

// mark returns the largest power of two within the bytes of paceSpan: it seldom changes.
func mark(rate int64) int {
	n := rate * int64(paceSpan) / int64(paceEvery)
	if n < minMark {
		return 1
	}
	all := 1 << (bits.Len64(uint64(n)) - 1)
	return max(min(all, maxMark), min(all/8, bulkMark))
}
