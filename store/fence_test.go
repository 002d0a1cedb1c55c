package store_test

import (
	"context"
	"testing"

	"osslive/store"
	"osslive/store/memstore"
	"osslive/store/seam"
)

// interposed lets something happen right before the next Commit: after all that it
// depends on has been read.
type interposed struct {
	seam.KV
	before func()
}

func (kv *interposed) Commit(ctx context.Context, ops ...seam.Op) error {
	if before := kv.before; before != nil {
		kv.before = nil
		before()
	}
	return kv.KV.Commit(ctx, ops...)
}

// TestFence: an operation that read one state of a channel does not change a later one.
func TestFence(t *testing.T) {
	newStores := func(t *testing.T) (s, other *store.Store, kv *interposed) {
		e := newMemoryEnv(t)
		kv = &interposed{KV: e.kv}
		s = store.New(store.Config{KV: kv, Blobs: e.blobs, Leases: e.leases, Now: e.clock.now})
		putBucket(t, s, "demo")
		putChannel(t, s, "demo", "live")
		if err := publish(t, s, "demo", "live").End(t.Context()); err != nil {
			t.Fatal(err)
		}
		return s, e.Store, kv
	}
	t.Run("segment, superseded", func(t *testing.T) {
		s, _, kv := newStores(t)
		old := publish(t, s, "demo", "live")
		old.mustSegment(t, "first")
		// For the other one the lease has lapsed.
		other := store.New(store.Config{KV: kv.KV, Blobs: memstore.NewBlobs(), Leases: memstore.NewLeases(), Now: (&clock{}).now})
		var next *publisher
		kv.before = func() { next = publish(t, other, "demo", "live") }
		name, err := old.segment(t.Context(), "second")
		wantErr(t, "segment", err, store.ErrSessionLost)
		_, err = s.Object(t.Context(), "demo", "live/"+name)
		wantErr(t, "its object", err, store.ErrNoSuchKey)
		next.mustSegment(t, "third")
	})
	for name, change := range map[string]func(context.Context, *store.Store) error{
		"PutChannel": func(ctx context.Context, s *store.Store) error {
			_, err := s.PutChannel(ctx, store.Channel{Bucket: "demo", Name: "live"})
			return err
		},
		"DeleteChannel": func(ctx context.Context, s *store.Store) error {
			return s.DeleteChannel(ctx, "demo", "live")
		},
	} {
		t.Run(name+", published meanwhile", func(t *testing.T) {
			s, other, kv := newStores(t)
			var p *publisher
			kv.before = func() { p = publish(t, other, "demo", "live") }
			wantErr(t, name, change(t.Context(), s), store.ErrChannelLive)
			p.mustSegment(t, "undisturbed")
		})
	}
	t.Run("start, disabled meanwhile", func(t *testing.T) {
		s, other, kv := newStores(t)
		kv.before = func() {
			if err := other.SetChannelStatus(t.Context(), "demo", "live", store.Disabled); err != nil {
				t.Error(err)
			}
		}
		_, err := s.StartSession(t.Context(), "demo", "live", store.SessionStart{})
		wantErr(t, "StartSession", err, store.ErrChannelDisabled)
	})
	t.Run("put, bucket deleted meanwhile", func(t *testing.T) {
		s, other, kv := newStores(t)
		putBucket(t, s, "brief")
		kv.before = func() {
			if err := other.DeleteBucket(t.Context(), "brief"); err != nil {
				t.Error(err)
			}
		}
		_, err := tryPut(t, s, "brief", "k", "v")
		wantErr(t, "PutObject", err, store.ErrNoSuchBucket)
	})
}
