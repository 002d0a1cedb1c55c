package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// MaxMetaBytes bounds names and values of an object's metadata together
// (PutObject API page).
const MaxMetaBytes = 8 << 10

// maxBody is the size up to which an object's bytes are a record of their own,
// committed together with the object.
const maxBody = 64 << 10

// Object is one version of an object: a value that never changes. Its bytes can
// be opened until it is overwritten or deleted.
type Object struct {
	Bucket, Key string
	Size        int64
	ETag        string // upper-case hexadecimal without quotes; of segments not a digest
	CRC64       uint64 // ECMA-182
	HasCRC64    bool
	Modified    time.Time
	Type        string // "Normal"
	ContentType string
	// Headers are Cache-Control, Content-Disposition, Content-Encoding,
	// Content-Language and Expires, as they were given.
	Headers map[string]string
	// Meta is user metadata: lower-case names without "x-oss-meta-".
	Meta map[string]string
	// Segment is set for what a publisher recorded.
	Segment *Segment

	blob BlobID // one of blob and body names the bytes
	body string
	at   Expect
}

// Object returns ErrNoSuchBucket or ErrNoSuchKey when there is none.
func (s *Store) Object(ctx context.Context, bucket, key string) (Object, error) {
	o, err := s.object(ctx, bucket, key)
	if err != nil {
		return Object{}, err
	}
	if o.at == Absent {
		if _, _, err := s.bucket(ctx, bucket); err != nil {
			return Object{}, err
		}
		return Object{}, ErrNoSuchKey
	}
	return o, nil
}

// object reads an object; one that does not exist is expected to be Absent.
func (s *Store) object(ctx context.Context, bucket, key string) (Object, error) {
	r, at, err := load[objectRecord](ctx, s.kv, objectKey(bucket, key))
	return r.object(bucket, key, at), err
}

// OpenObject returns length bytes from offset (length < 0: to the end). What it
// returns is an io.WriterTo where the backend can send without copying.
//
// ErrNoSuchKey says that o has been overwritten or deleted since it was read;
// reading it once more tells which. ErrDamaged says that its bytes are missing or
// too few.
func (s *Store) OpenObject(ctx context.Context, o Object, offset, length int64) (io.ReadCloser, error) {
	if offset < 0 || offset > o.Size {
		return nil, invalid("Range", fmt.Sprint(offset), "range", "the offset is outside of the object")
	}
	if length < 0 || length > o.Size-offset {
		length = o.Size - offset
	}
	r, err := s.open(ctx, o, offset, length)
	if errors.Is(err, ErrNotFound) {
		return nil, s.missing(ctx, o)
	}
	return r, err
}

func (s *Store) open(ctx context.Context, o Object, offset, length int64) (io.ReadCloser, error) {
	if o.body != "" {
		rec, err := s.kv.Get(ctx, bodyKey(o.body))
		if err != nil {
			return nil, err
		}
		if int64(len(rec.Value)) != o.Size {
			return nil, o.damaged()
		}
		return io.NopCloser(bytes.NewReader(rec.Value[offset : offset+length])), nil
	}
	size, err := s.blobs.Size(ctx, o.blob)
	if err != nil {
		return nil, err
	}
	if size != o.Size {
		return nil, o.damaged()
	}
	return s.blobs.Open(ctx, o.blob, offset, length)
}

// missing tells why the bytes of o are not there.
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

// DeleteObject removes an object. A missing key is no error, a missing bucket is
// ErrNoSuchBucket.
func (s *Store) DeleteObject(ctx context.Context, bucket, key string) error {
	return retry(ctx, func() error {
		o, err := s.Object(ctx, bucket, key)
		if errors.Is(err, ErrNoSuchKey) {
			return nil
		}
		if err != nil {
			return err
		}
		return s.kv.Commit(ctx, o.remove()...)
	})
}

// remove returns the ops that delete o and leave its bytes to the collector.
func (o Object) remove() []Op {
	return append(o.release(), Delete(objectKey(o.Bucket, o.Key), o.at))
}

// release returns the ops that go with the last naming of o's bytes.
func (o Object) release() []Op {
	switch {
	case o.blob != "":
		return []Op{Put(garbageKey(o.blob), []byte("{}"), Any)}
	case o.body != "":
		return []Op{Delete(bodyKey(o.body), Any)}
	}
	return nil
}

func (o Object) record() objectRecord {
	r := objectRecord{
		Size:        o.Size,
		ETag:        o.ETag,
		Modified:    o.Modified.UnixMilli(),
		ContentType: o.ContentType,
		Headers:     o.Headers,
		Meta:        o.Meta,
		Blob:        o.blob,
		Body:        o.body,
	}
	if o.HasCRC64 {
		r.CRC64 = &o.CRC64
	}
	if o.Segment != nil {
		segment := o.Segment.record()
		segment.Name = ""
		r.Segment = &segment
	}
	return r
}

func (r objectRecord) object(bucket, key string, at Expect) Object {
	o := Object{
		Bucket: bucket, Key: key,
		Size:        r.Size,
		ETag:        r.ETag,
		Modified:    toTime(r.Modified),
		Type:        "Normal",
		ContentType: r.ContentType,
		Headers:     r.Headers,
		Meta:        r.Meta,
		blob:        r.Blob,
		body:        r.Body,
		at:          at,
	}
	if r.CRC64 != nil {
		o.CRC64, o.HasCRC64 = *r.CRC64, true
	}
	if r.Segment != nil {
		segment := r.Segment.segment()
		segment.Name = lastElement(key)
		o.Segment = &segment
	}
	return o
}
