package store

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"osslive/store/seam"
)

// CompleteUpload makes an object of parts, without moving their bytes, and ends the
// upload; parts that were not chosen are dropped. chosen is in ascending order of
// numbers, of which Number and ETag count, the latter in either case; nil means all there
// are. opt has ForbidOverwrite, ACL and MinPart. Of several calls for one upload one succeeds.
//
// Errors are ErrNoSuchUpload, ErrInvalidPart, ErrInvalidPartOrder, ErrPartTooSmall,
// ErrKeyExists and an *InvalidError; the upload is then as it was.
func (s *Store) CompleteUpload(ctx context.Context, u Upload, chosen []Part, opt PutOptions) (done Object, err error) {
	if err := opt.ACL.checkObject(); err != nil {
		return Object{}, err
	}
	err = retry(ctx, func() error {
		done, err = s.completeUpload(ctx, u, chosen, opt)
		return err
	})
	return done, err
}

func (s *Store) completeUpload(ctx context.Context, u Upload, chosen []Part, opt PutOptions) (Object, error) {
	rec, at, err := s.sealUpload(ctx, u)
	if err != nil {
		return Object{}, err
	}
	o := Object{
		Bucket: u.Bucket, Key: u.Key, Type: multipart,
		ContentType: rec.ContentType, Headers: rec.Headers, Meta: rec.Meta, ACL: rec.ACL,
		Modified: toTime(s.now().UnixMilli()),
	}
	if opt.ACL != "" {
		o.ACL = opt.ACL
	}
	old, guard, err := s.putGuards(ctx, o, PutOptions{ForbidOverwrite: opt.ForbidOverwrite})
	if err != nil {
		return Object{}, err
	}
	parts, dropped, err := s.choose(ctx, u, chosen, opt.MinPart)
	if err != nil {
		return Object{}, err
	}
	extents := o.assemble(parts)
	var ops []seam.Op
	o.content, ops = newContent(extents)
	ops = append(ops, old.release()...)
	return o, s.kv.Commit(ctx, append(ops, guard,
		seam.Delete(u.recordKey(), at),
		seam.Put(objectKey(u.Bucket, u.Key), encode(o.record()), old.at),
		seam.Put(garbagePrefix+u.ID, encode(garbageRecord{Upload: u.ID, Kept: true, Blobs: dropped}), seam.Absent),
	)...)
}

// sealUpload marks an upload before its parts are read, because a Commit that checks ten
// thousand parts would be too large. A part that is stored after that removes the mark, so
// that the Commit which expects the mark fails.
func (s *Store) sealUpload(ctx context.Context, u Upload) (uploadRecord, seam.Expect, error) {
	rec, guard, err := s.upload(ctx, u)
	if err != nil || rec.Sealed {
		return rec, guard.Expect, err
	}
	rec.Sealed = true
	if err := s.kv.Commit(ctx, seam.Put(guard.Key, encode(rec), guard.Expect)); err != nil {
		return rec, guard.Expect, err
	}
	rec, guard, err = s.upload(ctx, u)
	if err == nil && !rec.Sealed {
		err = seam.ErrConflict
	}
	return rec, guard.Expect, err
}

// choose finds the chosen parts, and the blobs of the others.
func (s *Store) choose(ctx context.Context, u Upload, chosen []Part, minPart int64) (parts []Part, dropped []seam.BlobID, err error) {
	for i := range chosen {
		if i > 0 && chosen[i].Number <= chosen[i-1].Number {
			return nil, nil, ErrInvalidPartOrder
		}
	}
	wanted := chosen
	err = scan(ctx, s.kv, partRoot(u.ID), func(rec seam.Record) error {
		part, err := decodePart(u.ID, rec)
		if err != nil {
			return err
		}
		switch {
		case chosen == nil:
			parts = append(parts, part)
		case len(wanted) > 0 && wanted[0].Number == part.Number:
			if !strings.EqualFold(wanted[0].ETag, part.ETag) {
				return fmt.Errorf("%w: the ETag of number %d is another", ErrInvalidPart, part.Number)
			}
			parts = append(parts, part)
			wanted = wanted[1:]
		default:
			dropped = append(dropped, part.blob)
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	if len(wanted) > 0 {
		return nil, nil, fmt.Errorf("%w: number %d", ErrInvalidPart, wanted[0].Number)
	}
	if len(parts) == 0 {
		return nil, nil, ErrInvalidPart
	}
	for _, part := range parts[:len(parts)-1] {
		if part.Size < minPart {
			return nil, nil, fmt.Errorf("%w: number %d has %d bytes", ErrPartTooSmall, part.Number, part.Size)
		}
	}
	return parts, dropped, nil
}

func decodePart(uploadID string, rec seam.Record) (Part, error) {
	number, err := strconv.Atoi(rec.Key[len(partRoot(uploadID)):])
	if err != nil {
		return Part{}, fmt.Errorf("record %q: %w", rec.Key, err)
	}
	r, err := decode[partRecord](rec)
	return r.part(number), err
}

// assemble sets the size and the digests of o from its parts. The ETag has the form of the
// service: the MD5 of the MD5s, a dash, and the number of parts.
func (o *Object) assemble(parts []Part) []extent {
	var list []extent
	sums := md5.New()
	o.HasCRC64 = true
	for _, part := range parts {
		list = append(list, extent{part.blob, part.Size})
		sum, _ := hex.DecodeString(part.ETag) // we made it
		sums.Write(sum)
		o.CRC64 = joinCRC64(o.CRC64, part.CRC64, part.Size)
		o.Size += part.Size
	}
	o.ETag = fmt.Sprintf("%X-%d", sums.Sum(nil), len(parts))
	return list
}
