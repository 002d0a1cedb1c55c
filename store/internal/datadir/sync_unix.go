//go:build !windows

package datadir

import (
	"errors"
	"os"
	"syscall"
)

// Sync makes the entries of an open directory durable: files that were made,
// renamed or removed in it.
func Sync(dir *os.File) error { return dir.Sync() }

// NoSpace reports whether err says that the disk is full.
func NoSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

func isReadOnly(err error) bool { return errors.Is(err, syscall.EROFS) }
