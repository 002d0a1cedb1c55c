package storetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"osslive/store/seam"
)

// TestBlobs tests a seam.Blobs; open returns one without a blob.
func TestBlobs(t *testing.T, open func(t *testing.T) seam.Blobs) {
	for name, test := range map[string]func(*testing.T, seam.Blobs){
		"RoundTrip":   testBlobsRoundTrip,
		"Ranges":      testBlobsRanges,
		"WriterTo":    testBlobsWriterTo,
		"Unknown":     testBlobsUnknown,
		"Uncommitted": testBlobsUncommitted,
		"Ended":       testBlobsEnded,
		"Delete":      testBlobsDelete,
		"OpenReader":  testBlobsOpenReader,
		"List":        testBlobsList,
		"Cancelled":   testBlobsCancelled,
		"Many":        testBlobsMany,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func testBlobsRoundTrip(t *testing.T, b seam.Blobs) {
	for _, size := range []int{0, 1, 64 << 10, 64<<10 + 1, 1 << 20} {
		data := random(size)
		id := create(t, b, data)
		if got, err := b.Size(t.Context(), id); err != nil || got != int64(size) {
			t.Errorf("Size: got %d, %v, want %d", got, err, size)
		}
		if got := read(t, b, id, 0, -1); !bytes.Equal(got, data) {
			t.Errorf("%d bytes: read %d others", size, len(got))
		}
	}
}

func testBlobsRanges(t *testing.T, b seam.Blobs) {
	data := random(1000)
	id := create(t, b, data)
	for _, r := range []struct{ offset, length int64 }{
		{0, 0}, {0, 1}, {0, 1000}, {0, -1}, {1, -1}, {500, 10}, {999, 1}, {999, -1}, {1000, 0}, {1000, -1},
	} {
		want := data[r.offset:]
		if r.length >= 0 {
			want = want[:r.length]
		}
		if got := read(t, b, id, r.offset, r.length); !bytes.Equal(got, want) {
			t.Errorf("%d bytes from %d: got %d others", r.length, r.offset, len(got))
		}
	}
}

// testBlobsWriterTo: WriteTo sends the same bytes as Read, also after Read has returned
// a part.
func testBlobsWriterTo(t *testing.T, b seam.Blobs) {
	data := random(100_000)
	r, err := b.Open(t.Context(), create(t, b, data), 1000, 50_000)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got := r.Size(); got != int64(len(data)) {
		t.Errorf("Size of a part: got %d, want the blob's %d", got, len(data))
	}
	wt, ok := r.(io.WriterTo)
	if !ok {
		t.Skip("this backend cannot send without copying")
	}
	head := make([]byte, 10)
	if _, err := io.ReadFull(r, head); err != nil {
		t.Fatal(err)
	}
	var rest bytes.Buffer
	n, err := wt.WriteTo(&rest)
	if err != nil || n != 50_000-10 || !bytes.Equal(append(head, rest.Bytes()...), data[1000:51_000]) {
		t.Errorf("WriteTo: got %d bytes, %v; want the 49990 that follow", n, err)
	}
	if n, err := r.Read(head); n != 0 || err != io.EOF {
		t.Errorf("Read at the end: got %d, %v, want EOF", n, err)
	}
}

func testBlobsUnknown(t *testing.T, b seam.Blobs) {
	create(t, b, []byte("another"))
	for _, id := range []seam.BlobID{"", ".", "..", "../..", "/etc/passwd", "no-such-blob", "00000000000000000000000000000000"} {
		if _, err := b.Open(t.Context(), id, 0, -1); err != seam.ErrNotFound {
			t.Errorf("Open(%q): got %v, want ErrNotFound", id, err)
		}
		if _, err := b.Size(t.Context(), id); err != seam.ErrNotFound {
			t.Errorf("Size(%q): got %v, want ErrNotFound", id, err)
		}
		if err := b.Delete(t.Context(), id); err != nil {
			t.Errorf("Delete(%q): got %v, want nil", id, err)
		}
	}
}

func testBlobsUncommitted(t *testing.T, b seam.Blobs) {
	w, err := b.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	id := w.ID()
	if id == "" {
		t.Error("no id before Commit")
	}
	if _, err := w.Write([]byte("half")); err != nil {
		t.Fatal(err)
	}
	if ids := blobs(t, b); !slices.Contains(ids, id) {
		t.Errorf("List: got %v, want the unfinished blob %v among them", ids, id)
	}
	w.Abort()
	w.Abort()
	wantGone(t, b, id)
}

func testBlobsEnded(t *testing.T, b seam.Blobs) {
	w, err := b.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("data")); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err == nil {
		t.Error("second Commit: no error")
	}
	if _, err := w.Write([]byte("more")); err == nil {
		t.Error("Write after Commit: no error")
	}
	w.Abort()
	if got := read(t, b, w.ID(), 0, -1); string(got) != "data" {
		t.Errorf("after Commit and Abort: got %q, want %q", got, "data")
	}
	w, err = b.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.Abort()
	if _, err := w.Write(nil); err == nil {
		t.Error("Write after Abort: no error")
	}
	if err := w.Commit(); err == nil {
		t.Error("Commit after Abort: no error")
	}
	wantGone(t, b, w.ID())
}

func testBlobsDelete(t *testing.T, b seam.Blobs) {
	id, other := create(t, b, []byte("a")), create(t, b, []byte("b"))
	for range 2 { // again: nothing
		if err := b.Delete(t.Context(), id); err != nil {
			t.Fatalf("Delete: %v", err)
		}
	}
	wantGone(t, b, id)
	if got := read(t, b, other, 0, -1); string(got) != "b" {
		t.Errorf("the other blob: got %q, want %q", got, "b")
	}
}

func testBlobsOpenReader(t *testing.T, b seam.Blobs) {
	data := random(1 << 20)
	id := create(t, b, data)
	r, err := b.Open(t.Context(), id, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	head := make([]byte, 1000)
	if _, err := io.ReadFull(r, head); err != nil {
		t.Fatal(err)
	}
	if err := b.Delete(t.Context(), id); err != nil && err != seam.ErrInUse {
		t.Fatalf("Delete: %v", err)
	}
	rest, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(append(head, rest...), data) {
		t.Errorf("reader of a deleted blob: got %d bytes, %v, want all", len(head)+len(rest), err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if err := b.Delete(t.Context(), id); err != nil {
		t.Errorf("Delete when nobody reads: %v", err)
	}
	wantGone(t, b, id)
}

func testBlobsList(t *testing.T, b seam.Blobs) {
	var want []seam.BlobID
	for range 20 {
		want = append(want, create(t, b, []byte("x")))
	}
	slices.Sort(want)
	if got := blobs(t, b); !slices.Equal(got, want) {
		t.Errorf("List: got %v, want %v", got, want)
	}
	stop, calls := errors.New("stop"), 0
	err := b.List(t.Context(), func(seam.BlobID) error { calls++; return stop })
	if err != stop || calls != 1 {
		t.Errorf("List whose function fails: got %v after %d calls, want its error after one", err, calls)
	}
	// The sweep deletes while it lists.
	if err := b.List(t.Context(), func(id seam.BlobID) error { return b.Delete(t.Context(), id) }); err != nil {
		t.Errorf("List and Delete: %v", err)
	}
	if got := blobs(t, b); len(got) != 0 {
		t.Errorf("after the sweep: got %v, want nothing", got)
	}
}

func testBlobsCancelled(t *testing.T, b seam.Blobs) {
	id := create(t, b, []byte("x"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, createErr := b.Create(ctx)
	_, openErr := b.Open(ctx, id, 0, -1)
	_, sizeErr := b.Size(ctx, id)
	for name, err := range map[string]error{
		"Create": createErr, "Open": openErr, "Size": sizeErr,
		"Delete": b.Delete(ctx, id),
		"List":   b.List(ctx, func(seam.BlobID) error { return nil }),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want Canceled", name, err)
		}
	}
	read(t, b, id, 0, -1) // is still there
}

// testBlobsMany: writers, readers and deleters do not disturb each other.
func testBlobsMany(t *testing.T, b seam.Blobs) {
	kept := random(200_000)
	keptID := create(t, b, kept)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				data := random(100_000)
				w, err := b.Create(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				for piece := range slices.Chunk(data, 64<<10) {
					if _, err := w.Write(piece); err != nil {
						t.Error(err)
					}
				}
				if err := w.Commit(); err != nil {
					t.Error(err)
				}
				for id, want := range map[seam.BlobID][]byte{w.ID(): data, keptID: kept} {
					if got, err := readAll(t.Context(), b, id, 0, -1); err != nil || !bytes.Equal(got, want) {
						t.Errorf("got %d bytes, %v, want the %d written", len(got), err, len(want))
					}
				}
				if err := b.Delete(t.Context(), w.ID()); err != nil && err != seam.ErrInUse {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func random(n int) []byte {
	data := make([]byte, n)
	rand.NewChaCha8([32]byte{byte(n)}).Read(data)
	return data
}

func create(t *testing.T, b seam.Blobs, data []byte) seam.BlobID {
	t.Helper()
	w, err := b.Create(t.Context())
	if err != nil {
		t.Fatalf("Create: %v", err)
	}
	defer w.Abort()
	for piece := range slices.Chunk(data, 64<<10) {
		if n, err := w.Write(piece); n != len(piece) || err != nil {
			t.Fatalf("Write: %d, %v", n, err)
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatalf("Commit: %v", err)
	}
	return w.ID()
}

func read(t *testing.T, b seam.Blobs, id seam.BlobID, offset, length int64) []byte {
	t.Helper()
	data, err := readAll(t.Context(), b, id, offset, length)
	if err != nil {
		t.Fatalf("reading a blob: %v", err)
	}
	return data
}

func readAll(ctx context.Context, b seam.Blobs, id seam.BlobID, offset, length int64) ([]byte, error) {
	r, err := b.Open(ctx, id, offset, length)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	return data, errors.Join(err, r.Close())
}

func blobs(t *testing.T, b seam.Blobs) []seam.BlobID {
	t.Helper()
	var ids []seam.BlobID
	err := b.List(t.Context(), func(id seam.BlobID) error {
		ids = append(ids, id)
		return nil
	})
	if err != nil {
		t.Fatalf("List: %v", err)
	}
	slices.Sort(ids)
	return ids
}

func wantGone(t *testing.T, b seam.Blobs, id seam.BlobID) {
	t.Helper()
	if _, err := b.Open(t.Context(), id, 0, -1); err != seam.ErrNotFound {
		t.Errorf("Open: got %v, want ErrNotFound", err)
	}
	if ids := blobs(t, b); slices.Contains(ids, id) {
		t.Errorf("List: got %v, want no %v", ids, id)
	}
}
