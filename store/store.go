package store

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"time"

	"osslive/store/seam"
)

// Config is what a Store needs. Every field is required.
type Config struct {
	KV     seam.KV
	Leases seam.Leases
	Blobs  seam.Blobs
	// Now is the wall clock of segment names, history and object times. Leases run on
	// the monotonic clock.
	Now func() time.Time
}

// Store is the domain. All methods are safe for concurrent use by one process: see
// Caveats.
type Store struct {
	kv     seam.KV
	leases seam.Leases
	blobs  seam.Blobs
	now    func() time.Time
	pins   pins

	buckets   decoded[bucketRecord]
	objects   decoded[objectRecord]
	positions decoded[positionRecord]
	cors      decoded[corsRecord]
}

// New returns a Store. Recover must have returned before anything is written.
func New(c Config) *Store {
	return &Store{kv: c.KV, leases: c.Leases, blobs: c.Blobs, now: c.Now}
}

// Page is a part of a listing, in ascending byte order of names.
type Page[T any] struct {
	Items []T
	// Prefixes are the common prefixes that stand for groups of names, where there is
	// a delimiter.
	Prefixes []string
	// Next is the marker of the following page; "" at the end. NextID is its second
	// part, in a list of uploads.
	Next, NextID string
}

// Pages hold at most maxPage items; a limit of 0 or less means defaultPage.
const (
	defaultPage = 100
	maxPage     = 1000
)

func pageLimit(limit int) int {
	if limit <= 0 {
		return defaultPage
	}
	return min(limit, maxPage)
}

// retry calls f until its error is not ErrConflict. Each conflict means that another change
// was committed, so that together the callers make progress.
func retry(ctx context.Context, f func() error) error {
	for {
		err := f()
		if !errors.Is(err, seam.ErrConflict) {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// newID returns 128 random bits in hexadecimal.
func newID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
