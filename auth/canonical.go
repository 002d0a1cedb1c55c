package auth

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// What versions 2 and 4 have in common.

// The parameters of a URL signed with version 2 or 4.
const (
	paramVersion     = "x-oss-signature-version"
	paramCredential  = "x-oss-credential"
	paramDate        = "x-oss-date"
	paramLifetime    = "x-oss-expires" // in version 2 a time, in version 4 a number of seconds
	paramKeyIDV2     = "x-oss-access-key-id"
	paramAdditional  = "x-oss-additional-headers"
	paramSignatureV2 = "x-oss-signature"
	paramTokenV4     = "x-oss-security-token"
)

// escape returns s with every byte but A-Z a-z 0-9 - _ . ~ and those in keep as
// %XX (RFC 3986 §2.3).
func escape(s, keep string) string {
	const upperHex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			strings.IndexByte("-_.~", c) >= 0, strings.IndexByte(keep, c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(upperHex[c>>4])
			b.WriteByte(upperHex[c&15])
		}
	}
	return b.String()
}

// path returns the bucket and key as versions 2 and 4 sign them, not yet escaped.
func (r *Request) path() string {
	if r.Bucket == "" {
		return "/"
	}
	return "/" + r.Bucket + "/" + r.Key
}

// canonicalQuery returns every parameter but the signature, escaped and then
// sorted. A parameter without a value has no "=".
func canonicalQuery(q url.Values) string {
	var pairs []string
	for name := range q {
		if name == paramSignatureV2 {
			continue
		}
		pair := escape(name, "")
		if value := q.Get(name); value != "" {
			pair += "=" + escape(value, "")
		}
		pairs = append(pairs, pair)
	}
	// By name: "=" would sort "a-b" before "a".
	slices.SortFunc(pairs, func(a, b string) int {
		a, _, _ = strings.Cut(a, "=")
		b, _, _ = strings.Cut(b, "=")
		return strings.Compare(a, b)
	})
	return strings.Join(pairs, "&")
}

// parseMembers reads the members after the scheme in an Authorization header:
// "name=value" or "name:value", separated by commas, in any order, each of the
// given names at most once. With an error it also returns the members that it could
// read.
func parseMembers(authorization, equals string, names ...string) (members map[string]string, err error) {
	_, list, _ := strings.Cut(authorization, " ")
	members = make(map[string]string)
	for member := range strings.SplitSeq(list, ",") {
		name, value, found := strings.Cut(strings.TrimSpace(member), equals)
		_, twice := members[name]
		switch {
		case !found || !slices.Contains(names, name):
			err = cmp.Or(err, fmt.Errorf("%w: member %.40q", ErrMalformed, name))
		case twice:
			err = cmp.Or(err, repeated(name))
		default:
			members[name] = value
		}
	}
	return members, err
}

// additionalHeaders returns the additional headers of a list that is separated by
// semicolons, sorted. Each must be in the request.
func (r *Request) additionalHeaders(list string) ([]string, error) {
	if list == "" {
		return nil, nil
	}
	names := strings.Split(list, ";")
	slices.Sort(names)
	for i, name := range names {
		_, there := r.Header[http.CanonicalHeaderKey(name)]
		if name == "host" {
			there = r.Host != ""
		}
		if !there || name != strings.ToLower(name) {
			return nil, fmt.Errorf("%w %.40q is not in the request", ErrMissingHeader, name)
		}
		if i > 0 && name == names[i-1] {
			return nil, repeated(name)
		}
	}
	return names, nil
}
