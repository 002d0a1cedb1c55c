package storetest

import (
	"fmt"
	"sync"
	"testing"

	"osslive/store/seam"
)

// testKVCounter: increments by compare-and-swap lose none.
func testKVCounter(t *testing.T, kv seam.KV) {
	const workers, each = 8, 25
	commit(t, kv, seam.Put("n", []byte{0, 0}, seam.Any))
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range each {
				for {
					rec, err := kv.Get(t.Context(), "n")
					if err != nil {
						t.Error(err)
						return
					}
					n := int(rec.Value[0])<<8 + int(rec.Value[1]) + 1
					err = kv.Commit(t.Context(), seam.Put("n", []byte{byte(n >> 8), byte(n)}, seam.AtRev(rec.Rev)))
					if err == nil {
						break
					}
					if err != seam.ErrConflict {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	v := get(t, kv, "n").Value
	if got := int(v[0])<<8 + int(v[1]); got != workers*each {
		t.Errorf("counter: got %d, want %d", got, workers*each)
	}
}

// testKVWholeCommits: readers never see half of a commit, and what has been
// acknowledged is there to be read.
func testKVWholeCommits(t *testing.T, kv seam.KV) {
	const rounds = 100
	put := func(i int) error {
		v := fmt.Appendf(nil, "%06d", i)
		return kv.Commit(t.Context(), seam.Put("pair/a", v, seam.Any), seam.Put("pair/b", v, seam.Any))
	}
	if err := put(0); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			last := ""
			for {
				select {
				case <-done:
					return
				default:
				}
				pair, err := kv.List(t.Context(), "pair/", "", 3)
				if err != nil || len(pair) != 2 {
					t.Errorf("List: got %v, %v", pair, err)
					return
				}
				a, b := string(pair[0].Value), string(pair[1].Value)
				if a != b || a < last {
					t.Errorf("read %s and %s after %s", a, b, last)
					return
				}
				last = a
			}
		})
		wg.Go(func() {
			last := ""
			for {
				select {
				case <-done:
					return
				default:
				}
				for _, key := range []string{"pair/a", "pair/b"} {
					rec, err := kv.Get(t.Context(), key)
					if err != nil || string(rec.Value) < last {
						t.Errorf("Get %s: got %s after %s, %v", key, rec.Value, last, err)
						return
					}
					last = string(rec.Value)
				}
			}
		})
	}
	for i := range rounds {
		if err := put(i + 1); err != nil {
			t.Error(err)
			break
		}
		if got := get(t, kv, "pair/a"); string(got.Value) < fmt.Sprintf("%06d", i+1) {
			t.Errorf("read %s after %d was acknowledged", got.Value, i+1)
		}
	}
	close(done)
	wg.Wait()
}

// testKVOneWinner: of many commits that expect the same, one succeeds.
func testKVOneWinner(t *testing.T, kv seam.KV) {
	for round := range 20 {
		key := fmt.Sprint("key", round)
		var mu sync.Mutex
		var winners []string
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				me := fmt.Sprint(i)
				err := kv.Commit(t.Context(), seam.Put(key, []byte(me), seam.Absent), seam.Put(key+"/"+me, nil, seam.Any))
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					winners = append(winners, me)
				} else if err != seam.ErrConflict {
					t.Errorf("commit: got %v, want ErrConflict", err)
				}
			})
		}
		wg.Wait()
		if len(winners) != 1 || string(get(t, kv, key).Value) != winners[0] || len(list(t, kv, key+"/", "", 10)) != 1 {
			t.Fatalf("winners: got %v, record %s, traces %v; want one", winners, get(t, kv, key).Value, list(t, kv, key+"/", "", 10))
		}
	}
}
