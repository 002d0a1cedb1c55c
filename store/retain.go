package store

import (
	"context"
	"strings"
	"time"
)

// Retain deletes segments that ended more than olderThan ago, except those in a
// channel's current window, and tells how many. It also finds those of channels
// that are gone.
func (s *Store) Retain(ctx context.Context, olderThan time.Duration) (removed int, err error) {
	cutoff := s.now().Add(-olderThan)
	err = scan(ctx, s.kv, bucketPrefix, func(rec Record) error {
		n, err := s.retainBucket(ctx, rec.Key[len(bucketPrefix):], cutoff)
		removed += n
		return err
	})
	return removed, err
}

func (s *Store) retainBucket(ctx context.Context, bucket string, cutoff time.Time) (removed int, err error) {
	q := ListQuery{Delimiter: "/", Limit: maxPage}
	for {
		l, err := s.ListObjects(ctx, bucket, q)
		if err != nil {
			return removed, err
		}
		for _, folder := range l.Prefixes {
			n, err := s.retainChannel(ctx, bucket, strings.TrimSuffix(folder, "/"), cutoff)
			removed += n
			if err != nil {
				return removed, err
			}
		}
		if q.After = l.Next; q.After == "" {
			return removed, nil
		}
	}
}

func (s *Store) retainChannel(ctx context.Context, bucket, channel string, cutoff time.Time) (removed int, err error) {
	pos, _, err := load[positionRecord](ctx, s.kv, positionKey(bucket, channel))
	if err != nil {
		return 0, err
	}
	current := map[string]bool{}
	for _, seg := range pos.Window {
		current[seg.Name] = true
	}
	for o, err := range s.segments(ctx, bucket, channel, 0, clampMS(cutoff)) {
		if err != nil {
			return removed, err
		}
		if current[o.Segment.Name] || !o.Segment.Start().Add(o.Segment.Duration).Before(cutoff) {
			continue
		}
		err := s.kv.Commit(ctx, o.remove()...)
		if err == nil {
			removed++
		} else if err := ignoreConflict(err); err != nil {
			return removed, err
		}
	}
	return removed, nil
}
