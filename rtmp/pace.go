package rtmp

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// What a publisher in real time costs is mostly its wake-ups, not its bytes: each
// frame comes in a packet of its own, and waking a goroutine for it takes longer
// than to handle it. So a publisher's connection has a low-water mark: it is woken
// when that many bytes have come. The mark follows the rate at which they come,
// for reads about a tenth of a second apart.
const (
	paceEvery = 100 * time.Millisecond // how often marks are adjusted, and rests taken up
	paceSpan  = 160 * time.Millisecond // worth of bytes that a mark has at most, and at least half of it

	minMark = 512      // bytes; below, waiting gains nothing
	maxMark = 32 << 10 // in real time

	// bulkMark is the largest mark for what comes faster than that, from 26 Mb/s on:
	// files that are pushed as they are, mostly. Such marks are worth an eighth of
	// paceSpan at most.
	bulkMark = bulkBufferSize / 2
)

// pace is the low-water mark of one connection. Server.pace owns all but mark.
type pace struct {
	mark     atomic.Int32
	received int64 // at the last adjustment
	rate     int64 // bytes in paceEvery, smoothed
}

// pace adjusts the marks of all publishers until there is none.
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

// adjust sets the mark by what has come since the last time. If that is nothing,
// less than the mark may be waiting, for more that does not come.
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

// mark is the largest power of two within the bytes of paceSpan, so that it seldom
// changes.
func mark(rate int64) int {
	n := rate * int64(paceSpan) / int64(paceEvery)
	if n < minMark {
		return 1
	}
	all := 1 << (bits.Len64(uint64(n)) - 1)
	return max(min(all, maxMark), min(all/8, bulkMark))
}
