package store

import (
	"context"
	"strings"

	"osslive/store/seam"
)

// ListQuery selects objects or multipart uploads.
type ListQuery struct {
	Prefix    string
	Delimiter string
	After     string // the marker: only what sorts after it
	AfterID   string // of an upload: the second part of the marker
	Limit     int    // of items and prefixes together; at most 1,000, default 100
}

// ListObjects lists objects and common prefixes. A common prefix is the part of a key up to
// the first delimiter behind the prefix. A common prefix that equals the marker or contains
// it has been listed.
func (s *Store) ListObjects(ctx context.Context, bucket string, q ListQuery) (Page[Object], error) {
	if _, _, err := s.bucket(ctx, bucket); err != nil {
		return Page[Object]{}, err
	}
	var l Page[Object]
	var err error
	whole := func(key string) string { return key }
	l.Prefixes, l.Next, err = q.walk(ctx, s.kv, objectKey(bucket, ""), whole, func(key string, rec seam.Record) error {
		r, err := decode[objectRecord](rec)
		l.Items = append(l.Items, r.object(bucket, key, seam.AtRev(rec.Rev)))
		return err
	})
	if err != nil {
		return Page[Object]{}, err
	}
	return l, nil
}

// afterAll, behind a prefix, sorts after every key with that prefix: keys are UTF-8, which
// has no byte 0xff.
const afterAll = "\xff"

// foldedPage is the number of records of a read when there is a delimiter: few, because the
// records behind the first may be one large group, which is skipped.
const foldedPage = 64

// walk goes through a page of the records below root in byte order. A record's name is its
// key without the root; keyOf returns the part of a name to which prefix and delimiter
// apply. walk seeks past the records of a common prefix.
func (q ListQuery) walk(ctx context.Context, kv seam.KV, root string, keyOf func(name string) string, item func(name string, rec seam.Record) error) (prefixes []string, next string, err error) {
	limit := pageLimit(q.Limit)
	chunk := limit + 1
	after := q.After
	if q.Delimiter != "" {
		chunk = foldedPage
		if group, ok := q.group(keyOf(after)); ok {
			after = group + afterAll
		}
	}
	last, n := "", 0 // what was listed last, and how much so far
	for {
		start := ""
		if after != "" {
			start = root + after
		}
		recs, err := kv.List(ctx, root+q.Prefix, start, chunk)
		if err != nil {
			return nil, "", err
		}
		for _, rec := range recs {
			name := rec.Key[len(root):]
			if name <= after {
				continue // in the group just listed
			}
			if n == limit {
				return prefixes, last, nil
			}
			n++
			if group, ok := q.group(keyOf(name)); ok {
				prefixes = append(prefixes, group)
				last, after = group, group+afterAll
				continue
			}
			if err := item(name, rec); err != nil {
				return nil, "", err
			}
			last, after = name, name
		}
		if len(recs) < chunk {
			return prefixes, "", nil
		}
	}
}

// group returns the common prefix of key, if it has one.
func (q ListQuery) group(key string) (string, bool) {
	rest, ok := strings.CutPrefix(key, q.Prefix)
	if !ok || q.Delimiter == "" {
		return "", false
	}
	i := strings.Index(rest, q.Delimiter)
	if i < 0 {
		return "", false
	}
	return key[:len(q.Prefix)+i+len(q.Delimiter)], true
}
