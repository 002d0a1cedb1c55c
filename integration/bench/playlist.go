package main

import (
	"bytes"
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// lateSegment is the time after its closing key frame from which a segment is late.
const lateSegment = 500 * time.Millisecond

// viewer reads the playlists of a server while its publishers send. Key frame k, counted
// from 0, closes segment k, counted from 1.
type viewer struct {
	r *running

	mu   sync.Mutex
	keys []time.Time // of stream 0

	punctual   atomic.Bool // look for each segment of each stream
	late, seen atomic.Int64
	wg         sync.WaitGroup
}

// look reads playlists for d and adds the results to the figures.
type look func(v *viewer, ctx context.Context, d time.Duration, f figures)

// follow returns the onKey function for the publisher of stream i.
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

// delays polls the playlist of stream 0 every 2 ms. The delay of a segment is the time
// from the start of sending its closing key frame to its first listing.
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

// lateness reads each playlist once for each key frame, at the time when the segment
// that it closed would be late.
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

// count returns the number of segments that a playlist has listed so far.
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
