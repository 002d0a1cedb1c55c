package seam

import (
	"context"
	"time"
)

// Leases stores volatile records that vanish when their holder stops renewing them: the
// publisher of a channel and its statistics. A lease does not survive the process that holds
// it.
type Leases interface {
	// Claim takes the key for ttl, or fails with ErrConflict while another
	// holder has it.
	Claim(ctx context.Context, key string, value []byte, ttl time.Duration) (Lease, error)
	// Get returns the last value of key, or ErrNotFound.
	Get(ctx context.Context, key string) ([]byte, error)
}

// Lease is a key that its holder has claimed.
type Lease interface {
	// Renew stores a new value and extends the lease by its ttl. ErrNotFound says that
	// the lease has lapsed, and that another holder may have the key.
	Renew(ctx context.Context, value []byte) error
	// Release frees the key. For a lapsed lease it does nothing.
	Release(ctx context.Context) error
}
