package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"osslive/store"
)

// TestUploads pages through uploads in every page size and compares with a model.
func TestUploads(t *testing.T) {
	e := newMemoryEnv(t)
	putBucket(t, e.Store, "demo")
	putBucket(t, e.Store, "demo-2")
	type upload struct{ key, id string }
	var model []upload
	for _, key := range []string{"a", "a", "a", "a\x00b", "a\x00", "a/1", "a/2", "a/2", "a!", "b\x00/c", "b\x00/d", "dir/x/1", "dir/y", "日本", "F0"} {
		u := createUpload(t, e.Store, key)
		model = append(model, upload{key, u.ID})
		e.clock.advance(time.Second)
	}
	if _, err := e.CreateUpload(t.Context(), store.Object{Bucket: "demo-2", Key: "a"}, store.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	slices.SortStableFunc(model, func(a, b upload) int { return strings.Compare(a.key, b.key) })
	for _, prefix := range []string{"", "a", "a\x00", "dir/", "none"} {
		for _, delimiter := range []string{"", "/", "\x00", "A", "0", "1"} {
			var want []string
			for _, u := range model {
				rest, ok := strings.CutPrefix(u.key, prefix)
				if !ok {
					continue
				}
				line := fmt.Sprintf("%q %s", u.key, u.id)
				if i := strings.Index(rest, delimiter); delimiter != "" && i >= 0 {
					line = fmt.Sprintf("%q", prefix+rest[:i+len(delimiter)])
				}
				if len(want) == 0 || want[len(want)-1] != line {
					want = append(want, line)
				}
			}
			slices.Sort(want) // pages have uploads and prefixes apart
			for limit := 1; limit <= len(model)+1; limit++ {
				var got []string
				q := store.ListQuery{Prefix: prefix, Delimiter: delimiter, Limit: limit}
				for {
					l, err := e.Uploads(t.Context(), "demo", q)
					if err != nil {
						t.Fatal(err)
					}
					if n := len(l.Items) + len(l.Prefixes); n > limit {
						t.Fatalf("%d on a page of %d", n, limit)
					}
					for _, u := range l.Items {
						got = append(got, fmt.Sprintf("%q %s", u.Key, u.ID))
					}
					for _, p := range l.Prefixes {
						got = append(got, fmt.Sprintf("%q", p))
					}
					if l.Next == "" || len(got) > len(model) {
						break
					}
					q.After, q.AfterID = l.Next, l.NextID
				}
				slices.Sort(got)
				if !slices.Equal(got, want) {
					t.Errorf("prefix %q, delimiter %q, pages of %d:\ngot  %v\nwant %v", prefix, delimiter, limit, got, want)
				}
			}
		}
	}
	l, err := e.Uploads(t.Context(), "demo", store.ListQuery{After: "a", Limit: 1})
	if err != nil || len(l.Items) != 1 || l.Items[0].Key != "a\x00" {
		t.Errorf("after all uploads of a: got %v, %v", l.Items, err)
	}
	_, err = e.Uploads(t.Context(), "none", store.ListQuery{})
	wantErr(t, "no bucket", err, store.ErrNoSuchBucket)
	stat, err := e.BucketStat(t.Context(), "demo")
	if err != nil || stat.Uploads != int64(len(model)) {
		t.Errorf("BucketStat: got %+v, %v, want %d uploads", stat, err, len(model))
	}
	wantErr(t, "DeleteBucket", e.DeleteBucket(t.Context(), "demo"), store.ErrBucketNotEmpty)
	for _, u := range model {
		if err := e.AbortUpload(t.Context(), store.Upload{Bucket: "demo", Key: u.key, ID: u.id}); err != nil {
			t.Error(err)
		}
	}
	if err := e.DeleteBucket(t.Context(), "demo"); err != nil {
		t.Errorf("DeleteBucket without uploads: %v", err)
	}
	e.checkRecords()
}

func TestParts(t *testing.T) {
	e := newMemoryEnv(t)
	putBucket(t, e.Store, "demo")
	u := createUpload(t, e.Store, "k")
	numbers := []int{1, 2, 9, 10, 11, 100, 9999, 10000}
	for _, n := range numbers {
		putPart(t, e.Store, u, n, fmt.Sprint(n))
	}
	for limit := 1; limit <= len(numbers)+1; limit++ {
		var got []int
		for after := 0; ; {
			page, err := e.Parts(t.Context(), u, after, limit)
			if err != nil || len(page.Items) > limit {
				t.Fatalf("got %d parts, %v", len(page.Items), err)
			}
			for _, p := range page.Items {
				got = append(got, p.Number)
				if p.Size != int64(len(fmt.Sprint(p.Number))) || p.Modified.UnixMilli() != epoch {
					t.Errorf("part: got %+v", p)
				}
			}
			if page.Next == "" {
				break
			}
			after = got[len(got)-1]
		}
		if !slices.Equal(got, numbers) {
			t.Errorf("pages of %d: got %v, want %v", limit, got, numbers)
		}
	}
	for after, want := range map[int]int{-1: 8, 10: 4, 10000: 0, 1 << 40: 0} {
		page, err := e.Parts(t.Context(), u, after, 100)
		if err != nil || len(page.Items) != want {
			t.Errorf("after %d: got %d parts, %v, want %d", after, len(page.Items), err, want)
		}
	}
	if err := e.AbortUpload(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	_, err := e.Parts(t.Context(), u, 0, 1)
	wantErr(t, "Parts of what was aborted", err, store.ErrNoSuchUpload)
	wantErr(t, "aborting again", e.AbortUpload(t.Context(), u), store.ErrNoSuchUpload)
	_, err = e.PutPart(t.Context(), u, 1, strings.NewReader(""), store.PutOptions{})
	wantErr(t, "PutPart after it", err, store.ErrNoSuchUpload)
	e.checkRecords()
}
