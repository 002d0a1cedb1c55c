package refusal

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"osslive/auth"
)

// Mistakes about the secret and the token.

func tokenUnsigned(q *question) (Cause, bool) {
	if q.claim.token != "" && q.proves(dropToken) {
		return q.yes("The security token is not part of what was signed; it was added afterwards.",
			"Give the token to the SDK together with ID and secret, before it signs.")
	}
	return no()
}

// around are what a secret may have around it when it comes from a file, a form or
// a settings file.
var around = [][2]string{
	{"", "\n"}, {"", "\r\n"}, {"", "\r"}, {"", " "}, {" ", ""}, {" ", " "}, {"", "\t"}, {"\t", ""}, {"\ufeff", ""}, {"", "\n\n"}, {"", " \n"},
	{`"`, `"`}, {"'", "'"}, {"<", ">"}, {"", ";"}, {"", ","}, {"", "\u00a0"}, {"", "\x00"}, {`"`, "\"\n"}, {"'", "'\n"},
}

func secretWhitespace(q *question) (Cause, bool) {
	for _, a := range around {
		if q.provesBy(a[0]+q.key.Secret+a[1], func(*auth.Request) {}) {
			return q.yes("The secret was used with %s around it.",
				"Strip the secret when it is read from a file or a variable; a file ends with a line break.", strings.Trim(fmt.Sprintf("%+q", a[0]+a[1]), `"`))
		}
	}
	return no()
}

func knownSecret(q *question) (Cause, bool) {
	as := func(*auth.Request) {}
	for _, id := range slices.Sorted(maps.Keys(q.Keys)) {
		if id != q.claim.keyID && q.provesBy(q.Keys[id].Secret, as) {
			return q.yes("The request names the key %s, but is signed with the secret of %s.",
				"Take ID and secret from the same key.", q.claim.keyID, id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(q.Keys)) {
		if q.provesBy(id, as) {
			return q.yes("The request is signed with an access key ID in place of the secret.",
				"Give the SDK the ID first and the secret second.")
		}
	}
	if q.claim.token != "" && q.provesBy(q.claim.token, as) {
		return q.yes("The request is signed with the security token in place of the secret.", "Give the SDK ID, secret and token, in this order.")
	}
	return no()
}

// secretEmpty is a variable that is not set. No key has an empty secret, so that this
// signature is made anew instead of verified.
func secretEmpty(q *question) (Cause, bool) {
	r, k := clone(q.request), auth.Key{ID: q.claim.keyID, Token: q.claim.token}
	until, _ := strconv.ParseInt(q.request.Query.Get("Expires"), 10, 64)
	switch {
	case q.r.Publish():
		r.Query = auth.SignPublish(&auth.Publish{Bucket: r.Bucket, Channel: r.Key, Query: r.Query}, k, time.Unix(until, 0))
	case q.claim.version == "1" && q.claim.inQuery:
		r.Query = auth.SignURL(r, k, time.Unix(until, 0))
	case q.claim.version == "1":
		auth.SignRequest(r, k, moment(r))
	case q.claim.version == "4" && !q.claim.inQuery:
		if parts := strings.Split(r.Header.Get("Authorization"), "/"); len(parts) > 2 {
			r.Region = parts[2]
		}
		auth.SignRequestV4(r, k, moment(r))
	default:
		return no()
	}
	if !sameSecret(claimOf(r).signature, q.claim.signature) {
		return no()
	}
	q.signed = q.request
	return q.yes("The request is signed with an empty secret.", "Look whether the variable that holds the secret is set where the program runs.")
}

func secretEncoded(q *question) (Cause, bool) {
	secret := q.key.Secret
	for _, s := range []struct{ how, text string }{
		{"in base64", base64.StdEncoding.EncodeToString([]byte(secret))},
		{"decoded from base64", decoded(secret)},
		{"percent-encoded", url.QueryEscape(secret)},
		{"percent-decoded", unescaped(secret)},
		{"in lower case", strings.ToLower(secret)},
		{"in upper case", strings.ToUpper(secret)},
		{"followed by an ampersand, as other services of the cloud sign", secret + "&"},
	} {
		if s.text != secret && q.provesBy(s.text, func(*auth.Request) {}) {
			return q.yes("The secret was used %s.", "Use the secret as it is.", s.how)
		}
	}
	return no()
}

func decoded(s string) string {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return s
	}
	return string(b)
}
