package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"osslive/store/seam"
)

// Keys of records. doc.go has the table.
const (
	formatKey      = "format"
	bucketPrefix   = "bucket/"
	channelPrefix  = "channel/"
	positionPrefix = "position/"
	historyPrefix  = "history/"
	objectPrefix   = "object/"
	bodyPrefix     = "b/"
	uploadPrefix   = "upload/"
	partPrefix     = "part/"
	corsPrefix     = "cors/"
	garbagePrefix  = "garbage/"
	sessionPrefix  = "session/" // a lease
)

func bucketKey(bucket string) string            { return bucketPrefix + bucket }
func channelKey(bucket, channel string) string  { return channelPrefix + bucket + "/" + channel }
func positionKey(bucket, channel string) string { return positionPrefix + bucket + "/" + channel }
func historyKey(bucket, channel string) string  { return historyPrefix + bucket + "/" + channel }
func objectKey(bucket, key string) string       { return objectPrefix + bucket + "/" + key }
func bodyKey(id string) string                  { return bodyPrefix + id }
func corsKey(bucket string) string              { return corsPrefix + bucket }
func garbageKey(id seam.BlobID) string          { return garbagePrefix + string(id) }
func sessionKey(bucket, channel string) string  { return sessionPrefix + bucket + "/" + channel }

// splitKey splits a key that consists of a prefix, a bucket, a slash and a name.
func splitKey(prefix, recordKey string) (bucket, name string, ok bool) {
	rest, ok := strings.CutPrefix(recordKey, prefix)
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, "/")
}

type formatRecord struct {
	Version int `json:"version"`
}

type bucketRecord struct {
	ACL      ACL   `json:"acl"`
	Created  int64 `json:"created"`
	Deleting bool  `json:"deleting,omitempty"`
}

type channelRecord struct {
	Description  string          `json:"description,omitempty"`
	Status       string          `json:"status"`
	FragDuration int             `json:"fragDuration"`
	FragCount    int             `json:"fragCount"`
	PlaylistName string          `json:"playlistName"`
	Snapshot     *snapshotRecord `json:"snapshot,omitempty"`
	Modified     int64           `json:"modified"`
}

type snapshotRecord struct {
	RoleName    string `json:"roleName"`
	DestBucket  string `json:"destBucket"`
	NotifyTopic string `json:"notifyTopic"`
	Interval    int    `json:"interval"`
}

type positionRecord struct {
	Session               string          `json:"session,omitempty"`
	LastName              string          `json:"lastName,omitempty"`
	LastEnd               int64           `json:"lastEnd,omitempty"` // of Session's last segment
	Sequence              uint64          `json:"sequence"`
	DiscontinuitySequence uint64          `json:"discontinuitySequence"`
	TargetDuration        int             `json:"targetDuration"`
	Playlist              string          `json:"playlist"`
	Window                []segmentRecord `json:"window,omitempty"`
}

type segmentRecord struct {
	Name          string        `json:"name,omitempty"` // in a window only
	Duration      time.Duration `json:"ns"`
	Discontinuity bool          `json:"discontinuity,omitempty"`
	Session       string        `json:"session"`
	Keyframe      bool          `json:"keyframe,omitempty"`
	Forced        bool          `json:"forced,omitempty"`
	Ending        string        `json:"ending,omitempty"`
}

type historyRecord struct {
	Sessions []sessionRecord `json:"sessions"` // oldest first
}

type sessionRecord struct {
	ID         string `json:"id"`
	Start      int64  `json:"start"`
	End        int64  `json:"end,omitempty"` // 0 while it lasts
	RemoteAddr string `json:"remoteAddr"`
}

type objectRecord struct {
	Size        int64             `json:"size"`
	ETag        string            `json:"etag"`
	CRC64       *uint64           `json:"crc64,omitempty"`
	Modified    int64             `json:"modified"`
	ContentType string            `json:"contentType,omitempty"`
	Headers     map[string]string `json:"headers,omitempty"`
	Meta        map[string]string `json:"meta,omitempty"`
	Type        string            `json:"type,omitempty"` // "" is Normal
	ACL         ACL               `json:"acl,omitempty"`
	Segment     *segmentRecord    `json:"segment,omitempty"`
	Blob        seam.BlobID       `json:"blob,omitempty"`
	Body        string            `json:"body,omitempty"`
	Extents     string            `json:"extents,omitempty"`
}

type uploadRecord struct {
	Initiated   int64             `json:"initiated"`
	ContentType string            `json:"contentType,omitempty"`
	Headers     map[string]string `json:"headers,omitempty"`
	Meta        map[string]string `json:"meta,omitempty"`
	ACL         ACL               `json:"acl,omitempty"`
	Sealed      bool              `json:"sealed,omitempty"` // CompleteUpload is choosing its parts
}

type partRecord struct {
	Size     int64       `json:"size"`
	MD5      string      `json:"md5"` // as an ETag
	CRC64    uint64      `json:"crc64"`
	Modified int64       `json:"modified"`
	Blob     seam.BlobID `json:"blob"`
}

type corsRecord struct {
	Rules        []corsRuleRecord `json:"rules"`
	ResponseVary bool             `json:"responseVary,omitempty"`
}

type corsRuleRecord struct {
	AllowedOrigins []string `json:"allowedOrigins"`
	AllowedMethods []string `json:"allowedMethods"`
	AllowedHeaders []string `json:"allowedHeaders,omitempty"`
	ExposeHeaders  []string `json:"exposeHeaders,omitempty"`
	MaxAge         int      `json:"maxAge,omitempty"`
}

// garbageRecord names the bytes to remove. An empty one stands for the blob of its key.
type garbageRecord struct {
	Blobs   []seam.BlobID `json:"blobs,omitempty"`
	Extents string        `json:"extents,omitempty"` // a record b/<id> and the blobs it lists
	Upload  string        `json:"upload,omitempty"`  // all records part/<id>/...
	Kept    bool          `json:"kept,omitempty"`    // but not their blobs: an object has them now
}

// load reads and decodes a record. The expectation holds while the record is unchanged; for
// a missing record the value is zero and the expectation is Absent.
func load[T any](ctx context.Context, kv seam.KV, key string) (v T, at seam.Expect, err error) {
	rec, err := kv.Get(ctx, key)
	if errors.Is(err, seam.ErrNotFound) {
		return v, seam.Absent, nil
	}
	if err != nil {
		return v, at, err
	}
	v, err = decode[T](rec)
	return v, seam.AtRev(rec.Rev), err
}

// decoded caches decoded records of one kind, so that an unchanged record is not decoded
// again. Values are shared: their callers must not change what they point to. The zero value
// is empty.
type decoded[T any] struct {
	mu    sync.Mutex
	byKey map[string]decodedRecord[T]
}

type decodedRecord[T any] struct {
	raw   []byte
	value T
}

// maxDecoded bounds the cached records of a kind.
const maxDecoded = 1024

// load is the function load with the cache.
func (d *decoded[T]) load(ctx context.Context, kv seam.KV, key string) (v T, at seam.Expect, err error) {
	rec, err := kv.Get(ctx, key)
	if errors.Is(err, seam.ErrNotFound) {
		return v, seam.Absent, nil
	}
	if err != nil {
		return v, at, err
	}
	d.mu.Lock()
	r, ok := d.byKey[key]
	d.mu.Unlock()
	if !ok || !bytes.Equal(rec.Value, r.raw) {
		if r.value, err = decode[T](rec); err != nil {
			return v, at, err
		}
		d.keep(key, rec.Value, r.value)
	}
	return r.value, seam.AtRev(rec.Rev), nil
}

// keep caches a value with its encoding, which it does not copy.
func (d *decoded[T]) keep(key string, raw []byte, value T) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.byKey == nil || len(d.byKey) >= maxDecoded {
		d.byKey = map[string]decodedRecord[T]{}
	}
	d.byKey[key] = decodedRecord[T]{raw, value}
}

func decode[T any](rec seam.Record) (v T, err error) {
	if err := json.Unmarshal(rec.Value, &v); err != nil {
		return v, fmt.Errorf("record %q: %w", rec.Key, err)
	}
	return v, nil
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // cannot happen: JSON can encode every record
	}
	return b
}

// scan calls f for every record below prefix, a page at a time.
func scan(ctx context.Context, kv seam.KV, prefix string, f func(seam.Record) error) error {
	after := ""
	for {
		recs, err := kv.List(ctx, prefix, after, maxPage)
		if err != nil || len(recs) == 0 {
			return err
		}
		for _, rec := range recs {
			if err := f(rec); err != nil {
				return err
			}
		}
		after = recs[len(recs)-1].Key
	}
}

func toTime(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
