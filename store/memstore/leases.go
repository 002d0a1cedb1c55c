package memstore

import (
	"bytes"
	"context"
	"sync"
	"time"

	"osslive/store/seam"
)

// Leases is a seam.Leases within one process. It runs on the monotonic clock.
type Leases struct {
	mu   sync.Mutex
	held map[string]*lease
}

type lease struct {
	leases  *Leases
	key     string
	ttl     time.Duration
	value   []byte    // guarded by leases.mu, as is expires
	expires time.Time // with its monotonic reading
}

var _ seam.Leases = (*Leases)(nil)

// NewLeases returns Leases without a lease.
func NewLeases() *Leases { return &Leases{held: map[string]*lease{}} }

func (l *Leases) Claim(ctx context.Context, key string, value []byte, ttl time.Duration) (seam.Lease, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.live(key) != nil {
		return nil, seam.ErrConflict
	}
	x := &lease{leases: l, key: key, ttl: ttl}
	x.renew(value)
	l.held[key] = x
	return x, nil
}

// live returns the lease on key, dropping one that has lapsed.
func (l *Leases) live(key string) *lease {
	x := l.held[key]
	if x != nil && !time.Now().Before(x.expires) {
		delete(l.held, key)
		return nil
	}
	return x
}

func (l *Leases) Get(ctx context.Context, key string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	x := l.live(key)
	if x == nil {
		return nil, seam.ErrNotFound
	}
	return bytes.Clone(x.value), nil
}

func (x *lease) Renew(ctx context.Context, value []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	x.leases.mu.Lock()
	defer x.leases.mu.Unlock()
	if x.leases.live(x.key) != x {
		return seam.ErrNotFound
	}
	x.renew(value)
	return nil
}

func (x *lease) renew(value []byte) {
	x.value = bytes.Clone(value)
	x.expires = time.Now().Add(x.ttl)
}

func (x *lease) Release(context.Context) error {
	x.leases.mu.Lock()
	defer x.leases.mu.Unlock()
	if x.leases.held[x.key] == x {
		delete(x.leases.held, x.key)
	}
	return nil
}
