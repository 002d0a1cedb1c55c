package store_test

import (
	"bytes"
	"crypto/md5"
	"errors"
	"fmt"
	"hash/crc64"
	"io"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"osslive/store"
	"osslive/store/seam"
)

func createUpload(t testing.TB, s *store.Store, key string) store.Upload {
	t.Helper()
	u, err := s.CreateUpload(t.Context(), store.Object{Bucket: "demo", Key: key}, store.PutOptions{})
	if err != nil {
		t.Fatalf("CreateUpload(%q): %v", key, err)
	}
	return u
}

func putPart(t testing.TB, s *store.Store, u store.Upload, number int, body string) store.Part {
	t.Helper()
	p, err := s.PutPart(t.Context(), u, number, strings.NewReader(body), store.PutOptions{Length: -1})
	if err != nil {
		t.Fatalf("PutPart(%d): %v", number, err)
	}
	return store.Part{Number: p.Number, ETag: p.ETag}
}

func TestMultipart(t *testing.T) {
	e := newEnv(t)
	putBucket(t, e.Store, "demo")
	put(t, e.Store, "demo", "k", large("old"))
	in := store.Object{
		Bucket: "demo", Key: "k", ContentType: "video/mp4", ACL: store.PublicRead,
		Headers: map[string]string{"Cache-Control": "no-cache"}, Meta: map[string]string{"a": "b"},
	}
	upload, err := e.CreateUpload(t.Context(), in, store.PutOptions{})
	if err != nil {
		t.Fatal(err)
	}
	u := upload
	bodies := []string{large("one"), strings.Repeat("2", 100_000), "", "three"}
	var chosen []store.Part
	var sums []byte
	putPart(t, e.Store, u, 3, "written over")
	for i, body := range bodies {
		chosen = append(chosen, putPart(t, e.Store, u, 1+i*i, body))
		sum := md5.Sum([]byte(body))
		sums = append(sums, sum[:]...)
	}
	putPart(t, e.Store, u, 9999, large("not chosen"))
	e.checkRecords()
	want(t, e.Store, "demo", "k", large("old"))
	e.reopen() // parts are as durable as objects
	if e.report.Blobs != 0 {
		t.Errorf("Recover: %d blobs of parts removed", e.report.Blobs)
	}

	chosen[1].ETag = strings.ToLower(chosen[1].ETag)
	o, err := e.CompleteUpload(t.Context(), u, chosen, store.PutOptions{})
	if err != nil {
		t.Fatal(err)
	}
	body := strings.Join(bodies, "")
	got, err := e.Object(t.Context(), "demo", "k")
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("%X-4", md5.Sum(sums)); got.ETag != want || o.ETag != want {
		t.Errorf("ETag: got %s and %s, want %s", o.ETag, got.ETag, want)
	}
	if want := crc64.Checksum([]byte(body), crc64.MakeTable(crc64.ECMA)); !got.HasCRC64 || got.CRC64 != want {
		t.Errorf("CRC-64: got %x, want %x", got.CRC64, want)
	}
	if got.Size != int64(len(body)) || got.Type != "Multipart" || got.IsMD5() || got.ContentType != in.ContentType ||
		got.ACL != in.ACL || !maps.Equal(got.Headers, in.Headers) || !maps.Equal(got.Meta, in.Meta) {
		t.Errorf("object: got %+v", got)
	}
	want(t, e.Store, "demo", "k", body)
	e.reopen() // with the garbage of the upload there
	want(t, e.Store, "demo", "k", body)
	e.checkRecords()
	want(t, e.Store, "demo", "k", body)
	if n := len(e.records("part/")); n != 0 {
		t.Errorf("%d parts are left", n)
	}
	_, err = e.CompleteUpload(t.Context(), u, chosen, store.PutOptions{})
	wantErr(t, "completing again", err, store.ErrNoSuchUpload)

	put(t, e.Store, "demo", "k", "new")
	e.checkRecords() // the extents are gone
}

// TestExtents reads every range of an object in several blobs, in both ways.
func TestExtents(t *testing.T) {
	e := newMemoryEnv(t)
	putBucket(t, e.Store, "demo")
	u := createUpload(t, e.Store, "k")
	for i, body := range []string{"", "01", "2", "", "", "3456", "7", ""} {
		putPart(t, e.Store, u, i+1, body)
	}
	o, err := e.CompleteUpload(t.Context(), u, nil, store.PutOptions{})
	if err != nil {
		t.Fatal(err)
	}
	const body = "01234567"
	for from := range len(body) + 1 {
		for length := range len(body) - from + 1 {
			for name, read := range map[string]func(io.Reader) ([]byte, error){
				"Read": func(r io.Reader) ([]byte, error) { return io.ReadAll(struct{ io.Reader }{r}) },
				"WriteTo": func(r io.Reader) ([]byte, error) {
					var b bytes.Buffer
					_, err := r.(io.WriterTo).WriteTo(&b)
					return b.Bytes(), err
				},
			} {
				r, err := e.OpenObject(t.Context(), o, int64(from), int64(length))
				if err != nil {
					t.Fatal(err)
				}
				got, err := read(r)
				if err != nil || string(got) != body[from:from+length] {
					t.Errorf("%s %d bytes from %d: got %q, %v", name, length, from, got, err)
				}
				if err := r.Close(); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

func TestCompleteRefused(t *testing.T) {
	e := newEnv(t)
	ctx := t.Context()
	putBucket(t, e.Store, "demo")
	put(t, e.Store, "demo", "k", "old")
	u := createUpload(t, e.Store, "k")
	empty := createUpload(t, e.Store, "k")
	one := putPart(t, e.Store, u, 1, "one")
	two := putPart(t, e.Store, u, 2, "two")
	other := u
	other.Key = "other"
	elsewhere := u
	elsewhere.Bucket = "none"
	odd := u
	odd.ID = "../" + u.ID[3:]
	for _, c := range []struct {
		name   string
		u      store.Upload
		chosen []store.Part
		opt    store.PutOptions
		want   error
	}{
		{"another key", other, []store.Part{one}, store.PutOptions{}, store.ErrNoSuchUpload},
		{"another bucket", elsewhere, []store.Part{one}, store.PutOptions{}, store.ErrNoSuchBucket},
		{"no upload's id", odd, []store.Part{one}, store.PutOptions{}, store.ErrNoSuchUpload},
		{"descending", u, []store.Part{two, one}, store.PutOptions{}, store.ErrInvalidPartOrder},
		{"twice", u, []store.Part{one, one}, store.PutOptions{}, store.ErrInvalidPartOrder},
		{"part 0", u, []store.Part{{Number: 0, ETag: one.ETag}, one}, store.PutOptions{}, store.ErrInvalidPart},
		{"not uploaded", u, []store.Part{one, {Number: 3, ETag: one.ETag}}, store.PutOptions{}, store.ErrInvalidPart},
		{"wrong ETag", u, []store.Part{{Number: 1, ETag: two.ETag}, two}, store.PutOptions{}, store.ErrInvalidPart},
		{"none chosen", u, []store.Part{}, store.PutOptions{}, store.ErrInvalidPart},
		{"all of none", empty, nil, store.PutOptions{}, store.ErrInvalidPart},
		{"too small", u, []store.Part{one, two}, store.PutOptions{MinPart: 4}, store.ErrPartTooSmall},
		{"exists", u, []store.Part{one, two}, store.PutOptions{ForbidOverwrite: true}, store.ErrKeyExists},
	} {
		_, err := e.CompleteUpload(ctx, c.u, c.chosen, c.opt)
		wantErr(t, c.name, err, c.want)
		want(t, e.Store, "demo", "k", "old")
	}
	for _, number := range []int{-1, 0, store.MaxParts + 1} {
		_, err := e.PutPart(ctx, u, number, strings.NewReader("x"), store.PutOptions{Length: 1})
		if got := invalidRule(err); got != "partNumber range" {
			t.Errorf("part %d: got %s", number, got)
		}
	}
	_, err := e.PutPart(ctx, u, 1, strings.NewReader("x"), store.PutOptions{MD5: make([]byte, 16), Length: 1})
	wantErr(t, "part with a wrong digest", err, store.ErrBadDigest)
	_, err = e.PutPart(ctx, u, 1, nil, store.PutOptions{Length: store.MaxBodyBytes + 1})
	wantErr(t, "part too large", err, store.ErrBodyTooLarge)
	_, err = e.CreateUpload(ctx, store.Object{Bucket: "demo", Key: "k"}, store.PutOptions{ForbidOverwrite: true})
	wantErr(t, "CreateUpload where there is an object", err, store.ErrKeyExists)
	e.checkRecords()
	// None of it has changed the upload: the parts fit once the last may be small.
	if _, err := e.CompleteUpload(ctx, u, []store.Part{one, two}, store.PutOptions{MinPart: 3}); err != nil {
		t.Errorf("completing at last: %v", err)
	}
	want(t, e.Store, "demo", "k", "onetwo")
	if err := e.AbortUpload(ctx, empty); err != nil {
		t.Error(err)
	}
	e.checkRecords()
}

// TestCompleteRace completes one upload many times at once, with different parts,
// while parts are written over and somebody aborts: one of them all wins, and the
// object is what the winner chose.
func TestCompleteRace(t *testing.T) {
	e := newEnv(t)
	putBucket(t, e.Store, "demo")
	wins := map[string]int{}
	for range 30 {
		u := createUpload(t, e.Store, "k")
		refs := []store.Part{putPart(t, e.Store, u, 1, "a"), putPart(t, e.Store, u, 2, "b")}
		choices := map[string][]store.Part{"a": refs[:1], "b": refs[1:], "ab": refs}
		var mu sync.Mutex
		var won []string
		win := func(name string, err error) {
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				won = append(won, name)
			case !errors.Is(err, store.ErrNoSuchUpload):
				t.Errorf("%s: %v", name, err)
			}
		}
		var group sync.WaitGroup
		for name, chosen := range choices {
			for range 2 {
				group.Go(func() {
					_, err := e.CompleteUpload(t.Context(), u, chosen, store.PutOptions{})
					win(name, err)
				})
			}
		}
		group.Go(func() { win("abort", e.AbortUpload(t.Context(), u)) })
		group.Go(func() {
			for range 3 { // the same bytes, so that the ETag stays valid
				if _, err := e.PutPart(t.Context(), u, 1, strings.NewReader("a"), store.PutOptions{Length: 1}); err != nil {
					return
				}
			}
		})
		group.Go(func() { e.Collect(t.Context()) })
		group.Wait()
		if len(won) != 1 {
			t.Fatalf("winners: %v, want one", won)
		}
		wins[won[0]]++
		if won[0] != "abort" {
			want(t, e.Store, "demo", "k", won[0])
		}
		e.checkRecords()
	}
	t.Logf("winners: %v", wins)
}

// TestManyParts completes an upload of as many parts as there can be: the list of
// them fits into one Commit, and memory does not follow their number.
func TestManyParts(t *testing.T) {
	e := newMemoryEnv(t)
	putBucket(t, e.Store, "demo")
	u := createUpload(t, e.Store, "k")
	var chosen []store.Part
	var body strings.Builder
	for number := 1; number <= store.MaxParts; number++ {
		piece := fmt.Sprintf("%05d;", number)
		body.WriteString(piece)
		chosen = append(chosen, putPart(t, e.Store, u, number, piece))
	}
	if _, err := e.CompleteUpload(t.Context(), u, chosen, store.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	o, err := e.Object(t.Context(), "demo", "k")
	if err != nil {
		t.Fatal(err)
	}
	want(t, e.Store, "demo", "k", body.String())
	for range 20 {
		from := rand.IntN(body.Len())
		length := rand.IntN(body.Len() - from)
		r, err := e.OpenObject(t.Context(), o, int64(from), int64(length))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || string(got) != body.String()[from:from+length] {
			t.Errorf("%d bytes from %d: got %d, %v", length, from, len(got), err)
		}
		r.Close()
	}
	if recs := e.records("object/"); len(recs) != 1 || len(recs[0].Value) > 512 {
		t.Errorf("the object's record has %d bytes, want few", len(recs[0].Value))
	}
	list := e.records("b/")
	if len(list) != 1 || len(list[0].Value) < 64<<10 || len(list[0].Value) > seam.MaxCommitBytes*3/4 {
		t.Errorf("the list of extents has %d bytes in %d records", len(list[0].Value), len(list))
	}
	t.Logf("%d parts: the object's record has %d bytes, the list of extents %d KiB", len(chosen), len(e.records("object/")[0].Value), len(list[0].Value)>>10)
	e.checkRecords()
	if err := e.DeleteObject(t.Context(), "demo", "k"); err != nil {
		t.Fatal(err)
	}
	e.checkRecords()
	if n := len(e.records("")); n != 2 { // format and bucket
		t.Errorf("%d records are left, want 2", n)
	}
}

// TestReadWhileReplaced: an open object of several blobs can be read to its end, and the
// blobs go when the last reader has.
func TestReadWhileReplaced(t *testing.T) {
	e := newEnv(t)
	putBucket(t, e.Store, "demo")
	u := createUpload(t, e.Store, "k")
	for number, body := range []string{large("one"), large("two"), "three"} {
		putPart(t, e.Store, u, number+1, body)
	}
	if _, err := e.CompleteUpload(t.Context(), u, nil, store.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	o, err := e.Object(t.Context(), "demo", "k")
	if err != nil {
		t.Fatal(err)
	}
	body := large("one") + large("two") + "three"
	whole, err := e.OpenObject(t.Context(), o, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	first := make([]byte, 10)
	if _, err := io.ReadFull(whole, first); err != nil {
		t.Fatal(err)
	}
	unread, err := e.OpenObject(t.Context(), o, int64(len(body)-5), -1)
	if err != nil {
		t.Fatal(err)
	}
	put(t, e.Store, "demo", "k", "new")
	if err := e.Collect(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err = e.OpenObject(t.Context(), o, 0, -1)
	wantErr(t, "opening what was replaced", err, store.ErrNoSuchKey)
	rest, err := io.ReadAll(whole)
	if err != nil || string(first)+string(rest) != body {
		t.Errorf("read %d bytes, %v, want the %d of the version that was opened", len(rest)+10, err, len(body))
	}
	whole.Close()
	if err := e.Collect(t.Context()); err != nil {
		t.Fatal(err)
	}
	if files, _ := filepath.Glob(filepath.Join(e.dir, "blobs", "*", "*")); len(files) == 0 {
		t.Error("the blob of the last reader is gone")
	}
	unread.Close()
	e.checkRecords()
}
