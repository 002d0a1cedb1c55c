package store_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"osslive/store"
	"osslive/store/seam"
)

func TestBucket(t *testing.T) {
	s, _ := newMemory(t)
	ctx := t.Context()
	_, err := s.Bucket(ctx, "demo")
	wantErr(t, "Bucket", err, store.ErrNoSuchBucket)
	steps := []struct {
		acl     store.ACL
		created bool
		want    store.ACL
	}{
		{"", true, store.Private},
		{store.PublicRead, false, store.PublicRead},
		{"", false, store.PublicRead},
	}
	for _, step := range steps {
		created, err := s.PutBucket(ctx, "demo", step.acl)
		if err != nil || created != step.created {
			t.Errorf("PutBucket(%q): got %t, %v, want %t", step.acl, created, err, step.created)
		}
		b, err := s.Bucket(ctx, "demo")
		if err != nil || b.ACL != step.want || b.Name != "demo" || b.Created.UnixMilli() != epoch {
			t.Errorf("after PutBucket(%q): got %+v, %v", step.acl, b, err)
		}
	}
	if err := s.SetBucketACL(ctx, "demo", store.PublicReadWrite); err != nil {
		t.Error(err)
	}
	if b, _ := s.Bucket(ctx, "demo"); b.ACL != store.PublicReadWrite {
		t.Errorf("ACL: got %q, want %q", b.ACL, store.PublicReadWrite)
	}
	wantErr(t, "SetBucketACL of none", s.SetBucketACL(ctx, "none", store.Private), store.ErrNoSuchBucket)
	_, err = s.PutBucket(ctx, "demo", "default")
	for what, got := range map[string]string{
		"PutBucket, bad ACL":    invalidRule(err),
		"SetBucketACL, bad ACL": invalidRule(s.SetBucketACL(ctx, "demo", "")),
	} {
		if got != "ACL value" {
			t.Errorf("%s: got %s, want ACL value", what, got)
		}
	}
	_, err = s.PutBucket(ctx, "Demo", "")
	if got := invalidRule(err); got != "BucketName value" {
		t.Errorf("PutBucket, bad name: got %s", got)
	}
}

func TestBuckets(t *testing.T) {
	s, _ := newMemory(t)
	for _, name := range []string{"b-1", "b-2", "a-1", "b-3", "c-1"} {
		putBucket(t, s, name)
	}
	tests := []struct {
		prefix, marker string
		limit          int
		want, next     string
	}{
		{"", "", 10, "[a-1 b-1 b-2 b-3 c-1]", ""},
		{"b", "", 2, "[b-1 b-2]", "b-2"},
		{"b", "b-2", 2, "[b-3]", ""},
		{"b", "", 3, "[b-1 b-2 b-3]", ""},
		{"", "b", 1, "[b-1]", "b-1"},
		{"x", "", 1, "[]", ""},
	}
	for _, tt := range tests {
		page, err := s.Buckets(t.Context(), tt.prefix, tt.marker, tt.limit)
		var names []string
		for _, b := range page.Items {
			names = append(names, b.Name)
		}
		if err != nil || fmt.Sprint(names) != tt.want || page.Next != tt.next {
			t.Errorf("%+v: got %v, next %q, %v", tt, names, page.Next, err)
		}
	}
}

func TestDeleteBucket(t *testing.T) {
	e := newEnv(t)
	ctx := t.Context()
	wantErr(t, "none", e.DeleteBucket(ctx, "demo"), store.ErrNoSuchBucket)
	putBucket(t, e.Store, "demo")
	putBucket(t, e.Store, "demo-2") // its neighbour's contents do not count
	put(t, e.Store, "demo-2", "k", "v")
	put(t, e.Store, "demo", "k", "v")
	wantErr(t, "with an object", e.DeleteBucket(ctx, "demo"), store.ErrBucketNotEmpty)
	put(t, e.Store, "demo", "k2", "v")
	for _, key := range []string{"k", "k2"} {
		if err := e.DeleteObject(ctx, "demo", key); err != nil {
			t.Fatal(err)
		}
	}
	putChannel(t, e.Store, "demo", "live")
	wantErr(t, "with a channel", e.DeleteBucket(ctx, "demo"), store.ErrBucketNotEmpty)
	if err := e.DeleteChannel(ctx, "demo", "live"); err != nil {
		t.Fatal(err)
	}
	if err := e.DeleteBucket(ctx, "demo"); err != nil {
		t.Errorf("empty: %v", err)
	}
	_, err := e.Bucket(ctx, "demo")
	wantErr(t, "after it", err, store.ErrNoSuchBucket)
	e.checkRecords()
}

// TestUnfinishedDelete: a deletion that stopped half-way is called off, by the next
// write or by the next start.
func TestUnfinishedDelete(t *testing.T) {
	e := newEnv(t)
	ctx := t.Context()
	mark := func() {
		t.Helper()
		deleting := []byte(`{"acl":"public-read","created":1,"deleting":true}`)
		if err := e.kv.Commit(ctx, seam.Put("bucket/demo", deleting, seam.Any)); err != nil {
			t.Fatal(err)
		}
	}
	mark()
	put(t, e.Store, "demo", "k", "v")
	wantErr(t, "after a write", e.DeleteBucket(ctx, "demo"), store.ErrBucketNotEmpty)
	mark()
	e.reopen()
	if e.report.Buckets != 1 {
		t.Errorf("reverted at start: got %d, want 1", e.report.Buckets)
	}
	want(t, e.Store, "demo", "k", "v")
	if b, err := e.Bucket(ctx, "demo"); err != nil || b.ACL != store.PublicRead {
		t.Errorf("after the start: got %+v, %v", b, err)
	}
	if err := e.DeleteObject(ctx, "demo", "k"); err != nil {
		t.Fatal(err)
	}
	mark()
	if err := e.DeleteBucket(ctx, "demo"); err != nil {
		t.Errorf("finishing it: %v", err)
	}
}

func TestBucketStat(t *testing.T) {
	s, c := newMemory(t)
	putBucket(t, s, "demo")
	putBucket(t, s, "other")
	put(t, s, "demo", "a", "12345")
	put(t, s, "demo", "b", large("x"))
	put(t, s, "other", "c", "1")
	putChannel(t, s, "demo", "one")
	putChannel(t, s, "demo", "two")
	got, err := s.BucketStat(t.Context(), "demo")
	want := store.BucketStat{Storage: 5 + int64(len(large("x"))), Objects: 2, Channels: 2, Modified: c.now()}
	if err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	_, err = s.BucketStat(t.Context(), "none")
	wantErr(t, "none", err, store.ErrNoSuchBucket)
}

// TestDeleteBucketRaces: a bucket is deleted while objects, channels and sessions
// are made in it. Either it is not empty, or nothing of it is left.
func TestDeleteBucketRaces(t *testing.T) {
	e := newEnv(t)
	ctx := t.Context()
	deleted, kept := 0, 0
	for round := range 60 {
		putBucket(t, e.Store, "demo")
		var wg sync.WaitGroup
		ok := make([]bool, 4)
		for i, write := range []func() error{
			func() error { _, err := tryPut(t, e.Store, "demo", "small", "v"); return err },
			func() error { _, err := tryPut(t, e.Store, "demo", "large", large("v")); return err },
			func() error { _, err := e.PutChannel(ctx, store.Channel{Bucket: "demo", Name: "live"}); return err },
		} {
			if (round>>i)&1 == 1 {
				continue // not all of them in every round
			}
			wg.Go(func() {
				err := write()
				ok[i] = err == nil
				if err != nil && !errors.Is(err, store.ErrNoSuchBucket) {
					t.Errorf("write: got %v, want success or ErrNoSuchBucket", err)
				}
			})
		}
		for range 2 {
			wg.Go(func() {
				err := e.DeleteBucket(ctx, "demo")
				if err != nil && !errors.Is(err, store.ErrBucketNotEmpty) && !errors.Is(err, store.ErrNoSuchBucket) {
					t.Errorf("DeleteBucket: got %v", err)
				}
			})
		}
		wg.Wait()
		_, err := e.Bucket(ctx, "demo")
		if err != nil {
			deleted++
			if ok[0] || ok[1] || ok[2] {
				t.Fatalf("round %d: deleted together with what was written: %v", round, ok)
			}
		} else {
			kept++
			for i, key := range []string{"small", "large"} {
				if _, err := e.Object(ctx, "demo", key); ok[i] != (err == nil) {
					t.Fatalf("round %d: %s: written %t, then %v", round, key, ok[i], err)
				}
				if err := e.DeleteObject(ctx, "demo", key); err != nil {
					t.Fatal(err)
				}
			}
			if err := e.DeleteChannel(ctx, "demo", "live"); err != nil {
				t.Fatal(err)
			}
			if err := e.DeleteBucket(ctx, "demo"); err != nil {
				t.Fatalf("round %d: DeleteBucket of the emptied bucket: %v", round, err)
			}
		}
		e.checkRecords()
	}
	t.Logf("deleted in %d rounds, kept in %d, orphans 0", deleted, kept)
}
