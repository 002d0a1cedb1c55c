package boltkv

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	bolt "go.etcd.io/bbolt"

	"osslive/store/seam"
)

// What is read while its record is being changed may be either, and is not kept.
func TestCacheWhileWriting(t *testing.T) {
	kv := open(t, filepath.Join(t.TempDir(), "meta.db"))
	put := func(v string) error { return kv.Commit(t.Context(), seam.Put("k", []byte(v), seam.Any)) }
	get := func() string {
		rec, err := kv.Get(t.Context(), "k")
		if err != nil {
			t.Fatal(err)
		}
		return string(rec.Value)
	}
	if err := put("old"); err != nil {
		t.Fatal(err)
	}
	if err := kv.Commit(t.Context(), seam.Put("k", []byte("wrong"), seam.Absent)); err != seam.ErrConflict {
		t.Fatalf("Commit that expects no record: got %v", err)
	}
	get()
	kv.update = func(f func(*bolt.Tx) error) error {
		if got := get(); got != "old" {
			t.Errorf("before the transaction: got %q, want old", got)
		}
		err := kv.db.Update(f)
		if got := get(); got != "new" {
			t.Errorf("after the transaction: got %q, want new", got)
		}
		return err
	}
	if err := put("new"); err != nil {
		t.Fatal(err)
	}
	if got := get(); got != "new" {
		t.Errorf("after Commit: got %q, want new", got)
	}
	// One that began before another commit did must not bring back what it read.
	_, _, epoch := kv.cache.get("k")
	kv.update = kv.db.Update
	if err := put("newer"); err != nil {
		t.Fatal(err)
	}
	kv.cache.add(seam.Record{Key: "k", Value: []byte("new"), Rev: 1}, epoch)
	if got := get(); got != "newer" {
		t.Errorf("after a late reader: got %q, want newer", got)
	}
	kv.update = func(f func(*bolt.Tx) error) error {
		return kv.db.Update(func(tx *bolt.Tx) error { return errors.Join(f(tx), errors.New("broken")) })
	}
	if err := put("lost"); err == nil {
		t.Error("Commit in a broken transaction: got nil")
	}
	if got := get(); got != "newer" {
		t.Errorf("after a transaction that failed: got %q, want newer", got)
	}
}

func TestCacheIsBounded(t *testing.T) {
	c := newCache()
	for i := range 3000 {
		_, _, epoch := c.get("")
		c.add(seam.Record{Key: fmt.Sprint("k", i), Value: make([]byte, 4000), Rev: 1}, epoch)
		c.add(seam.Record{Key: fmt.Sprint("none", i)}, epoch)
		c.add(seam.Record{Key: "large", Value: make([]byte, maxCachedValue+1), Rev: 1}, epoch)
	}
	sum := 0
	for _, rec := range c.records {
		sum += cost(rec)
	}
	if sum != c.bytes || sum > maxCached || sum < maxCached/2 {
		t.Errorf("records of %d bytes, counted %d, want at most %d", sum, c.bytes, maxCached)
	}
	if _, ok, _ := c.get("large"); ok {
		t.Error("a record that is too large was kept")
	}
}

// A cached record stays cached when it is written; a write alone caches nothing.
func TestCacheKeepsWhatIsRead(t *testing.T) {
	kv := open(t, filepath.Join(t.TempDir(), "meta.db"))
	ctx := t.Context()
	write := func(ops ...seam.Op) {
		t.Helper()
		if err := kv.Commit(ctx, ops...); err != nil {
			t.Fatal(err)
		}
	}
	kv.Get(ctx, "read") // there is none yet
	for i := range 3 {
		value := fmt.Append(nil, i)
		write(seam.Put("read", value, seam.Any), seam.Put("segment", value, seam.Any))
		if rec, ok, _ := kv.cache.get("read"); !ok || string(rec.Value) != string(value) {
			t.Errorf("write %d of what was read: got %q, %v, want it in the cache", i, rec.Value, ok)
		}
	}
	write(seam.Delete("read", seam.Any), seam.Delete("segment", seam.Any))
	if rec, ok, _ := kv.cache.get("read"); !ok || rec.Rev != 0 {
		t.Errorf("after its deletion: got revision %d, %v, want to know that there is none", rec.Rev, ok)
	}
	if n := len(kv.cache.records); n != 1 {
		t.Errorf("got %d records, want the one that was read", n)
	}
}

// A record that has been read costs no transaction.
func TestCachedReadAllocs(t *testing.T) {
	kv := open(t, filepath.Join(t.TempDir(), "meta.db"))
	if err := kv.Commit(t.Context(), seam.Put("k", []byte("v"), seam.Any)); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() { kv.Get(ctx, "k"); kv.Get(ctx, "none") }); n != 0 {
		t.Errorf("allocations of two reads: got %v, want 0", n)
	}
}
