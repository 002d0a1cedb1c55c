package refusal

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"strings"

	"osslive/auth"
)

// form is the text that is signed, in parts that a signer who was written by hand may
// put together otherwise.
type form struct {
	version string
	head    []string // lines; of version 1 they end with the date or Expires, of 4 it is the method
	target  string   // the resource, or the canonical URI
	sub     string   // the sub-resources with their ?, or the canonical query
	headers []string // name:value; of a publish its parameters
	tail    []string // lines of version 4 after the headers
	eol     string
	end     string // after all

	// Of version 4 alone.
	prefix string   // of the secret
	scope  []string // day, region, product, request
	sts    []string // algorithm and date; what follows is scope and hash
}

// form takes the text of the request apart, as it was changed so far; nil if it has none.
func (q *question) form() *form {
	r := clone(q.request)
	if q.also != nil {
		q.also(r)
	}
	var mismatch *auth.MismatchError
	if !errors.As(verify(r, claimOf(r).with("no secret")), &mismatch) {
		return nil
	}
	f := &form{version: q.claim.version, eol: "\n", prefix: "aliyun_v4"}
	lines := strings.Split(mismatch.StringToSign, "\n")
	heads := 4
	switch {
	case f.version == "4":
		if f.scope = strings.Split(lines[min(2, len(lines)-1)], "/"); len(lines) != 4 || len(f.scope) != 4 {
			return nil
		}
		f.sts = lines[:2]
		if lines = strings.Split(mismatch.CanonicalRequest, "\n"); len(lines) < 6 {
			return nil
		}
		end := len(lines) - 3
		f.head, f.target, f.sub, f.headers, f.tail = lines[:1], lines[1], lines[2], lines[3:end], lines[end:]
		return f
	case f.version != "1":
		return nil
	case r.Method == "":
		heads = 1
	}
	if len(lines) <= heads {
		return nil
	}
	end := len(lines) - 1
	f.head, f.headers, f.target = lines[:heads], lines[heads:end], lines[end]
	if resource := "/" + r.Bucket + "/" + r.Key; strings.HasPrefix(f.target, resource) && r.Method != "" {
		f.target, f.sub = resource, f.target[len(resource):]
	}
	return f
}

func (f *form) copy() *form {
	c := *f
	for _, list := range []*[]string{&c.head, &c.headers, &c.tail, &c.scope, &c.sts} {
		*list = append([]string(nil), *list...)
	}
	return &c
}

func (f *form) text() string {
	lines := append([]string(nil), f.head...)
	if f.version == "4" {
		lines = append(append(append(lines, f.target, f.sub), f.headers...), f.tail...)
	} else {
		lines = append(append(lines, f.headers...), f.target+f.sub)
	}
	return strings.Join(lines, f.eol) + f.end
}

// signature is that of f, as the service would have it.
func (f *form) signature(secret string) string {
	if f.version != "4" {
		return base64.StdEncoding.EncodeToString(mac(sha1.New, secret, f.text()))
	}
	sum := sha256.Sum256([]byte(f.text()))
	key := f.prefix + secret
	for _, part := range f.scope {
		key = string(mac(sha256.New, key, part))
	}
	return hex.EncodeToString(mac(sha256.New, key, strings.Join([]string{f.sts[0], f.sts[1], strings.Join(f.scope, "/"), hex.EncodeToString(sum[:])}, "\n")))
}

func mac(h func() hash.Hash, key, text string) []byte {
	m := hmac.New(h, []byte(key))
	m.Write([]byte(text))
	return m.Sum(nil)
}

// provesForm tells whether the signature that came is that of f.
func (q *question) provesForm(f *form) bool {
	text := f.text()
	if q.left -= 256 + len(text); q.key.Secret == "" || q.left < 0 || !sameSecret(f.signature(q.key.Secret), q.claim.signature) {
		return false
	}
	q.signedText = text
	return true
}
