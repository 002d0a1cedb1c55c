package seam

import "fmt"

// CheckCommit returns an error unless ops are within the bounds of one Commit: at most
// MaxOps, at most MaxCommitBytes of keys and values, and no key twice. Backends call it, so
// that all of them refuse the same.
func CheckCommit(ops []Op) error {
	if len(ops) > MaxOps {
		return fmt.Errorf("%w: %d operations, at most %d", ErrTooLarge, len(ops), MaxOps)
	}
	size := 0
	for i, op := range ops {
		if op.Key == "" {
			return fmt.Errorf("commit: operation %d has no key", i)
		}
		for _, earlier := range ops[:i] {
			if earlier.Key == op.Key {
				return fmt.Errorf("commit: key %q twice", op.Key)
			}
		}
		size += len(op.Key) + len(op.Value)
	}
	if size > MaxCommitBytes {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, size, MaxCommitBytes)
	}
	return nil
}
