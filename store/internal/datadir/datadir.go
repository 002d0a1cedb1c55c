// Package datadir is what the backends on a local disk share: it makes a directory,
// explains why one cannot be used, and makes the entries of one durable.
//
// It owns no files. It must not know what the files are for.
package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Prepare creates dir and its parents for this user alone, unless they exist, and checks that
// a file can be created in dir. The error names the path, the user and the fix.
func Prepare(dir string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("data directory %s: %w", dir, err)
	}
	if err := os.MkdirAll(abs, 0o700); err != nil {
		return explain(abs, err)
	}
	f, err := os.CreateTemp(abs, ".writable-*")
	if err != nil {
		return explain(abs, err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

func explain(dir string, err error) error {
	if at := fileOnPath(dir); at != "" {
		return fmt.Errorf("data directory %s: %s is a file; move it away or choose another directory", dir, at)
	}
	return fmt.Errorf("data directory %w", Explain(dir, err))
}

// Explain adds to err the path, the uid that was refused, and the command that fixes it.
func Explain(path string, err error) error {
	uid := os.Getuid()
	switch {
	case errors.Is(err, fs.ErrPermission) || isReadOnly(err):
		return fmt.Errorf("%s: uid %d may not write there (%w); give it to that user (chown -R %d %s) or choose another directory",
			path, uid, err, uid, path)
	case NoSpace(err):
		return fmt.Errorf("%s: no space left for uid %d (%w); free some, or choose another directory", path, uid, err)
	}
	return fmt.Errorf("%s: %w", path, err)
}

// fileOnPath returns the part of dir that exists and is not a directory.
func fileOnPath(dir string) string {
	for {
		if info, err := os.Stat(dir); err == nil {
			if info.IsDir() {
				return ""
			}
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}

// SyncPath is Sync of the directory at path.
func SyncPath(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(Sync(d), d.Close())
}
