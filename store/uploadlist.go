package store

import (
	"context"
	"fmt"

	"osslive/store/seam"
)

// afterIDs sorts after every id behind a zero byte, and before 0xff.
const afterIDs = "\x00~"

// Uploads lists the multipart uploads under way in a bucket, by key and then by id, with
// the prefix and the delimiter of ListObjects. The marker is After and AfterID: without
// an id it is after all uploads of the key. NextID is "" behind a common prefix.
func (s *Store) Uploads(ctx context.Context, bucket string, q ListQuery) (Page[Upload], error) {
	if _, _, err := s.bucket(ctx, bucket); err != nil {
		return Page[Upload]{}, err
	}
	names := ListQuery{Prefix: escapeKey(q.Prefix), Delimiter: escapeKey(q.Delimiter), Limit: q.Limit}
	switch {
	case q.AfterID != "":
		names.After = escapeKey(q.After) + "\x00" + q.AfterID
	case q.After != "":
		names.After = escapeKey(q.After) + afterIDs
	}
	var l Page[Upload]
	prefixes, next, err := names.walk(ctx, s.kv, uploadRoot(bucket), escapedKey, func(name string, rec seam.Record) error {
		r, err := decode[uploadRecord](rec)
		key := escapedKey(name)
		l.Items = append(l.Items, Upload{bucket, unescapeKey(key), name[len(key)+1:], toTime(r.Initiated)})
		return err
	})
	if err != nil {
		return Page[Upload]{}, err
	}
	for _, prefix := range prefixes {
		l.Prefixes = append(l.Prefixes, unescapeKey(prefix))
	}
	if _, folded := names.group(escapedKey(next)); folded {
		l.Next = unescapeKey(next)
	} else if next != "" {
		key := escapedKey(next)
		l.Next, l.NextID = unescapeKey(key), next[len(key)+1:]
	}
	return l, nil
}

// Parts lists what has been uploaded of an upload, by number, after the given one.
func (s *Store) Parts(ctx context.Context, u Upload, after, limit int) (Page[Part], error) {
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
