package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Upkeep removes segments that ended more than retain ago, if retain is not 0, and frees
// the bytes of deleted objects. Call it every few seconds. What it cannot do now, for
// example because a blob is being read, it does at a later call. Segments in the window
// of a channel stay.
func (s *Store) Upkeep(ctx context.Context, retain time.Duration) error {
	var errs [2]error
	if retain > 0 {
		if _, err := s.retain(ctx, retain); err != nil {
			errs[0] = fmt.Errorf("remove old segments: %w", err)
		}
	}
	if err := s.collectGarbage(ctx); err != nil {
		errs[1] = fmt.Errorf("free deleted objects: %w", err)
	}
	return errors.Join(errs[:]...)
}
