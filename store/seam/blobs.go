package seam

import (
	"context"
	"io"
)

// BlobID names a blob. The backend makes it; no part of it comes from a client.
type BlobID string

// Blobs stores immutable bytes. A blob can be read after the Commit of its writer has
// returned; it is then as durable as the backend promises.
type Blobs interface {
	// Create begins a blob; ctx bounds the call, not the writer. It returns ErrFull if
	// the free space is below the low-water mark.
	Create(ctx context.Context) (BlobWriter, error)
	// Open returns a reader of length bytes from offset (length < 0: to the end). It is
	// an io.WriterTo if the backend can send without a copy. An open reader survives
	// the deletion of the blob. ErrNotFound if there is no such blob.
	Open(ctx context.Context, id BlobID, offset, length int64) (BlobReader, error)
	// Size returns the length of a committed blob, or ErrNotFound.
	Size(ctx context.Context, id BlobID) (int64, error)
	// Delete removes a blob. A missing blob is not an error.
	Delete(ctx context.Context, id BlobID) error
	// List calls f for every blob, finished or not, in any order.
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
	// ID returns the name of the blob. No record may name it before Commit has returned.
	ID() BlobID
	Commit() error
	Abort()
}
