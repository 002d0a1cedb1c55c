// Package proof finds out by computation why a signature is wrong. It owns the ways
// in which requests are known to change between signing and arriving, the mistakes
// of hand-written signers, and the search through them: it undoes one after the
// other and looks whether the signature is right then. If it is, that is a proof.
//
// It knows signatures (package auth) and values alone. It must not know the store,
// HTTP or RTMP: the names of buckets, channels and objects are given to it. What it
// returns may hold secrets; its caller redacts.
package proof

import (
	"crypto/sha256"
	"crypto/subtle"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"osslive/auth"
)

// Case is a refused request. Begin with [New] and set the fields below Key.
type Case struct {
	// Request is what the server verified. A publish is a request without a method
	// whose key is the channel.
	Request *auth.Request
	Keys    auth.Keys // of the server
	Claim   auth.Claim
	Key     auth.Key // that the claim names, a temporary one too; without a secret if there is none

	RawPath string   // the target of an HTTP request, as it came
	Path    []string // of a publish
	Size    int      // about how many bytes of the request are signed

	Hostname     string // of the request, without port
	BucketInHost bool   // the server takes the bucket from the host name
	Region       string // of the server

	// What the server has. Each may be called more than once.
	Buckets  func() []string
	Channels func(bucket string) []string
	Objects  func() []string // keys in the bucket of the request
	Playlist func() string   // of the channel that Request names; "" for none
}

// New returns a case of r.
func New(r *auth.Request, keys auth.Keys) *Case {
	c := &Case{Request: r, Keys: keys, Claim: ClaimOf(r)}
	var err error
	if c.Key, err = keys.Find(c.Claim.KeyID, c.Claim.Token, c.Claim.Time()); err != nil {
		c.Key = keys[c.Claim.KeyID]
	}
	return c
}

func published(r *auth.Request) *auth.Publish {
	return &auth.Publish{Bucket: r.Bucket, Channel: r.Key, Query: r.Query}
}

// ClaimOf returns the claim of a request or publish.
func ClaimOf(r *auth.Request) auth.Claim {
	if r.Method == "" {
		return published(r).Claim()
	}
	return r.Claim()
}

// TextOf returns what is signed of a request or publish; nil if it is not signed.
func TextOf(r *auth.Request) *auth.Text {
	if r.Method == "" {
		return published(r).Text()
	}
	return r.Text()
}

// verified reports whether r is signed with the secret, whenever it was.
func verified(r *auth.Request, secret string) bool {
	c := ClaimOf(r)
	if c.KeyID == "" {
		return false
	}
	keys := auth.NewKeys(auth.Key{ID: c.KeyID, Secret: secret, Token: c.Token})
	if r.Method == "" {
		who, err := auth.VerifyPublish(published(r), keys, c.Time())
		return err == nil && !who.Anonymous()
	}
	who, err := auth.VerifyRequest(r, keys, c.Time())
	return err == nil && !who.Anonymous()
}

func clone(r *auth.Request) *auth.Request {
	c := *r
	c.Header, c.Query = r.Header.Clone(), maps.Clone(r.Query)
	if c.Header == nil {
		c.Header = http.Header{}
	}
	if c.Query == nil {
		c.Query = url.Values{}
	}
	return &c
}

// DecodedPath returns the path of an HTTP request, decoded, without its first slash.
func (c *Case) DecodedPath() string { return Unescaped(strings.TrimPrefix(c.escapedPath(), "/")) }

// escapedPath returns the path of the request as it came.
func (c *Case) escapedPath() string {
	raw, _, _ := strings.Cut(c.RawPath, "?")
	if _, rest, found := strings.Cut(raw, "://"); found {
		_, raw, _ = strings.Cut(rest, "/")
		raw = "/" + raw
	}
	return raw
}

// Unescaped returns s percent-decoded, or s if it cannot be.
func Unescaped(s string) string {
	if t, err := url.PathUnescape(s); err == nil {
		return t
	}
	return s
}

// SameSecret reports whether s is secret, in a time that depends on neither. Nothing
// is the secret "".
func SameSecret(secret, s string) bool {
	a, b := sha256.Sum256([]byte(secret)), sha256.Sum256([]byte(s))
	return secret != "" && subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// Escaped returns s percent-encoded but for letters, digits and - _ . ~, as version 4
// writes a value.
func Escaped(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
