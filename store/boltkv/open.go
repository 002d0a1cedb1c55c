package boltkv

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"osslive/store/internal/datadir"
)

// defaultLockWait is short enough for a process that gives up to report it within a second.
const defaultLockWait = 900 * time.Millisecond

// LockedError reports that another process has the file open.
type LockedError struct {
	Path string
	PID  int // of the holder; 0 if unknown
}

func (e *LockedError) Error() string {
	holder := "another process"
	if e.PID != 0 {
		holder = fmt.Sprintf("process %d", e.PID)
	}
	return fmt.Sprintf("data directory %s is in use by %s; stop it or choose another directory", filepath.Dir(e.Path), holder)
}

// Open opens the file at path, or makes it and its directory. Beside it, in
// path.pid, stands the id of the process that has it open. A file that is held by
// another process is a *LockedError.
func Open(path string, o Options) (*KV, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := datadir.Prepare(filepath.Dir(path)); err != nil {
		return nil, err
	}
	if err := create(path); err != nil {
		return nil, fmt.Errorf("metadata store %w", datadir.Explain(path, err))
	}
	db, err := openDB(path, cmp.Or(o.LockWait, defaultLockWait))
	if errors.Is(err, berrors.ErrTimeout) {
		return nil, &LockedError{Path: path, PID: readPID(path)}
	}
	if err != nil {
		return nil, fmt.Errorf("metadata store %w", datadir.Explain(path, err))
	}
	kv := &KV{
		path:     path,
		db:       db,
		requests: make(chan *request),
		quit:     make(chan struct{}),
		done:     make(chan struct{}),
		update:   db.Update,
		cache:    newCache(),
	}
	if err := errors.Join(kv.check(), removeLeftovers(path), writePID(path)); err != nil {
		return nil, errors.Join(fmt.Errorf("metadata store %w", datadir.Explain(path, err)), db.Close())
	}
	go kv.commitLoop()
	return kv, nil
}

// openDB opens the database. It turns a panic of bbolt, at pages that make no sense, and a
// memory fault, beyond the end of a file that was cut short, into the error of a damaged
// file.
func openDB(path string, lockWait time.Duration) (db *bolt.DB, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("the file is damaged (%v)", v)
		}
		if err != nil && !errors.Is(err, berrors.ErrTimeout) && !errors.Is(err, fs.ErrPermission) {
			err = fmt.Errorf("%w; restore a copy of it, or move the data directory away", err)
		}
	}()
	if db, err = bolt.Open(path, 0o600, boltOptions(lockWait)); err != nil {
		return nil, err
	}
	if err := checkLength(db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// checkLength compares the size of the file with its newest header.
func checkLength(db *bolt.DB) error {
	info, err := os.Stat(db.Path())
	if err != nil {
		return err
	}
	return db.View(func(tx *bolt.Tx) error {
		if info.Size() < tx.Size() {
			return fmt.Errorf("the file is damaged (it has %d bytes of %d)", info.Size(), tx.Size())
		}
		return nil
	})
}

func boltOptions(lockWait time.Duration) *bolt.Options {
	return &bolt.Options{Timeout: lockWait, FreelistType: bolt.FreelistMapType}
}

// check refuses a bbolt file that is not one of osslive.
func (kv *KV) check() error {
	return kv.db.View(func(tx *bolt.Tx) error {
		if tx.Bucket(recordsBucket) == nil {
			return errors.New("this file was not made by osslive")
		}
		return nil
	})
}

const leftover = ".new-*"

// create creates the file unless it exists. It writes it under another name and links it to
// its own name when it is whole, because bbolt cannot open a file whose first pages are cut
// off. Unlike a rename, a link does not replace a file that another process has created and
// opened meanwhile.
func create(path string) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+leftover)
	if err != nil {
		return err
	}
	temp := f.Name()
	defer os.Remove(temp)
	if err := f.Close(); err != nil {
		return err
	}
	db, err := bolt.Open(temp, 0o600, boltOptions(defaultLockWait))
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bolt.Tx) error {
		_, err := tx.CreateBucket(recordsBucket)
		return err
	})
	if err := errors.Join(err, db.Sync(), db.Close()); err != nil {
		return err
	}
	if err := os.Link(temp, path); err != nil {
		if _, statErr := os.Lstat(path); statErr == nil {
			return nil // another process was faster
		}
		// Some file systems have no links.
		if err := os.Rename(temp, path); err != nil {
			return err
		}
	}
	return datadir.SyncPath(filepath.Dir(path))
}

// removeLeftovers removes the files of a first start that was killed. The lock is held: no
// other process is creating the file.
func removeLeftovers(path string) error {
	names, err := filepath.Glob(escape(path) + leftover)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// escape returns a pattern that matches exactly a path.
func escape(path string) string {
	if os.PathSeparator == '\\' {
		return path // Windows has no escapes in patterns, nor most of these in names
	}
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

func pidPath(path string) string { return path + ".pid" }

func writePID(path string) error {
	return os.WriteFile(pidPath(path), []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600)
}

func removePID(path string) error {
	err := os.Remove(pidPath(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// readPID returns 0 for an id that cannot be read.
func readPID(path string) int {
	b, _ := os.ReadFile(pidPath(path))
	pid, _ := strconv.Atoi(strings.TrimSpace(string(b)))
	return pid
}
