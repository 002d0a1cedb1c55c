//go:build !unix

package door

import "math"

// FileLimit returns how many files and sockets the process may have open.
func FileLimit() int { return math.MaxInt }
