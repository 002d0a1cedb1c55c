package store

import (
	"cmp"
	"context"
	"errors"
	"io"

	"osslive/store/seam"
)

// maxBodyBytes bounds the body of PutObject, the part of an upload, and all that is
// appended to one object (API pages: 5 GB).
const maxBodyBytes = 5 << 30

// PutOptions are the conditions of PutObject, PutPart, AppendObject and CompleteUpload.
type PutOptions struct {
	MD5             []byte // of the body, checked unless nil
	ForbidOverwrite bool   // ErrKeyExists instead of replacing
	Length          int64  // of the body; -1 if unknown

	// Of CompleteUpload:
	ACL     ACL   // of the object; "" leaves it as CreateUpload had it
	MinPart int64 // bytes that every part but the last must have
}

// PutObject stores body under o.Bucket and o.Key with o's ContentType, Headers
// Meta and ACL, and returns the object as stored. Nothing is visible before all of
// it is durable. Errors are ErrNoSuchBucket, ErrKeyExists, ErrBodyLength,
// ErrBodyTooLarge, ErrBadDigest, ErrFull, an *InvalidError, or the body's own.
func (s *Store) PutObject(ctx context.Context, o Object, body io.Reader, opt PutOptions) (Object, error) {
	if err := o.check(); err != nil {
		return Object{}, err
	}
	if _, _, err := s.putGuards(ctx, o, opt); err != nil {
		return Object{}, err // before the body is read
	}
	// Created for small bodies too, so that a full disk refuses them alike.
	w, err := s.blobs.Create(ctx)
	if err != nil {
		return Object{}, err
	}
	defer w.Abort()
	in := newIncoming()
	if err := in.receive(w, body, opt); err != nil {
		return Object{}, err
	}
	o = Object{
		Bucket: o.Bucket, Key: o.Key,
		Size:        in.size,
		ETag:        in.etag(),
		CRC64:       in.crc64.Sum64(),
		HasCRC64:    true,
		Type:        normal,
		ACL:         o.ACL,
		ContentType: o.ContentType,
		Headers:     o.Headers,
		Meta:        o.Meta,
	}
	if in.small != nil {
		o.body = newID()
	} else {
		if err := w.Commit(); err != nil {
			return Object{}, err
		}
		o.blob = w.ID()
	}
	var record objectRecord
	var put seam.Op
	err = s.commitBlob(ctx, o.blob, func() ([]seam.Op, error) {
		old, guard, err := s.putGuards(ctx, o, opt)
		if err != nil {
			return nil, err
		}
		o.Modified = toTime(s.now().UnixMilli())
		record = o.record()
		put = seam.Put(objectKey(o.Bucket, o.Key), encode(record), old.at)
		ops := append(old.release(), guard, put)
		if o.body != "" {
			ops = append(ops, seam.Put(bodyKey(o.body), in.small, seam.Absent))
		}
		return ops, nil
	})
	if err != nil {
		return Object{}, err
	}
	s.objects.keep(put.Key, put.Value, record)
	return o, nil
}

// putGuards reads what a put depends on: the object it replaces and the bucket.
func (s *Store) putGuards(ctx context.Context, o Object, opt PutOptions) (old Object, guard seam.Op, err error) {
	if _, guard, err = s.bucket(ctx, o.Bucket); err != nil {
		return old, guard, err
	}
	old, err = s.object(ctx, o.Bucket, o.Key)
	if err == nil && opt.ForbidOverwrite && old.at != seam.Absent {
		err = ErrKeyExists
	}
	return old, guard, err
}

// commitBlob is commitBlobs of one, or of none if id is empty.
func (s *Store) commitBlob(ctx context.Context, id seam.BlobID, decide func() ([]seam.Op, error)) error {
	return s.commitBlobs(ctx, []seam.BlobID{id}, decide)
}

// commitBlobs commits the ops that name new blobs. decide returns them, again after each
// conflict. If the commit fails, the blobs are removed, unless it may have happened in spite
// of its error.
func (s *Store) commitBlobs(ctx context.Context, ids []seam.BlobID, decide func() ([]seam.Op, error)) error {
	inDoubt := false
	err := retry(ctx, func() error {
		ops, err := decide()
		if err != nil {
			return err
		}
		err = s.kv.Commit(ctx, ops...)
		inDoubt = err != nil && !errors.Is(err, seam.ErrConflict)
		return err
	})
	if err != nil && !inDoubt {
		for _, id := range ids {
			s.discard(ctx, id)
		}
	}
	return err
}

// discard removes a committed blob that no record names. Do not call it after a Commit that
// may have happened in spite of its error: the next start removes a blob that is left over.
func (s *Store) discard(ctx context.Context, id seam.BlobID) {
	if id != "" {
		_ = s.blobs.Delete(context.WithoutCancel(ctx), id)
	}
}

func (o Object) check() error {
	if err := cmp.Or(CheckKey(o.Key), o.ACL.checkObject()); err != nil {
		return err
	}
	size := 0
	for name, value := range o.Meta {
		size += len(name) + len(value)
		if err := cmp.Or(checkText("Meta", name), checkText("Meta", value)); err != nil {
			return err
		}
	}
	if size > maxMetaBytes {
		return invalid("Meta", "", "length", "user metadata has at most 8 KiB")
	}
	for name, value := range o.Headers {
		if err := cmp.Or(checkText("Headers", name), checkText("Headers", value)); err != nil {
			return err
		}
	}
	return checkText("Headers", o.ContentType)
}
