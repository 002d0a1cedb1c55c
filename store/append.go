package store

import (
	"context"
	"errors"
	"fmt"
	"io"

	"osslive/store/seam"
)

// minExtent is the size of the last blob of an appendable object, in bytes, from which on an
// append begins another blob. Below it the append rewrites that blob with its own bytes
// behind. So an append writes at most this much more than its body, and an object of
// maxBodyBytes has some 5,000 blobs.
const minExtent = 1 << 20

// AppendObject appends body to an object made by appending, whose length must be
// position, or begins one at position 0 with o's ContentType, Headers, Meta and
// ACL. It returns the object as stored. Of several appends to one position one
// succeeds.
//
// Errors are ErrNotAppendable, a *PositionError, and those of PutObject.
func (s *Store) AppendObject(ctx context.Context, o Object, position int64, body io.Reader, opt PutOptions) (Object, error) {
	if err := o.check(); err != nil {
		return Object{}, err
	}
	w, err := s.blobs.Create(ctx)
	if err != nil {
		return Object{}, err
	}
	defer w.Abort()
	var old Object
	var kept []extent
	var last extent // of old, which w begins with
	err = retry(ctx, func() error {
		if old, _, err = s.appendGuards(ctx, o, position); err != nil {
			return err
		}
		var bytes io.ReadCloser
		kept, last, bytes, err = s.lastExtent(ctx, old)
		if err != nil {
			return err
		}
		_, err = io.Copy(w, bytes)
		return errors.Join(err, bytes.Close())
	})
	if err != nil {
		return Object{}, err
	}
	in := newIncoming()
	in.limit -= position
	if err := in.receiveAll(w, body, opt); err != nil {
		return Object{}, err
	}
	if err := w.Commit(); err != nil {
		return Object{}, err
	}
	var done Object
	err = s.commitBlob(ctx, w.ID(), func() ([]seam.Op, error) {
		now, guard, err := s.appendGuards(ctx, o, position)
		if err != nil {
			return nil, err
		}
		if now.content != old.content { // other bytes of the same length
			return nil, &PositionError{now.Size}
		}
		done = now
		if now.at == seam.Absent {
			done = o
		}
		done.Type, done.HasCRC64 = appendable, true
		done.Size = position + in.size
		done.CRC64 = joinCRC64(now.CRC64, in.crc64.Sum64(), in.size)
		done.ETag = fmt.Sprintf("%016X%016X", done.CRC64, done.Size)
		done.Modified = toTime(s.now().UnixMilli())
		var ops []seam.Op
		done.content, ops = newContent(append(kept[:len(kept):len(kept)], extent{w.ID(), last.Size + in.size}))
		if now.extents != "" {
			ops = append(ops, seam.Delete(bodyKey(now.extents), seam.Any))
		}
		ops = append(ops, content{blob: last.Blob}.release()...)
		return append(ops, guard, seam.Put(objectKey(o.Bucket, o.Key), encode(done.record()), now.at)), nil
	})
	return done, err
}

// appendGuards reads what an append depends on: the object and the bucket.
func (s *Store) appendGuards(ctx context.Context, o Object, position int64) (old Object, guard seam.Op, err error) {
	old, guard, err = s.putGuards(ctx, o, PutOptions{})
	switch {
	case err != nil:
	case old.at != seam.Absent && old.Type != appendable:
		err = ErrNotAppendable
	case old.Size != position:
		err = &PositionError{old.Size}
	}
	return old, guard, err
}

// lastExtent divides an object into the blobs that stay as they are and the last one, which
// is rewritten, with the bytes of that. Either may be empty. ErrConflict says that the
// object has been replaced meanwhile.
func (s *Store) lastExtent(ctx context.Context, o Object) (kept []extent, last extent, bytes io.ReadCloser, err error) {
	none := io.NopCloser(io.LimitReader(nil, 0))
	if o.at == seam.Absent {
		return nil, last, none, nil
	}
	list, err := s.listExtents(ctx, o)
	if err == nil {
		kept, last = list[:len(list)-1], list[len(list)-1]
		if last.Size >= minExtent {
			return list, extent{}, none, nil
		}
		bytes, err = s.openExtent(ctx, o, last, 0, -1)
	}
	if errors.Is(err, seam.ErrNotFound) {
		if err = s.missing(ctx, o); errors.Is(err, ErrNoSuchKey) {
			err = seam.ErrConflict
		}
	}
	return kept, last, bytes, err
}
