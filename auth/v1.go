package auth

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// MaxSkew is how far the date of a request signed in a header may be from the
// server's, either way ("Add a signature to the header" page).
const MaxSkew = 15 * time.Minute

// The parameters of a URL signed with version 1, RTMP included.
const (
	paramKeyID     = "OSSAccessKeyId"
	paramExpires   = "Expires"
	paramSignature = "Signature"
	paramToken     = "security-token"
)

const (
	headerDate  = "X-Oss-Date"
	headerToken = "X-Oss-Security-Token"
)

// SignRequest signs r with version 1 in its header: it sets Date to now, the
// security token if k has one, and Authorization. If r has an x-oss-date, that date
// is signed instead of Date, as everywhere in OSS.
func SignRequest(r *Request, k Key, now time.Time) {
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("Date", now.UTC().Format(http.TimeFormat))
	if k.Token != "" {
		r.Header.Set(headerToken, k.Token)
	}
	date := r.Header.Get(headerDate)
	if date == "" {
		date = r.Header.Get("Date")
	}
	r.Header.Set("Authorization", "OSS "+k.ID+":"+k.signV1(r.stringToSignV1(date)))
}

// SignURL returns the query of a URL that allows r until expires, which must not be
// before 1970: the query of r with the parameters of version 1.
func SignURL(r *Request, k Key, expires time.Time) url.Values {
	return signURLV1(r, k, strconv.FormatInt(expires.Unix(), 10))
}

func signURLV1(r *Request, k Key, expires string) url.Values {
	signed := *r
	signed.Query = unsignedQuery(r.Query, k)
	return signedQuery(signed.Query, k, expires, signed.stringToSignV1(expires))
}

// unsignedQuery returns a copy of q without earlier credentials and with the token
// of k.
func unsignedQuery(q url.Values, k Key) url.Values {
	c := withoutCredentials(q)
	if k.Token != "" {
		c.Set(paramToken, k.Token)
	}
	return c
}

// signedQuery adds the three parameters of version 1 to q.
func signedQuery(q url.Values, k Key, expires, stringToSign string) url.Values {
	q.Set(paramKeyID, k.ID)
	q.Set(paramExpires, expires)
	q.Set(paramSignature, k.signV1(stringToSign))
	return q
}

func verifyV1Header(r *Request, keys Keys, now time.Time) (Identity, error) {
	id, signature, err := parseAuthorizationV1(r.Header.Get("Authorization"))
	if err != nil {
		return Identity{}, err
	}
	if err := r.check(isSubresource); err != nil {
		return Identity{}, err
	}
	date, at, err := requestDate(r.Header)
	if err != nil {
		return Identity{}, err
	}
	if err := checkSkew(at, now); err != nil {
		return Identity{}, err
	}
	token, err := single(r.Header, headerToken)
	if err != nil {
		return Identity{}, err
	}
	key, err := keys.Find(id, token, now)
	if err != nil {
		return Identity{}, err
	}
	if err := key.verifyV1(signature, r.stringsToSignV1(date)...); err != nil {
		return Identity{}, err
	}
	return Identity{keyID: id}, nil
}

// parseAuthorizationV1 splits "OSS {id}:{signature}". With an error it also returns
// the parts that it could read.
func parseAuthorizationV1(s string) (id, signature string, err error) {
	s, isV1 := strings.CutPrefix(s, "OSS ")
	id, signature, _ = strings.Cut(s, ":")
	if !isV1 || id == "" || signature == "" {
		err = fmt.Errorf("%w: want OSS AccessKeyId:Signature", ErrMalformed)
	}
	return id, signature, err
}

// requestDate returns the date that is signed, as text and as time. x-oss-date
// replaces Date where a client cannot set Date, as in a browser.
func requestDate(h http.Header) (text string, at time.Time, err error) {
	for _, name := range []string{headerDate, "Date"} {
		if text, err = single(h, name); err != nil {
			return "", time.Time{}, err
		}
		if text != "" {
			break
		}
	}
	if at, err = http.ParseTime(text); err != nil {
		at, err = time.Parse("20060102T150405Z", text)
	}
	if err != nil {
		return "", time.Time{}, ErrBadDate
	}
	return text, at, nil
}

// checkSkew compares the date of a request signed in a header with the
// server's clock.
func checkSkew(at, now time.Time) error {
	if now.Sub(at).Abs() > MaxSkew {
		return &SkewError{RequestTime: at, ServerTime: now}
	}
	return nil
}

func verifyV1URL(r *Request, keys Keys, now time.Time) (Identity, error) {
	c, err := parseURLCredentials(r.Query, now, paramKeyID, paramExpires, paramSignature)
	if err != nil {
		return Identity{}, err
	}
	if err := r.check(isSubresource); err != nil {
		return Identity{}, err
	}
	key, err := keys.Find(c.keyID, r.Query.Get(paramToken), now)
	if err != nil {
		return Identity{}, err
	}
	if err := key.verifyV1(c.signature, r.stringToSignV1(c.expires)); err != nil {
		return Identity{}, err
	}
	return c.identity(v1, key, r.Bucket), nil
}

// urlCredentials are the three parameters of a URL, HTTP or RTMP, that is
// signed with version 1 or 2.
type urlCredentials struct {
	keyID, expires, signature string
	until                     time.Time // expires
}

// parseURLCredentials returns ErrExpired for an expired URL: the service checks
// this before the signature.
func parseURLCredentials(q url.Values, now time.Time, keyID, expires, signature string) (c urlCredentials, err error) {
	for _, p := range []struct {
		name  string
		value *string
	}{{keyID, &c.keyID}, {expires, &c.expires}, {signature, &c.signature}} {
		if *p.value, err = single(q, p.name); err != nil {
			return c, err
		}
		if *p.value == "" && (p.name != expires || !q.Has(expires)) {
			return c, fmt.Errorf("%w: %s", ErrMissingParam, p.name)
		}
	}
	if c.until, err = parseExpires(c.expires); err != nil {
		return c, err
	}
	if now.After(c.until) {
		return c, ErrExpired
	}
	return c, nil
}

func (c urlCredentials) identity(v version, k Key, bucket string) Identity {
	return Identity{keyID: k.ID, url: &signedURL{version: v, key: k, bucket: bucket, expires: c.expires, until: c.until}}
}

// parseExpires parses seconds since 1970: 1 to 10 decimal digits, so no
// milliseconds, signs or exponents.
func parseExpires(s string) (time.Time, error) {
	notDigit := func(c rune) bool { return c < '0' || c > '9' }
	if len(s) > 10 || strings.ContainsFunc(s, notDigit) {
		return time.Time{}, ErrBadExpires
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return time.Time{}, ErrBadExpires
	}
	return time.Unix(n, 0), nil
}

func (r *Request) stringToSignV1(date string) string { return r.textV1(date).String() }

// stringsToSignV1 returns the text of version 1 and, of a bucket, the one that the
// C SDK signs at an IP endpoint: its resource lacks the last slash.
func (r *Request) stringsToSignV1(date string) []string {
	t := r.textV1(date)
	all := []string{t.String()}
	if r.Bucket != "" && r.Key == "" {
		t.Resource = "/" + r.Bucket
		all = append(all, t.String())
	}
	return all
}

// signV1 returns base64(HMAC-SHA1(secret, stringToSign)).
func (k Key) signV1(stringToSign string) string {
	return base64.StdEncoding.EncodeToString(k.macV1(stringToSign))
}

func (k Key) macV1(stringToSign string) []byte {
	return macOf(sha1.New, []byte(k.Secret), stringToSign)
}

// verifyV1 returns a *MismatchError with the first text unless the signature is
// that of one of the texts.
func (k Key) verifyV1(signature string, stringsToSign ...string) error {
	provided := decodeBase64(signature, sha1.Size)
	for _, s := range stringsToSign {
		if hmac.Equal(k.macV1(s), provided) {
			return nil
		}
	}
	return &MismatchError{KeyID: k.ID, Provided: signature, StringToSign: stringsToSign[0]}
}
