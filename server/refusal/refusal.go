// Package refusal owns the log of refused requests and publishes, and their
// explanations. [Log.Add] keeps a refusal; [Log.Explain] finds out why it was refused,
// from three sources: package proof, which computes what makes a wrong signature
// right; the signs in signs.go, mistakes that show in the error, the request or the
// store; and, where a signature is wrong and nothing explains it, what is usual.
//
// Nothing is explained before somebody asks, except by [Log.Hints]. What is kept
// includes signatures and tokens, in memory only. No text that leaves the package
// holds one of them or a secret: redact.go owns that.
//
// It must not know how a request is served, nor how an answer is written: it asks the
// error of a refusal, never the words of its answer.
package refusal

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"osslive/auth"
	"osslive/server/address"
	"osslive/store"
)

// Limits of what is kept.
const (
	maxKept  = 1000
	maxBytes = 8 << 10 // of a refusal; a longer one is kept without its signed parts
	maxText  = 512     // of a name or message
)

// NewID returns an ID for a request or a publish: 24 upper-case hexadecimal digits,
// which the Java SDK's tests count. It grants nothing, so it need not be hard to
// guess.
func NewID() string {
	var id [12]byte
	binary.BigEndian.PutUint64(id[:8], rand.Uint64())
	binary.BigEndian.PutUint32(id[8:], rand.Uint32())
	return strings.ToUpper(hex.EncodeToString(id[:]))
}

// Refusal is a request or a publish that was refused.
type Refusal struct {
	ID             string // its x-oss-request-id
	Time           time.Time
	Remote, Client string // address, and User-Agent or flashVer
	Code, Message  string // of the answer
	Status         int    // of the answer; 0 for a publish
	Operation      string // "" if none was recognised
	// Bucket and Name are the target, as the string-to-sign has it. Name is a key or a
	// channel; "" for none.
	Bucket, Name string
	Err          error // that was answered

	// An HTTP request has a method, a raw path and headers; a publish has the parts
	// of its path. The query is decoded.
	Method, RawPath, Host string
	Header                http.Header
	Path                  []string
	Query                 url.Values

	Oversize bool // too long to be kept: Header, Path and Query are missing
}

// Publish reports whether r is a publish, not a request.
func (r *Refusal) Publish() bool { return r.Method == "" }

// Config holds what a Log looks into. Store must be set.
type Config struct {
	Store   *store.Store
	Keys    auth.Keys
	Domains address.Domains
	Region  string // of the server
}

// Log keeps the last refusals. It is safe for concurrent use; a nil Log keeps none.
type Log struct {
	config Config

	mu   sync.Mutex
	kept [maxKept]*Refusal
	next int // index in kept of the next one
	byID map[string]*Refusal

	waiting chan string // IDs for Hints
}

// New returns an empty Log.
func New(c Config) *Log {
	return &Log{config: c, byID: map[string]*Refusal{}, waiting: make(chan string, maxWaiting)}
}

// Add keeps r in the place of the oldest refusal. The maps of r must not change any
// more.
func (l *Log) Add(r Refusal) {
	if l == nil {
		return
	}
	r.clip()
	defer l.wait(&r)
	l.mu.Lock()
	defer l.mu.Unlock()
	if old := l.kept[l.next]; old != nil {
		delete(l.byID, old.ID)
	}
	l.kept[l.next] = &r
	l.byID[r.ID] = &r
	l.next = (l.next + 1) % maxKept
}

// clip limits the memory that r holds.
func (r *Refusal) clip() {
	kept := http.Header{}
	for name, values := range r.Header {
		if signedHeader(name) || strings.Contains(strings.ToLower(namedHeaders(r)), strings.ToLower(name)) {
			kept[name] = values
		}
	}
	if r.Header = kept; r.size() > maxBytes {
		r.Oversize, r.Header, r.Query, r.Path, r.RawPath = true, nil, nil, nil, ""
	}
	r.Err = clipError(r.Err)
	for _, s := range []*string{&r.Remote, &r.Client, &r.Message, &r.Host} {
		*s = cut(*s, maxText)
	}
	if len(r.Bucket)+len(r.Name) > maxBytes {
		r.Bucket, r.Name = cut(r.Bucket, maxText), cut(r.Name, maxText)
	}
}

// size returns about how many bytes of r are signed or kept.
func (r *Refusal) size() int {
	n := len(r.RawPath) + len(r.Host)
	for _, values := range []map[string][]string{r.Header, r.Query} {
		for name, all := range values {
			for _, v := range all {
				n += len(name) + len(v)
			}
		}
	}
	for _, part := range r.Path {
		n += len(part)
	}
	return n
}

// clipError returns err without its long texts.
func clipError(err error) error {
	var (
		mismatch *auth.MismatchError
		invalid  *store.InvalidError
	)
	switch {
	case errors.As(err, &mismatch): // its texts can be made again
		return &auth.MismatchError{KeyID: cut(mismatch.KeyID, maxText)}
	case errors.As(err, &invalid):
		return &store.InvalidError{Field: invalid.Field, Value: cut(invalid.Value, maxText), Rule: invalid.Rule, Message: cut(invalid.Message, maxText)}
	}
	return err
}

// signedHeader reports whether every signer signs a header, or an explanation needs
// it.
func signedHeader(name string) bool {
	return strings.HasPrefix(name, "X-Oss-") ||
		slices.Contains([]string{"Authorization", "Content-Md5", "Content-Type", "Date", "Via", "X-Forwarded-For"}, name)
}

// namedHeaders returns the texts in which a signer names additional headers.
func namedHeaders(r *Refusal) string {
	return r.Header.Get("Authorization") + r.Query.Get("x-oss-additional-headers")
}

func cut(s string, limit int) string {
	if len(s) > limit {
		return strings.ToValidUTF8(s[:limit], "") + "…"
	}
	return s
}

// Get returns the refusal with this request ID; nil if it is not kept.
func (l *Log) Get(id string) *Refusal {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.byID[strings.ToUpper(id)]
}

// Recent returns at most limit refusals, the latest first.
func (l *Log) Recent(limit int) []*Refusal {
	return l.search(limit, func(*Refusal) bool { return true })
}

// LastPublish returns the latest publish to a channel that was refused; nil for
// none.
func (l *Log) LastPublish(bucket, channel string) *Refusal {
	found := l.search(1, func(r *Refusal) bool { return r.Publish() && r.Bucket == bucket && r.Name == channel })
	if len(found) == 0 {
		return nil
	}
	return found[0]
}

func (l *Log) search(limit int, wanted func(*Refusal) bool) (found []*Refusal) {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := 1; i <= maxKept && len(found) < limit; i++ {
		if r := l.kept[(l.next-i+maxKept)%maxKept]; r != nil && wanted(r) {
			found = append(found, r)
		}
	}
	return found
}
