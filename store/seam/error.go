package seam

import "errors"

// Errors of the seams.
var (
	ErrNotFound = errors.New("not found")
	// ErrConflict says that a record is not at the revision a Commit expected,
	// or that a lease is held by another.
	ErrConflict = errors.New("conflicting change")
	// ErrFull says that the space left is below the low-water mark. Reading,
	// listing, deleting and the end of sessions still work.
	ErrFull = errors.New("storage is full")
	// ErrInUse is Blobs.Delete's answer where a blob cannot be removed while it
	// is being read; the collector tries again.
	ErrInUse = errors.New("in use")
	// ErrTooLarge says that a Commit exceeds MaxOps or MaxCommitBytes.
	ErrTooLarge = errors.New("commit too large")
)
