package auth

import (
	"net/url"
	"time"
)

// Identity is the caller of a request, as far as a signature proves it. Only the
// Verify functions make one; the zero value is an anonymous caller.
type Identity struct {
	keyID   string
	payload string
	url     *signedURL // behind a pointer: printing an Identity shows no secret
}

// signedURL holds what is needed to sign another URL in the same way.
type signedURL struct {
	version       version
	key           Key
	bucket        string
	date, expires string // as they came; version 4 alone has a date
	region        string // version 4
	until         time.Time
}

// KeyID returns the access key ID, "" for an anonymous caller.
func (i Identity) KeyID() string { return i.keyID }

// Anonymous reports whether the request was not signed.
func (i Identity) Anonymous() bool { return i.keyID == "" }

// SignedURL reports whether the signature came in the query.
func (i Identity) SignedURL() bool { return i.url != nil }

// Expires returns the expiry of a signed URL; zero unless SignedURL.
func (i Identity) Expires() time.Time {
	if i.url == nil {
		return time.Time{}
	}
	return i.url.until
}

// PayloadSHA256 returns the SHA-256 that the body must have, in lower-case
// hexadecimal; "" if the signature does not cover the body. A request is verified
// before its body is read: the reader of the body must compare, and store nothing
// that differs.
func (i Identity) PayloadSHA256() string { return i.payload }

// SignURL returns the query of a URL that allows a GET of the object key in the
// bucket of the caller's own URL: query, signed in the same version with the same
// key and expiry. It returns nil unless SignedURL. It does not check what the
// caller may read.
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
