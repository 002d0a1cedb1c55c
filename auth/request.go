package auth

import (
	"net/http"
	"net/url"
	"time"
)

// Request is what is signed of an HTTP request: resolved and decoded, so that
// every form of address gives the same values. Its maker parses the URL once,
// and handlers use what was verified here.
type Request struct {
	Method string
	Header http.Header // with canonical names, as net/http makes them
	Bucket string      // "" for a request to the service
	Key    string      // without leading slash, "" for a request to the bucket
	Query  url.Values
}

// VerifyRequest tells who signed r. A request without credentials is
// anonymous and no error; what such a caller may do is not decided here.
func VerifyRequest(r *Request, keys Keys, now time.Time) (Identity, error) {
	v, inQuery, err := recognise(r)
	switch {
	case err != nil:
		return Identity{}, err
	case v == unsigned:
		return Identity{}, nil
	case v == v1 && inQuery:
		return verifyV1URL(r, keys, now)
	case v == v1:
		return verifyV1Header(r, keys, now)
	}
	return Identity{}, &UnsupportedError{Version: v.String()}
}
