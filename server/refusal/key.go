package refusal

import (
	"errors"
	"fmt"
	"strings"

	"osslive/auth"
)

// Mistakes about the access key ID, its token and the credential.

func badRegion(q *question) (Cause, bool) {
	var bad *auth.CredentialError
	if !errors.As(q.r.Err, &bad) {
		return no()
	}
	switch bad.Part {
	case "Region":
		return q.perhaps("The credential of version 4 names no region.", "Give the client a region, as in cn-hangzhou.")
	case "SignDate":
		return q.perhaps("The day in the credential is not that of x-oss-date.", "Both are in UTC, and of the moment of signing.")
	}
	return q.perhaps("The credential of version 4 is not ID/DAY/REGION/oss/aliyun_v4_request.", "Let the SDK make it. An ID with a slash, or one that is empty, spoils it.")
}

func keyWhitespace(q *question) (Cause, bool) {
	id := q.claim.keyID
	if trimmed := strings.Trim(id, " \t\r\n\"'<>\ufeff\u00a0"); q.is(auth.ErrUnknownKey, auth.ErrBadToken) && trimmed != id && q.Keys[trimmed].ID != "" {
		return Cause{Title: fmt.Sprintf("The access key ID %s has something around it: %+q was sent.", trimmed, id),
			Fix: "Strip spaces, line breaks and quotes when the ID is read or pasted.", Proof: true}, true
	}
	return no()
}

func keySwapped(q *question) (Cause, bool) {
	if !q.is(auth.ErrUnknownKey, auth.ErrBadToken) {
		return no()
	}
	for _, k := range q.Keys {
		if sameSecret(k.Secret, q.claim.keyID) {
			return Cause{Title: "ID and secret are swapped: the secret of " + k.ID + " was sent as an ID.", Fix: "Give the SDK the ID first and the secret second.", Proof: true}, true
		}
	}
	return no()
}

// maybeSecret tells whether what was given as an ID has the form of a secret of the
// cloud: 30 letters and digits, where an ID has 16 or 24. It may be one of another
// account, that this server does not know to hide.
func maybeSecret(id string) bool {
	other := func(c rune) bool { return !('0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z') }
	return len(id) == 30 && !strings.ContainsFunc(id, other)
}

func keyLikeSecret(q *question) (Cause, bool) {
	if q.is(auth.ErrUnknownKey) && maybeSecret(q.claim.keyID) {
		return q.perhaps("What was sent as an ID looks like a secret.", "Give the SDK the ID first and the secret second; if that was a secret of the cloud, it has been sent in the clear.")
	}
	return no()
}

func tokenMissing(q *question) (Cause, bool) {
	temporary := strings.HasPrefix(q.claim.keyID, "STS.") || q.Keys[q.claim.keyID].Token != ""
	if q.is(auth.ErrUnknownKey, auth.ErrBadToken) && q.claim.token == "" && temporary {
		return q.perhaps("The ID %s is that of a temporary key, and no security token came with it.", "Give the SDK the token too (oss2.StsAuth, SecurityToken, stsToken). In a URL of version 1 and in RTMP it is security-token.", q.claim.keyID)
	}
	return no()
}

func keyCase(q *question) (Cause, bool) {
	for id := range q.Keys {
		if q.is(auth.ErrUnknownKey) && strings.EqualFold(id, q.claim.keyID) {
			return q.perhaps("The server has the key %s; %s was sent.", "The case of an ID counts.", id, q.quote(q.claim.keyID))
		}
	}
	return no()
}

func defaultKey(q *question) (Cause, bool) {
	if q.is(auth.ErrUnknownKey) && q.claim.keyID == "osslive" {
		return q.perhaps("The built-in key is not in use: the server was started with keys of its own.", "Use one of those, or start the server without --key.")
	}
	return no()
}

func unknownKey(q *question) (Cause, bool) {
	if !q.is(auth.ErrUnknownKey) {
		return no()
	}
	hint := ""
	if near := nearest(q.claim.keyID, keysOf(q.Keys)); near != "" {
		hint = fmt.Sprintf(" Is %s meant?", near)
	}
	return q.perhaps("The server has no key with the ID %s.%s", "Use a key that the server was started with (--key ID:SECRET), or osslive and osslive-secret if there was none.", q.quote(q.claim.keyID), hint)
}

func keysOf(keys auth.Keys) (ids []string) {
	for id := range keys {
		ids = append(ids, id)
	}
	return ids
}

func tokenExpired(q *question) (Cause, bool) {
	if q.is(auth.ErrTokenExpired) {
		return q.perhaps("The security token has expired.", "Get a new temporary key (osslive token), and give ID, secret and token to the SDK together.")
	}
	return no()
}

func tokenPlus(q *question) (Cause, bool) {
	if q.is(auth.ErrBadToken) && strings.ContainsAny(q.claim.token, " \r\n") {
		return q.perhaps("The security token has a space or a line break in it: a plus was not escaped, or the token was wrapped.", "Percent-encode the token in the URL: a plus is %2B.")
	}
	return no()
}

func tokenNotWanted(q *question) (Cause, bool) {
	if key, ok := q.Keys[q.claim.keyID]; ok && q.is(auth.ErrBadToken) && key.Token == "" {
		return q.perhaps("%s is a permanent key, and a security token came with it.", "Send no token with a permanent key, or use the ID and secret that belong to the token.", key.ID)
	}
	return no()
}

func tokenWrong(q *question) (Cause, bool) {
	if q.is(auth.ErrBadToken) {
		return q.perhaps("The security token does not belong to the key %s.", "ID, secret and token come together from one answer of STS (osslive token); take all three from the same one. Is the token whole?", q.quote(q.claim.keyID))
	}
	return no()
}
