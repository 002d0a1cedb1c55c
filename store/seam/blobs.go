package seam

import (
	"context"
	"io"
)

// BlobID names a blob; the backend makes it and no client has a say in it.
type BlobID string

// Blobs keeps immutable bytes. A blob can be read once its writer's Commit
// returned; it is then as durable as the backend promises.
type Blobs interface {
	// Create begins a blob. It returns ErrFull when the space left is below
	// the low-water mark.
	Create(ctx context.Context) (BlobWriter, error)
	// Open returns length bytes from offset (length < 0: to the end). What it
	// returns keeps io.WriterTo where the backend can send without copying. A
	// reader that is open stays good when the blob is deleted. ErrNotFound if
	// there is no such blob.
	Open(ctx context.Context, id BlobID, offset, length int64) (BlobReader, error)
	// Size returns the length of a committed blob, or ErrNotFound.
	Size(ctx context.Context, id BlobID) (int64, error)
	// Delete removes a blob; one that is not there is no error.
	Delete(ctx context.Context, id BlobID) error
	// List calls f for every blob there is, finished or not, in any order.
	List(ctx context.Context, f func(BlobID) error) error
}

// BlobReader reads a part of a blob.
type BlobReader interface {
	io.ReadCloser
	// Size is the length of the whole blob in bytes.
	Size() int64
}

// BlobWriter writes one blob. Exactly one of Commit and Abort ends it; Abort
// after Commit does nothing, so that it can be deferred.
type BlobWriter interface {
	io.Writer
	// ID is known from the start; nothing may name it before Commit returned.
	ID() BlobID
	Commit() error
	Abort()
}
