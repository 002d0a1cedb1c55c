package refusal

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"osslive/auth"
)

// question is one refusal under examination.
type question struct {
	*Log
	ctx context.Context
	r   *Refusal

	// request is what the server verified. A publish is one without a method, its
	// channel the key.
	request *auth.Request
	claim   claim
	key     auth.Key // with the secret that the claimed ID has; zero if it has none
	// also is a change that is made before any that is tried; nil for none.
	also func(r *auth.Request)
	// signed is the changed request for which the signature is right.
	signed *auth.Request
	// signedText is the text for which it is, where no request has that text.
	signedText string

	size, left int // bytes that a try costs, and that all may cost
}

// maxWork bounds the bytes that are signed to find a cause. An ordinary request
// needs a quarter of it for all that there is to try, a URL of version 4 most of it.
const maxWork = 6 << 20

func (l *Log) question(ctx context.Context, r *Refusal) *question {
	q := &question{Log: l, ctx: ctx, r: r, request: r.request(), size: 512 + r.size(), left: maxWork}
	q.claim = claimOf(q.request)
	var err error
	if q.key, err = l.Keys.Find(q.claim.keyID, q.claim.token, moment(q.request)); err != nil {
		q.key = l.Keys[q.claim.keyID]
	}
	return q
}

// request is r as far as it can be signed.
func (r *Refusal) request() *auth.Request {
	return &auth.Request{Method: r.Method, Host: r.Host, Header: r.Header, Bucket: r.Bucket, Key: r.Name, Query: r.Query}
}

// proves tells whether the signature that came is right for a changed request.
func (q *question) proves(change func(r *auth.Request)) bool { return q.provesBy(q.key.Secret, change) }

// provesBy is proves with another secret. Comparing is left to the code that
// verifies: it takes the same time for every signature.
func (q *question) provesBy(secret string, change func(r *auth.Request)) bool {
	if q.left -= q.size; secret == "" || q.left < 0 {
		return false
	}
	changed := clone(q.request)
	if q.also != nil {
		q.also(changed)
	}
	change(changed)
	c := claimOf(changed)
	if c.keyID == "" || verify(changed, c.with(secret)) != nil {
		return false
	}
	q.signed = changed
	return true
}

// with is a set of one key, with the token that is presented.
func (c claim) with(secret string) auth.Keys {
	return auth.NewKeys(auth.Key{ID: c.keyID, Secret: secret, Token: c.token})
}

var errAnonymous = errors.New("not signed")

func verify(r *auth.Request, keys auth.Keys) (err error) {
	var who auth.Identity
	if r.Method == "" {
		who, err = auth.VerifyPublish(&auth.Publish{Bucket: r.Bucket, Channel: r.Key, Query: r.Query}, keys, moment(r))
	} else {
		who, err = auth.VerifyRequest(r, keys, moment(r))
	}
	if err == nil && who.Anonymous() {
		return errAnonymous
	}
	return err
}

// texts returns what is signed of a request: the text that a wrong secret does not
// sign. For version 4 the canonical request says more than the text with its hash.
func texts(r *auth.Request) string {
	var mismatch *auth.MismatchError
	if errors.As(verify(r, claimOf(r).with("no secret")), &mismatch) {
		if mismatch.CanonicalRequest != "" {
			return mismatch.CanonicalRequest
		}
		return mismatch.StringToSign
	}
	return ""
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

// claim is what a request says of its signature.
type claim struct {
	version                 string // 1, 2 or 4; "" if it is not signed, or in no way known here
	inQuery                 bool
	keyID, signature, token string
}

func claimOf(r *auth.Request) (c claim) {
	if text := r.Header.Get("Authorization"); text != "" {
		return headerClaim(text, r.Header.Get("X-Oss-Security-Token"))
	}
	q := r.Query
	c = claim{inQuery: true, token: q.Get("x-oss-security-token")}
	switch {
	case q.Has("Signature"), q.Has("OSSAccessKeyId"):
		c.version, c.keyID, c.signature, c.token = "1", q.Get("OSSAccessKeyId"), q.Get("Signature"), q.Get("security-token")
		if r.Method == "" {
			c.token += q.Get("SecurityToken")
		}
	case q.Get("x-oss-signature-version") == "OSS2":
		c.version, c.keyID, c.signature = "2", q.Get("x-oss-access-key-id"), q.Get("x-oss-signature")
		c.token += q.Get("security-token")
	case q.Has("x-oss-signature"), q.Has("x-oss-credential"):
		c.version, c.signature = "4", q.Get("x-oss-signature")
		c.keyID, _, _ = strings.Cut(q.Get("x-oss-credential"), "/")
	default:
		return claim{}
	}
	return c
}

func headerClaim(text, token string) claim {
	c := claim{token: token}
	scheme, rest, _ := strings.Cut(text, " ")
	member := func(name string) string {
		for part := range strings.SplitSeq(rest, ",") {
			if value, ok := strings.CutPrefix(strings.TrimSpace(part), name); ok {
				return value
			}
		}
		return ""
	}
	switch scheme {
	case "OSS":
		c.version = "1"
		c.keyID, c.signature, _ = strings.Cut(rest, ":")
	case "OSS2":
		c.version, c.keyID, c.signature = "2", member("AccessKeyId:"), member("Signature:")
	case "OSS4-HMAC-SHA256":
		c.version, c.signature = "4", member("Signature=")
		c.keyID, _, _ = strings.Cut(member("Credential="), "/")
	}
	return c
}

// sign puts another signature in the place of the one that came.
func (c claim) sign(r *auth.Request, signature string) {
	switch {
	case !c.inQuery:
		text := r.Header.Get("Authorization")
		r.Header.Set("Authorization", strings.TrimSuffix(text, c.signature)+signature)
	case c.version == "1":
		r.Query.Set("Signature", signature)
	default:
		r.Query.Set("x-oss-signature", signature)
	}
}

// dropToken takes the security token out of r, wherever it is.
func dropToken(r *auth.Request) {
	r.Header.Del("X-Oss-Security-Token")
	for _, name := range []string{"security-token", "x-oss-security-token", "SecurityToken"} {
		r.Query.Del(name)
	}
}

// moment is a time at which nothing of r is late.
func moment(r *auth.Request) time.Time {
	for _, text := range []string{r.Query.Get("x-oss-date"), r.Header.Get("X-Oss-Date"), r.Header.Get("Date")} {
		for _, layout := range []string{"20060102T150405Z", http.TimeFormat, time.RFC850, time.ANSIC} {
			if at, err := time.Parse(layout, text); err == nil {
				return at
			}
		}
	}
	return time.Unix(0, 0)
}
