package auth

import (
	"net/url"
	"time"
)

// Identity is who sent a request, as far as a signature proves it. Only the
// Verify functions make one; the zero value is an anonymous caller.
type Identity struct {
	keyID   string
	payload string
	url     *signedURL // behind a pointer: printing an Identity shows no secret
}

// signedURL is what it takes to sign another URL in the same way.
type signedURL struct {
	version       version
	key           Key
	bucket        string
	date, expires string // as they came; version 4 alone has a date
	region        string // version 4
	until         time.Time
}

// KeyID is the access key ID, "" for an anonymous caller.
func (i Identity) KeyID() string { return i.keyID }

// Anonymous tells whether the request was not signed.
func (i Identity) Anonymous() bool { return i.keyID == "" }

// SignedURL tells whether the signature came in the query.
func (i Identity) SignedURL() bool { return i.url != nil }

// Expires is when a signed URL ends; zero unless SignedURL.
func (i Identity) Expires() time.Time {
	if i.url == nil {
		return time.Time{}
	}
	return i.url.until
}

// PayloadSHA256 is what the body must hash to, in lower-case hexadecimal, ""
// when the signature does not cover the body. The request was verified before
// its body was read: who reads it compares, and stores nothing that differs.
func (i Identity) PayloadSHA256() string { return i.payload }

// SignURL returns the query of a URL that lets its holder GET the object key,
// in the bucket that this caller's own URL names: query, signed in the same
// version by the same key, and good for as long. It returns nil unless
// SignedURL. It asks nothing about what the caller may read.
func (i Identity) SignURL(key string, query url.Values) url.Values {
	u := i.url
	if u == nil {
		return nil
	}
	r := &Request{Method: "GET", Bucket: u.bucket, Key: key, Query: query, Region: u.region}
	switch u.version {
	case v2:
		return signURLV2(r, u.key, u.expires)
	case v4:
		return signURLV4(r, u.key, u.date, u.expires)
	}
	return signURLV1(r, u.key, u.expires)
}
