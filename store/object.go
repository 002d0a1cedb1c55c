package store

import (
	"cmp"
	"context"
	"errors"
	"time"

	"osslive/store/seam"
)

// maxMetaBytes bounds names and values of an object's metadata together
// (PutObject API page).
const maxMetaBytes = 8 << 10

// maxBody is the size, in bytes, up to which an object's body is a record of its own, in the
// Commit that stores the object.
const maxBody = 64 << 10

// Object is one version of an object, a value that never changes. Its bytes can be opened
// until the object is replaced or deleted.
type Object struct {
	Bucket, Key string
	Size        int64
	ETag        string // upper-case hexadecimal without quotes; an MD5 only if IsMD5
	CRC64       uint64 // ECMA-182
	HasCRC64    bool
	Modified    time.Time
	Type        string
	ACL         ACL // "" is default: the bucket's
	ContentType string
	// Headers are Cache-Control, Content-Disposition, Content-Encoding,
	// Content-Language and Expires, as they were given.
	Headers map[string]string
	// Meta is user metadata: lower-case names without "x-oss-meta-".
	Meta map[string]string
	// Segment is set if a publish recorded the object.
	Segment *Segment

	content
	at seam.Expect
}

// Types of objects, as the header x-oss-object-type has them.
const (
	normal     = "Normal"     // made by PutObject
	multipart  = "Multipart"  // by CompleteUpload
	appendable = "Appendable" // by AppendObject
)

// IsMD5 reports whether the ETag is the MD5 of the bytes.
func (o Object) IsMD5() bool { return o.Type == normal && o.Segment == nil }

// IsAppendable reports whether AppendObject takes the object.
func (o Object) IsAppendable() bool { return o.Type == appendable }

// Object returns ErrNoSuchBucket or ErrNoSuchKey when there is none.
func (s *Store) Object(ctx context.Context, bucket, key string) (Object, error) {
	o, err := s.object(ctx, bucket, key)
	if err != nil {
		return Object{}, err
	}
	if o.at == seam.Absent {
		if _, _, err := s.bucket(ctx, bucket); err != nil {
			return Object{}, err
		}
		return Object{}, ErrNoSuchKey
	}
	return o, nil
}

// object reads an object. If there is none, the expectation of the result is Absent.
func (s *Store) object(ctx context.Context, bucket, key string) (Object, error) {
	r, at, err := s.objects.load(ctx, s.kv, objectKey(bucket, key))
	return r.object(bucket, key, at), err
}

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

// SetObjectACL replaces the ACL of an object; "" stands for that of the bucket. Errors
// are those of Object.
func (s *Store) SetObjectACL(ctx context.Context, bucket, key string, acl ACL) error {
	if err := acl.checkObject(); err != nil {
		return err
	}
	return retry(ctx, func() error {
		o, err := s.Object(ctx, bucket, key)
		if err != nil {
			return err
		}
		o.ACL = acl
		return s.kv.Commit(ctx, seam.Put(objectKey(bucket, key), encode(o.record()), o.at))
	})
}

func (a ACL) checkObject() error {
	if a == "" || a.check() == nil {
		return nil
	}
	return invalid("ObjectACL", string(a), "value", "an object's ACL is default, private, public-read or public-read-write")
}

// remove returns the ops that delete o and leave its bytes to the collector.
func (o Object) remove() []seam.Op {
	return append(o.release(), seam.Delete(objectKey(o.Bucket, o.Key), o.at))
}

func (o Object) record() objectRecord {
	r := objectRecord{
		Size:        o.Size,
		ETag:        o.ETag,
		Modified:    o.Modified.UnixMilli(),
		ContentType: o.ContentType,
		Headers:     o.Headers,
		Meta:        o.Meta,
		ACL:         o.ACL,
		Blob:        o.blob,
		Body:        o.body,
		Extents:     o.extents,
	}
	if o.Type != normal {
		r.Type = o.Type
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

func (r objectRecord) object(bucket, key string, at seam.Expect) Object {
	o := Object{
		Bucket: bucket, Key: key,
		Size:        r.Size,
		ETag:        r.ETag,
		Modified:    toTime(r.Modified),
		Type:        cmp.Or(r.Type, normal),
		ACL:         r.ACL,
		ContentType: r.ContentType,
		Headers:     r.Headers,
		Meta:        r.Meta,
		content:     content{blob: r.Blob, body: r.Body, extents: r.Extents},
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
