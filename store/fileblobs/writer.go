package fileblobs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"osslive/store/internal/datadir"
	"osslive/store/seam"
)

// checkEvery is the number of bytes of a blob after which the free space is checked again.
const checkEvery = 16 << 20

// writer creates its file with the first bytes, so that a blob that is aborted before costs
// nothing.
type writer struct {
	blobs     *Blobs
	id        seam.BlobID
	file      *os.File
	unchecked int // bytes since the free space was looked at
	err       error
}

var errEnded = errors.New("blob writer: already committed or aborted")

func (w *writer) ID() seam.BlobID { return w.id }

func (w *writer) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	if w.err = w.prepare(len(p)); w.err != nil {
		return 0, w.err
	}
	n, err := w.file.Write(p)
	if err != nil {
		w.err = full(err)
	}
	return n, w.err
}

func (w *writer) prepare(n int) error {
	if w.file == nil {
		return w.create()
	}
	w.unchecked += n
	if w.unchecked < checkEvery {
		return nil
	}
	w.unchecked = 0
	return w.blobs.checkSpace()
}

func (w *writer) create() error {
	name, _ := path(w.id)
	f, err := w.blobs.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return full(datadir.Explain(filepath.Join(w.blobs.root.Name(), name), err))
	}
	w.file = f
	return nil
}

// Commit makes the blob durable: first its bytes, then its name.
func (w *writer) Commit() error {
	if w.err != nil {
		return w.err
	}
	if w.file == nil {
		if err := w.create(); err != nil {
			w.err = err
			return err
		}
	}
	err := w.sync()
	if closeErr := w.file.Close(); err == nil {
		err = closeErr
	}
	w.err = errEnded
	if err != nil {
		// After a failed sync the content of the file is unknown.
		w.remove()
		return fmt.Errorf("blob %s: %w", w.id, full(err))
	}
	return nil
}

func (w *writer) sync() error {
	if w.blobs.options.Relaxed {
		return nil
	}
	if err := w.file.Sync(); err != nil {
		return err
	}
	name, _ := path(w.id)
	return w.blobs.syncFolder(filepath.Dir(name))
}

func (w *writer) Abort() {
	if errors.Is(w.err, errEnded) {
		return
	}
	w.err = errEnded
	if w.file != nil {
		_ = w.file.Close()
		w.remove()
	}
}

// remove removes the file. If that fails, the sweep at the next start removes it: no record
// names it.
func (w *writer) remove() {
	name, _ := path(w.id)
	w.blobs.root.Remove(name)
}

func full(err error) error {
	if datadir.NoSpace(err) {
		return fmt.Errorf("%w: %v", seam.ErrFull, err)
	}
	return err
}
