package auth

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Request is the part of an HTTP request that is signed, resolved and decoded, so
// that every form of address gives the same values. Parse the URL once to make one,
// and let handlers use the values that were verified.
type Request struct {
	Method string
	Host   string      // as the client sent it; versions 2 and 4 sign it on request
	Header http.Header // with canonical names and without Host, as net/http makes them
	Bucket string      // "" for a request to the service
	Key    string      // without leading slash, "" for a request to the bucket
	Query  url.Values

	// Region is the region in the scope of version 4. Signing needs it; verifying
	// takes any if it is "".
	Region string
}

// VerifyRequest verifies r and returns its signer. A request without credentials is
// anonymous, which is no error; the caller decides what it may do.
func VerifyRequest(r *Request, keys Keys, now time.Time) (Identity, error) {
	v, inQuery, err := recognise(r)
	switch {
	case err != nil:
		return Identity{}, err
	case v == unsigned:
		return Identity{}, nil
	}
	switch v {
	case v1:
		if inQuery {
			return verifyV1URL(r, keys, now)
		}
		return verifyV1Header(r, keys, now)
	case v2:
		if inQuery {
			return verifyV2URL(r, keys, now)
		}
		return verifyV2Header(r, keys, now)
	case v4:
		if inQuery {
			return verifyV4URL(r, keys, now)
		}
		return verifyV4Header(r, keys, now)
	}
	return Identity{}, &UnsupportedError{Version: v.String()}
}

// check refuses requests whose string-to-sign is ambiguous: a bucket that reaches
// into the key, or a signed parameter or header with several values, of which the
// signer may have meant another than the handler reads.
func (r *Request) check(signsParameter func(name string) bool) error {
	if strings.ContainsFunc(r.Bucket, isSeparator) || r.Bucket == "" && r.Key != "" {
		return fmt.Errorf("%w: bucket name %.40q", ErrMalformed, r.Bucket)
	}
	for name, values := range r.Query {
		if len(values) > 1 && signsParameter(name) {
			return repeated(name)
		}
	}
	for name, values := range r.Header {
		signed := strings.HasPrefix(name, "X-Oss-") || name == "Content-Type" || name == "Content-Md5"
		if len(values) > 1 && signed {
			return repeated(name)
		}
	}
	return nil
}

// everyParameter reports true: versions 2 and 4 sign every parameter.
func everyParameter(string) bool { return true }
