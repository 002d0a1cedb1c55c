package store

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"hash"
	"hash/crc64"
	"io"
	"strings"
	"sync"
)

// PutOptions are conditions of PutObject.
type PutOptions struct {
	MD5             []byte // of the body, checked unless nil
	ForbidOverwrite bool   // ErrKeyExists instead of replacing
	Length          int64  // of the body; -1 if unknown
}

// PutObject stores body under o.Bucket and o.Key with o's ContentType, Headers
// and Meta, and returns the object as stored. Nothing is visible before all of it
// is durable. Errors are ErrNoSuchBucket, ErrKeyExists, ErrBodyLength,
// ErrBadDigest, ErrFull, an *InvalidError, or the body's own.
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
	up := newUpload()
	if err := up.receive(w, body, opt.Length); err != nil {
		return Object{}, err
	}
	if opt.MD5 != nil && !bytes.Equal(opt.MD5, up.md5.Sum(nil)) {
		return Object{}, ErrBadDigest
	}
	o = Object{
		Bucket: o.Bucket, Key: o.Key,
		Size:        up.size,
		ETag:        up.etag(),
		CRC64:       up.crc64.Sum64(),
		HasCRC64:    true,
		Type:        "Normal",
		ContentType: o.ContentType,
		Headers:     o.Headers,
		Meta:        o.Meta,
	}
	if up.small != nil {
		o.body = newID()
	} else {
		if err := w.Commit(); err != nil {
			return Object{}, err
		}
		o.blob = w.ID()
	}
	inDoubt := false
	err = retry(ctx, func() error {
		old, guard, err := s.putGuards(ctx, o, opt)
		if err != nil {
			return err
		}
		o.Modified = toTime(s.now().UnixMilli())
		ops := append(old.release(), guard, Put(objectKey(o.Bucket, o.Key), encode(o.record()), old.at))
		if o.body != "" {
			ops = append(ops, Put(bodyKey(o.body), up.small, Absent))
		}
		err = s.kv.Commit(ctx, ops...)
		inDoubt = err != nil && !errors.Is(err, ErrConflict)
		return err
	})
	if err != nil {
		if !inDoubt {
			s.discard(ctx, o.blob)
		}
		return Object{}, err
	}
	return o, nil
}

// putGuards reads what a put depends on: the object it replaces and the bucket.
func (s *Store) putGuards(ctx context.Context, o Object, opt PutOptions) (old Object, guard Op, err error) {
	if _, guard, err = s.bucket(ctx, o.Bucket); err != nil {
		return old, guard, err
	}
	old, err = s.object(ctx, o.Bucket, o.Key)
	if err == nil && opt.ForbidOverwrite && old.at != Absent {
		err = ErrKeyExists
	}
	return old, guard, err
}

// discard removes a committed blob that no record names. It must not be called
// after a Commit that may have happened in spite of its error; what is left over
// then goes at the next start, as it does when this fails.
func (s *Store) discard(ctx context.Context, id BlobID) {
	if id != "" {
		s.blobs.Delete(context.WithoutCancel(ctx), id)
	}
}

func (o Object) check() error {
	if err := CheckKey(o.Key); err != nil {
		return err
	}
	size := 0
	for name, value := range o.Meta {
		size += len(name) + len(value)
		if err := cmp.Or(checkText("Meta", name), checkText("Meta", value)); err != nil {
			return err
		}
	}
	if size > MaxMetaBytes {
		return invalid("Meta", "", "length", "user metadata has at most 8 KiB")
	}
	for name, value := range o.Headers {
		if err := cmp.Or(checkText("Headers", name), checkText("Headers", value)); err != nil {
			return err
		}
	}
	return checkText("Headers", o.ContentType)
}

// pieceSize is how much of a body is read and written at once.
const pieceSize = 64 << 10

// pieces are buffers of one byte more than a piece: it shows that a body is
// longer than maxBody.
var pieces = sync.Pool{New: func() any { return new([pieceSize + 1]byte) }}

var ecma = crc64.MakeTable(crc64.ECMA)

// upload is a body on its way in.
type upload struct {
	md5   hash.Hash
	crc64 hash.Hash64
	size  int64
	small []byte // all of it, when it is at most maxBody; else it went to a blob
}

func newUpload() *upload {
	return &upload{md5: md5.New(), crc64: crc64.New(ecma)}
}

// receive reads body to its end and writes it to w if it is not small. length is
// what was declared, or -1.
func (u *upload) receive(w io.Writer, body io.Reader, length int64) error {
	buf := pieces.Get().(*[pieceSize + 1]byte)
	defer pieces.Put(buf)
	n, err := u.fill(body, buf[:maxBody+1])
	if err == io.EOF {
		u.small = bytes.Clone(buf[:n])
		if u.small == nil {
			u.small = []byte{}
		}
	}
	for err == nil {
		if _, err := w.Write(buf[:n]); err != nil {
			return err
		}
		if length >= 0 && u.size > length {
			return ErrBodyLength
		}
		n, err = u.fill(body, buf[:pieceSize])
	}
	if err != io.EOF {
		return err
	}
	if length >= 0 && u.size != length {
		return ErrBodyLength
	}
	if u.small == nil {
		_, err := w.Write(buf[:n])
		return err
	}
	return nil
}

// fill reads until buf is full. Unlike io.ReadFull it leaves the reader's own
// io.ErrUnexpectedEOF, a body that was cut off, apart from the end.
func (u *upload) fill(r io.Reader, buf []byte) (n int, err error) {
	for n < len(buf) && err == nil {
		var m int
		m, err = r.Read(buf[n:])
		n += m
	}
	u.write(buf[:n])
	return n, err
}

func (u *upload) write(p []byte) {
	u.md5.Write(p)
	u.crc64.Write(p)
	u.size += int64(len(p))
}

func (u *upload) etag() string {
	return strings.ToUpper(hex.EncodeToString(u.md5.Sum(nil)))
}
