//go:build !unix

package node

import "math"

// fileLimit returns how many files and sockets the process may have open.
func fileLimit() int { return math.MaxInt }
