package store

import (
	"context"
	"fmt"

	"osslive/store/seam"
)

// UploadQuery selects multipart uploads.
type UploadQuery struct {
	Prefix    string
	Delimiter string
	// AfterKey and AfterID are the marker: only what sorts after it, by key and
	// then by id. Without AfterID it is after all uploads of AfterKey.
	AfterKey, AfterID string
	Limit             int // of uploads and prefixes together; at most 1,000, default 100
}

// UploadListing is one page of uploads in byte order of keys, with the common
// prefixes that stand for groups of them.
type UploadListing struct {
	Uploads  []Upload
	Prefixes []string
	// NextKey and NextID are the marker of the following page; both "" at the
	// end, NextID also behind a common prefix.
	NextKey, NextID string
}

// afterIDs sorts after every id behind a zero byte, and before 0xff.
const afterIDs = "\x00~"

// Uploads lists the multipart uploads under way in a bucket. Prefix and delimiter
// are those of ListObjects.
func (s *Store) Uploads(ctx context.Context, bucket string, q UploadQuery) (UploadListing, error) {
	if _, _, err := s.bucket(ctx, bucket); err != nil {
		return UploadListing{}, err
	}
	names := ListQuery{Prefix: escapeKey(q.Prefix), Delimiter: escapeKey(q.Delimiter), Limit: q.Limit}
	switch {
	case q.AfterID != "":
		names.After = escapeKey(q.AfterKey) + "\x00" + q.AfterID
	case q.AfterKey != "":
		names.After = escapeKey(q.AfterKey) + afterIDs
	}
	var l UploadListing
	prefixes, next, err := names.walk(ctx, s.kv, uploadRoot(bucket), escapedKey, func(name string, rec seam.Record) error {
		r, err := decode[uploadRecord](rec)
		key := escapedKey(name)
		l.Uploads = append(l.Uploads, Upload{
			UploadRef{bucket, unescapeKey(key), name[len(key)+1:]}, toTime(r.Initiated),
		})
		return err
	})
	if err != nil {
		return UploadListing{}, err
	}
	for _, prefix := range prefixes {
		l.Prefixes = append(l.Prefixes, unescapeKey(prefix))
	}
	if _, folded := names.group(escapedKey(next)); folded {
		l.NextKey = unescapeKey(next)
	} else if next != "" {
		key := escapedKey(next)
		l.NextKey, l.NextID = unescapeKey(key), next[len(key)+1:]
	}
	return l, nil
}

// Parts lists what has been uploaded of an upload, by number, after the given one.
func (s *Store) Parts(ctx context.Context, u UploadRef, after, limit int) (Page[Part], error) {
	if _, _, err := s.upload(ctx, u); err != nil {
		return Page[Part]{}, err
	}
	root := partRoot(u.ID)
	limit = pageLimit(limit)
	recs, err := s.kv.List(ctx, root, fmt.Sprintf("%s%05d", root, min(max(after, 0), MaxParts)), limit+1)
	if err != nil {
		return Page[Part]{}, err
	}
	var page Page[Part]
	for i, rec := range recs {
		if i == limit {
			page.Next = recs[i-1].Key[len(root):]
			break
		}
		part, err := decodePart(u.ID, rec)
		if err != nil {
			return Page[Part]{}, err
		}
		page.Items = append(page.Items, part)
	}
	return page, nil
}
