package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"sync"
	"time"
)

// figures are what one run of one server gave, by name.
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

// flatOut sends about so many megabytes to a server as one stream.
func flatOut(ctx context.Context, r *running, s *sample, megabytes int) (figures, error) {
	loops := max(2, megabytes*1e6/len(s.next.bytes))
	p := publisher{sample: s, url: r.url(0), bare: r.bare}
	before := r.cpu()
	if err := p.flatOut(ctx, loops); err != nil {
		return nil, err
	}
	pause(ctx, time.Second) // what the server does behind the closed connection counts as well
	sent := len(s.first.bytes) + (loops-1)*len(s.next.bytes)
	return figures{perGB: (r.cpu() - before) / (float64(sent) / 1e9)}, ctx.Err()
}

// spread is the time over which the streams of a group begin: that between key
// frames, so that they do not cut all at once.
const spread = 2 * time.Second

// realTime publishes n streams for a window, and goes on while look, if not
// nil, looks at the playlists for d.
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

var mallocs = regexp.MustCompile(`(?m)^go_memstats_mallocs_total (\S+)$`)

// allocations publishes a clip to one channel with segments of 50 s and twice to
// ones with segments of 100 s, the last time for longer: so what a frame costs is
// told from what a segment and a connection cost. Shorter segments would share
// commits, and cost less each than those they are compared with.
func allocations(ctx context.Context, r *running, s *sample, loops int) (figures, error) {
	var made, segments [3]float64
	for i, run := range []struct{ seconds, loops int }{{50, loops}, {100, loops}, {100, 3 * loops}} {
		if err := putChannel(ctx, r.http, fmt.Sprintf("ch%d", i), run.seconds); err != nil {
			return nil, err
		}
		before, err := r.mallocs()
		if err != nil {
			return nil, err
		}
		p := publisher{sample: s, url: r.url(i)}
		if err := p.flatOut(ctx, run.loops); err != nil {
			return nil, err
		}
		after, err := r.mallocs()
		if err != nil {
			return nil, err
		}
		text, err := r.listed(i)
		if err != nil {
			return nil, err
		}
		made[i], segments[i] = after-before, float64(count(text))
	}
	segment := (made[0] - made[1]) / (segments[0] - segments[1])
	more := made[2] - made[1] - (segments[2]-segments[1])*segment
	return figures{allocs: max(0, more/float64(2*loops*s.frames))}, nil
}

func (r *running) mallocs() (float64, error) {
	text, err := get(r.admin + "/metrics")
	if err != nil {
		return 0, err
	}
	m := mallocs.FindSubmatch(text)
	if m == nil {
		return 0, errors.New("/metrics has no go_memstats_mallocs_total")
	}
	return strconv.ParseFloat(string(m[1]), 64)
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
