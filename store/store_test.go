package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"osslive/store"
	"osslive/store/boltkv"
	"osslive/store/fileblobs"
	"osslive/store/memstore"
	"osslive/store/seam"
)

// env is a store that can be opened again, with a clock that a test sets: in a
// directory, or, to be quick, on records and blobs in memory that outlive it.
type env struct {
	*store.Store
	t      testing.TB
	dir    string // "" in memory
	kv     seam.KV
	blobs  seam.Blobs
	leases *memstore.Leases
	clock  *clock
	report store.Report
	// wrap puts something between store and backends; nil for nothing.
	wrap func(seam.KV, seam.Blobs) (seam.KV, seam.Blobs)
}

type clock struct{ ms atomic.Int64 }

func (c *clock) now() time.Time          { return time.UnixMilli(c.ms.Load()) }
func (c *clock) advance(d time.Duration) { c.ms.Add(d.Milliseconds()) }

// epoch is when the clock of a test begins.
const epoch = 1543895706266

func newEnv(t testing.TB) *env {
	t.Helper()
	return begin(&env{t: t, dir: t.TempDir()})
}

func newMemoryEnv(t testing.TB) *env {
	t.Helper()
	return begin(&env{t: t, kv: memstore.NewKV(), blobs: memstore.NewBlobs()})
}

func begin(e *env) *env {
	e.t.Helper()
	e.clock = &clock{}
	e.clock.ms.Store(epoch)
	e.open()
	e.t.Cleanup(e.close)
	return e
}

// open opens the directory as a process that starts does; no lease is held.
func (e *env) open() {
	e.t.Helper()
	var err error
	if e.dir != "" {
		if e.kv, err = boltkv.Open(filepath.Join(e.dir, "meta.db"), boltkv.Options{}); err != nil {
			e.t.Fatal(err)
		}
		// What tests kill is the process, so data need not be synced.
		if e.blobs, err = fileblobs.Open(filepath.Join(e.dir, "blobs"), fileblobs.Options{Relaxed: true}); err != nil {
			e.t.Fatal(err)
		}
	}
	e.leases = memstore.NewLeases()
	e.Store = store.New(store.Config{KV: e.kv, Blobs: e.blobs, Leases: e.leases, Now: e.clock.now})
	if e.report, err = e.Recover(context.Background()); err != nil {
		e.t.Fatal(err)
	}
	if e.wrap != nil {
		kv, blobs := e.wrap(e.kv, e.blobs)
		e.Store = store.New(store.Config{KV: kv, Blobs: blobs, Leases: e.leases, Now: e.clock.now})
	}
}

func (e *env) close() {
	for _, backend := range []any{e.kv, e.blobs} {
		if c, ok := backend.(io.Closer); ok {
			if err := c.Close(); err != nil {
				e.t.Errorf("closing: %v", err)
			}
		}
	}
}

func (e *env) reopen() {
	e.t.Helper()
	e.close()
	e.open()
}

// newMemory returns a store in memory, for tests of logic alone.
func newMemory(t testing.TB) (*store.Store, *clock) {
	t.Helper()
	e := newMemoryEnv(t)
	return e.Store, e.clock
}

func putBucket(t testing.TB, s *store.Store, name string) {
	t.Helper()
	if _, err := s.PutBucket(t.Context(), name, ""); err != nil {
		t.Fatalf("PutBucket: %v", err)
	}
}

func putChannel(t testing.TB, s *store.Store, bucket, name string) {
	t.Helper()
	if _, err := s.PutChannel(t.Context(), store.Channel{Bucket: bucket, Name: name}); err != nil {
		t.Fatalf("PutChannel: %v", err)
	}
}

func put(t testing.TB, s *store.Store, bucket, key, body string) store.Object {
	t.Helper()
	o, err := tryPut(t, s, bucket, key, body)
	if err != nil {
		t.Fatalf("PutObject(%q): %v", key, err)
	}
	return o
}

func tryPut(t testing.TB, s *store.Store, bucket, key, body string) (store.Object, error) {
	return s.PutObject(t.Context(), store.Object{Bucket: bucket, Key: key}, strings.NewReader(body), store.PutOptions{Length: -1})
}

// get reads an object as a server does: what disappears between its record and its
// bytes is read once more, and then as often as it takes to be sure.
func get(t testing.TB, s *store.Store, bucket, key string) (string, error) {
	for {
		o, err := s.Object(t.Context(), bucket, key)
		if err != nil {
			return "", err
		}
		r, err := s.OpenObject(t.Context(), o, 0, -1)
		if errors.Is(err, store.ErrNoSuchKey) {
			continue
		}
		if err != nil {
			return "", err
		}
		data, err := io.ReadAll(r)
		return string(data), errors.Join(err, r.Close())
	}
}

func want(t testing.TB, s *store.Store, bucket, key, body string) {
	t.Helper()
	got, err := get(t, s, bucket, key)
	if err != nil || got != body {
		t.Errorf("%s/%s: got %.40q (%d bytes), %v, want %.40q (%d bytes)", bucket, key, got, len(got), err, body, len(body))
	}
}

func wantErr(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// large is a body that becomes a blob.
func large(seed string) string { return strings.Repeat(seed, 70_000/len(seed)+1) }

// publisher publishes segments the way a server does, with a playlist of its own
// form: the sequence number, then one name a line.
type publisher struct {
	*store.Session
	pos store.Position
}

const windowSize = 3

func publish(t testing.TB, s *store.Store, bucket, channel string) *publisher {
	t.Helper()
	p, err := tryPublish(t, s, bucket, channel, store.SessionStart{RemoteAddr: "192.0.2.1:5000"})
	if err != nil {
		t.Fatalf("StartSession: %v", err)
	}
	return p
}

func tryPublish(t testing.TB, s *store.Store, bucket, channel string, start store.SessionStart) (*publisher, error) {
	x, err := s.StartSession(t.Context(), bucket, channel, start)
	if err != nil {
		return nil, err
	}
	pos, _, err := x.Position(t.Context())
	return &publisher{Session: x, pos: pos}, err
}

// segment records one and returns its name.
func (p *publisher) segment(ctx context.Context, body string) (string, error) {
	w, err := p.NewSegment(ctx)
	if err != nil {
		return "", err
	}
	defer w.Abort()
	for piece := range slices.Chunk([]byte(body), 64<<10) {
		if _, err := w.Write(piece); err != nil {
			return w.Name(), err
		}
	}
	if err := w.Seal(store.Segment{Duration: 4 * time.Second, Discontinuity: len(p.pos.Window) == 0}); err != nil {
		return w.Name(), err
	}
	var next store.Position
	err = p.CommitSegments(ctx, []*store.SegmentWriter{w}, func(pos *store.Position) []byte {
		pos.TargetDuration = 5
		next = *pos
		return playlist(next)
	})
	if err != nil {
		return w.Name(), err
	}
	p.pos = next
	return w.Name(), nil
}

func (p *publisher) mustSegment(t testing.TB, body string) string {
	t.Helper()
	name, err := p.segment(t.Context(), body)
	if err != nil {
		t.Fatalf("segment: %v", err)
	}
	return name
}

func playlist(p store.Position) []byte {
	var b bytes.Buffer
	fmt.Fprintln(&b, p.Sequence)
	for _, seg := range p.Window {
		fmt.Fprintln(&b, seg.Name)
	}
	return b.Bytes()
}

// readPlaylist fetches a playlist and all it lists.
func readPlaylist(t testing.TB, s *store.Store, bucket, channel, name string) (sequence uint64, segments []string, err error) {
	text, err := get(t, s, bucket, channel+"/"+name)
	if err != nil {
		return 0, nil, err
	}
	lines := strings.Fields(text)
	if _, err := fmt.Sscan(lines[0], &sequence); err != nil {
		return 0, nil, err
	}
	for _, name := range lines[1:] {
		if _, err := get(t, s, bucket, channel+"/"+name); err != nil {
			return 0, nil, fmt.Errorf("listed segment %s: %w", name, err)
		}
	}
	return sequence, lines[1:], nil
}

func invalidRule(err error) string {
	var invalid *store.InvalidError
	if errors.As(err, &invalid) {
		return invalid.Field + " " + invalid.Rule
	}
	return fmt.Sprint(err)
}
