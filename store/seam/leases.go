package seam

import (
	"context"
	"time"
)

// Leases keeps volatile records that vanish when their holder stops renewing
// them: who publishes to a channel, and how it goes. Nothing in it survives
// the process that holds it.
type Leases interface {
	// Claim takes the key for ttl, or fails with ErrConflict while another
	// holder has it.
	Claim(ctx context.Context, key string, value []byte, ttl time.Duration) (Lease, error)
	// Get returns the value last given for key, or ErrNotFound.
	Get(ctx context.Context, key string) ([]byte, error)
}

// Lease is a claim that is held.
type Lease interface {
	// Renew stores a new value and holds the key for another ttl. ErrNotFound
	// says that the lease has lapsed and may be somebody else's.
	Renew(ctx context.Context, value []byte) error
	// Release gives the key free; releasing a lapsed lease does nothing.
	Release(ctx context.Context) error
}
