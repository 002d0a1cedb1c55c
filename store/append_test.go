package store_test

import (
	"crypto/md5"
	"errors"
	"fmt"
	"hash/crc64"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"osslive/store"
)

func appendTo(t testing.TB, s *store.Store, key string, position int64, body string) (store.Object, error) {
	return s.AppendObject(t.Context(), store.Object{Bucket: "demo", Key: key, ContentType: "text/plain", Meta: map[string]string{"n": fmt.Sprint(position)}},
		position, strings.NewReader(body), store.PutOptions{Length: int64(len(body))})
}

func TestAppendObject(t *testing.T) {
	e := newEnv(t)
	putBucket(t, e.Store, "demo")
	const mib = 1 << 20
	var body strings.Builder
	tags := map[string]bool{}
	for i, size := range []int{0, 1, 10, 70_000, mib, 1, 5, mib - 6, 3, 3 * mib, mib, 100} {
		piece := strings.Repeat(string(rune('a'+i)), size)
		o, err := appendTo(t, e.Store, "log", int64(body.Len()), piece)
		if err != nil {
			t.Fatalf("append %d: %v", i, err)
		}
		body.WriteString(piece)
		got, err := e.Object(t.Context(), "demo", "log")
		if err != nil {
			t.Fatal(err)
		}
		if got.Size != int64(body.Len()) || !got.IsAppendable() || got.IsMD5() || got.ETag != o.ETag || got.ContentType != "text/plain" || got.Meta["n"] != "0" {
			t.Errorf("append %d: got %+v, returned was %+v", i, got, o)
		}
		if want := crc64.Checksum([]byte(body.String()), crc64.MakeTable(crc64.ECMA)); got.CRC64 != want || !got.HasCRC64 {
			t.Errorf("append %d: CRC-64 got %x, want %x", i, got.CRC64, want)
		}
		if tags[got.ETag] {
			t.Errorf("append %d: the ETag is the one of an earlier version", i)
		}
		tags[got.ETag] = true
		want(t, e.Store, "demo", "log", body.String())
		e.checkRecords()
	}
	list := decodeRecord[[]contentRecord](e, e.records("b/")[0])
	if len(list) != 5 {
		t.Errorf("extents: got %v, want 5", list)
	}
	e.reopen()
	want(t, e.Store, "demo", "log", body.String())
	if e.report.Damaged != 0 || e.report.Blobs != 0 {
		t.Errorf("Recover: %+v", e.report)
	}
	if err := e.DeleteObject(t.Context(), "demo", "log"); err != nil {
		t.Fatal(err)
	}
	e.checkRecords()
}

func TestAppendRefused(t *testing.T) {
	e := newEnv(t)
	putBucket(t, e.Store, "demo")
	put(t, e.Store, "demo", "normal", "12345")
	if _, err := appendTo(t, e.Store, "log", 0, "12345"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		key      string
		position int64
		length   int64
	}{{"log", 0, 5}, {"log", 4, 5}, {"log", 6, 5}, {"log", -1, 5}, {"none", 1, 0}} {
		_, err := appendTo(t, e.Store, c.key, c.position, "x")
		var position *store.PositionError
		if !errors.As(err, &position) || position.Length != c.length {
			t.Errorf("append to %s at %d: got %v, want a PositionError with %d", c.key, c.position, err, c.length)
		}
	}
	for _, position := range []int64{0, 5} {
		_, err := appendTo(t, e.Store, "normal", position, "x")
		wantErr(t, "append to what was put", err, store.ErrNotAppendable)
	}
	_, err := e.AppendObject(t.Context(), store.Object{Bucket: "demo", Key: "log"}, 5, strings.NewReader("x"), store.PutOptions{MD5: make([]byte, md5.Size), Length: 1})
	wantErr(t, "wrong digest", err, store.ErrBadDigest)
	_, err = e.AppendObject(t.Context(), store.Object{Bucket: "demo", Key: "log"}, 5, strings.NewReader("x"), store.PutOptions{Length: 2})
	wantErr(t, "short body", err, store.ErrBodyLength)
	_, err = e.AppendObject(t.Context(), store.Object{Bucket: "demo", Key: "log"}, 5, nil, store.PutOptions{Length: store.MaxBodyBytes - 4})
	wantErr(t, "too large together", err, store.ErrBodyTooLarge)
	_, err = e.AppendObject(t.Context(), store.Object{Bucket: "none", Key: "log"}, 0, strings.NewReader(""), store.PutOptions{})
	wantErr(t, "no bucket", err, store.ErrNoSuchBucket)
	want(t, e.Store, "demo", "log", "12345")
	e.checkRecords()
}

// TestPutAppendDelete works on one key from many sides at once. Every body names
// its writer, so that what a reader sees can be held against the writes: it is one
// put, or a chain of appends each at the end of the one before.
func TestPutAppendDelete(t *testing.T) {
	e := newMemoryEnv(t)
	putBucket(t, e.Store, "demo")
	const writers, rounds = 4, 150
	var mu sync.Mutex
	appended := map[string]int{} // acknowledged appends by their line
	conflicts, operations, versions := 0, 0, 0
	count := func(n *int) { mu.Lock(); defer mu.Unlock(); *n++; operations++ }
	line := func(kind string, writer, round int, position int64) string {
		text := fmt.Sprintf("%s %d.%d at %d ", kind, writer, round, position)
		return text + strings.Repeat("-", 100+1000*(round%3)) + "\n"
	}
	var group, readers sync.WaitGroup
	stop := make(chan struct{})
	for w := range writers {
		group.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(w)))
			for round := range rounds {
				switch random.IntN(10) {
				case 0:
					if _, err := tryPut(t, e.Store, "demo", "k", line("put", w, round, 0)); err != nil {
						t.Errorf("put: %v", err)
					}
				case 1:
					if err := e.DeleteObject(t.Context(), "demo", "k"); err != nil {
						t.Errorf("delete: %v", err)
					}
				case 2:
					if err := e.SetObjectACL(t.Context(), "demo", "k", store.PublicRead); err != nil && !errors.Is(err, store.ErrNoSuchKey) {
						t.Errorf("ACL: %v", err)
					}
				case 3:
					if err := e.Collect(t.Context()); err != nil {
						t.Errorf("collect: %v", err)
					}
				default:
					o, err := e.Object(t.Context(), "demo", "k")
					if err != nil && !errors.Is(err, store.ErrNoSuchKey) {
						t.Errorf("read: %v", err)
					}
					text := line("append", w, round, o.Size)
					_, err = appendTo(t, e.Store, "k", o.Size, text)
					var position *store.PositionError
					switch {
					case err == nil:
						mu.Lock()
						appended[text]++
						mu.Unlock()
					case errors.As(err, &position):
						count(&conflicts)
					case !errors.Is(err, store.ErrNotAppendable):
						t.Errorf("append: %v", err)
					}
				}
			}
		})
	}
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				body, err := get(t, e.Store, "demo", "k")
				if err != nil && !errors.Is(err, store.ErrNoSuchKey) {
					t.Errorf("get: %v", err)
				}
				checkChain(t, body)
				count(&versions)
			}
		})
	}
	group.Wait()
	close(stop)
	readers.Wait()
	for text, n := range appended {
		if n != 1 {
			t.Errorf("%.30q succeeded %d times", text, n)
		}
	}
	body, err := get(t, e.Store, "demo", "k")
	if err != nil && !errors.Is(err, store.ErrNoSuchKey) {
		t.Error(err)
	}
	for text := range strings.Lines(body) {
		if strings.HasPrefix(text, "append") && appended[text] != 1 {
			t.Errorf("%.30q is there and was refused", text)
		}
	}
	e.checkRecords()
	t.Logf("%d writers of %d operations, %d appends done and %d refused, %d versions read", writers, rounds, len(appended), conflicts, versions)
}

// checkChain: each line says at which position it was written.
func checkChain(t *testing.T, body string) {
	t.Helper()
	position, first := 0, true
	for text := range strings.Lines(body) {
		var kind, who string
		var at int
		if _, err := fmt.Sscanf(text, "%s %s at %d", &kind, &who, &at); err != nil || at != position || kind == "put" && !first || !strings.HasSuffix(text, "-\n") {
			t.Errorf("at %d: %.40q", position, text)
			return
		}
		position, first = position+len(text), false
	}
}

// TestAppendRace appends at one position many times at once: one wins.
func TestAppendRace(t *testing.T) {
	e := newEnv(t)
	putBucket(t, e.Store, "demo")
	length := int64(0)
	for round := range 10 {
		var group sync.WaitGroup
		var mu sync.Mutex
		var won []string
		for i := range 8 {
			group.Go(func() {
				text := fmt.Sprintf("%d.%d\n", round, i)
				_, err := appendTo(t, e.Store, "log", length, text)
				var position *store.PositionError
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won = append(won, text)
				} else if !errors.As(err, &position) || position.Length != length+4 {
					t.Errorf("%v, want a PositionError with the new length", err)
				}
			})
		}
		group.Wait()
		if len(won) != 1 {
			t.Fatalf("round %d: %q won, want one", round, won)
		}
		body, err := get(t, e.Store, "demo", "log")
		if err != nil || body[length:] != won[0] {
			t.Errorf("round %d: got %q, %v, want it to end in %q", round, body, err, won[0])
		}
		length += 4
	}
	e.checkRecords()
}
