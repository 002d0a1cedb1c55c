package fileblobs

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"osslive/store/seam"
	"osslive/store/storetest"
)

func open(t *testing.T, dir string, o Options) *Blobs {
	t.Helper()
	b, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func TestBlobs(t *testing.T) {
	for name, relaxed := range map[string]bool{"strict": false, "relaxed": true} {
		t.Run(name, func(t *testing.T) {
			storetest.TestBlobs(t, func(t *testing.T) seam.Blobs {
				return open(t, t.TempDir(), Options{Relaxed: relaxed, LowWater: -1})
			})
		})
	}
}

func put(t *testing.T, b *Blobs, data string) seam.BlobID {
	t.Helper()
	w, err := b.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	if _, err := io.WriteString(w, data); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	return w.ID()
}

func TestFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "blobs")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	b := open(t, dir, Options{})
	id := put(t, b, "data")
	file := filepath.Join(dir, string(id[:2]), string(id))
	if data, err := os.ReadFile(file); err != nil || string(data) != "data" {
		t.Fatalf("file: got %q, %v", data, err)
	}
	if runtime.GOOS != "windows" {
		for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Dir(file): 0o700, file: 0o600} {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if got := info.Mode().Perm(); got != want {
				t.Errorf("mode of %s: got %o, want %o", path, got, want)
			}
		}
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = open(t, dir, Options{})
	if size, err := b.Size(t.Context(), id); err != nil || size != 4 {
		t.Errorf("after reopening: got %d, %v, want 4", size, err)
	}
	// An aborted blob leaves nothing, one that was never written not even for a
	// moment.
	w, err := b.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, string(w.ID()[:2]), string(w.ID()))); !os.IsNotExist(err) {
		t.Errorf("file before the first byte: got %v, want none", err)
	}
	w.Abort()
}

// TestPlanted: nothing in the directory leads out of it.
func TestPlanted(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir, Options{})
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	id := put(t, b, "secret")
	file := filepath.Join(dir, string(id[:2]), string(id))
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, file); err != nil {
		t.Skip(err)
	}
	if _, err := b.Size(t.Context(), id); err != seam.ErrNotFound {
		t.Errorf("Size of a symbolic link: got %v, want ErrNotFound", err)
	}
	if r, err := b.Open(t.Context(), id, 0, -1); err == nil {
		r.Close()
		t.Error("Open of a symbolic link: no error")
	}
	if err := b.Delete(t.Context(), id); err != nil {
		t.Errorf("Delete of a symbolic link: %v", err)
	}
	if _, err := os.Stat(secret); err != nil {
		t.Errorf("the link's target: %v", err)
	}
	// A file that is not a blob stays.
	stranger := filepath.Join(dir, "00", "stranger")
	if err := os.WriteFile(stranger, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	err := b.List(t.Context(), func(id seam.BlobID) error {
		t.Errorf("List: got %q, want nothing", id)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestLinkedFolder(t *testing.T) {
	elsewhere, dir := t.TempDir(), filepath.Join(t.TempDir(), "blobs")
	if err := os.Symlink(elsewhere, dir); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	if b, err := Open(dir, Options{}); err == nil {
		b.Close()
		t.Error("a planted link was followed")
	}
	if entries, err := os.ReadDir(elsewhere); err != nil || len(entries) != 0 {
		t.Errorf("behind the link: %v, %v; want nothing", entries, err)
	}
}

func TestLowWater(t *testing.T) {
	const mib = 1 << 20
	tests := []struct {
		name        string
		lowWater    int64
		free, total uint64
		want        error
	}{
		{"large disk, enough", 0, 256 * mib, 100_000 * mib, nil},
		{"large disk, too little", 0, 256*mib - 1, 100_000 * mib, seam.ErrFull},
		{"small disk, enough", 0, 2 * mib, 100 * mib, nil},
		{"small disk, too little", 0, 2*mib - 1, 100 * mib, seam.ErrFull},
		{"own mark, enough", 10, 10, 100_000 * mib, nil},
		{"own mark, too little", 10, 9, 100_000 * mib, seam.ErrFull},
		{"no mark", -1, 0, 100 * mib, nil},
	}
	for _, tt := range tests {
		b := open(t, t.TempDir(), Options{LowWater: tt.lowWater})
		b.space = func() (uint64, uint64, error) { return tt.free, tt.total, nil }
		w, err := b.Create(t.Context())
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
		if err == nil {
			w.Abort()
		}
		if err := b.Check(); !errors.Is(err, tt.want) {
			t.Errorf("%s: Check: got %v, want %v", tt.name, err, tt.want)
		}
	}
}

// TestCheckWritable: rights that were taken away are seen before the next write.
func TestCheckWritable(t *testing.T) {
	if os.Getuid() == 0 || runtime.GOOS == "windows" {
		t.Skip("root may write everywhere, and Windows tells only when one tries")
	}
	dir := t.TempDir()
	b := open(t, dir, Options{})
	if err := b.Check(); err != nil {
		t.Error(err)
	}
	os.Chmod(dir, 0o500)
	if err := b.Check(); err == nil {
		t.Error("a folder that cannot be written passes")
	}
}

// TestFillsUp: a blob that fills the disk while it is written is refused too, and
// when there is room again the next one is not.
func TestFillsUp(t *testing.T) {
	b := open(t, t.TempDir(), Options{Relaxed: true})
	free := uint64(1 << 30)
	b.space = func() (uint64, uint64, error) { return free, 100 << 30, nil }
	w, err := b.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	piece := make([]byte, 1<<20)
	for n := 0; ; n += len(piece) {
		if _, err = w.Write(piece); err != nil {
			break
		}
		if n > 2*checkEvery {
			t.Fatal("a full disk was not noticed")
		}
		free = 1
	}
	if !errors.Is(err, seam.ErrFull) {
		t.Errorf("Write: got %v, want ErrFull", err)
	}
	if err := w.Commit(); !errors.Is(err, seam.ErrFull) {
		t.Errorf("Commit: got %v, want ErrFull", err)
	}
	w.Abort()
	if err := b.List(t.Context(), func(id seam.BlobID) error { return errors.New("left over: " + string(id)) }); err != nil {
		t.Error(err)
	}
	free = 1 << 30
	put(t, b, "again")
}

// TestSendsFile: a connection gets the file itself, which it can send without
// copying.
func TestSendsFile(t *testing.T) {
	b := open(t, t.TempDir(), Options{})
	r, err := b.Open(t.Context(), put(t, b, "0123456789"), 2, 5)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	sink := &readerFrom{}
	if _, err := io.Copy(sink, r); err != nil {
		t.Fatal(err)
	}
	limited, ok := sink.source.(*io.LimitedReader)
	if !ok {
		t.Fatalf("source: got %T, want an *io.LimitedReader", sink.source)
	}
	if _, ok := limited.R.(*os.File); !ok || sink.n != 5 {
		t.Errorf("source: got %d bytes of %T, want 5 of an *os.File", sink.n, limited.R)
	}
}

// readerFrom does what *net.TCPConn does, and keeps what it was given.
type readerFrom struct {
	net.Conn
	source io.Reader
	n      int64
}

func (r *readerFrom) Write([]byte) (int, error) { return 0, errors.New("copied") }

func (r *readerFrom) ReadFrom(src io.Reader) (int64, error) {
	r.source = src
	n, err := io.Copy(io.Discard, src)
	r.n += n
	return n, err
}
