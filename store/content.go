package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"osslive/store/seam"
)

// content is where the bytes of an object are: one of these is set.
type content struct {
	blob    seam.BlobID // a blob
	body    string      // the record b/<body>
	extents string      // the blobs that the record b/<extents> lists, one after the other
}

// extent is one of the blobs that an object consists of.
type extent struct {
	Blob seam.BlobID `json:"blob"`
	Size int64       `json:"size"` // in bytes
}

// maxExtents bounds the blobs of an object and the parts of an upload. Their list takes
// some 60 bytes each and has to fit into one Commit.
const maxExtents = 10_000

// newContent returns the content that consists of list, and the ops that store the list.
func newContent(list []extent) (content, []seam.Op) {
	if len(list) == 1 {
		return content{blob: list[0].Blob}, nil
	}
	c := content{extents: newID()}
	return c, []seam.Op{seam.Put(bodyKey(c.extents), encode(list), seam.Absent)}
}

// release returns the ops that free the content; they belong into the Commit that drops the
// last record that names it.
func (c content) release() []seam.Op {
	switch {
	case c.blob != "":
		return []seam.Op{seam.Put(garbageKey(c.blob), encode(garbageRecord{}), seam.Any)}
	case c.body != "":
		return []seam.Op{seam.Delete(bodyKey(c.body), seam.Any)}
	case c.extents != "":
		return []seam.Op{seam.Put(garbagePrefix+c.extents, encode(garbageRecord{Extents: c.extents}), seam.Any)}
	}
	return nil
}

// listExtents returns the blobs of an object that is not in a record, or
// ErrNotFound when the list is gone.
func (s *Store) listExtents(ctx context.Context, o Object) ([]extent, error) {
	if o.extents == "" {
		return []extent{{o.blob, o.Size}}, nil
	}
	rec, err := s.kv.Get(ctx, bodyKey(o.extents))
	if err != nil {
		return nil, err
	}
	return decode[[]extent](rec)
}

// OpenObject returns a reader of length bytes from offset (length < 0: to the end). It is an
// io.WriterTo where the backend can send without a copy. It reads this version of the object
// to its end, also if the object is replaced or deleted meanwhile; ctx must live as long.
//
// ErrNoSuchKey says that o has been replaced or deleted since it was read; read it again.
// ErrDamaged says that its bytes are missing or too few.
func (s *Store) OpenObject(ctx context.Context, o Object, offset, length int64) (io.ReadCloser, error) {
	if offset < 0 || offset > o.Size {
		return nil, invalid("Range", fmt.Sprint(offset), "range", "the offset is outside of the object")
	}
	if length < 0 || length > o.Size-offset {
		length = o.Size - offset
	}
	r, err := s.open(ctx, o, offset, length)
	if errors.Is(err, seam.ErrNotFound) {
		return nil, s.missing(ctx, o)
	}
	return r, err
}

func (s *Store) open(ctx context.Context, o Object, offset, length int64) (io.ReadCloser, error) {
	switch {
	case o.body != "":
		rec, err := s.kv.Get(ctx, bodyKey(o.body))
		if err != nil {
			return nil, err
		}
		if int64(len(rec.Value)) != o.Size {
			return nil, o.damaged()
		}
		return io.NopCloser(bytes.NewReader(rec.Value[offset : offset+length])), nil
	case o.extents != "":
		return s.openExtents(ctx, o, offset, length)
	}
	return s.openExtent(ctx, o, extent{o.blob, o.Size}, offset, length)
}

// openExtent opens a blob of o if it is whole.
func (s *Store) openExtent(ctx context.Context, o Object, e extent, offset, length int64) (io.ReadCloser, error) {
	r, err := s.blobs.Open(ctx, e.Blob, offset, length)
	if err != nil {
		return nil, err
	}
	if r.Size() != e.Size {
		return nil, errors.Join(o.damaged(), r.Close())
	}
	return r, nil
}

// checkExtent returns an error unless a blob of o exists and has its whole length.
func (s *Store) checkExtent(ctx context.Context, o Object, e extent) error {
	size, err := s.blobs.Size(ctx, e.Blob)
	if err == nil && size != e.Size {
		err = o.damaged()
	}
	return err
}

// missing returns the reason why the bytes of o are not there.
func (s *Store) missing(ctx context.Context, o Object) error {
	now, err := s.object(ctx, o.Bucket, o.Key)
	if err != nil {
		return err
	}
	if now.at != o.at {
		return ErrNoSuchKey
	}
	return o.damaged()
}

func (o Object) damaged() error { return fmt.Errorf("%w: %s/%s", ErrDamaged, o.Bucket, o.Key) }

func (s *Store) openExtents(ctx context.Context, o Object, offset, length int64) (io.ReadCloser, error) {
	list, err := s.listExtents(ctx, o)
	if err != nil {
		return nil, err
	}
	for len(list) > 0 && list[0].Size <= offset {
		offset -= list[0].Size
		list = list[1:]
	}
	n, end := 0, int64(0)
	for ; n < len(list) && end < offset+length; n++ {
		end += list[n].Size
	}
	if end < offset+length {
		return nil, o.damaged()
	}
	r := &extentReader{store: s, ctx: ctx, left: list[:n], offset: offset, length: length}
	s.pins.add(r.left)
	if err := s.stillThere(ctx, o, r.left); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// stillThere checks that pinned blobs were pinned in time, before they could become
// garbage, and have their whole length.
func (s *Store) stillThere(ctx context.Context, o Object, list []extent) error {
	now, err := s.object(ctx, o.Bucket, o.Key)
	if err != nil {
		return err
	}
	if now.content != o.content {
		return seam.ErrNotFound
	}
	for _, e := range list {
		if err := s.checkExtent(ctx, o, e); err != nil {
			return err
		}
	}
	return nil
}

// extentReader reads length bytes from offset of several pinned blobs as if they
// were one. It has at most one of them open.
type extentReader struct {
	store          *Store
	ctx            context.Context
	left           []extent // the first is the open one, or the next
	offset, length int64    // the bytes of left still to read
	open           io.ReadCloser
	openLeft       int64 // bytes to come from open
}

func (r *extentReader) Read(p []byte) (int, error) {
	for r.length > 0 {
		if err := r.next(); err != nil {
			return 0, err
		}
		n, err := r.open.Read(p)
		r.count(int64(n))
		if errors.Is(err, io.EOF) {
			err = r.end()
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.EOF
}

func (r *extentReader) WriteTo(w io.Writer) (written int64, err error) {
	for r.length > 0 {
		if err := r.next(); err != nil {
			return written, err
		}
		n, err := io.Copy(w, r.open)
		written += n
		r.count(n)
		if err == nil {
			err = r.end()
		}
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

// next opens the next blob, unless one is open.
func (r *extentReader) next() (err error) {
	if r.open == nil {
		r.openLeft = min(r.length, r.left[0].Size-r.offset)
		r.open, err = r.store.blobs.Open(r.ctx, r.left[0].Blob, r.offset, r.openLeft)
		r.offset = 0
	}
	return err
}

func (r *extentReader) count(n int64) {
	r.length -= n
	r.openLeft -= n
}

// end closes the blob that has been read to its end.
func (r *extentReader) end() error {
	err := r.open.Close()
	r.open = nil
	if r.openLeft > 0 {
		return io.ErrUnexpectedEOF
	}
	r.store.pins.drop(r.left[:1])
	r.left = r.left[1:]
	return err
}

func (r *extentReader) Close() error {
	r.store.pins.drop(r.left)
	r.left, r.length = nil, 0
	if r.open == nil {
		return nil
	}
	err := r.open.Close()
	r.open = nil
	return err
}
