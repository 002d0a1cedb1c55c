package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"osslive/store"
	"osslive/store/memstore"
	"osslive/store/seam"
)

func TestListObjects(t *testing.T) {
	s, _ := newMemory(t)
	for _, bucket := range []string{"demo", "demo-2"} {
		putBucket(t, s, bucket)
		for _, key := range []string{"a", "a.b/1", "a/", "a/b", "a/c/1", "a/c/2", "a0", "b/1", "ä"} {
			put(t, s, bucket, key, key)
		}
	}
	tests := []struct {
		name string
		q    store.ListQuery
		want string // objects, prefixes, next
	}{
		{"everything", store.ListQuery{}, "[a a.b/1 a/ a/b a/c/1 a/c/2 a0 b/1 ä] [] "},
		{"delimiter", store.ListQuery{Delimiter: "/"}, "[a a0 ä] [a.b/ a/ b/] "},
		{"prefix", store.ListQuery{Prefix: "a/"}, "[a/ a/b a/c/1 a/c/2] [] "},
		{"prefix and delimiter", store.ListQuery{Prefix: "a/", Delimiter: "/"}, "[a/ a/b] [a/c/] "},
		{"prefix up to a group", store.ListQuery{Prefix: "a/c", Delimiter: "/"}, "[] [a/c/] "},
		{"delimiter of several bytes", store.ListQuery{Delimiter: "/c"}, "[a a.b/1 a/ a/b a0 b/1 ä] [a/c] "},
		{"limit ends in a group", store.ListQuery{Delimiter: "/", Limit: 3}, "[a] [a.b/ a/] a/"},
		{"after the group", store.ListQuery{Delimiter: "/", After: "a/", Limit: 3}, "[a0 ä] [b/] "},
		{"after something in the group", store.ListQuery{Delimiter: "/", After: "a/b"}, "[a0 ä] [b/] "},
		{"after a group's name without delimiter", store.ListQuery{Delimiter: "/", After: "a"}, "[a0 ä] [a.b/ a/ b/] "},
		{"after, no delimiter", store.ListQuery{After: "a/b"}, "[a/c/1 a/c/2 a0 b/1 ä] [] "},
		{"after what does not exist", store.ListQuery{After: "a/bb"}, "[a/c/1 a/c/2 a0 b/1 ä] [] "},
		{"after, before the prefix", store.ListQuery{Prefix: "b", After: "a"}, "[b/1] [] "},
		{"after, beyond the prefix", store.ListQuery{Prefix: "a", After: "b"}, "[] [] "},
		{"exactly the limit", store.ListQuery{Prefix: "a/", Limit: 4}, "[a/ a/b a/c/1 a/c/2] [] "},
		{"one over the limit", store.ListQuery{Prefix: "a/", Limit: 3}, "[a/ a/b a/c/1] [] a/c/1"},
	}
	for _, tt := range tests {
		if got := listed(t, s, tt.q); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
	_, err := s.ListObjects(t.Context(), "none", store.ListQuery{})
	wantErr(t, "no bucket", err, store.ErrNoSuchBucket)
}

func listed(t *testing.T, s *store.Store, q store.ListQuery) string {
	t.Helper()
	l, err := s.ListObjects(t.Context(), "demo", q)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, o := range l.Items {
		keys = append(keys, o.Key)
		if o.Bucket != "demo" || o.Size != int64(len(o.Key)) {
			t.Errorf("listed object: got %+v", o)
		}
	}
	return fmt.Sprint(keys, " ", l.Prefixes, " ", l.Next)
}

// TestListModel compares every page of random listings with a sorted slice.
func TestListModel(t *testing.T) {
	const rounds, queries = 20, 150
	rnd := rand.New(rand.NewPCG(7, 7))
	pick := func(words ...string) string { return words[rnd.IntN(len(words))] }
	word := func(n int) (s string) {
		for range rnd.IntN(n) {
			s += pick("a", "b", "/", "//", "é", "0", "~", "\U0010ffff", "-")
		}
		return s
	}
	listings, pages := 0, 0
	for range rounds {
		s, _ := newMemory(t)
		putBucket(t, s, "demo")
		putBucket(t, s, "demo-0")
		putBucket(t, s, "dem")
		var keys []string
		for range rnd.IntN(200) {
			key := word(7)
			if store.CheckKey(key) != nil {
				continue
			}
			put(t, s, "demo", key, key)
			if !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
		slices.Sort(keys)
		for range queries {
			q := store.ListQuery{Prefix: word(3), Delimiter: pick("", "", "/", "/", "//", "a", "é"), After: word(4), Limit: 1 + rnd.IntN(8)}
			want := model(keys, q)
			var got []string
			for page := q; ; pages++ {
				l, err := s.ListObjects(t.Context(), "demo", page)
				if err != nil {
					t.Fatal(err)
				}
				var items []string
				for _, o := range l.Items {
					items = append(items, o.Key)
				}
				items = append(items, l.Prefixes...)
				slices.Sort(items)
				if len(items) > q.Limit || l.Next != "" && (len(items) != q.Limit || l.Next != items[len(items)-1]) {
					t.Fatalf("%+v: got page %q, next %q", page, items, l.Next)
				}
				got = append(got, items...)
				if l.Next == "" {
					break
				}
				if l.Next <= page.After {
					t.Fatalf("%+v: next %q does not go on", page, l.Next)
				}
				page.After = l.Next
			}
			listings++
			if !slices.Equal(got, want) {
				t.Fatalf("%+v of %q: got %q, want %q", q, keys, got, want)
			}
		}
	}
	t.Logf("%d listings in %d pages, divergences 0", listings, pages+listings)
}

// model is what the documentation says: entries in order, those after the marker.
func model(keys []string, q store.ListQuery) (entries []string) {
	for _, key := range keys {
		rest, ok := strings.CutPrefix(key, q.Prefix)
		if !ok {
			continue
		}
		if head, _, found := strings.Cut(rest, q.Delimiter); found && q.Delimiter != "" {
			key = q.Prefix + head + q.Delimiter
		}
		if key > q.After && !slices.Contains(entries, key) {
			entries = append(entries, key)
		}
	}
	slices.Sort(entries)
	return entries
}

// counting counts the records that are read by List.
type counting struct {
	seam.KV
	records int
}

func (c *counting) List(ctx context.Context, prefix, after string, limit int) ([]seam.Record, error) {
	recs, err := c.KV.List(ctx, prefix, after, limit)
	c.records += len(recs)
	return recs, err
}

// TestListSeeks: a group is skipped, not read through.
func TestListSeeks(t *testing.T) {
	const groups, each = 10, 300
	kv := &counting{KV: memstore.NewKV()}
	s := store.New(store.Config{KV: kv, Blobs: memstore.NewBlobs(), Leases: memstore.NewLeases(), Now: time.Now})
	putBucket(t, s, "demo")
	for g := range groups {
		for i := range each {
			put(t, s, "demo", fmt.Sprintf("group-%02d/%04d", g, i), "")
		}
	}
	kv.records = 0
	l, err := s.ListObjects(t.Context(), "demo", store.ListQuery{Delimiter: "/"})
	if err != nil || len(l.Prefixes) != groups || l.Next != "" {
		t.Fatalf("got %v, next %q, %v, want %d groups", l.Prefixes, l.Next, err, groups)
	}
	t.Logf("%d groups of %d objects: %d records read", groups, each, kv.records)
	if kv.records > groups*each/2 {
		t.Errorf("records read: got %d of %d", kv.records, groups*each)
	}
}
