package integration

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"osslive/integration/pusher"
)

// TestLongStream pushes a stream in one connection at 600 times its speed: 27 h
// with OSSLIVE_SOAK set, past the wrap of PTS at 26.5 h. The server's memory is
// in the last hour what it was in the first, and every version of the playlist
// and every segment is as it should be.
func TestLongStream(t *testing.T) {
	const (
		speed = 600
		frag  = 60 // s: a version of the list each tenth of a second
		count = 20
		// mayDrift is how far the median of two hours may be apart, in KiB: the
		// garbage collector's to and fro, and by far less than a byte a frame,
		// of which there are a hundred thousand an hour and track.
		mayDrift = 4 << 10
		// objects are written and read first. They fill the caches and make more
		// garbage than the collector leaves lying; else the first hour, which takes
		// six seconds, would see that fill up.
		objects = 5_000
	)
	length := 30 * time.Minute
	if os.Getenv("OSSLIVE_SOAK") != "" {
		length = 27 * time.Hour
	}
	source := withoutEnd(readClip(t, small(t)))
	s := serve(t, t.TempDir(), "long", "--durability", "relaxed", "--retain", "5s")
	c := s.client("long")
	c.putChannel(t, "ch", frag, count)
	for i := range objects {
		key := fmt.Sprint("used/", i)
		c.must(t, http.MethodPut, key, nil, []byte(key))
		c.must(t, http.MethodGet, key, nil, nil)
	}
	w := &watcher{url: c.url("ch/playlist.m3u8"), fragCount: count, target: frag * time.Second, every: 10 * time.Millisecond, checker: &tsChecker{}}
	w.start(t)
	k := &take{c, "ch", w}
	conn := k.open(t)

	var sent atomic.Int64 // of media
	memory := s.sampleMemory(t, 20*time.Millisecond, func() time.Duration { return time.Duration(sent.Load()) })
	began := time.Now()
	pace := time.NewTicker(time.Second / speed * 10)
	defer pace.Stop()
	loop := 120 * time.Second // of the clip
	var ten []pusher.Message
	for at := time.Duration(0); at < length; at += loop {
		next := at + 10*time.Second
		for _, m := range source {
			if at > 0 && isConfig(m) {
				continue
			}
			m.Time += uint32(at.Milliseconds())
			if now := time.Duration(m.Time) * time.Millisecond; now >= next {
				send(t, conn, ten)
				sent.Store(int64(now))
				ten, next = ten[:0], next+10*time.Second
				<-pace.C
			}
			ten = append(ten, m)
		}
		if t.Failed() {
			t.FailNow()
		}
	}
	send(t, conn, ten)
	took := time.Since(began)
	samples := memory()
	if err := conn.Finish(); err != nil {
		t.Fatal(err)
	}
	want := int(length / (frag * time.Second))
	eventually(t, 10*time.Second, "the player saw the last segment", func() error {
		if live := w.latest(); int(live.Sequence)+len(live.Segments) < want {
			return errNotYet
		}
		return nil
	})
	w.close()
	w.checker.end()

	for _, f := range slices.Concat(w.findings, w.checker.findings) {
		t.Error(f)
	}
	var sum time.Duration
	for seq, e := range w.bySeq {
		sum += e.Duration
		if e.Discontinuity || e.Duration != frag*time.Second {
			t.Errorf("segment %d: %v, want %d s without a discontinuity", seq, e, frag)
		}
	}
	if len(w.bySeq) != want || w.checker.frames != int(length/(40*time.Millisecond)) {
		t.Errorf("the player saw %d segments with %d pictures, want %d with %d", len(w.bySeq), w.checker.frames, want, length/(40*time.Millisecond))
	}
	hour := min(time.Hour, length/4)
	first, last := median(samples, 0, hour), median(samples, length-hour, length)
	t.Logf("%v of media in %v, %.0f times its speed, PTS wrapped %d times: %d versions of the list, %d segments, %d pictures, PCR at most %v apart",
		sum, took.Round(time.Second), sum.Seconds()/took.Seconds(), w.checker.wraps, len(w.versions), len(w.bySeq), w.checker.frames, w.checker.maxPCR)
	if times := sum.Seconds() / took.Seconds(); times < 60 {
		t.Errorf("%.0f times the speed of the media, want at least 60", times)
	}
	t.Logf("memory of the server: median %.1f MiB in the first %v, %.1f in the last; at most %.1f of %d samples",
		float64(first)/1024, hour, float64(last)/1024, float64(peak(samples))/1024, len(samples))
	if last-first > mayDrift {
		t.Errorf("memory grew by %d KiB from the first %v to the last, want at most %d", last-first, hour, mayDrift)
	}
	if wraps := int(length / (wrap33 * time.Second / 90000)); w.checker.wraps != wraps {
		t.Errorf("PTS wrapped %d times, want %d", w.checker.wraps, wraps)
	}
}

// memorySample is the server's memory at a moment of the media, in KiB.
type memorySample struct {
	at  time.Duration
	kib int64
}

// sampleMemory looks at the server's memory until the function that it returns is called.
func (s *server) sampleMemory(t *testing.T, every time.Duration, now func() time.Duration) func() []memorySample {
	t.Helper()
	var samples []memorySample
	asked, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				samples = append(samples, memorySample{now(), s.memory(t)})
			case <-asked:
				return
			}
		}
	}()
	stop := sync.OnceFunc(func() {
		close(asked)
		<-stopped
	})
	t.Cleanup(stop)
	return func() []memorySample {
		stop()
		return samples
	}
}

func median(samples []memorySample, from, to time.Duration) int64 {
	var all []int64
	for _, s := range samples {
		if from <= s.at && s.at < to {
			all = append(all, s.kib)
		}
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/2]
}

func peak(samples []memorySample) (most int64) {
	for _, s := range samples {
		most = max(most, s.kib)
	}
	return most
}
