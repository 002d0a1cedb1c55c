package integration

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"osslive/integration/pusher"
)

// counts returns how much a test of hostile input does: few normally, the number
// stated in integration/README.md with OSSLIVE_SOAK.
func counts(normally, soak int) int {
	if os.Getenv("OSSLIVE_SOAK") != "" {
		return soak
	}
	return normally
}

// lateness is how long after a segment's closing key frame was sent a player
// found the segment in the playlist.
type lateness struct {
	mu       sync.Mutex
	took     []time.Duration
	missing  int // segments that were sent and never listed
	breaks   int // discontinuities in streams that have none
	trouble  []string
	segments int
}

func (l *lateness) add(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.took = append(l.took, d)
}

func (l *lateness) fail(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.trouble = append(l.trouble, fmt.Sprintf(format, args...))
}

// quantile returns the lateness that the share q of the segments keeps.
func (l *lateness) quantile(q float64) time.Duration {
	slices.Sort(l.took)
	if len(l.took) == 0 {
		return 0
	}
	return l.took[min(len(l.took)-1, int(q*float64(len(l.took))))]
}

func (l *lateness) String() string {
	return fmt.Sprintf("%d segments, late by median %.0f ms, p99 %.0f ms, at most %.0f ms; missing %d, broken %d",
		l.segments, ms(l.quantile(.5)), ms(l.quantile(.99)), ms(l.quantile(1)), l.missing, l.breaks)
}

// check holds well-behaved publishers to what they must get whoever else is there.
// How late segments are is printed: the aim is a p99 of 500 ms. By their own length
// it is no longer a matter of speed.
func (l *lateness) check(t *testing.T) {
	t.Helper()
	for _, s := range l.trouble {
		t.Error(s)
	}
	if l.missing > 0 || l.breaks > 0 || l.segments == 0 {
		t.Errorf("%v; want none missing, none broken", l)
	}
	if p99 := l.quantile(.99); p99 > time.Second {
		t.Errorf("p99 %v late: publishers were hindered", p99)
	}
}

// isKey says that a message is a key frame of H.264.
func isKey(m pusher.Message) bool {
	return m.Type == pusher.Video && len(m.Body) > 1 && m.Body[0] == 0x17 && m.Body[1] == 1
}

// goodPublishers publish a clip in real time, each to a channel of its own with
// segments of one second, and watch when their segments are listed. They begin
// within the first second, not all at once.
func goodPublishers(t *testing.T, c *client, clip []pusher.Message, count int, length time.Duration) *lateness {
	t.Helper()
	l := &lateness{}
	var all sync.WaitGroup
	for i := range count {
		channel := fmt.Sprintf("good-%03d", i)
		c.putChannel(t, channel, 1, 100)
		all.Go(func() {
			wait(t.Context(), time.Now().Add(time.Duration(i)*time.Second/time.Duration(count)))
			if err := goodPublisher(t.Context(), c, channel, clip, length, l); err != nil {
				l.fail("%s: %v", channel, err)
			}
		})
	}
	all.Wait()
	return l
}

func goodPublisher(ctx context.Context, c *client, channel string, clip []pusher.Message, length time.Duration, l *lateness) error {
	conn, err := pusher.Open(ctx, owner.publishURL(c.host, c.bucket, channel, time.Now().Add(time.Hour), nil))
	if err != nil {
		return err
	}
	defer conn.Close()
	closing := make(chan time.Time, 1000) // when the key frame behind each segment was sent
	var watched sync.WaitGroup
	watched.Go(func() {
		listed := 0
		for sent := range closing {
			listed++
			if _, err := listing(ctx, c, channel, listed, sent.Add(20*time.Second)); err != nil {
				l.fail("%s: %v", channel, err)
				continue
			}
			l.add(time.Since(sent))
		}
	})
	keys, began := 0, time.Now()
	for _, m := range clip {
		if time.Duration(m.Time)*time.Millisecond > length {
			break
		}
		wait(ctx, began.Add(time.Duration(m.Time)*time.Millisecond))
		if err = conn.Send(m); err != nil {
			break
		}
		if isKey(m) {
			if keys++; keys > 1 {
				closing <- time.Now()
			}
		}
	}
	close(closing)
	watched.Wait()
	if err == nil {
		err = conn.Finish()
	}
	if err != nil {
		return err
	}
	p, err := listing(ctx, c, channel, keys, time.Now().Add(5*time.Second))
	l.mu.Lock()
	defer l.mu.Unlock()
	l.segments += keys
	l.missing += max(0, keys-int(p.Sequence)-len(p.Segments))
	for _, s := range p.Segments {
		if s.Discontinuity {
			l.breaks++
		}
	}
	return err
}

// listing reads a playlist until it has listed so many segments.
func listing(ctx context.Context, c *client, channel string, segments int, until time.Time) (p playlist, err error) {
	for {
		text, status, err := get(ctx, c.url(channel+"/playlist.m3u8"))
		if err == nil && status == 200 {
			if p, err = readPlaylist(text); err == nil && int(p.Sequence)+len(p.Segments) >= segments {
				return p, nil
			}
		}
		if time.Now().After(until) || ctx.Err() != nil {
			return p, fmt.Errorf("segment %d is not listed, status %d, %v", segments, status, err)
		}
		wait(ctx, time.Now().Add(20*time.Millisecond))
	}
}

// wait returns at that time, or when ctx is done. It keeps the pace of what is sent.
func wait(ctx context.Context, until time.Time) {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// TestHostilePublishers: one abuser of each kind beside publishers that behave: these lose
// nothing and are not late.
func TestHostilePublishers(t *testing.T) {
	source := readClip(t, small(t))
	good, length := counts(8, 50), time.Duration(counts(6, 60))*time.Second
	s := serve(t, t.TempDir(), "abuse", "--publisher-idle", "3s")
	c := s.client("abuse")
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	report := make([]string, len(abusers))
	for i, kind := range abusers {
		a := &abuse{c: c, channel: fmt.Sprintf("abuse-%02d", i), clip: source}
		c.putChannel(t, a.channel, 1, 3)
		running.Go(func() {
			rounds, last := 0, error(nil)
			for ; ctx.Err() == nil; rounds++ {
				if err := kind.do(ctx, a); err != nil && ctx.Err() == nil {
					last = err
				}
				wait(ctx, time.Now().Add(50*time.Millisecond))
			}
			if a.did.Load() == 0 {
				t.Errorf("%s has done nothing; last error: %v", kind.name, last)
			}
			report[i] = fmt.Sprintf("%s: %d connections, %d messages or tries; last error: %v", kind.name, rounds, a.did.Load(), last)
		})
	}
	grown := s.watchMemory(t)
	l := goodPublishers(t, c, source, good, length)
	stop()
	running.Wait()
	t.Logf("%d abusers beside %d publishers for %v: %v; %v\n%s", len(abusers), good, length, l, grown(), strings.Join(report, "\n"))
	l.check(t)
	if err, gone := s.proc.exited(); gone {
		t.Fatalf("the server ended: %v", err)
	}
}
