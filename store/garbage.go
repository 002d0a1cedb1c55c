package store

import (
	"context"
	"errors"

	"osslive/store/seam"
)

// collectGarbage removes the blobs and records that the garbage records name, then these.
// What cannot be removed yet waits for the next call; the first such error is returned,
// unless it is ErrInUse.
func (s *Store) collectGarbage(ctx context.Context) error {
	var first error
	batch := batch{store: s}
	err := scan(ctx, s.kv, garbagePrefix, func(rec seam.Record) error {
		if err := s.collect(ctx, &batch, rec); err != nil {
			if first == nil && !errors.Is(err, seam.ErrInUse) {
				first = err
			}
		}
		return ctx.Err()
	})
	return errors.Join(err, batch.flush(ctx), first)
}

func (s *Store) collect(ctx context.Context, b *batch, rec seam.Record) error {
	g, err := decode[garbageRecord](rec)
	if err != nil {
		return err
	}
	blobs, err := s.garbageBlobs(ctx, rec.Key, g)
	if err != nil {
		return err
	}
	for _, id := range blobs {
		if err := s.removeBlob(ctx, id); err != nil {
			return err
		}
	}
	if g.Upload != "" {
		err := scan(ctx, s.kv, partRoot(g.Upload), func(rec seam.Record) error {
			part, err := decode[partRecord](rec)
			if err == nil && !g.Kept {
				err = s.removeBlob(ctx, part.Blob)
			}
			if err != nil {
				return err
			}
			return b.add(ctx, seam.Delete(rec.Key, seam.Any))
		})
		if err != nil {
			return err
		}
	}
	ops := []seam.Op{seam.Delete(rec.Key, seam.Any)}
	if g.Extents != "" {
		ops = append(ops, seam.Delete(bodyKey(g.Extents), seam.Any))
	}
	return b.add(ctx, ops...)
}

// garbageBlobs returns the blobs that a garbage record names, without those of an upload's
// parts.
func (s *Store) garbageBlobs(ctx context.Context, key string, g garbageRecord) ([]seam.BlobID, error) {
	switch {
	case g.Upload != "":
		return g.Blobs, nil
	case g.Extents == "":
		return []seam.BlobID{seam.BlobID(key[len(garbagePrefix):])}, nil
	}
	list, err := s.listExtents(ctx, Object{content: content{extents: g.Extents}})
	if errors.Is(err, seam.ErrNotFound) {
		return nil, nil // collected already
	}
	blobs := make([]seam.BlobID, len(list))
	for i, e := range list {
		blobs[i] = e.Blob
	}
	return blobs, err
}

// removeBlob deletes a blob; one that is being read is ErrInUse.
func (s *Store) removeBlob(ctx context.Context, id seam.BlobID) error {
	if s.pins.held(id) {
		return seam.ErrInUse
	}
	return s.blobs.Delete(ctx, id)
}

// batch gathers ops that need not be committed together into as few Commits as
// the bounds allow.
type batch struct {
	store *Store
	ops   []seam.Op
	size  int
}

// add appends ops that belong into one Commit.
func (b *batch) add(ctx context.Context, ops ...seam.Op) error {
	size := 0
	for _, op := range ops {
		size += len(op.Key) + len(op.Value)
	}
	if len(b.ops)+len(ops) > seam.MaxOps || b.size+size > seam.MaxCommitBytes {
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
