package store

import (
	"context"
	"errors"
)

// Collect deletes the blobs of all garbage records, then the records. A blob that
// cannot be deleted yet is left for the next pass; the first such error is
// returned, unless it is ErrInUse.
func (s *Store) Collect(ctx context.Context) error {
	var first error
	batch := batch{store: s}
	err := scan(ctx, s.kv, garbagePrefix, func(rec Record) error {
		id := BlobID(rec.Key[len(garbagePrefix):])
		if err := s.blobs.Delete(ctx, id); err != nil {
			if first == nil && !errors.Is(err, ErrInUse) {
				first = err
			}
			return ctx.Err()
		}
		return batch.add(ctx, Delete(rec.Key, Any))
	})
	return errors.Join(err, batch.flush(ctx), first)
}

// batch gathers ops that need not be committed together into as few Commits as
// the bounds allow.
type batch struct {
	store *Store
	ops   []Op
	size  int
}

// add appends ops that belong into one Commit.
func (b *batch) add(ctx context.Context, ops ...Op) error {
	size := 0
	for _, op := range ops {
		size += len(op.Key) + len(op.Value)
	}
	if len(b.ops)+len(ops) > MaxOps || b.size+size > MaxCommitBytes {
		if err := b.flush(ctx); err != nil {
			return err
		}
	}
	b.ops = append(b.ops, ops...)
	b.size += size
	return nil
}

func (b *batch) flush(ctx context.Context) error {
	if len(b.ops) == 0 {
		return nil
	}
	ops := b.ops
	b.ops, b.size = nil, 0
	return b.store.kv.Commit(ctx, ops...)
}
