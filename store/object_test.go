package store_test

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"osslive/store"
)

func TestPutObject(t *testing.T) {
	e := newEnv(t)
	putBucket(t, e.Store, "demo")
	for _, size := range []int{0, 1, 64 << 10, 64<<10 + 1, 128 << 10, 64<<10 + 1 + 64<<10, 300_000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			body := strings.Repeat("0123456789abcdef", size/16+1)[:size]
			sum := md5.Sum([]byte(body))
			in := store.Object{
				Bucket: "demo", Key: "dir/ä", ContentType: "text/plain",
				Headers: map[string]string{"Cache-Control": "no-cache"},
				Meta:    map[string]string{"author": "日本"},
			}
			// Also by a reader that returns a byte at a time.
			for name, r := range map[string]io.Reader{
				"whole": strings.NewReader(body), "bytes": iotest.OneByteReader(strings.NewReader(body)),
				"EOF with data": iotest.DataErrReader(strings.NewReader(body)),
			} {
				out, err := e.PutObject(t.Context(), in, r, store.PutOptions{MD5: sum[:], Length: int64(size)})
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				want(t, e.Store, "demo", "dir/ä", body)
				got, err := e.Object(t.Context(), "demo", "dir/ä")
				if err != nil {
					t.Fatal(err)
				}
				if wantTag := strings.ToUpper(hex.EncodeToString(sum[:])); got.ETag != wantTag || out.ETag != wantTag {
					t.Errorf("%s: ETag: got %s and %s, want %s", name, out.ETag, got.ETag, wantTag)
				}
				if got.Size != int64(size) || got.ContentType != in.ContentType || got.Type != "Normal" ||
					!maps.Equal(got.Headers, in.Headers) || !maps.Equal(got.Meta, in.Meta) ||
					!got.Modified.Equal(out.Modified) || !got.HasCRC64 || got.CRC64 != out.CRC64 {
					t.Errorf("%s: got %+v, returned was %+v", name, got, out)
				}
			}
			e.checkRecords()
		})
	}
}

// TestCRC64: the value that the service's clients compute for this body.
func TestCRC64(t *testing.T) {
	s, _ := newMemory(t)
	putBucket(t, s, "demo")
	// CRC-64/XZ of the nine digits, from the CRC catalogue.
	if o := put(t, s, "demo", "k", "123456789"); o.CRC64 != 0x995dc9bbdf1939fa {
		t.Errorf("got %x, want 995dc9bbdf1939fa", o.CRC64)
	}
}

func TestPutObjectRefused(t *testing.T) {
	e := newEnv(t)
	putBucket(t, e.Store, "demo")
	put(t, e.Store, "demo", "k", "old")
	broken := errors.New("connection lost")
	small, big := "new", large("new")
	tests := []struct {
		name string
		o    store.Object
		body io.Reader
		opt  store.PutOptions
		want error
		rule string
	}{
		{name: "no bucket", o: store.Object{Bucket: "none", Key: "k"}, want: store.ErrNoSuchBucket},
		{name: "digest, small", body: strings.NewReader(small), opt: store.PutOptions{MD5: make([]byte, 16), Length: -1}, want: store.ErrBadDigest},
		{name: "digest, large", body: strings.NewReader(big), opt: store.PutOptions{MD5: make([]byte, 16), Length: -1}, want: store.ErrBadDigest},
		{name: "short, small", body: strings.NewReader(small), opt: store.PutOptions{Length: 4}, want: store.ErrBodyLength},
		{name: "short, large", body: strings.NewReader(big), opt: store.PutOptions{Length: 1 << 20}, want: store.ErrBodyLength},
		{name: "long, small", body: strings.NewReader(small), opt: store.PutOptions{Length: 2}, want: store.ErrBodyLength},
		{name: "long, large", body: strings.NewReader(big), opt: store.PutOptions{Length: 10}, want: store.ErrBodyLength},
		{name: "broken, small", body: io.MultiReader(strings.NewReader(small), iotest.ErrReader(broken)), opt: store.PutOptions{Length: -1}, want: broken},
		{name: "broken, large", body: io.MultiReader(strings.NewReader(big), iotest.ErrReader(broken)), opt: store.PutOptions{Length: -1}, want: broken},
		// As net/http reports a body that was cut off.
		{name: "cut off", body: io.MultiReader(strings.NewReader(small), iotest.ErrReader(io.ErrUnexpectedEOF)), opt: store.PutOptions{Length: -1}, want: io.ErrUnexpectedEOF},
		{name: "exists", body: strings.NewReader(small), opt: store.PutOptions{ForbidOverwrite: true, Length: -1}, want: store.ErrKeyExists},
		{name: "key", o: store.Object{Bucket: "demo", Key: "/k"}, rule: "Key prefix"},
		{name: "metadata", o: store.Object{Bucket: "demo", Key: "k", Meta: map[string]string{"a": strings.Repeat("x", 8<<10)}}, rule: "Meta length"},
		{name: "metadata, not UTF-8", o: store.Object{Bucket: "demo", Key: "k", Meta: map[string]string{"a": "\xff"}}, rule: "Meta utf8"},
		{name: "header, not UTF-8", o: store.Object{Bucket: "demo", Key: "k", Headers: map[string]string{"Expires": "\xff"}}, rule: "Headers utf8"},
	}
	for _, tt := range tests {
		if tt.o.Key == "" {
			tt.o = store.Object{Bucket: "demo", Key: "k"}
		}
		if tt.body == nil {
			tt.body = strings.NewReader(small)
			tt.opt.Length = -1
		}
		_, err := e.PutObject(t.Context(), tt.o, tt.body, tt.opt)
		if tt.rule != "" {
			if got := invalidRule(err); got != tt.rule {
				t.Errorf("%s: got %s, want %s", tt.name, got, tt.rule)
			}
		} else if !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
		want(t, e.Store, "demo", "k", "old")
	}
	e.checkRecords() // nothing is left of any
}

func TestObjectNames(t *testing.T) {
	e := newEnv(t)
	putBucket(t, e.Store, "demo")
	keys := []string{
		".", "..", "../../etc/passwd", "a/../b", "a//b", "a/", "a", "a/b", `a\b`, "a%2fb", "a\x00b", "a\nb", "A", "é", "e\u0301",
		"trailing.", "trailing ", "con", "nul.txt", "a:b", "*", "?", strings.Repeat("x", 1023), "日本",
	}
	for i, key := range keys {
		put(t, e.Store, "demo", key, fmt.Sprint("body ", i))
	}
	for i, key := range keys {
		want(t, e.Store, "demo", key, fmt.Sprint("body ", i))
	}
	if entries, err := os.ReadDir(e.dir); err != nil || len(entries) != 3 {
		t.Errorf("files: got %v, %v, want meta.db, its pid, blobs", entries, err)
	}
	e.checkRecords()
}

func TestOpenObject(t *testing.T) {
	e := newEnv(t)
	putBucket(t, e.Store, "demo")
	for _, body := range []string{"0123456789", large("0123456789")} {
		o := put(t, e.Store, "demo", "k", body)
		for _, r := range []struct{ offset, length int64 }{{0, -1}, {0, 0}, {3, 4}, {9, 1}, {o.Size, -1}, {5, 1 << 40}} {
			rc, err := e.OpenObject(t.Context(), o, r.offset, r.length)
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := rc.(io.WriterTo); !ok {
				t.Errorf("reader of %d bytes: got %T, want an io.WriterTo", o.Size, rc)
			}
			wantBody := body[r.offset:]
			if r.length >= 0 {
				wantBody = wantBody[:min(r.length, int64(len(wantBody)))]
			}
			got, err := io.ReadAll(rc)
			if err != nil || string(got) != wantBody {
				t.Errorf("%d from %d of %d: got %d bytes, %v, want %d", r.length, r.offset, o.Size, len(got), err, len(wantBody))
			}
			rc.Close()
		}
		_, err := e.OpenObject(t.Context(), o, o.Size+1, -1)
		if got := invalidRule(err); got != "Range range" {
			t.Errorf("beyond the end: got %s", got)
		}
	}
}

// TestDeletedWhileRead: an open body can be read to its end; opening it after the
// deletion is ErrNoSuchKey.
func TestDeletedWhileRead(t *testing.T) {
	e := newEnv(t)
	putBucket(t, e.Store, "demo")
	for _, body := range []string{"small", large("large")} {
		put(t, e.Store, "demo", "k", body)
		o, err := e.Object(t.Context(), "demo", "k")
		if err != nil {
			t.Fatal(err)
		}
		r, err := e.OpenObject(t.Context(), o, 0, -1)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.DeleteObject(t.Context(), "demo", "k"); err != nil {
			t.Fatal(err)
		}
		if err := e.Collect(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, err = e.OpenObject(t.Context(), o, 0, -1)
		wantErr(t, "Open after delete", err, store.ErrNoSuchKey)
		put(t, e.Store, "demo", "k", "another")
		_, err = e.OpenObject(t.Context(), o, 0, -1)
		wantErr(t, "Open after overwrite", err, store.ErrNoSuchKey)
		got, err := io.ReadAll(r)
		if err != nil || string(got) != body {
			t.Errorf("open reader: got %d bytes, %v, want %d", len(got), err, len(body))
		}
		r.Close()
	}
	wantErr(t, "DeleteObject in no bucket", e.DeleteObject(t.Context(), "none", "k"), store.ErrNoSuchBucket)
	if err := e.DeleteObject(t.Context(), "demo", "none"); err != nil {
		t.Errorf("DeleteObject of no key: %v", err)
	}
	_, err := e.Object(t.Context(), "demo", "none")
	wantErr(t, "Object", err, store.ErrNoSuchKey)
	_, err = e.Object(t.Context(), "none", "none")
	wantErr(t, "Object in no bucket", err, store.ErrNoSuchBucket)
	e.checkRecords()
}

// TestDamaged: bytes that are missing or cut short are never served.
func TestDamaged(t *testing.T) {
	e := newEnv(t)
	putBucket(t, e.Store, "demo")
	body := large("x")
	for _, key := range []string{"missing", "short", "long", "whole"} {
		put(t, e.Store, "demo", key, body)
		files, err := filepath.Glob(filepath.Join(e.dir, "blobs", "*", "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if info, err := os.Stat(file); err != nil || info.Mode().Perm() == 0o400 {
				continue // one of those before
			}
			switch key {
			case "missing":
				err = os.Remove(file)
			case "short":
				err = errors.Join(os.Truncate(file, 100), os.Chmod(file, 0o400))
			case "long":
				err = errors.Join(os.WriteFile(file, []byte(body+"more"), 0o600), os.Chmod(file, 0o400))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	for round := range 2 {
		for _, key := range []string{"missing", "short", "long"} {
			_, err := get(t, e.Store, "demo", key)
			wantErr(t, key, err, store.ErrDamaged)
		}
		want(t, e.Store, "demo", "whole", body)
		if round == 0 {
			e.reopen()
			if e.report.Damaged != 3 || e.report.Objects != 4 || fmt.Sprint(e.report.FirstDamaged) != "[demo/long demo/missing demo/short]" {
				t.Errorf("report: got %+v, want three of four damaged", e.report)
			}
		}
	}
	for _, key := range []string{"missing", "short", "long"} {
		if err := e.DeleteObject(t.Context(), "demo", key); err != nil {
			t.Errorf("deleting what is damaged: %v", err)
		}
	}
	e.checkRecords()
}

// TestConcurrentPuts: readers of a key that many write and delete see whole
// versions, and none that was replaced before they began.
func TestConcurrentPuts(t *testing.T) {
	e := newEnv(t)
	putBucket(t, e.Store, "demo")
	versions := 0
	var mu sync.Mutex
	var writers, readers sync.WaitGroup
	done := make(chan struct{})
	for w := range 4 {
		writers.Go(func() {
			for i := range 40 {
				var err error
				if i%5 == 4 {
					err = e.DeleteObject(t.Context(), "demo", "k")
				} else {
					unit := fmt.Sprintf("%d-%03d;", w, i)
					n := []int{10, 20_000}[i%2] // a body, a blob
					_, err = tryPut(t, e.Store, "demo", "k", strings.Repeat(unit, n))
				}
				if err != nil {
					t.Errorf("writer: %v", err)
					return
				}
			}
		})
	}
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				got, err := get(t, e.Store, "demo", "k")
				if errors.Is(err, store.ErrNoSuchKey) {
					continue
				}
				if err != nil {
					t.Errorf("reader: %v", err)
					return
				}
				unit := got[:6]
				if n := len(got) / 6; n != 10 && n != 20_000 || got != strings.Repeat(unit, n) {
					t.Errorf("reader: got a mixture of %d bytes beginning with %q", len(got), unit)
					return
				}
				mu.Lock()
				versions++
				mu.Unlock()
			}
		})
	}
	collected := make(chan struct{})
	go func() {
		defer close(collected)
		for {
			select {
			case <-done:
				return
			default:
				if err := e.Collect(t.Context()); err != nil {
					t.Errorf("Collect: %v", err)
				}
			}
		}
	}()
	writers.Wait()
	close(done)
	readers.Wait()
	<-collected
	t.Logf("%d versions read whole", versions)
	e.checkRecords()
}

// TestForbidOverwriteRace: of many that may not overwrite, one succeeds.
func TestForbidOverwriteRace(t *testing.T) {
	e := newEnv(t)
	putBucket(t, e.Store, "demo")
	for round := range 10 {
		key := fmt.Sprint("k", round)
		won := make([]bool, 8)
		var wg sync.WaitGroup
		for i := range won {
			wg.Go(func() {
				body := bytes.Repeat([]byte{byte('a' + i)}, 70_000*(i%2)+1)
				_, err := e.PutObject(t.Context(), store.Object{Bucket: "demo", Key: key}, bytes.NewReader(body),
					store.PutOptions{ForbidOverwrite: true, Length: -1})
				won[i] = err == nil
				if err != nil && !errors.Is(err, store.ErrKeyExists) {
					t.Errorf("got %v, want ErrKeyExists", err)
				}
			})
		}
		wg.Wait()
		winners := ""
		for i, w := range won {
			if w {
				winners += string(rune('a' + i))
			}
		}
		if got, err := get(t, e.Store, "demo", key); len(winners) != 1 || err != nil || got[:1] != winners {
			t.Errorf("round %d: winners %q, stored %.1q, %v", round, winners, got, err)
		}
	}
	e.checkRecords()
}
