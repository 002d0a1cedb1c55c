package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"osslive/store"
	"osslive/store/seam"
)

// faults makes the seams fail at one step. Every change to KV and Blobs has two: one
// before it happens and one after, when it has happened but its caller gets an error.
type faults struct {
	mu    sync.Mutex
	at    int  // the step that fails, from 1
	final bool // and so does everything after it: the process is dead
	steps int  // so far
	name  string
}

var errFault = errors.New("injected fault")

// step counts one step and reports whether it fails.
func (f *faults) step(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.steps++
	if f.steps == f.at {
		f.name = name
		return errFault
	}
	if f.final && f.steps > f.at {
		return errFault
	}
	return nil
}

// around is one change with its two steps.
func (f *faults) around(name string, change func() error) error {
	if err := f.step(name + ".before"); err != nil {
		return err
	}
	if err := change(); err != nil {
		return err
	}
	return f.step(name + ".after")
}

type faultyKV struct {
	seam.KV
	f *faults
}

func (kv faultyKV) Commit(ctx context.Context, ops ...seam.Op) error {
	return kv.f.around("kv.commit", func() error { return kv.KV.Commit(ctx, ops...) })
}

type faultyBlobs struct {
	seam.Blobs
	f *faults
}

func (b faultyBlobs) Create(ctx context.Context) (w seam.BlobWriter, err error) {
	err = b.f.around("blob.create", func() error {
		w, err = b.Blobs.Create(ctx)
		return err
	})
	return faultyWriter{w, b.f}, err
}

func (b faultyBlobs) Delete(ctx context.Context, id seam.BlobID) error {
	return b.f.around("blob.delete", func() error { return b.Blobs.Delete(ctx, id) })
}

type faultyWriter struct {
	seam.BlobWriter
	f *faults
}

func (w faultyWriter) Write(p []byte) (n int, err error) {
	err = w.f.around("blob.write", func() error {
		n, err = w.BlobWriter.Write(p)
		return err
	})
	return n, err
}

func (w faultyWriter) Commit() error {
	return w.f.around("blob.commit", w.BlobWriter.Commit)
}

// Abort of a process that is dead does nothing.
func (w faultyWriter) Abort() {
	if w.f.step("blob.abort") == nil {
		w.BlobWriter.Abort()
	}
}

// journal is what the user of a store knows: for each key the contents that it may
// have, "" standing for none.
type journal struct {
	objects  map[string][]string
	segments []string // acknowledged, in order
	tried    []string // all names that were given
	sequence uint64   // of the last acknowledged playlist
	started  int      // sessions acknowledged
	maybe    int      // sessions that failed to start
	ended    int

	uploads      map[store.Upload]*upload
	maybeUploads int // that may be there
}

// set notes an attempt to make key have content.
func (j *journal) set(key, content string, err error) {
	if err == nil {
		j.objects[key] = []string{content}
		return
	}
	if _, ok := j.objects[key]; !ok {
		j.objects[key] = []string{""}
	}
	j.objects[key] = append(j.objects[key], content)
}

// script uses the store in every way there is, going on after errors.
func (j *journal) script(t *testing.T, e *env) {
	ctx := t.Context()
	putTo := func(key, body string) {
		_, err := tryPut(t, e.Store, "demo", key, body)
		j.set(key, body, err)
	}
	putTo("small", "1")
	putTo("large", large("1"))
	putTo("small", "2")           // body → body
	putTo("large", large("2"))    // blob → blob
	putTo("changing", large("3")) // blob → body → blob
	putTo("changing", "3")
	putTo("changing", large("4"))
	for _, key := range []string{"small", "large"} {
		j.set(key, "", e.DeleteObject(ctx, "demo", key))
	}
	putTo("small", "5")
	for round := range 2 {
		e.clock.advance(time.Second)
		p, err := tryPublish(t, e.Store, "demo", "live", store.SessionStart{RemoteAddr: fmt.Sprint(round)})
		if err != nil {
			j.maybe++
			continue
		}
		j.started++
		for i := range 4 {
			body := large(fmt.Sprint("segment", round, i))
			name, err := p.segment(ctx, body)
			if name != "" {
				j.set("live/"+name, body, err)
				j.tried = append(j.tried, name)
			}
			if err != nil {
				break // as a server ends a publish that cannot be stored
			}
			j.segments = append(j.segments, name)
			j.sequence = p.pos.Sequence
			e.clock.advance(4 * time.Second)
		}
		if p.End(ctx) == nil {
			j.ended++
		}
	}
	e.Collect(ctx)
	e.PutBucket(ctx, "brief", "")
	e.DeleteBucket(ctx, "brief")
}

// check compares a store that was opened again with what the user knows.
func (j *journal) check(t *testing.T, e *env) {
	t.Helper()
	ctx := t.Context()
	for key, allowed := range j.objects {
		got, err := get(t, e.Store, "demo", key)
		if err != nil && !errors.Is(err, store.ErrNoSuchKey) {
			t.Errorf("%s: %v", key, err)
		}
		if !slices.Contains(allowed, got) {
			t.Errorf("%s: got %.30q (%d bytes), want one of %.30q", key, got, len(got), allowed)
		}
	}
	l, err := e.ListObjects(ctx, "demo", store.ListQuery{Limit: 1000})
	if err != nil {
		t.Error(err)
	}
	for _, o := range l.Items {
		if _, ok := j.objects[o.Key]; !ok && !strings.HasSuffix(o.Key, ".m3u8") {
			t.Errorf("%s: appeared from nowhere", o.Key)
		}
	}
	h, err := e.History(ctx, "demo", "live")
	if err != nil || len(h) < j.started || len(h) > j.started+j.maybe {
		t.Errorf("history: got %v, %v, want %d to %d sessions", h, err, j.started, j.started+j.maybe)
	}
	for _, r := range h {
		if r.End.Before(r.Start) {
			t.Errorf("history: %v ends before it starts", r)
		}
	}
	if st, err := e.ChannelStat(ctx, "demo", "live"); err != nil || st.Status != "Idle" {
		t.Errorf("channel: got %+v, %v, want Idle", st, err)
	}
	if len(j.segments) > 0 {
		sequence, listed, err := readPlaylist(t, e.Store, "demo", "live", "playlist.m3u8")
		last := j.segments[len(j.segments)-1]
		if err != nil || sequence < j.sequence || !slices.Contains(listed, last) {
			t.Errorf("playlist: got %d %v, %v, want %d or more with %s", sequence, listed, err, j.sequence, last)
		}
	}
	j.checkUploads(t, e)
	// A publisher can push at once, and goes on.
	p, err := tryPublish(t, e.Store, "demo", "live", store.SessionStart{})
	if err != nil {
		t.Fatalf("publishing again: %v", err)
	}
	if p.pos.Sequence < j.sequence {
		t.Errorf("sequence: got %d, want %d or more", p.pos.Sequence, j.sequence)
	}
	name := p.mustSegment(t, "again")
	if n := len(j.segments); n > 0 && name <= j.segments[n-1] {
		t.Errorf("name: got %s after %s", name, j.segments[n-1])
	}
	if _, _, err := readPlaylist(t, e.Store, "demo", "live", "playlist.m3u8"); err != nil {
		t.Errorf("playlist after it: %v", err)
	}
	if err := p.End(ctx); err != nil {
		t.Error(err)
	}
	e.checkRecords()
}

// TestCrash runs the script with a fault at its first step, then at its second, and so
// on, until it gets through; once with a process that dies of it and once with one that
// goes on. Afterwards the store is opened again: acknowledged changes are there, others
// are there wholly or not at all, and nothing else is.
//
// In memory that is every step; on disk, where each takes many syncs, some.
func TestCrash(t *testing.T) {
	testCrash(t, 23, func(t *testing.T, e *env, f *faults) {
		j := crash(t, e, f, (*journal).script)
		if f.steps < f.at && j.ended != 2 {
			t.Errorf("without a fault: %d sessions ended, want 2", j.ended)
		}
	})
}

// testCrash: stride shares no factor with the rhythm of the steps.
func testCrash(t *testing.T, stride int, crash func(*testing.T, *env, *faults)) {
	for _, final := range []bool{true, false} {
		t.Run(map[bool]string{true: "process dies", false: "process goes on"}[final], func(t *testing.T) {
			steps, names := 0, map[string]int{}
			for {
				f := &faults{at: steps + 1, final: final}
				if !t.Run(fmt.Sprint("memory ", f.at), func(t *testing.T) { crash(t, newMemoryEnv(t), f) }) {
					t.Fatalf("step %d, %s", f.at, f.name)
				}
				if f.steps < f.at {
					break
				}
				names[f.name]++
				steps++
			}
			t.Logf("%d steps: %v", steps, names)
			for at := 1; at <= steps; at += stride {
				t.Run(fmt.Sprint("disk ", at), func(t *testing.T) {
					t.Parallel()
					crash(t, newEnv(t), &faults{at: at, final: final})
				})
			}
		})
	}
}

func crash(t *testing.T, e *env, f *faults, script func(*journal, *testing.T, *env)) *journal {
	putBucket(t, e.Store, "demo")
	putChannel(t, e.Store, "demo", "live")
	e.wrap = func(kv seam.KV, blobs seam.Blobs) (seam.KV, seam.Blobs) {
		return faultyKV{kv, f}, faultyBlobs{blobs, f}
	}
	e.reopen()
	e.wrap = nil
	j := &journal{objects: map[string][]string{}}
	script(j, t, e)
	e.reopen()
	j.check(t, e)
	if t.Failed() {
		t.Logf("after the fault at step %d, %s", f.at, f.name)
	}
	if !f.final && j.maybe > 1 {
		t.Errorf("one fault: %d sessions could not start", j.maybe)
	}
	return j
}

// TestFull: with a full disk, uploads and segments are refused, everything else
// works, and so do they when there is space again.
func TestFull(t *testing.T) {
	e := newEnv(t)
	ctx := t.Context()
	putBucket(t, e.Store, "demo")
	putChannel(t, e.Store, "demo", "live")
	put(t, e.Store, "demo", "k", "old")
	full := &fullBlobs{Blobs: e.blobs}
	s := store.New(store.Config{KV: e.kv, Blobs: full, Leases: e.leases, Now: e.clock.now})
	p := publish(t, s, "demo", "live")
	p.mustSegment(t, "media")
	full.full = true
	for _, body := range []string{"small", large("large")} {
		_, err := tryPut(t, s, "demo", "k", body)
		wantErr(t, fmt.Sprintf("PutObject of %d bytes", len(body)), err, seam.ErrFull)
	}
	_, err := p.segment(ctx, "media")
	wantErr(t, "segment", err, seam.ErrFull)
	if err := p.End(ctx); err != nil {
		t.Errorf("End: %v", err)
	}
	want(t, s, "demo", "k", "old")
	if err := s.DeleteObject(ctx, "demo", "k"); err != nil {
		t.Errorf("DeleteObject: %v", err)
	}
	if err := s.Collect(ctx); err != nil {
		t.Errorf("Collect: %v", err)
	}
	full.full = false
	put(t, s, "demo", "k", "new")
	e.checkRecords()
}

type fullBlobs struct {
	seam.Blobs
	full bool
}

func (b *fullBlobs) Create(ctx context.Context) (seam.BlobWriter, error) {
	if b.full {
		return nil, fmt.Errorf("%w: no space", seam.ErrFull)
	}
	return b.Blobs.Create(ctx)
}

// TestCollectInUse: a blob that cannot be removed is tried again, and does not keep
// the others from being removed.
func TestCollectInUse(t *testing.T) {
	e := newEnv(t)
	putBucket(t, e.Store, "demo")
	for i := range 3 {
		put(t, e.Store, "demo", fmt.Sprint("k", i), large("x"))
		if err := e.DeleteObject(t.Context(), "demo", fmt.Sprint("k", i)); err != nil {
			t.Fatal(err)
		}
	}
	busy := &busyBlobs{Blobs: e.blobs, err: seam.ErrInUse}
	s := store.New(store.Config{KV: e.kv, Blobs: busy, Leases: e.leases, Now: e.clock.now})
	if err := s.Collect(t.Context()); err != nil {
		t.Errorf("Collect with a blob in use: %v", err)
	}
	if n := len(e.records("garbage/")); n != 1 {
		t.Errorf("garbage left: got %d, want 1", n)
	}
	busy.err, busy.asked = errFault, false
	wantErr(t, "Collect with a blob that fails", s.Collect(t.Context()), errFault)
	e.checkRecords()
}

// busyBlobs refuses the first Delete.
type busyBlobs struct {
	seam.Blobs
	asked bool
	err   error
}

func (b *busyBlobs) Delete(ctx context.Context, id seam.BlobID) error {
	if !b.asked {
		b.asked = true
		return b.err
	}
	return b.Blobs.Delete(ctx, id)
}
