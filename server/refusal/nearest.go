package refusal

import "strings"

// maxNear limits the length of names that are compared, in bytes: the work grows
// with its square.
const maxNear = 256

// nearest returns the name that differs least from what was written, in at most two
// changes or a third of its length; "" for none.
func nearest(written string, names []string) (best string) {
	limit := max(2, len(written)/3) + 1
	for _, name := range names {
		if name == written || len(name) > maxNear || len(written) > maxNear || len(name)-len(written) >= limit || len(written)-len(name) >= limit {
			continue
		}
		if strings.EqualFold(name, written) {
			return name
		}
		if d := distance(written, name); d < limit && d < len(name) {
			best, limit = name, d
		}
	}
	return best
}

// distance returns the number of bytes to insert, delete or replace, or of
// neighbours to swap, that turn a into b.
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
