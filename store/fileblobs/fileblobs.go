// Package fileblobs is a seam.Blobs on files in a directory of its own. It is the
// default.
//
// It owns that directory. A blob is the file xx/<id>, where the id is 128 random bits in
// hexadecimal and xx its first two digits. It is created under this name and never
// renamed; what makes it a blob is the record that names it. The directory is an os.Root,
// so that nothing outside of it is touched.
//
// It must not know what a blob holds or who names it: no name comes from a client.
package fileblobs

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"osslive/store/internal/datadir"
	"osslive/store/seam"
)

// Options of Open. The zero value is that of a server.
type Options struct {
	// Relaxed does not sync data: it survives the end of the process, but not a power
	// cut.
	Relaxed bool
	// LowWater is how many bytes must stay free on the disk; 0 means the
	// smaller of 256 MiB and 2 % of it, -1 nothing.
	LowWater int64
}

const defaultLowWater = 256 << 20

// checkAgain is the time after which a new blob checks the free space again.
const checkAgain = 50 * time.Millisecond

// Blobs is a seam.Blobs. It belongs to one process.
type Blobs struct {
	root    *os.Root
	options Options
	roomy   atomic.Int64 // until when there is room for another blob, in Unix nanoseconds
	// space returns the free bytes and all bytes of the disk; a test can set it.
	space func() (free, total uint64, err error)
}

var _ seam.Blobs = (*Blobs)(nil)

// Open opens the directory; it creates it for this user alone if it does not exist.
func Open(dir string, o Options) (*Blobs, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	// A symbolic link could lead to files of another user.
	if info, err := os.Lstat(dir); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return nil, fmt.Errorf("%s is a symbolic link; remove it, or let the data directory itself be the link", dir)
	}
	if err := datadir.Prepare(dir); err != nil {
		return nil, err
	}
	// For this user alone. Where that cannot be set, another user owns the directory.
	_ = os.Chmod(dir, 0o700)
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	b := &Blobs{root: root, options: o, space: func() (uint64, uint64, error) { return DiskSpace(dir) }}
	if err := b.makeFolders(); err != nil {
		return nil, errors.Join(fmt.Errorf("blobs in %w", datadir.Explain(dir, err)), root.Close())
	}
	return b, nil
}

// Close does not close open readers.
func (b *Blobs) Close() error { return b.root.Close() }

// makeFolders creates all folders, so that no later Create has to sync the root.
func (b *Blobs) makeFolders() error {
	for i := range 256 {
		if err := b.root.Mkdir(folder(i), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return b.syncFolder(".")
}

func folder(i int) string { return fmt.Sprintf("%02x", i) }

func (b *Blobs) syncFolder(name string) error {
	d, err := b.root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(datadir.Sync(d), d.Close())
}

// path returns the file of a blob. An id that this package did not make has none.
func path(id seam.BlobID) (string, bool) {
	if len(id) != 32 {
		return "", false
	}
	for _, c := range []byte(id) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return "", false
		}
	}
	return filepath.Join(string(id[:2]), string(id)), true
}

func (b *Blobs) Create(ctx context.Context) (seam.BlobWriter, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if now := time.Now().UnixNano(); now >= b.roomy.Load() {
		if err := b.checkSpace(); err != nil {
			return nil, err
		}
		b.roomy.Store(now + int64(checkAgain))
	}
	var id [16]byte
	rand.Read(id[:])
	return &writer{blobs: b, id: seam.BlobID(hex.EncodeToString(id[:]))}, nil
}

// Check returns why no blob can be created now, for example because the disk is full or has
// become read-only, or nil.
func (b *Blobs) Check() error {
	dir := b.root.Name()
	if err := writable(dir); err != nil {
		return fmt.Errorf("blobs in %w", datadir.Explain(dir, err))
	}
	return b.checkSpace()
}

// Space returns the free bytes of the disk, and how many of them must stay free.
func (b *Blobs) Space() (free, low uint64, err error) {
	free, total, err := b.space()
	if err != nil {
		return 0, 0, fmt.Errorf("free space: %w", err)
	}
	switch low := b.options.LowWater; {
	case low > 0:
		return free, uint64(low), nil
	case low < 0:
		return free, 0, nil
	}
	return free, LowWater(total), nil
}

// LowWater returns how many of total bytes stay free by default.
func LowWater(total uint64) uint64 { return min(defaultLowWater, total/50) }

func (b *Blobs) checkSpace() error {
	if b.options.LowWater < 0 {
		return nil
	}
	free, low, err := b.Space()
	if err != nil {
		return err
	}
	if free < low {
		return fmt.Errorf("%w: %d MiB left of the %d MiB that are kept free", seam.ErrFull, free>>20, low>>20)
	}
	return nil
}

func (b *Blobs) Open(ctx context.Context, id seam.BlobID, offset, length int64) (seam.BlobReader, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	name, ok := path(id)
	if !ok {
		return nil, seam.ErrNotFound
	}
	f, err := b.root.Open(name)
	if err != nil {
		return nil, notFound(err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = seam.ErrNotFound
	}
	if err == nil && offset > 0 {
		_, err = f.Seek(offset, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if length < 0 {
		length = math.MaxInt64
	}
	return &reader{file: f, size: info.Size(), left: length}, nil
}

func notFound(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return seam.ErrNotFound
	}
	return err
}

func (b *Blobs) Size(ctx context.Context, id seam.BlobID) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	name, ok := path(id)
	if !ok {
		return 0, seam.ErrNotFound
	}
	info, err := b.root.Lstat(name)
	if err != nil {
		return 0, notFound(err)
	}
	if !info.Mode().IsRegular() {
		return 0, seam.ErrNotFound
	}
	return info.Size(), nil
}

func (b *Blobs) Delete(ctx context.Context, id seam.BlobID) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	name, ok := path(id)
	if !ok {
		return nil
	}
	err := b.root.Remove(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil && isSharing(err):
		return seam.ErrInUse
	}
	return err
}

func (b *Blobs) List(ctx context.Context, f func(seam.BlobID) error) error {
	for i := range 256 {
		if err := ctx.Err(); err != nil {
			return err
		}
		entries, err := fs.ReadDir(b.root.FS(), folder(i))
		if err != nil {
			return err
		}
		for _, e := range entries {
			id := seam.BlobID(e.Name())
			if name, ok := path(id); !ok || filepath.Dir(name) != folder(i) {
				continue // not a blob
			}
			if err := f(id); err != nil {
				return err
			}
		}
	}
	return nil
}
