package auth

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// paramOtherToken carries a security token that is never signed ("RTMP-based
// stream ingest" page).
const paramOtherToken = "SecurityToken"

// Publish is the part of an RTMP publish URL that is signed. Bucket and Channel are
// the target, however the URL named it; Query is decoded and holds every parameter
// of the URL.
type Publish struct {
	Bucket, Channel string
	Query           url.Values
}

// SignPublish returns the query of a publish URL that is valid until expires, which
// must not be before 1970: the query of p with the parameters of version 1. A token
// of k is signed too.
func SignPublish(p *Publish, k Key, expires time.Time) url.Values {
	signed := *p
	signed.Query = unsignedQuery(p.Query, k)
	signed.Query.Del(paramOtherToken)
	until := strconv.FormatInt(expires.Unix(), 10)
	return signedQuery(signed.Query, k, until, signed.stringToSign(until, tokenSigned))
}

// VerifyPublish verifies p and returns its signer. A URL without Signature and
// OSSAccessKeyId is anonymous, which is no error. The expiry of the URL and of a
// token counts when a publish is opened; neither ends a running one.
func VerifyPublish(p *Publish, keys Keys, now time.Time) (Identity, error) {
	for name, values := range p.Query {
		if len(values) > 1 {
			return Identity{}, repeated(name)
		}
	}
	v, err := queryVersion(p.Query)
	switch {
	case err != nil:
		return Identity{}, err
	case v == unsigned:
		return Identity{}, nil
	case v != v1:
		return Identity{}, &UnsupportedError{Version: v.String()}
	}
	c, err := parseURLCredentials(p.Query, now, paramKeyID, paramExpires, paramSignature)
	if err != nil {
		return Identity{}, err
	}
	if err := p.check(); err != nil {
		return Identity{}, err
	}
	token, err := p.token()
	if err != nil {
		return Identity{}, err
	}
	key, err := keys.Find(c.keyID, token, now)
	if err != nil {
		return Identity{}, err
	}
	// The SDKs for Python and Java sign the token, those for Go and C# do not.
	err = key.verifyV1(c.signature, p.stringToSign(c.expires, tokenSigned), p.stringToSign(c.expires, tokenUnsigned))
	if err != nil {
		return Identity{}, err
	}
	return c.identity(v1, key, p.Bucket), nil
}

// token returns the security token, of either name.
func (p *Publish) token() (string, error) {
	if p.Query.Has(paramToken) && p.Query.Has(paramOtherToken) {
		return "", repeated(paramToken)
	}
	return p.Query.Get(paramToken) + p.Query.Get(paramOtherToken), nil
}

// check refuses names that would let two publishes have the same string-to-sign.
// Without them its last line is the target and every other line one parameter: a
// target that a careless signer took from a user cannot pass for a parameter.
func (p *Publish) check() error {
	for _, s := range []string{p.Bucket, p.Channel} {
		if s == "" || strings.ContainsFunc(s, isSeparator) {
			return fmt.Errorf("%w: bucket or channel %.40q", ErrMalformed, s)
		}
	}
	for name, values := range p.Query {
		if strings.ContainsFunc(name, isSeparator) || strings.Contains(name, ":") {
			return fmt.Errorf("%w: parameter %.40q", ErrMalformed, name)
		}
		if slices.ContainsFunc(values, func(v string) bool { return strings.ContainsFunc(v, isControl) }) {
			return fmt.Errorf("%w: value of parameter %.40q", ErrMalformed, name)
		}
	}
	return nil
}

func isControl(c rune) bool   { return c < ' ' || c == 0x7f }
func isSeparator(c rune) bool { return c == '/' || isControl(c) }

// Whether security-token is one of the signed parameters.
const (
	tokenSigned   = true
	tokenUnsigned = false
)

func (p *Publish) stringToSign(expires string, withToken bool) string {
	return p.text(expires, withToken).String()
}
