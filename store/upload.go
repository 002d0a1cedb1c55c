package store

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"osslive/store/seam"
)

// MaxParts is how many parts an upload has at most; they are numbered from 1
// (UploadPart API page).
const MaxParts = maxExtents

// Upload is a multipart upload under way: parts that will be the object Key. Bucket, Key
// and ID name it.
type Upload struct {
	Bucket, Key string
	ID          string // of 32 upper-case hexadecimal digits; sorts by time
	Initiated   time.Time
}

// Part is one that has been uploaded.
type Part struct {
	Number   int // 1 to MaxParts
	Size     int64
	ETag     string // MD5 in upper-case hexadecimal
	CRC64    uint64
	Modified time.Time

	blob seam.BlobID
}

const uploadIDBytes = 32

// newUploadID begins with the time, so that uploads of one key are listed in the
// order they were begun in.
func newUploadID(now time.Time) string {
	return strings.ToUpper(fmt.Sprintf("%012x", now.UnixMilli()) + newID()[12:])
}

// uploadRoot begins the records of a bucket's uploads. Behind it come the key, a
// zero byte and the id. A zero byte in the key is followed by 0xff, which no id
// and no key contains: so records sort by key and then by id.
func uploadRoot(bucket string) string { return uploadPrefix + bucket + "/" }

func escapeKey(key string) string    { return strings.ReplaceAll(key, "\x00", "\x00\xff") }
func unescapeKey(name string) string { return strings.ReplaceAll(name, "\x00\xff", "\x00") }

// escapedKey is the key in the name of an upload's record; a common prefix of names
// is one of keys.
func escapedKey(name string) string {
	i := strings.LastIndexByte(name, 0)
	if i >= 0 && !strings.HasPrefix(name[i+1:], "\xff") {
		return name[:i]
	}
	return name
}

func (u Upload) recordKey() string {
	return uploadRoot(u.Bucket) + escapeKey(u.Key) + "\x00" + u.ID
}

func partRoot(uploadID string) string { return partPrefix + uploadID + "/" }

func partKey(uploadID string, number int) string {
	return fmt.Sprintf("%s%05d", partRoot(uploadID), number)
}

// CreateUpload begins a multipart upload. The object will have o's ContentType,
// Headers, Meta and ACL. Errors are those of PutObject.
func (s *Store) CreateUpload(ctx context.Context, o Object, opt PutOptions) (Upload, error) {
	if err := o.check(); err != nil {
		return Upload{}, err
	}
	var u Upload
	err := retry(ctx, func() error {
		_, guard, err := s.putGuards(ctx, o, opt)
		if err != nil {
			return err
		}
		now := s.now()
		u = Upload{o.Bucket, o.Key, newUploadID(now), toTime(now.UnixMilli())}
		return s.kv.Commit(ctx, guard, seam.Put(u.recordKey(), encode(uploadRecord{
			Initiated: now.UnixMilli(), ContentType: o.ContentType, Headers: o.Headers, Meta: o.Meta, ACL: o.ACL,
		}), seam.Absent))
	})
	return u, err
}

// upload reads the record of an upload. The returned op belongs into the Commit of
// every part: it fails when the upload has ended meanwhile, and takes back the seal
// of a completion that is choosing its parts.
func (s *Store) upload(ctx context.Context, u Upload) (rec uploadRecord, guard seam.Op, err error) {
	if len(u.ID) != uploadIDBytes || strings.Trim(u.ID, "0123456789ABCDEF") != "" {
		return rec, guard, s.noSuchUpload(ctx, u)
	}
	rec, at, err := load[uploadRecord](ctx, s.kv, u.recordKey())
	if err != nil {
		return rec, guard, err
	}
	if at == seam.Absent {
		return rec, guard, s.noSuchUpload(ctx, u)
	}
	guard = seam.Check(u.recordKey(), at)
	if rec.Sealed {
		open := rec
		open.Sealed = false
		guard = seam.Put(u.recordKey(), encode(open), at)
	}
	return rec, guard, nil
}

func (s *Store) noSuchUpload(ctx context.Context, u Upload) error {
	if _, _, err := s.bucket(ctx, u.Bucket); err != nil {
		return err
	}
	return ErrNoSuchUpload
}

// PutPart stores body as a part of an upload, in place of the one of that number
// if there is one. It is durable when PutPart returns. Errors are ErrNoSuchUpload
// and those of PutObject.
func (s *Store) PutPart(ctx context.Context, u Upload, number int, body io.Reader, opt PutOptions) (Part, error) {
	if err := checkRange("partNumber", number, 1, MaxParts); err != nil {
		return Part{}, err
	}
	if _, _, err := s.upload(ctx, u); err != nil {
		return Part{}, err // before the body is read
	}
	w, err := s.blobs.Create(ctx)
	if err != nil {
		return Part{}, err
	}
	defer w.Abort()
	in := newIncoming()
	if err := in.receiveAll(w, body, opt); err != nil {
		return Part{}, err
	}
	if err := w.Commit(); err != nil {
		return Part{}, err
	}
	rec := partRecord{Size: in.size, MD5: in.etag(), CRC64: in.crc64.Sum64(), Blob: w.ID()}
	err = s.commitBlob(ctx, rec.Blob, func() ([]seam.Op, error) {
		_, guard, err := s.upload(ctx, u)
		if err != nil {
			return nil, err
		}
		old, at, err := load[partRecord](ctx, s.kv, partKey(u.ID, number))
		if err != nil {
			return nil, err
		}
		rec.Modified = s.now().UnixMilli()
		ops := content{blob: old.Blob}.release()
		return append(ops, guard, seam.Put(partKey(u.ID, number), encode(rec), at)), nil
	})
	return rec.part(number), err
}

func (r partRecord) part(number int) Part {
	return Part{Number: number, Size: r.Size, ETag: r.MD5, CRC64: r.CRC64, Modified: toTime(r.Modified), blob: r.Blob}
}

// AbortUpload gives an upload up. Its parts go with the next collection.
func (s *Store) AbortUpload(ctx context.Context, u Upload) error {
	return retry(ctx, func() error {
		_, guard, err := s.upload(ctx, u)
		if err != nil {
			return err
		}
		return s.kv.Commit(ctx, seam.Delete(guard.Key, guard.Expect),
			seam.Put(garbagePrefix+u.ID, encode(garbageRecord{Upload: u.ID}), seam.Absent))
	})
}
