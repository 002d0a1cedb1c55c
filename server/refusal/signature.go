package refusal

import (
	"fmt"
	"net/url"
	"strings"

	"osslive/auth"
)

// hypothesis is a mistake that people make, and how to see that it was made.
type hypothesis struct {
	cause string
	test  func(q *question) (Cause, bool)
}

// provable are the mistakes that make a signature wrong and can be undone: where
// undoing one makes it right, it was made. The first that is right counts.
var provable = []hypothesis{
	{"plus-space", plusBecameSpace},
	{"signature-encoded", signatureEncoded},
	{"signature-extra", signatureExtra},
	{"signature-case", signatureCase},
	{"signature-form", signatureDigest},
	{"signature-damaged", signatureDamaged},
	{"key-decoded", urlDecoded},
	{"token-unsigned", tokenUnsigned},
	{"secret-whitespace", secretWhitespace},
	{"wrong-secret", knownSecret},
	{"secret-encoded", secretEncoded},
	{"secret-empty", secretEmpty},
	{"content-type", contentType},
	{"content-md5", contentMD5Added},
	{"header-added", headerAdded},
	{"header-missing", headerMissing},
	{"method", otherMethod},
	{"sub-resource-missing", subResource},
	{"parameter-changed", playlistName},
	{"parameter-added", parameterAdded},
	{"parameter-removed", parameterRemoved},
	{"parameter-signed", parameterSigned},
	{"region", otherRegion},
	{"key-double-encoded", keyEncodedAgain},
	{"key-encoding", keyEncoding},
	{"key-slash", keySlash},
	{"bucket-in-endpoint", bucketInEndpoint},
	{"host-changed", bucketLost},
	{"other-target", otherTarget},
	{"other-protocol", otherProtocol},
	{"host-signed", hostSigned},
	{"date-changed", dateChanged},
	{"text-signed", textSigned},
	{"expires-changed", expiresChanged},
}

// yes is what a hypothesis answers that has been proved. The values go into the
// title; texts among them are made fit to be shown.
func (q *question) yes(title, fix string, values ...any) (Cause, bool) {
	c, _ := q.perhaps(title, fix, values...)
	c.Proof = true
	return c, true
}

// perhaps is what a hypothesis answers that fits without being proved.
func (q *question) perhaps(title, fix string, values ...any) (Cause, bool) {
	for i, v := range values {
		if text, ok := v.(string); ok {
			values[i] = cut(q.plain(text), maxText)
		}
	}
	return Cause{Title: fmt.Sprintf(title, values...), Fix: fix}, true
}

func no() (Cause, bool) { return Cause{}, false }

func plusBecameSpace(q *question) (Cause, bool) {
	if q.proves(func(r *auth.Request) { q.claim.sign(r, strings.ReplaceAll(q.claim.signature, " ", "+")) }) {
		return q.yes("The signature has a plus that was not escaped, and became a space on the way.",
			"Percent-encode the signature in the URL: a plus is %2B. Do not decode a signed URL before it is used.")
	}
	if strings.Contains(q.claim.token, " ") && q.proves(func(r *auth.Request) {
		token := strings.ReplaceAll(q.claim.token, " ", "+")
		for _, name := range []string{"security-token", "x-oss-security-token", "SecurityToken"} {
			if r.Query.Has(name) {
				r.Query.Set(name, token)
			}
		}
		q.claim.sign(r, strings.ReplaceAll(q.claim.signature, " ", "+"))
	}) {
		return q.yes("The security token has a plus that was not escaped, and became a space on the way.",
			"Percent-encode the token in the URL: a plus is %2B.")
	}
	return no()
}

func signatureEncoded(q *question) (Cause, bool) {
	if q.proves(func(r *auth.Request) { q.claim.sign(r, unescaped(unescaped(q.claim.signature))) }) {
		return q.yes("The signature was percent-encoded twice.",
			"Encode each parameter of the URL once. A URL that an SDK made is encoded already.")
	}
	return no()
}

func signatureExtra(q *question) (Cause, bool) {
	trimmed := strings.Trim(q.claim.signature, " \t\r\n+\"'`<>,;)")
	if trimmed != q.claim.signature && q.proves(func(r *auth.Request) { q.claim.sign(r, trimmed) }) {
		return q.yes("Something follows the signature that does not belong to it: a space, a quote or a bracket.",
			"Copy the URL without what stands around it; in OBS, look for a space at the end of the stream key.")
	}
	if cut, rest, found := strings.Cut(q.claim.signature, "?"); found && q.proves(func(r *auth.Request) { q.claim.sign(r, cut) }) {
		return q.yes("The signature is followed by %s: a parameter was added with a question mark.", "Add parameters before signing; in a URL that has a query they follow an &.", q.quote("?"+rest))
	}
	return no()
}

func signatureCase(q *question) (Cause, bool) {
	lower := strings.ToLower(q.claim.signature)
	if q.claim.version == "4" && lower != q.claim.signature && q.proves(func(r *auth.Request) { q.claim.sign(r, lower) }) {
		return q.yes("The signature is in upper case.", "A signature of version 4 is hexadecimal in lower case.")
	}
	return no()
}

// urlDecoded is a signed URL that was decoded as a whole, so that a key's own
// question mark began the query.
func urlDecoded(q *question) (Cause, bool) {
	for name := range q.request.Query {
		before, credential, found := cutLast(name, "?")
		if !found {
			continue
		}
		if q.provesClaimed(func(r *auth.Request) {
			value := r.Query.Get(name)
			r.Query.Del(name)
			r.Query.Set(credential, value)
			r.Key += "?" + before
		}) {
			return q.yes("The key has a question mark that is not escaped in the URL: what follows it was taken for the query.",
				"Use the signed URL as it was made. Where you build one, percent-encode the key: a question mark is %3F, a hash %23, a percent sign %25.")
		}
	}
	return no()
}

// provesClaimed is proves where the claim itself is part of what changes.
func (q *question) provesClaimed(change func(r *auth.Request)) bool {
	changed := clone(q.request)
	change(changed)
	c := claimOf(changed)
	key, err := q.Keys.Find(c.keyID, c.token, moment(changed))
	return err == nil && q.provesBy(key.Secret, change)
}

func unescaped(s string) string {
	if t, err := url.PathUnescape(s); err == nil {
		return t
	}
	return s
}

func cutLast(s, separator string) (before, after string, found bool) {
	i := strings.LastIndex(s, separator)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(separator):], true
}
