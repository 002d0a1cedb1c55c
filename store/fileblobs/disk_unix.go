//go:build linux || darwin || freebsd

package fileblobs

import "syscall"

// DiskSpace returns the bytes that this user may still write to the disk of a
// directory, and all there are.
func DiskSpace(dir string) (free, total uint64, err error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, 0, err
	}
	size := uint64(st.Bsize)
	return uint64(st.Bavail) * size, uint64(st.Blocks) * size, nil
}

// writable returns why this user cannot create a file in a directory: missing rights, or
// a read-only disk. access(2) checks the real user, which is the one that runs the
// server.
func writable(dir string) error {
	const write = 2 // W_OK of access(2)
	return syscall.Access(dir, write)
}

// isSharing: here a file can be removed while it is being read.
func isSharing(error) bool { return false }
