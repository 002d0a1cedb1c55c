package auth

import (
	"maps"
	"net/url"
	"strings"
)

// version is a way to sign.
type version uint8

const (
	unsigned version = iota
	v1
	v2
	v4
)

// String is the name of a version on the wire.
func (v version) String() string {
	return [...]string{"", "OSS", "OSS2", "OSS4-HMAC-SHA256"}[v]
}

// recognise returns the version that r is signed with, and whether the signature is
// in the query. It alone decides that a request is unsigned; credentials that it
// does not know are an error.
func recognise(r *Request) (v version, inQuery bool, err error) {
	q, err := queryVersion(r.Query)
	if err != nil {
		return unsigned, false, err
	}
	h := r.Header.Values("Authorization")
	switch {
	case len(h) == 0:
		return q, q != unsigned, nil
	case len(h) > 1:
		return unsigned, false, repeated("Authorization")
	case q != unsigned:
		return unsigned, false, ErrTwoSources
	}
	v, err = headerVersion(h[0])
	return v, false, err
}

// headerVersion returns the version of an Authorization header, by its scheme.
func headerVersion(authorization string) (version, error) {
	scheme, _, _ := strings.Cut(authorization, " ")
	for _, v := range []version{v1, v2, v4} {
		if scheme == v.String() {
			return v, nil
		}
	}
	return unsigned, ErrMalformed
}

// queryVersion returns the version by the parameters that only a signed URL has.
// Expires or a token alone do not count: an SDK without a key may send them.
func queryVersion(q url.Values) (version, error) {
	hasV1 := q.Has(paramSignature) || q.Has(paramKeyID)
	hasNamed := q.Has(paramVersion)
	hasLater := hasNamed || q.Has(paramSignatureV2) || q.Has(paramCredential) || q.Has(paramKeyIDV2)
	switch {
	case hasV1 && hasLater:
		return unsigned, ErrTwoSources
	case hasV1:
		return v1, nil
	case !hasLater:
		return unsigned, nil
	case !hasNamed:
		return unsigned, &UnsupportedError{}
	}
	name, err := single(q, paramVersion)
	if err != nil {
		return unsigned, err
	}
	for _, v := range []version{v2, v4} {
		if name == v.String() {
			return v, nil
		}
	}
	return unsigned, &UnsupportedError{Version: name}
}

// single returns the value of a parameter that may come once, "" without it.
func single(values map[string][]string, name string) (string, error) {
	switch v := values[name]; len(v) {
	case 0:
		return "", nil
	case 1:
		return v[0], nil
	}
	return "", repeated(name)
}

// withoutCredentials returns a copy of q without the parameters of a signature.
func withoutCredentials(q url.Values) url.Values {
	c := maps.Clone(q)
	if c == nil {
		c = url.Values{}
	}
	for _, name := range credentialParams {
		c.Del(name)
	}
	return c
}
