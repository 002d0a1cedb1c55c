package fileblobs

import (
	"errors"

	"golang.org/x/sys/windows"
)

// DiskSpace returns the bytes that this user may still write to the disk of a
// directory, and all there are.
func DiskSpace(dir string) (free, total uint64, err error) {
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, 0, err
	}
	err = windows.GetDiskFreeSpaceEx(name, &free, &total, nil)
	return free, total, err
}

// writable returns nil: on Windows only an attempt to write shows whether it is allowed.
func writable(string) error { return nil }

// isSharing reports whether a file could not be removed because it is open.
func isSharing(err error) bool {
	return errors.Is(err, windows.ERROR_SHARING_VIOLATION) || errors.Is(err, windows.ERROR_ACCESS_DENIED)
}
