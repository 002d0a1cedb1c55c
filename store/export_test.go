package store

import (
	"context"
	"time"
)

// Limits, for tests.
const (
	MaxBodyBytes = maxBodyBytes
	MaxCORSRules = maxCORSRules
)

// Position returns the channel's position and the name of its last segment. The error is
// ErrSessionLost if the position is another session's.
func (x *Session) Position(ctx context.Context) (pos Position, last string, err error) {
	r, _, err := x.position(ctx)
	return r.position(), r.LastName, err
}

func (s *Store) Collect(ctx context.Context) error { return s.collectGarbage(ctx) }

func (s *Store) Retain(ctx context.Context, olderThan time.Duration) (removed int, err error) {
	return s.retain(ctx, olderThan)
}
