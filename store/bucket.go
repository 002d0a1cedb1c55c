package store

import (
	"context"
	"errors"
	"time"

	"osslive/store/seam"
)

// ACL is what callers without a key of the server may do with a bucket or an object.
type ACL string

// ACLs, as the header x-oss-acl has them.
const (
	Private         ACL = "private"
	PublicRead      ACL = "public-read"
	PublicReadWrite ACL = "public-read-write"
)

func (a ACL) check() error {
	switch a {
	case Private, PublicRead, PublicReadWrite:
		return nil
	}
	return invalid("ACL", string(a), "value", "an ACL is private, public-read or public-read-write")
}

// Bucket holds objects and channels.
type Bucket struct {
	Name    string
	ACL     ACL
	Created time.Time
}

// BucketStat counts what a bucket holds.
type BucketStat struct {
	Storage  int64 // bytes
	Objects  int64
	Uploads  int64 // unfinished multipart uploads
	Channels int64
	Modified time.Time // when it was counted
}

// PutBucket creates a bucket, or applies the ACL to the one there is. An empty
// acl means Private for a new bucket and no change for an old one.
func (s *Store) PutBucket(ctx context.Context, name string, acl ACL) (created bool, err error) {
	if err := CheckBucketName(name); err != nil {
		return false, err
	}
	if acl != "" {
		if err := acl.check(); err != nil {
			return false, err
		}
	}
	err = retry(ctx, func() error {
		b, at, err := load[bucketRecord](ctx, s.kv, bucketKey(name))
		if err != nil {
			return err
		}
		before := b
		created = at == seam.Absent
		if created {
			b = bucketRecord{ACL: Private, Created: s.now().UnixMilli()}
		}
		if acl != "" {
			b.ACL = acl
		}
		b.Deleting = false
		if !created && b == before {
			return nil
		}
		return s.kv.Commit(ctx, seam.Put(bucketKey(name), encode(b), at))
	})
	return created && err == nil, err
}

// Bucket returns ErrNoSuchBucket for one that does not exist.
func (s *Store) Bucket(ctx context.Context, name string) (Bucket, error) {
	b, _, err := s.bucket(ctx, name)
	if err != nil {
		return Bucket{}, err
	}
	return b.bucket(name), nil
}

func (b bucketRecord) bucket(name string) Bucket {
	return Bucket{Name: name, ACL: b.ACL, Created: toTime(b.Created)}
}

// bucket reads the record of a bucket. The returned op belongs into every Commit that
// creates something in the bucket: it fails if the bucket has changed meanwhile, and it
// cancels a deletion that has begun.
func (s *Store) bucket(ctx context.Context, name string) (b bucketRecord, guard seam.Op, err error) {
	key := bucketKey(name)
	b, at, err := s.buckets.load(ctx, s.kv, key)
	if err != nil {
		return b, guard, err
	}
	if at == seam.Absent {
		return b, guard, ErrNoSuchBucket
	}
	guard = seam.Check(key, at)
	if b.Deleting {
		b.Deleting = false
		guard = seam.Put(key, encode(b), at)
	}
	return b, guard, nil
}

// Buckets lists the buckets whose names begin with prefix and come after marker.
func (s *Store) Buckets(ctx context.Context, prefix, marker string, limit int) (Page[Bucket], error) {
	return listPage(ctx, s.kv, bucketPrefix, prefix, marker, limit, func(name string, b bucketRecord) Bucket {
		return b.bucket(name)
	})
}

// listPage reads one page of the records below root and makes an item of each.
func listPage[R, T any](ctx context.Context, kv seam.KV, root, prefix, marker string, limit int, item func(name string, rec R) T) (Page[T], error) {
	limit = pageLimit(limit)
	after := ""
	if marker != "" {
		after = root + marker
	}
	recs, err := kv.List(ctx, root+prefix, after, limit+1)
	if err != nil {
		return Page[T]{}, err
	}
	var page Page[T]
	if len(recs) > limit {
		recs = recs[:limit]
		page.Next = recs[limit-1].Key[len(root):]
	}
	for _, rec := range recs {
		v, err := decode[R](rec)
		if err != nil {
			return Page[T]{}, err
		}
		page.Items = append(page.Items, item(rec.Key[len(root):], v))
	}
	return page, nil
}

// SetBucketACL returns ErrNoSuchBucket for a bucket that does not exist.
func (s *Store) SetBucketACL(ctx context.Context, name string, acl ACL) error {
	if err := acl.check(); err != nil {
		return err
	}
	return retry(ctx, func() error {
		b, guard, err := s.bucket(ctx, name)
		if err != nil {
			return err
		}
		b.ACL = acl
		return s.kv.Commit(ctx, seam.Put(guard.Key, encode(b), guard.Expect))
	})
}

// DeleteBucket removes a bucket without objects, channels and multipart uploads, or
// returns ErrBucketNotEmpty.
func (s *Store) DeleteBucket(ctx context.Context, name string) error {
	key := bucketKey(name)
	return retry(ctx, func() error {
		b, at, err := load[bucketRecord](ctx, s.kv, key)
		if err != nil {
			return err
		}
		if at == seam.Absent {
			return ErrNoSuchBucket
		}
		if !b.Deleting {
			if err := s.checkEmpty(ctx, name); err != nil {
				return err // without a mark, which would disturb writers
			}
			b.Deleting = true
			if err := s.kv.Commit(ctx, seam.Put(key, encode(b), at)); err != nil {
				return err
			}
			// A writer that read the bucket before the mark can no longer commit; one
			// that reads it from now on removes the mark.
			b, at, err = load[bucketRecord](ctx, s.kv, key)
			if err != nil {
				return err
			}
			if !b.Deleting {
				return seam.ErrConflict
			}
		}
		if err := s.checkEmpty(ctx, name); err != nil {
			b.Deleting = false
			return errors.Join(err, ignoreConflict(s.kv.Commit(ctx, seam.Put(key, encode(b), at))))
		}
		return s.kv.Commit(ctx, seam.Delete(key, at), seam.Delete(corsKey(name), seam.Any))
	})
}

func (s *Store) checkEmpty(ctx context.Context, bucket string) error {
	for _, prefix := range []string{objectKey(bucket, ""), channelKey(bucket, ""), uploadRoot(bucket)} {
		recs, err := s.kv.List(ctx, prefix, "", 1)
		if err != nil {
			return err
		}
		if len(recs) > 0 {
			return ErrBucketNotEmpty
		}
	}
	return nil
}

// ignoreConflict drops ErrConflict, for a change that another change makes needless.
func ignoreConflict(err error) error {
	if errors.Is(err, seam.ErrConflict) {
		return nil
	}
	return err
}

// BucketStat counts by listing, so that an upload need not write a counter.
func (s *Store) BucketStat(ctx context.Context, name string) (BucketStat, error) {
	if _, _, err := s.bucket(ctx, name); err != nil {
		return BucketStat{}, err
	}
	stat := BucketStat{Modified: s.now()}
	err := scan(ctx, s.kv, objectKey(name, ""), func(rec seam.Record) error {
		o, err := decode[objectRecord](rec)
		stat.Objects++
		stat.Storage += o.Size
		return err
	})
	if err != nil {
		return BucketStat{}, err
	}
	count := func(n *int64) func(seam.Record) error {
		return func(seam.Record) error { *n++; return nil }
	}
	err = errors.Join(
		scan(ctx, s.kv, channelKey(name, ""), count(&stat.Channels)),
		scan(ctx, s.kv, uploadRoot(name), count(&stat.Uploads)))
	return stat, err
}
