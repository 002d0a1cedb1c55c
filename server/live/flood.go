package live

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"time"
)

// How guessing is slowed down. A mistyped key is no guessing; who goes on waits,
// from firstWait, twice as long each time.
const (
	freeTries   = 3
	firstWait   = 10 * time.Millisecond
	longestWait = time.Second
	forgetAfter = time.Minute // without another failure
	maxSources  = 4096        // remembered; all others count as one
)

// guessers count the publishes of each source that failed for want of a right
// signature. Only answers that refuse wait: who signs well is never delayed.
type guessers struct {
	mu      sync.Mutex
	sources map[netip.Prefix]guesser
	swept   time.Time // when those to be forgotten were last looked for
}

type guesser struct {
	failures int
	last     time.Time
}

// failed counts a failure and returns how long its answer has to wait.
func (g *guessers) failed(from net.Addr, now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	source := sourceOf(from)
	if _, known := g.sources[source]; !known && len(g.sources) >= maxSources {
		if now.Sub(g.swept) >= time.Second {
			g.sweep(now)
		}
		if len(g.sources) >= maxSources {
			source = netip.Prefix{}
		}
	}
	s := g.sources[source]
	if now.Sub(s.last) > forgetAfter {
		s.failures = 0
	}
	s.failures++
	s.last = now
	if g.sources == nil {
		g.sources = map[netip.Prefix]guesser{}
	}
	g.sources[source] = s

	if s.failures <= freeTries {
		return 0
	}
	// Ten doublings are beyond longestWait.
	return min(longestWait, firstWait<<min(10, s.failures-freeTries-1))
}

// sweep forgets who has not failed for long. g.mu is held.
func (g *guessers) sweep(now time.Time) {
	g.swept = now
	for source, s := range g.sources {
		if now.Sub(s.last) > forgetAfter {
			delete(g.sources, source)
		}
	}
}

// sourceOf is the address, of IPv6 the network: a customer is given 64 bits of it.
func sourceOf(from net.Addr) netip.Prefix {
	tcp, ok := from.(*net.TCPAddr)
	if !ok {
		return netip.Prefix{}
	}
	ip := tcp.AddrPort().Addr().Unmap().WithZone("")
	bits := ip.BitLen()
	if ip.Is6() {
		bits = 64
	}
	source, _ := ip.Prefix(bits) // fails for no address at all only
	return source
}

// pause waits, unless ctx ends first.
func pause(ctx context.Context, d time.Duration) {
	if d == 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// refusalLines is how many refusals of a second are logged one by one.
const refusalLines = 5

// refusalLog keeps a flood of refusals from becoming a flood of lines.
type refusalLog struct {
	mu     sync.Mutex
	since  time.Time // of the second that is counted
	lines  int       // in it
	others int       // refusals that got no line, since the last summary
	last   string    // the reason of the last of them
	told   time.Time // of the last summary
}

// line says whether a refusal gets a line of its own.
func (l *refusalLog) line(now time.Time, reason string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.since) >= time.Second {
		l.since, l.lines = now, 0
	}
	if l.lines++; l.lines <= refusalLines {
		return true
	}
	l.others++
	l.last = reason
	return false
}

// summary returns, once a second, how many refusals got no line.
func (l *refusalLog) summary(now time.Time) (others int, last string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.others == 0 || now.Sub(l.told) < time.Second {
		return 0, ""
	}
	others, last = l.others, l.last
	l.others, l.told = 0, now
	return others, last
}
