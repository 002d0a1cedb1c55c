package store

import (
	"context"
	"errors"
	"fmt"

	"osslive/store/seam"
)

// formatVersion is the number of the layout in doc.go.
const formatVersion = 1

// Report is what Recover has found and repaired.
type Report struct {
	Objects  int // stored
	Buckets  int // with a deletion that had begun; it is cancelled
	Sessions int // of publishers that are gone; the history has their end now
	Blobs    int // that no record named; they are removed
	Damaged  int // objects whose bytes are missing or too few
	// FirstDamaged are the first ten of them, as bucket/key.
	FirstDamaged []string
}

// Recover repairs what the end of the last process has left. Call it at start, before
// anything is written. It refuses a store of another format.
func (s *Store) Recover(ctx context.Context) (Report, error) {
	var r Report
	for _, step := range []func(context.Context, *Report) error{
		s.checkFormat, s.revertBuckets, s.closeSessions, s.sweepBlobs,
	} {
		err := retry(ctx, func() error { return step(ctx, &r) })
		if err != nil {
			return r, fmt.Errorf("recover: %w", err)
		}
	}
	return r, nil
}

func (s *Store) checkFormat(ctx context.Context, _ *Report) error {
	f, at, err := load[formatRecord](ctx, s.kv, formatKey)
	if err != nil {
		return err
	}
	if at != seam.Absent {
		if f.Version != formatVersion {
			return fmt.Errorf("the data has format %d, this version of osslive reads format %d: use the version that wrote it, or other data",
				f.Version, formatVersion)
		}
		return nil
	}
	// Blobs without records are data whose metadata file was lost: the sweep would
	// remove them as leftovers.
	stop := errors.New("stop")
	err = s.blobs.List(ctx, func(seam.BlobID) error { return stop })
	if errors.Is(err, stop) {
		return errors.New("there are data files but no metadata: restore the metadata file, or use an empty data directory")
	}
	if err != nil {
		return err
	}
	return s.kv.Commit(ctx, seam.Put(formatKey, encode(formatRecord{Version: formatVersion}), seam.Absent))
}

func (s *Store) revertBuckets(ctx context.Context, r *Report) error {
	batch, n := batch{store: s}, 0
	err := scan(ctx, s.kv, bucketPrefix, func(rec seam.Record) error {
		b, err := decode[bucketRecord](rec)
		if err != nil || !b.Deleting {
			return err
		}
		b.Deleting = false
		n++
		return batch.add(ctx, seam.Put(rec.Key, encode(b), seam.AtRev(rec.Rev)))
	})
	if err := errors.Join(err, batch.flush(ctx)); err != nil {
		return err
	}
	r.Buckets += n
	return nil
}

func (s *Store) closeSessions(ctx context.Context, r *Report) error {
	batch, n := batch{store: s}, 0
	err := scan(ctx, s.kv, historyPrefix, func(rec seam.Record) error {
		bucket, channel, _ := splitKey(historyPrefix, rec.Key)
		history, err := decode[historyRecord](rec)
		if err != nil {
			return err
		}
		pos, posAt, err := load[positionRecord](ctx, s.kv, positionKey(bucket, channel))
		if err != nil {
			return err
		}
		lease, err := s.lease(ctx, bucket, channel)
		if err != nil {
			return err
		}
		closed := history.closeStale(&pos, lease)
		if closed == 0 {
			return nil
		}
		n += closed
		ops := []seam.Op{seam.Put(rec.Key, encode(history), seam.AtRev(rec.Rev))}
		if posAt != seam.Absent {
			ops = append(ops, seam.Put(positionKey(bucket, channel), encode(pos), posAt))
		}
		return batch.add(ctx, ops...)
	})
	if err := errors.Join(err, batch.flush(ctx)); err != nil {
		return err
	}
	r.Sessions += n
	return nil
}

// sweepBlobs removes blobs that no record names, and counts objects whose bytes are missing
// or too few.
func (s *Store) sweepBlobs(ctx context.Context, r *Report) error {
	named := map[seam.BlobID]struct{}{}
	err := errors.Join(s.nameGarbage(ctx, named), s.nameParts(ctx, named), s.nameObjects(ctx, named, r))
	if err != nil {
		return err
	}
	return s.blobs.List(ctx, func(id seam.BlobID) error {
		if _, ok := named[id]; ok {
			return nil
		}
		r.Blobs++
		return ignoreInUse(s.blobs.Delete(ctx, id))
	})
}

// nameGarbage names the blobs of garbage records: the collector removes them.
func (s *Store) nameGarbage(ctx context.Context, named map[seam.BlobID]struct{}) error {
	return scan(ctx, s.kv, garbagePrefix, func(rec seam.Record) error {
		g, err := decode[garbageRecord](rec)
		if err != nil {
			return err
		}
		blobs, err := s.garbageBlobs(ctx, rec.Key, g)
		for _, id := range blobs {
			named[id] = struct{}{}
		}
		return err
	})
}

func (s *Store) nameParts(ctx context.Context, named map[seam.BlobID]struct{}) error {
	return scan(ctx, s.kv, partPrefix, func(rec seam.Record) error {
		part, err := decode[partRecord](rec)
		named[part.Blob] = struct{}{}
		return err
	})
}

func (s *Store) nameObjects(ctx context.Context, named map[seam.BlobID]struct{}, r *Report) error {
	return scan(ctx, s.kv, objectPrefix, func(rec seam.Record) error {
		bucket, key, _ := splitKey(objectPrefix, rec.Key)
		or, err := decode[objectRecord](rec)
		if err != nil {
			return err
		}
		r.Objects++
		o := or.object(bucket, key, seam.AtRev(rec.Rev))
		if o.body != "" {
			return nil
		}
		list, err := s.listExtents(ctx, o)
		for _, e := range list {
			named[e.Blob] = struct{}{}
			if err == nil {
				err = s.checkExtent(ctx, o, e)
			}
		}
		if errors.Is(err, seam.ErrNotFound) || errors.Is(err, ErrDamaged) {
			r.Damaged++
			if len(r.FirstDamaged) < 10 {
				r.FirstDamaged = append(r.FirstDamaged, bucket+"/"+key)
			}
			return nil
		}
		return err
	})
}

func ignoreInUse(err error) error {
	if errors.Is(err, seam.ErrInUse) {
		return nil
	}
	return err
}
