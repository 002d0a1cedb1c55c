package memstore

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"sync"

	"osslive/store/seam"
)

// Blobs is a seam.Blobs that lasts as long as the process.
type Blobs struct {
	mu        sync.RWMutex
	committed map[seam.BlobID][]byte
	open      map[seam.BlobID]struct{} // begun, neither committed nor aborted
}

var _ seam.Blobs = (*Blobs)(nil)

// NewBlobs returns an empty Blobs.
func NewBlobs() *Blobs {
	return &Blobs{committed: map[seam.BlobID][]byte{}, open: map[seam.BlobID]struct{}{}}
}

func (b *Blobs) Create(ctx context.Context) (seam.BlobWriter, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var id [16]byte
	rand.Read(id[:])
	w := &writer{blobs: b, id: seam.BlobID(hex.EncodeToString(id[:]))}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open[w.id] = struct{}{}
	return w, nil
}

func (b *Blobs) Open(ctx context.Context, id seam.BlobID, offset, length int64) (seam.BlobReader, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	data, err := b.get(id)
	if err != nil {
		return nil, err
	}
	size := int64(len(data))
	data = data[min(offset, int64(len(data))):]
	if length >= 0 {
		data = data[:min(length, int64(len(data)))]
	}
	return reader{bytes.NewReader(data), size}, nil
}

type reader struct {
	*bytes.Reader
	size int64 // of the blob
}

func (r reader) Size() int64  { return r.size }
func (r reader) Close() error { return nil }

func (b *Blobs) get(id seam.BlobID) ([]byte, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	data, ok := b.committed[id]
	if !ok {
		return nil, seam.ErrNotFound
	}
	return data, nil
}

func (b *Blobs) Size(ctx context.Context, id seam.BlobID) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	data, err := b.get(id)
	return int64(len(data)), err
}

func (b *Blobs) Delete(ctx context.Context, id seam.BlobID) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.committed, id)
	delete(b.open, id)
	return nil
}

func (b *Blobs) List(ctx context.Context, f func(seam.BlobID) error) error {
	b.mu.RLock()
	ids := make([]seam.BlobID, 0, len(b.committed)+len(b.open))
	for id := range b.committed {
		ids = append(ids, id)
	}
	for id := range b.open {
		ids = append(ids, id)
	}
	b.mu.RUnlock()
	for _, id := range ids {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := f(id); err != nil {
			return err
		}
	}
	return nil
}

type writer struct {
	blobs *Blobs
	id    seam.BlobID
	data  []byte
	ended bool
}

var errEnded = errors.New("blob writer: already committed or aborted")

func (w *writer) ID() seam.BlobID { return w.id }

func (w *writer) Write(p []byte) (int, error) {
	if w.ended {
		return 0, errEnded
	}
	w.data = append(w.data, p...)
	return len(p), nil
}

func (w *writer) Commit() error {
	if w.ended {
		return errEnded
	}
	w.blobs.mu.Lock()
	defer w.blobs.mu.Unlock()
	w.ended = true
	delete(w.blobs.open, w.id)
	w.blobs.committed[w.id] = w.data
	return nil
}

func (w *writer) Abort() {
	if w.ended {
		return
	}
	w.blobs.mu.Lock()
	defer w.blobs.mu.Unlock()
	w.ended = true
	delete(w.blobs.open, w.id)
	w.data = nil
}
