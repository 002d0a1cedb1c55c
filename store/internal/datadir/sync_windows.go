package datadir

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// Sync does nothing: NTFS journals the entries of directories by itself, and a
// directory's handle cannot be flushed.
func Sync(*os.File) error { return nil }

// NoSpace reports whether err says that the disk is full.
func NoSpace(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}

func isReadOnly(err error) bool { return errors.Is(err, windows.ERROR_WRITE_PROTECT) }
