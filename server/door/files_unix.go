//go:build unix

package door

import (
	"math"
	"syscall"
)

// FileLimit returns how many files and sockets the process may have open.
func FileLimit() int {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return math.MaxInt
	}
	return int(min(uint64(l.Cur), math.MaxInt32))
}
