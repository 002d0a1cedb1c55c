package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"osslive/store"
	"osslive/store/seam"
)

func TestRecoverSessions(t *testing.T) {
	e := newEnv(t)
	ctx := t.Context()
	putBucket(t, e.Store, "demo")
	for _, name := range []string{"with", "without", "ended"} {
		putChannel(t, e.Store, "demo", name)
	}
	with := publish(t, e.Store, "demo", "with")
	publish(t, e.Store, "demo", "without")
	ended := publish(t, e.Store, "demo", "ended")
	e.clock.advance(time.Second)
	var name string
	for range 5 {
		name = with.mustSegment(t, "media")
		e.clock.advance(4 * time.Second)
	}
	w, err := with.NewSegment(ctx) // half a segment, when the process ends
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("half")); err != nil {
		t.Fatal(err)
	}
	if err := ended.End(ctx); err != nil {
		t.Fatal(err)
	}
	e.clock.advance(time.Hour)
	e.reopen()
	if e.report.Sessions != 2 || e.report.Blobs != 1 {
		t.Errorf("report: got %+v, want two sessions closed and one blob removed", e.report)
	}
	for channel, end := range map[string]int64{"with": epoch + 21_000, "without": epoch, "ended": epoch + 21_000} {
		h, err := e.History(ctx, "demo", channel)
		if err != nil || len(h) != 1 || h[0].End.UnixMilli() != end {
			t.Errorf("history of %s: got %v, %v, want one to %d", channel, h, err, end)
		}
		if st, err := e.ChannelStat(ctx, "demo", channel); err != nil || st.Status != "Idle" {
			t.Errorf("%s: got %+v, %v, want Idle", channel, st, err)
		}
	}
	e.reopen()
	if e.report.Sessions != 0 || e.report.Blobs != 0 {
		t.Errorf("second report: got %+v, want nothing repaired", e.report)
	}
	// The playlist goes on, and the clock may have been set back.
	e.clock.ms.Store(epoch)
	p := publish(t, e.Store, "demo", "with")
	if p.pos.Sequence != 2 || len(p.pos.Window) != windowSize {
		t.Errorf("position: got %+v, want sequence 2", p.pos)
	}
	if next := p.mustSegment(t, "media"); next <= name {
		t.Errorf("name after the restart: got %s, want one after %s", next, name)
	}
	if err := p.End(ctx); err != nil {
		t.Fatal(err)
	}
	e.checkRecords()
}

// TestRecoverLive: Recover does not close the sessions of other processes that publish.
func TestRecoverLive(t *testing.T) {
	e := newEnv(t)
	putBucket(t, e.Store, "demo")
	putChannel(t, e.Store, "demo", "live")
	p := publish(t, e.Store, "demo", "live")
	report, err := e.Recover(t.Context())
	if err != nil || report.Sessions != 0 {
		t.Errorf("Recover: got %+v, %v, want no session closed", report, err)
	}
	p.mustSegment(t, "media")
	if err := p.Renew(t.Context(), store.Stat{}); err != nil {
		t.Errorf("Renew: %v", err)
	}
}

func TestFormat(t *testing.T) {
	e := newEnv(t)
	ctx := t.Context()
	if err := e.kv.Commit(ctx, seam.Put("format", []byte(`{"version":2}`), seam.Any)); err != nil {
		t.Fatal(err)
	}
	_, err := e.Recover(ctx)
	if err == nil || !strings.Contains(err.Error(), "format 2") || !strings.Contains(err.Error(), "use the version that wrote it") {
		t.Errorf("newer format: got %v, want a refusal that says what to do", err)
	}
	if err := e.kv.Commit(ctx, seam.Put("format", []byte(`{`), seam.Any)); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Recover(ctx); err == nil {
		t.Error("broken format record: no error")
	}
}

// TestLostMetadata: blobs whose metadata file is gone are not swept away.
func TestLostMetadata(t *testing.T) {
	e := newEnv(t)
	putBucket(t, e.Store, "demo")
	put(t, e.Store, "demo", "k", large("x"))
	if err := e.kv.Commit(t.Context(), seam.Delete("format", seam.Any)); err != nil {
		t.Fatal(err)
	}
	_, err := e.Recover(t.Context())
	if err == nil || !strings.Contains(err.Error(), "restore the metadata") {
		t.Errorf("got %v, want a refusal", err)
	}
	want(t, e.Store, "demo", "k", large("x"))
}

func TestRetain(t *testing.T) {
	e := newEnv(t)
	ctx := t.Context()
	putBucket(t, e.Store, "demo")
	for _, name := range []string{"live", "gone", "short"} {
		putChannel(t, e.Store, "demo", name)
		p := publish(t, e.Store, "demo", name)
		for range map[string]int{"live": 50, "gone": 2, "short": 2}[name] {
			p.mustSegment(t, large(name))
			e.clock.advance(4 * time.Second)
		}
		if err := p.End(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.DeleteChannel(ctx, "demo", "gone"); err != nil {
		t.Fatal(err)
	}
	put(t, e.Store, "demo", "live/0000000000001.ts", "an upload, not a segment")
	put(t, e.Store, "demo", "0000000000001.ts", "nor this")
	for _, step := range []struct {
		name                      string
		olderThan                 time.Duration
		removed, live, gone, rest int
	}{
		{"nothing is that old", time.Hour, 0, 50, 2, 2},
		{"the first ten", 216*time.Second - 40*time.Second, 10, 40, 2, 2},
		{"all but the windows", 0, 37 + 2, 3, 0, 2},
		{"again", 0, 0, 3, 0, 2},
	} {
		n, err := e.Retain(ctx, step.olderThan-time.Millisecond)
		if err != nil || n != step.removed {
			t.Errorf("%s: got %d, %v, want %d", step.name, n, err, step.removed)
		}
		got := fmt.Sprint(count(t, e, "live"), count(t, e, "gone"), count(t, e, "short"))
		if wantLeft := fmt.Sprint(step.live, step.gone, step.rest); got != wantLeft {
			t.Errorf("%s: left %s, want %s", step.name, got, wantLeft)
		}
		e.checkRecords()
	}
	if _, _, err := readPlaylist(t, e.Store, "demo", "live", "playlist.m3u8"); err != nil {
		t.Errorf("playlist: %v", err)
	}
	want(t, e.Store, "demo", "live/0000000000001.ts", "an upload, not a segment")
}

func count(t *testing.T, e *env, channel string) (n int) {
	t.Helper()
	for _, err := range e.Segments(t.Context(), "demo", channel, time.UnixMilli(0), e.clock.now()) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// TestRecoverTime: a start with 10,000 objects, half of them blobs, takes a small
// part of a second.
func TestRecoverTime(t *testing.T) {
	if testing.Short() {
		t.Skip("fills a store")
	}
	const objects = 10_000
	e := newEnv(t)
	fill(t, e, objects)
	begin := time.Now()
	e.reopen()
	took := time.Since(begin)
	if e.report.Objects != objects || e.report.Damaged != 0 {
		t.Errorf("report: got %+v, want %d objects, all well", e.report, objects)
	}
	if took > time.Second {
		t.Errorf("took %v, want at most 1 s", took)
	}
	t.Logf("opened and recovered with %d objects in %v", objects, took.Round(time.Millisecond))
}

func BenchmarkRecover(b *testing.B) {
	e := newEnv(b)
	fill(b, e, 10_000)
	for b.Loop() {
		if _, err := e.Recover(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}

// fill stores n objects, every other one a blob, with many writers at once so that
// their commits share transactions.
func fill(t testing.TB, e *env, n int) {
	t.Helper()
	putBucket(t, e.Store, "demo")
	bodies := []string{"small", large("x")}
	next := make(chan int)
	done := make(chan error)
	const writers = 64
	for range writers {
		go func() {
			var err error
			for i := range next {
				if err == nil {
					_, err = tryPut(t, e.Store, "demo", fmt.Sprintf("dir/%05d", i), bodies[i%2])
				}
			}
			done <- err
		}()
	}
	for i := range n {
		next <- i
	}
	close(next)
	for range writers {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
