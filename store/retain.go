package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"osslive/store/seam"
)

// retain deletes segments that ended more than olderThan ago, except those in a
// channel's current window, and returns how many. Channels that are deleted count too.
func (s *Store) retain(ctx context.Context, olderThan time.Duration) (removed int, err error) {
	cutoff := s.now().Add(-olderThan)
	err = scan(ctx, s.kv, bucketPrefix, func(rec seam.Record) error {
		n, err := s.retainBucket(ctx, rec.Key[len(bucketPrefix):], cutoff)
		removed += n
		if errors.Is(err, ErrNoSuchBucket) {
			err = nil // deleted meanwhile
		}
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
	var old []Object
	for o, err := range s.segments(ctx, bucket, channel, 0, clampMS(cutoff)) {
		if err != nil {
			return removed, err
		}
		if current[o.Segment.Name] || !o.Segment.Start().Add(o.Segment.Duration).Before(cutoff) {
			continue
		}
		if old = append(old, o); len(old) == removedAtOnce {
			n, err := s.removeAll(ctx, old)
			removed += n
			if err != nil {
				return removed, err
			}
			old = old[:0]
		}
	}
	n, err := s.removeAll(ctx, old)
	return removed + n, err
}

// removedAtOnce is the number of objects that one Commit deletes: each takes two ops.
const removedAtOnce = seam.MaxOps / 2

// removeAll deletes objects in one Commit, or one by one if some have changed. Those stay.
func (s *Store) removeAll(ctx context.Context, objects []Object) (removed int, err error) {
	var ops []seam.Op
	for _, o := range objects {
		ops = append(ops, o.remove()...)
	}
	if len(ops) == 0 {
		return 0, nil
	}
	err = s.kv.Commit(ctx, ops...)
	switch {
	case err == nil:
		return len(objects), nil
	case !errors.Is(err, seam.ErrConflict):
		return 0, err
	case len(objects) == 1:
		return 0, nil
	}
	for _, o := range objects {
		n, err := s.removeAll(ctx, []Object{o})
		removed += n
		if err != nil {
			return removed, err
		}
	}
	return removed, nil
}
