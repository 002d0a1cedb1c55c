package main

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"sync"
	"time"
)

// figures are the results of one run of one server, by name.
type figures map[string]float64

const (
	perGB       = "CPU seconds per GB (10^9 bytes) sent"
	perStream   = "CPU milliseconds per second of a stream"
	idleMB      = "resident MB before the first stream"
	perStreamMB = "resident MB for each stream, highest"
	delayMS     = "median milliseconds from the closing key frame to the playlist"
	lateCount   = "segments not listed 500 ms after their closing key frame"
	allocs      = "allocations per frame"

	messagesSent = "messages sent in real time"
	messagesLate = "of them late"
)

// flatOut sends about that number of megabytes to a server as one stream.
func flatOut(ctx context.Context, r *running, s *sample, megabytes int) (figures, error) {
	loops := max(2, megabytes*1e6/len(s.next.bytes))
	p := publisher{sample: s, url: r.url(0), bare: r.bare}
	before := r.cpu()
	if err := p.flatOut(ctx, loops); err != nil {
		return nil, err
	}
	pause(ctx, time.Second) // work of the server after the close counts too
	sent := len(s.first.bytes) + (loops-1)*len(s.next.bytes)
	return figures{perGB: (r.cpu() - before) / (float64(sent) / 1e9)}, ctx.Err()
}

// spread is the time over which the streams of a group begin: the interval of key
// frames, so that the streams do not all cut at once.
const spread = 2 * time.Second

// realTime publishes n streams for a window. If look is not nil, it calls look to read
// the playlists for d, and publishes until look returns.
func realTime(ctx context.Context, r *running, s *sample, n int, window time.Duration, look look, d time.Duration) (figures, error) {
	f := figures{idleMB: r.resident()}
	publishing, stop := context.WithCancel(ctx)
	defer stop()
	v := &viewer{r: r}
	publishers := make([]*publisher, n)
	errs := make([]error, n)
	var wg sync.WaitGroup
	begin := time.Now().Add(100 * time.Millisecond)
	for i := range publishers {
		p := &publisher{sample: s, url: r.url(i), bare: r.bare, begin: begin.Add(spread * time.Duration(i) / time.Duration(n))}
		p.onKey = v.follow(i)
		publishers[i] = p
		wg.Go(func() {
			pause(publishing, time.Until(p.begin)-50*time.Millisecond)
			if errs[i] = p.realTime(publishing); errs[i] != nil {
				stop()
			}
		})
	}
	pause(publishing, time.Until(begin)+spread+time.Second)

	before, from := r.cpu(), time.Now()
	for time.Since(from) < window && publishing.Err() == nil {
		f[perStreamMB] = max(f[perStreamMB], (r.resident()-f[idleMB])/float64(n))
		pause(publishing, min(window/4, time.Until(from.Add(window))))
	}
	f[perStream] = 1000 * (r.cpu() - before) / time.Since(from).Seconds() / float64(n)

	if look != nil && r.listed != nil {
		look(v, publishing, d, f)
	}
	stop()
	wg.Wait()
	for _, p := range publishers {
		f[messagesSent] += float64(p.messages.Load())
		f[messagesLate] += float64(p.late.Load())
	}
	return f, errors.Join(append(errs, ctx.Err())...)
}

// allocations publishes loops of a clip to an open segment, again and again, and returns
// the allocations beyond those of a publish without loops. So it leaves out the cost of
// a connection, of a segment and of its commit.
func allocations(ctx context.Context, r *running, s *sample) (figures, error) {
	const (
		publishes = 20
		seconds   = 100 // the largest FragDuration
	)
	if err := putChannel(ctx, r.http, "ch0", seconds); err != nil {
		return nil, err
	}
	loops := int(seconds*time.Second/s.length) - 1 // the first one allocates the buffers
	p := publisher{sample: s, url: r.url(0)}
	more := 0
	for range publishes {
		made, err := p.openSegment(ctx, loops, r.mallocs)
		if err != nil {
			return nil, err
		}
		more += made
	}
	// Other work in the process changes the result by a few.
	return figures{allocs: float64(max(0, more)) / float64(publishes*loops*s.frames)}, nil
}

var mallocs = regexp.MustCompile(`(?m)^# Mallocs = (\d+)$`)

// mallocs returns the number of allocations of the process so far. It is exact in a heap
// profile; in /metrics it lags behind by the free part of a page.
func (r *running) mallocs() (int, error) {
	text, err := get(r.admin + "/debug/pprof/heap?debug=1")
	if err != nil {
		return 0, err
	}
	m := mallocs.FindSubmatch(text)
	if m == nil {
		return 0, errors.New("/debug/pprof/heap?debug=1 has no Mallocs")
	}
	return strconv.Atoi(string(m[1]))
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
