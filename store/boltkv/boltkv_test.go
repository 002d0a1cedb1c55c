package boltkv

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"osslive/store/seam"
	"osslive/store/storetest"
)

func open(t *testing.T, path string) *KV {
	t.Helper()
	kv, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := kv.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return kv
}

func TestKV(t *testing.T) {
	storetest.TestKV(t, func(t *testing.T) seam.KV { return open(t, filepath.Join(t.TempDir(), "meta.db")) })
}

func TestReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "meta.db")
	kv := open(t, path)
	if err := kv.Commit(t.Context(), seam.Put("k", []byte("v"), seam.Absent)); err != nil {
		t.Fatal(err)
	}
	before, err := kv.Get(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	if err := kv.Close(); err != nil {
		t.Fatal(err)
	}
	if err := kv.Commit(t.Context(), seam.Check("k", seam.Any)); err != errClosed {
		t.Errorf("Commit after Close: got %v, want %v", err, errClosed)
	}
	kv = open(t, path)
	after, err := kv.Get(t.Context(), "k")
	if err != nil || string(after.Value) != "v" || after.Rev != before.Rev {
		t.Errorf("after reopening: got %+v, %v, want %+v", after, err, before)
	}
	if err := kv.Commit(t.Context(), seam.Put("k", nil, seam.AtRev(before.Rev))); err != nil {
		t.Errorf("put at the revision of before: %v", err)
	}
	if again, _ := kv.Get(t.Context(), "k"); again.Rev <= before.Rev {
		t.Errorf("revision after reopening: got %d, want more than %d", again.Rev, before.Rev)
	}
}

// TestDamagedFile: pages that make no sense are an error, not a panic.
func TestDamagedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "meta.db")
	kv, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 500 {
		if err := kv.Commit(t.Context(), seam.Put(fmt.Sprintf("k%03d", i), make([]byte, 300), seam.Absent)); err != nil {
			t.Fatal(err)
		}
	}
	if err := kv.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 20000); err != nil {
		t.Fatal(err)
	}
	if kv, err := Open(path, Options{}); err == nil {
		kv.Close()
		t.Fatal("a file cut short was opened")
	} else if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "restore a copy") {
		t.Errorf("error %q does not name the file and what to do", err)
	}
}

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "meta.db")
	open(t, path)
	begin := time.Now()
	_, err := Open(path, Options{})
	took := time.Since(begin)
	var locked *LockedError
	if !errors.As(err, &locked) || locked.PID != os.Getpid() {
		t.Fatalf("second Open: got %v, want a LockedError with our id", err)
	}
	if !strings.Contains(err.Error(), fmt.Sprint("process ", os.Getpid())) {
		t.Errorf("message %q does not name the holder", err)
	}
	if took > 10*time.Second {
		t.Errorf("refused after %v, want about one second", took)
	}
	t.Logf("refused after %v: %v", took.Round(time.Millisecond), err)
}

func TestFirstStart(t *testing.T) {
	t.Run("leaves only its files", func(t *testing.T) {
		dir := t.TempDir()
		// What a first start that was killed leaves behind.
		if err := os.WriteFile(filepath.Join(dir, "meta.db.new-123"), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
		kv := open(t, filepath.Join(dir, "meta.db"))
		if got, want := names(t, dir), "meta.db meta.db.pid"; got != want {
			t.Errorf("files: got %s, want %s", got, want)
		}
		info, err := os.Stat(filepath.Join(dir, "meta.db"))
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 && runtime.GOOS != "windows" {
			t.Errorf("mode: got %o, want 600", mode)
		}
		if err := kv.Close(); err != nil {
			t.Fatal(err)
		}
		if got, want := names(t, dir), "meta.db"; got != want {
			t.Errorf("files after Close: got %s, want %s", got, want)
		}
	})
	t.Run("many at once, one gets it", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "meta.db")
		var mu sync.Mutex
		var got []*KV
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				kv, err := Open(path, Options{LockWait: 10 * time.Millisecond})
				mu.Lock()
				defer mu.Unlock()
				var locked *LockedError
				if err == nil {
					got = append(got, kv)
				} else if !errors.As(err, &locked) {
					t.Errorf("Open: got %v, want a LockedError", err)
				}
			})
		}
		wg.Wait()
		if len(got) != 1 {
			t.Errorf("opened by %d, want 1", len(got))
		}
		for _, kv := range got {
			kv.Close()
		}
	})
	t.Run("another file is refused", func(t *testing.T) {
		for name, make := range map[string]func(path string) error{
			"text": func(path string) error { return os.WriteFile(path, []byte(strings.Repeat("text ", 10_000)), 0o600) },
			"foreign": func(path string) error {
				db, err := bolt.Open(path, 0o600, nil)
				if err != nil {
					return err
				}
				return db.Close()
			},
			"directory": func(path string) error { return os.Mkdir(path, 0o700) },
		} {
			path := filepath.Join(t.TempDir(), "meta.db")
			if err := make(path); err != nil {
				t.Fatal(err)
			}
			if kv, err := Open(path, Options{}); err == nil {
				kv.Close()
				t.Errorf("%s: opened", name)
			} else if !strings.Contains(err.Error(), path) {
				t.Errorf("%s: error %q does not name the file", name, err)
			}
		}
	})
}

func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

// TestWriteFailure: what a failed transaction means for those that follow.
func TestWriteFailure(t *testing.T) {
	enospc := func(op string) error { return &os.PathError{Op: op, Path: "meta.db", Err: syscall.ENOSPC} }
	tests := []struct {
		name      string
		err       error
		permanent bool
	}{
		{"sync", syscall.EIO, true},
		{"sync for want of space", enospc("sync"), true},
		{"fdatasync for want of space", syscall.ENOSPC, true},
		{"write", &os.PathError{Op: "write", Path: "meta.db", Err: syscall.EIO}, true},
		{"write for want of space", enospc("write"), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if runtime.GOOS == "windows" {
				t.Skip("other error numbers")
			}
			kv := open(t, filepath.Join(t.TempDir(), "meta.db"))
			if err := kv.Commit(t.Context(), seam.Put("k", []byte("old"), seam.Any)); err != nil {
				t.Fatal(err)
			}
			works := kv.update
			attempts := 0
			kv.update = func(f func(*bolt.Tx) error) error {
				attempts++
				return works(func(tx *bolt.Tx) error { return errors.Join(f(tx), tt.err) })
			}
			put := func() error { return kv.Commit(t.Context(), seam.Put("k", []byte("new"), seam.Any)) }
			err := put()
			if errors.Is(err, seam.ErrFull) == tt.permanent || err == nil {
				t.Errorf("Commit: got %v; want ErrFull: %t", err, !tt.permanent)
			}
			kv.update = works
			err = put()
			if tt.permanent {
				if err == nil || !strings.Contains(err.Error(), "read-only") || attempts != 1 {
					t.Errorf("Commit after it: got %v and %d attempts, want none more", err, attempts)
				}
				if kv.Err() == nil {
					t.Error("Err: got nil")
				}
				if rec, err := kv.Get(t.Context(), "k"); err != nil || string(rec.Value) != "old" {
					t.Errorf("Get: got %s, %v, want old", rec.Value, err)
				}
			} else if err != nil || kv.Err() != nil {
				t.Errorf("Commit when there is space again: got %v, %v", err, kv.Err())
			}
		})
	}
}

// TestGroup: commits that wait together share a transaction; one that conflicts
// does not hold up the others.
func TestGroup(t *testing.T) {
	kv := open(t, filepath.Join(t.TempDir(), "meta.db"))
	works := kv.update
	transactions := 0
	entered, leave := make(chan struct{}), make(chan struct{})
	kv.update = func(f func(*bolt.Tx) error) error {
		if transactions++; transactions == 1 {
			close(entered)
			<-leave
		}
		return works(f)
	}
	var wg sync.WaitGroup
	wg.Go(func() { kv.Commit(t.Context(), seam.Put("first", nil, seam.Any)) })
	<-entered
	const n = 50
	errs := make([]error, n)
	for i := range n {
		wg.Go(func() {
			expect := seam.Absent
			if i%2 == 1 {
				expect = seam.AtRev(12345)
			}
			errs[i] = kv.Commit(t.Context(), seam.Put(fmt.Sprint("k", i), nil, expect))
		})
	}
	close(leave)
	wg.Wait()
	for i, err := range errs {
		want := []error{nil, seam.ErrConflict}[i%2]
		if err != want {
			t.Errorf("commit %d: got %v, want %v", i, err, want)
		}
	}
	t.Logf("%d commits in %d transactions", n+1, transactions)
	if transactions > n {
		t.Errorf("transactions: got %d for %d commits", transactions, n+1)
	}
}

func BenchmarkCommit(b *testing.B) {
	kv, err := Open(filepath.Join(b.TempDir(), "meta.db"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer kv.Close()
	value := make([]byte, 500)
	b.SetParallelism(32)
	var mu sync.Mutex
	worker := 0
	b.RunParallel(func(pb *testing.PB) {
		mu.Lock()
		worker++
		key := fmt.Sprint("key", worker)
		mu.Unlock()
		for i := 0; pb.Next(); i++ {
			if err := kv.Commit(b.Context(), seam.Put(fmt.Sprint(key, i%100), value, seam.Any)); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
}
