// Package storetest is the test suite of package seam: what every backend must pass,
// races included.
//
// It owns the tests of the contract. It must not know a backend: it gets a function that
// opens one.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"osslive/store/seam"
)

// TestKV tests a seam.KV; open returns an empty one.
func TestKV(t *testing.T, open func(t *testing.T) seam.KV) {
	for name, test := range map[string]func(*testing.T, seam.KV){
		"Get":            testKVGet,
		"Expect":         testKVExpect,
		"AllOrNothing":   testKVAllOrNothing,
		"Revisions":      testKVRevisions,
		"Copies":         testKVCopies,
		"List":           testKVList,
		"ListModel":      testKVListModel,
		"Bounds":         testKVBounds,
		"Cancelled":      testKVCancelled,
		"Counter":        testKVCounter,
		"WholeCommits":   testKVWholeCommits,
		"OneWinner":      testKVOneWinner,
		"EmptyValue":     testKVEmptyValue,
		"DuplicateCheck": testKVDuplicate,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func testKVGet(t *testing.T, kv seam.KV) {
	ctx := t.Context()
	if _, err := kv.Get(ctx, "k"); err != seam.ErrNotFound {
		t.Fatalf("Get of nothing: got %v, want ErrNotFound", err)
	}
	commit(t, kv, seam.Put("k", []byte("v"), seam.Any))
	if got := get(t, kv, "k"); string(got.Value) != "v" || got.Key != "k" || got.Rev == 0 {
		t.Errorf("Get: got %+v, want k=v at a revision", got)
	}
	commit(t, kv, seam.Delete("k", seam.Any))
	if _, err := kv.Get(ctx, "k"); err != seam.ErrNotFound {
		t.Errorf("Get after delete: got %v, want ErrNotFound", err)
	}
	commit(t, kv, seam.Delete("k", seam.Any)) // there is nothing: no error
}

func testKVExpect(t *testing.T, kv seam.KV) {
	commit(t, kv, seam.Put("there", []byte("old"), seam.Any))
	at := seam.AtRev(get(t, kv, "there").Rev)
	other := seam.AtRev(get(t, kv, "there").Rev + 1000)
	tests := []struct {
		name   string
		key    string
		expect seam.Expect
		want   error
	}{
		{"any, there", "there", seam.Any, nil},
		{"any, missing", "missing", seam.Any, nil},
		{"absent, there", "there", seam.Absent, seam.ErrConflict},
		{"absent, missing", "missing", seam.Absent, nil},
		{"revision, there", "there", at, nil},
		{"other revision, there", "there", other, seam.ErrConflict},
		{"revision, missing", "missing", at, seam.ErrConflict},
	}
	for _, tt := range tests {
		for _, op := range []seam.Op{
			seam.Check(tt.key, tt.expect),
			seam.Put(tt.key, []byte("new"), tt.expect),
			seam.Delete(tt.key, tt.expect),
		} {
			// A failing op behind it leaves everything as it was.
			err := kv.Commit(t.Context(), op, seam.Check("never", other))
			if err != seam.ErrConflict {
				t.Fatalf("%s: with a failing check: got %v, want ErrConflict", tt.name, err)
			}
			if op.Kind != seam.OpCheck && tt.want == nil {
				continue // would change what the other cases need
			}
			if err := kv.Commit(t.Context(), op); err != tt.want {
				t.Errorf("%s: kind %d: got %v, want %v", tt.name, op.Kind, err, tt.want)
			}
		}
	}
	commit(t, kv, seam.Put("there", []byte("new"), at))
	if err := kv.Commit(t.Context(), seam.Put("there", nil, at)); err != seam.ErrConflict {
		t.Errorf("put at a revision that has passed: got %v, want ErrConflict", err)
	}
	commit(t, kv, seam.Delete("there", seam.AtRev(get(t, kv, "there").Rev)))
	commit(t, kv, seam.Put("there", nil, seam.Absent))
}

func testKVAllOrNothing(t *testing.T, kv seam.KV) {
	commit(t, kv, seam.Put("a", []byte("1"), seam.Any), seam.Put("b", []byte("1"), seam.Any))
	before := []seam.Record{get(t, kv, "a"), get(t, kv, "b")}
	err := kv.Commit(t.Context(),
		seam.Put("a", []byte("2"), seam.Any),
		seam.Delete("b", seam.Any),
		seam.Put("c", []byte("2"), seam.Any),
		seam.Check("d", seam.AtRev(1)))
	if err != seam.ErrConflict {
		t.Fatalf("got %v, want ErrConflict", err)
	}
	if after := list(t, kv, "", "", 10); !equal(after, before) {
		t.Errorf("after a failed commit: got %v, want %v", after, before)
	}
}

func testKVRevisions(t *testing.T, kv seam.KV) {
	commit(t, kv, seam.Put("a", nil, seam.Any), seam.Put("b", nil, seam.Any))
	a, b := get(t, kv, "a"), get(t, kv, "b")
	if a.Rev != b.Rev {
		t.Errorf("revisions of one commit: %d and %d, want them equal", a.Rev, b.Rev)
	}
	commit(t, kv, seam.Check("a", seam.Any), seam.Put("b", nil, seam.Any))
	if got := get(t, kv, "a").Rev; got != a.Rev {
		t.Errorf("revision after a check: got %d, want %d", got, a.Rev)
	}
	if got := get(t, kv, "b").Rev; got <= b.Rev {
		t.Errorf("revision after the same value was put: got %d, want more than %d", got, b.Rev)
	}
	// A record that is made again must not be taken for the one that was.
	commit(t, kv, seam.Delete("a", seam.Any))
	commit(t, kv, seam.Put("a", nil, seam.Any))
	if got := get(t, kv, "a").Rev; got <= a.Rev {
		t.Errorf("revision of a record made again: got %d, want more than %d", got, a.Rev)
	}
}

func testKVCopies(t *testing.T, kv seam.KV) {
	value := []byte("value")
	commit(t, kv, seam.Put("k", value, seam.Any))
	value[0] = 'X'
	if got := get(t, kv, "k"); string(got.Value) != "value" {
		t.Errorf("value after what was put was changed: got %q, want %q", got.Value, "value")
	}
	got := get(t, kv, "k")
	commit(t, kv, seam.Put("k", []byte("other"), seam.Any))
	if string(got.Value) != "value" {
		t.Errorf("value that was read, after another was put: got %q, want %q", got.Value, "value")
	}
}

func testKVEmptyValue(t *testing.T, kv seam.KV) {
	commit(t, kv, seam.Put("nil", nil, seam.Absent), seam.Put("empty", []byte{}, seam.Absent))
	for _, key := range []string{"nil", "empty"} {
		if got := get(t, kv, key); len(got.Value) != 0 || got.Rev == 0 {
			t.Errorf("%s: got %+v, want an empty record", key, got)
		}
	}
}

func testKVList(t *testing.T, kv seam.KV) {
	all := []string{"a", "a/", "a/b", "a/b/c", "a0", "aa", "b", "b\xff", "ä", "日本"}
	for _, i := range rand.Perm(len(all)) {
		commit(t, kv, seam.Put(all[i], []byte(all[i]), seam.Any))
	}
	tests := []struct {
		name          string
		prefix, after string
		limit         int
		want          []string
	}{
		{"everything, in byte order", "", "", 100, all},
		{"limit", "", "", 3, all[:3]},
		{"no limit left", "", "", 0, nil},
		{"prefix includes itself", "a/", "", 100, []string{"a/", "a/b", "a/b/c"}},
		{"prefix that is no key", "a/b/", "", 100, []string{"a/b/c"}},
		{"prefix without keys", "zz", "", 100, nil},
		{"after a key", "", "a/b", 2, []string{"a/b/c", "a0"}},
		{"after what is no key", "", "a/bb", 1, []string{"a0"}},
		{"after before the prefix", "a/", "a", 100, []string{"a/", "a/b", "a/b/c"}},
		{"after the prefix itself", "a/", "a/", 100, []string{"a/b", "a/b/c"}},
		{"after beyond the prefix", "a/", "b", 100, nil},
		{"after everything under a prefix", "", "a/\xff", 1, []string{"a0"}},
		{"after the last", "", "日本", 1, nil},
	}
	for _, tt := range tests {
		var got []string
		for _, rec := range list(t, kv, tt.prefix, tt.after, tt.limit) {
			got = append(got, rec.Key)
			if string(rec.Value) != rec.Key || rec.Rev != get(t, kv, rec.Key).Rev {
				t.Errorf("%s: %q: got value %q at revision %d", tt.name, rec.Key, rec.Value, rec.Rev)
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// testKVListModel compares with a sorted slice, through random changes.
func testKVListModel(t *testing.T, kv seam.KV) {
	rnd := rand.New(rand.NewPCG(1, 2))
	word := func() string {
		b := make([]byte, rnd.IntN(4))
		for i := range b {
			b[i] = "ab/\xff"[rnd.IntN(4)]
		}
		return string(b)
	}
	model := map[string]bool{}
	for range 40 {
		var ops []seam.Op
		seen := map[string]bool{}
		for range 10 {
			key := "k" + word()
			if seen[key] {
				continue
			}
			seen[key] = true
			if rnd.IntN(3) == 0 {
				ops = append(ops, seam.Delete(key, seam.Any))
				delete(model, key)
			} else {
				ops = append(ops, seam.Put(key, nil, seam.Any))
				model[key] = true
			}
		}
		commit(t, kv, ops...)
		for range 20 {
			prefix, after, limit := "k"+word(), "", rnd.IntN(5)
			if rnd.IntN(2) == 0 {
				after = "k" + word()
			}
			var want []string
			for key := range model {
				if strings.HasPrefix(key, prefix) && key > after {
					want = append(want, key)
				}
			}
			slices.Sort(want)
			want = want[:min(limit, len(want))]
			var got []string
			for _, rec := range list(t, kv, prefix, after, limit) {
				got = append(got, rec.Key)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("List(%q, %q, %d): got %q, want %q", prefix, after, limit, got, want)
			}
		}
	}
}

func testKVBounds(t *testing.T, kv seam.KV) {
	puts := func(n int) (ops []seam.Op) {
		for i := range n {
			ops = append(ops, seam.Put(fmt.Sprintf("k%03d", i), nil, seam.Any))
		}
		return ops
	}
	value := func(n int) []seam.Op { return []seam.Op{seam.Put("k", make([]byte, n), seam.Any)} }
	tests := []struct {
		name string
		ops  []seam.Op
		want error
	}{
		{"as many operations as allowed", puts(seam.MaxOps), nil},
		{"one too many", puts(seam.MaxOps + 1), seam.ErrTooLarge},
		{"as many bytes as allowed", value(seam.MaxCommitBytes - 1), nil},
		{"one too many", value(seam.MaxCommitBytes), seam.ErrTooLarge},
		{"none at all", nil, nil},
		{"a long key", []seam.Op{seam.Put(strings.Repeat("k", 2048), nil, seam.Any)}, nil},
	}
	for _, tt := range tests {
		if err := kv.Commit(t.Context(), tt.ops...); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
	}
	if err := kv.Commit(t.Context(), seam.Put("", nil, seam.Any)); err == nil {
		t.Error("an empty key: no error")
	}
}

func testKVDuplicate(t *testing.T, kv seam.KV) {
	err := kv.Commit(t.Context(), seam.Put("k", nil, seam.Any), seam.Check("k", seam.Any))
	if err == nil || errors.Is(err, seam.ErrConflict) {
		t.Errorf("one key twice: got %v, want an error of its own", err)
	}
}

func testKVCancelled(t *testing.T, kv seam.KV) {
	commit(t, kv, seam.Put("k", []byte("v"), seam.Any))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := kv.Get(ctx, "k"); !errors.Is(err, context.Canceled) {
		t.Errorf("Get: got %v, want Canceled", err)
	}
	if _, err := kv.List(ctx, "", "", 1); !errors.Is(err, context.Canceled) {
		t.Errorf("List: got %v, want Canceled", err)
	}
	if err := kv.Commit(ctx, seam.Delete("k", seam.Any)); !errors.Is(err, context.Canceled) {
		t.Errorf("Commit: got %v, want Canceled", err)
	}
	get(t, kv, "k") // is still there
}

func commit(t *testing.T, kv seam.KV, ops ...seam.Op) {
	t.Helper()
	if err := kv.Commit(t.Context(), ops...); err != nil {
		t.Fatalf("Commit: %v", err)
	}
}

func get(t *testing.T, kv seam.KV, key string) seam.Record {
	t.Helper()
	rec, err := kv.Get(t.Context(), key)
	if err != nil {
		t.Fatalf("Get(%q): %v", key, err)
	}
	return rec
}

func list(t *testing.T, kv seam.KV, prefix, after string, limit int) []seam.Record {
	t.Helper()
	recs, err := kv.List(t.Context(), prefix, after, limit)
	if err != nil {
		t.Fatalf("List(%q, %q, %d): %v", prefix, after, limit, err)
	}
	return recs
}

func equal(a, b []seam.Record) bool {
	return slices.EqualFunc(a, b, func(a, b seam.Record) bool {
		return a.Key == b.Key && a.Rev == b.Rev && string(a.Value) == string(b.Value)
	})
}
