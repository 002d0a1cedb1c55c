package store

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"osslive/store/seam"
)

// Segment is a piece of a publish: the object <channel>/<Name>.
type Segment struct {
	Name          string // Unix milliseconds at its opening, as 13 digits, and ".ts"
	Duration      time.Duration
	Discontinuity bool // does not continue the segment before it
	Session       string
	Keyframe      bool   // begins with a key frame
	Forced        bool   // ended without one, in a stream with video
	Ending        string // why it ended, in words; "" in records of older versions
}

// Start is the wall-clock time at which the segment was opened.
func (s Segment) Start() time.Time {
	ms, _ := segmentTime(s.Name)
	return toTime(ms)
}

// The names of segments have this many digits, so that they sort by time; it is
// enough until the year 2286.
const (
	segmentDigits = 13
	segmentSuffix = ".ts"
	maxSegmentMS  = 9_999_999_999_999
)

func segmentName(ms int64) string {
	return fmt.Sprintf("%0*d%s", segmentDigits, ms, segmentSuffix)
}

func segmentTime(name string) (ms int64, ok bool) {
	digits, ok := strings.CutSuffix(name, segmentSuffix)
	if !ok || len(digits) != segmentDigits {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	return int64(n), err == nil
}

func lastElement(key string) string { return key[strings.LastIndexByte(key, '/')+1:] }

// Segments yields the segments under a channel's name that started between from and to, both
// included, by start. The channel may have been deleted. Segments are objects: one that was
// deleted or overwritten is missing.
func (s *Store) Segments(ctx context.Context, bucket, channel string, from, to time.Time) iter.Seq2[Segment, error] {
	return func(yield func(Segment, error) bool) {
		if _, _, err := s.bucket(ctx, bucket); err != nil {
			yield(Segment{}, err)
			return
		}
		for o, err := range s.segments(ctx, bucket, channel, clampMS(from), clampMS(to)) {
			if err != nil {
				yield(Segment{}, err)
				return
			}
			if !yield(*o.Segment, nil) {
				return
			}
		}
	}
}

// Recent returns the objects of a channel's last segments: those that began within span
// before the last one began, at most limit.
func (s *Store) Recent(ctx context.Context, bucket, channel string, span time.Duration, limit int) ([]Object, error) {
	if _, _, err := s.channel(ctx, bucket, channel); err != nil {
		return nil, err
	}
	pos, _, err := load[positionRecord](ctx, s.kv, positionKey(bucket, channel))
	if err != nil {
		return nil, err
	}
	last := pos.lastMS()
	var recent []Object
	for o, err := range s.segments(ctx, bucket, channel, max(0, last-span.Milliseconds()), last) {
		if err != nil {
			return nil, err
		}
		recent = append(recent, o)
	}
	return recent[max(0, len(recent)-limit):], nil
}

// segments yields the objects of segments named from..to.
func (s *Store) segments(ctx context.Context, bucket, channel string, from, to int64) iter.Seq2[Object, error] {
	const page = 256
	return func(yield func(Object, error) bool) {
		root := objectKey(bucket, "")
		prefix := root + channel + "/"
		// A name's digits alone sort right before the name.
		after := prefix + strings.TrimSuffix(segmentName(from), segmentSuffix)
		end := prefix + segmentName(to)
		for {
			recs, err := s.kv.List(ctx, prefix, after, page)
			if err != nil {
				yield(Object{}, err)
				return
			}
			for _, rec := range recs {
				if rec.Key > end {
					return
				}
				r, err := decode[objectRecord](rec)
				if err != nil {
					yield(Object{}, err)
					return
				}
				if _, ok := segmentTime(rec.Key[len(prefix):]); !ok || r.Segment == nil {
					continue
				}
				if !yield(r.object(bucket, rec.Key[len(root):], seam.AtRev(rec.Rev)), nil) {
					return
				}
			}
			if len(recs) < page {
				return
			}
			after = recs[len(recs)-1].Key
		}
	}
}

func clampMS(t time.Time) int64 { return min(max(t.UnixMilli(), 0), maxSegmentMS) }

func (s Segment) record() segmentRecord {
	return segmentRecord(s)
}

func (r segmentRecord) segment() Segment { return Segment(r) }
