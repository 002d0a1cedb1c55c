package store

import (
	"context"
	"strings"
)

// ListQuery selects objects.
type ListQuery struct {
	Prefix    string
	Delimiter string
	After     string // the marker: only what sorts after it
	Limit     int    // of objects and prefixes together; at most 1,000, default 100
}

// Listing is one page of objects in byte order of keys, with the common prefixes
// that stand for groups of them.
type Listing struct {
	Objects  []Object
	Prefixes []string
	Next     string // marker for the following page; "" at the end
}

// afterAll sorts after every key that begins with what stands before it, because
// keys are UTF-8 and no byte of UTF-8 is 0xff.
const afterAll = "\xff"

// foldedPage is how many records are read at once when there is a delimiter:
// few, because what follows the first may be one large group to be skipped.
const foldedPage = 64

// ListObjects lists objects and common prefixes: the part of a key up to the
// first delimiter behind the prefix. The marker counts for both alike: a common
// prefix that the marker equals or lies in has been listed.
func (s *Store) ListObjects(ctx context.Context, bucket string, q ListQuery) (Listing, error) {
	var l Listing
	if _, _, err := s.bucket(ctx, bucket); err != nil {
		return l, err
	}
	limit := pageLimit(q.Limit)
	chunk := limit + 1
	after := q.After
	if q.Delimiter != "" {
		chunk = foldedPage
		if group, ok := q.group(after); ok {
			after = group + afterAll
		}
	}
	root := objectKey(bucket, "")
	last := "" // what was listed last
	for {
		start := ""
		if after != "" {
			start = root + after
		}
		recs, err := s.kv.List(ctx, root+q.Prefix, start, chunk)
		if err != nil {
			return Listing{}, err
		}
		for _, rec := range recs {
			key := rec.Key[len(root):]
			if key <= after {
				continue // in the group just listed
			}
			if len(l.Objects)+len(l.Prefixes) == limit {
				l.Next = last
				return l, nil
			}
			if group, ok := q.group(key); ok {
				l.Prefixes = append(l.Prefixes, group)
				last, after = group, group+afterAll
				continue
			}
			r, err := decode[objectRecord](rec)
			if err != nil {
				return Listing{}, err
			}
			l.Objects = append(l.Objects, r.object(bucket, key, AtRev(rec.Rev)))
			last, after = key, key
		}
		if len(recs) < chunk {
			return l, nil
		}
	}
}

// group returns the common prefix that stands for key.
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
