package refusal

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"osslive/auth"
)

// proved returns the mistake, or the two of them, without which the signature is right.
func (q *question) proved() []Cause {
	if c := q.prove(); c != nil {
		return []Cause{*c}
	}
	for _, first := range q.firsts() {
		q.also = first.change
		secret := q.key.Secret
		q.key.Secret = first.secret
		c := q.prove()
		if q.also, q.key.Secret = nil, secret; c != nil {
			return []Cause{first.cause, *c}
		}
	}
	return nil
}

// alone are those that have too much to try to go with another.
var alone = []string{"expires-changed"}

func (q *question) prove() *Cause {
	for _, h := range provable {
		if q.also != nil && slices.Contains(alone, h.cause) {
			continue
		}
		if c, found := h.test(q); found {
			c.ID = cmp.Or(c.ID, h.cause)
			return &c
		}
	}
	return nil
}

// first is one of two mistakes.
type first struct {
	cause  Cause
	change func(r *auth.Request)
	secret string // to go on with
}

// firsts are the mistakes that are made together with others most.
func (q *question) firsts() (all []first) {
	if q.key.Secret == "" {
		return nil
	}
	for _, method := range []string{"GET", "PUT", "POST"} {
		if q.r.Publish() || method == q.request.Method {
			continue
		}
		c, _ := q.yes("The URL was signed for %s, and used with %s.", "Sign one URL for each method; the method is part of the signature.", method, q.request.Method)
		c.ID = "method"
		all = append(all, first{c, func(r *auth.Request) { r.Method = method }, q.key.Secret})
	}
	for _, end := range []string{"\n", "\r\n", " "} {
		c, _ := q.yes("The secret was used with %s after it.", "Strip the secret when it is read from a file or a variable; a file ends with a line break.", fmt.Sprintf("%+q", end))
		c.ID = "secret-whitespace"
		all = append(all, first{c, func(*auth.Request) {}, q.key.Secret + end})
	}
	for _, id := range slices.Sorted(maps.Keys(q.Keys)) {
		if secret := q.Keys[id].Secret; secret != q.key.Secret {
			c, _ := q.yes("The request names the key %s, but is signed with the secret of %s.", "Take ID and secret from the same key.", q.claim.keyID, id)
			c.ID = "wrong-secret"
			all = append(all, first{c, func(*auth.Request) {}, secret})
		}
	}
	return all
}

// usual are the mistakes that leave nothing to try, the most usual one first.
var usual = []hypothesis{
	{"content-md5", func(q *question) (Cause, bool) {
		if !q.claim.inQuery || q.request.Header.Get("Content-Md5") == "" {
			return no()
		}
		return q.perhaps("The URL was signed for another body: Content-MD5 is part of the signature, and the one that came is not the one that was signed, it seems.",
			"Sign with the MD5 of the body that is sent, in base64; or sign and send without Content-MD5.")
	}},
	{"header-missing", func(q *question) (Cause, bool) {
		if !q.claim.inQuery || q.request.Method != "PUT" && q.request.Method != "POST" {
			return no()
		}
		return q.perhaps("The URL was signed with headers that did not come, or came with other values: Content-Type, or any that begins with x-oss-, as metadata do.",
			"Send every header that was given to the function that signed (a presigned request lists them), with the same values.")
	}},
	{"wrong-secret", func(q *question) (Cause, bool) {
		return q.perhaps("The secret is not that of the key %s, nor of another key of this server.", "Compare the secret with the one that the server was started with (--key ID:SECRET; osslive-secret if there was none).", q.quote(q.claim.keyID))
	}},
	{"request-changed", func(q *question) (Cause, bool) {
		return q.perhaps("The request was changed after it was signed: by a proxy, a CDN or a program that rewrites URLs.", "Compare the text below with the one that the client signed, byte by byte; the SDKs print theirs in a debug log.")
	}},
}
