package main

import (
	"bytes"
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// lateSegment is how long after its closing key frame a segment is late.
const lateSegment = 500 * time.Millisecond

// viewer looks at the playlists of a server while its publishers send. Segment
// k, from 1, is closed by key frame k, from 0.
type viewer struct {
	r *running

	mu   sync.Mutex
	keys []time.Time // of stream 0

	punctual   atomic.Bool // each segment of each stream is looked for
	late, seen atomic.Int64
	wg         sync.WaitGroup
}

// look looks for so long, and adds what it finds to the figures.
type look func(v *viewer, ctx context.Context, d time.Duration, f figures)

// follow returns the onKey of stream i's publisher.
func (v *viewer) follow(i int) func(time.Time) {
	k := -1
	return func(at time.Time) {
		k++
		if i == 0 {
			v.mu.Lock()
			v.keys = append(v.keys, at)
			v.mu.Unlock()
		}
		if want := k; want > 0 && v.punctual.Load() {
			v.wg.Add(1)
			time.AfterFunc(lateSegment, func() {
				defer v.wg.Done()
				v.seen.Add(1)
				if text, err := v.r.listed(i); err != nil || count(text) < want {
					v.late.Add(1)
				}
			})
		}
	}
}

// delays polls the playlist of stream 0 each 2 ms, and compares the first sight
// of each segment with the begin of sending the key frame that closed it.
func (v *viewer) delays(ctx context.Context, d time.Duration, f figures) {
	var all []float64
	before := -1
	for end := time.Now().Add(d); time.Now().Before(end) && ctx.Err() == nil; pause(ctx, 2*time.Millisecond) {
		text, err := v.r.listed(0)
		now, n := time.Now(), count(text)
		if err != nil || n == before {
			continue
		}
		v.mu.Lock()
		if before >= 0 && n < len(v.keys) {
			all = append(all, now.Sub(v.keys[n]).Seconds()*1000)
		}
		v.mu.Unlock()
		before = n
	}
	if len(all) > 0 {
		f[delayMS] = median(all)
	}
}

// lateness looks at each playlist once for each key frame, when the segment
// that this closed would be late.
func (v *viewer) lateness(ctx context.Context, d time.Duration, f figures) {
	v.punctual.Store(true)
	pause(ctx, d)
	v.punctual.Store(false)
	pause(ctx, lateSegment)
	v.wg.Wait()
	if v.seen.Load() > 0 {
		f[lateCount] = float64(v.late.Load())
	}
}

// count returns how many segments a playlist has ever listed.
func count(playlist []byte) (n int) {
	for line := range bytes.Lines(playlist) {
		if sequence, ok := bytes.CutPrefix(line, []byte("#EXT-X-MEDIA-SEQUENCE:")); ok {
			first, _ := strconv.Atoi(string(bytes.TrimSpace(sequence)))
			n += first
		} else if bytes.HasPrefix(line, []byte("#EXTINF:")) {
			n++
		}
	}
	return n
}
