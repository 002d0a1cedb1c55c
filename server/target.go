package server

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"osslive/server/address"
)

// Bounds of a request line. A signed URL with a security token and a key of
// 1,023 escaped bytes stays far below.
const (
	maxTarget = 16 << 10 // bytes
	maxParams = 128
)

// target is what a URL addresses: the service (neither), a bucket, or a key in
// a bucket. Both are decoded.
type target struct {
	bucket, key string
	named       bool // the URL has a place for a bucket, even an empty one
	hosted      bool // the bucket is a label of the host
}

// resolveTarget reads Host and request target, the only place that does. It
// returns all readings that the URL has, most likely first:
//
//	Host: BUCKET.domain   GET /KEY             virtual-hosted
//	Host: anything else   GET /BUCKET/KEY      path style
//	Host: BUCKET.domain   GET /BUCKET/KEY      both: the Node SDK with an IP endpoint
//	GET http://BUCKET.domain/KEY HTTP/1.1      through a proxy setting; Host is the URL's
//
// Keys come from the raw target, decoded once and not cleaned: "//", "/../"
// and an escaped slash are part of the name.
func resolveTarget(hr *http.Request, baseDomains []string) ([]target, url.Values, error) {
	if len(hr.RequestURI) > maxTarget {
		return nil, nil, errURITooLong
	}
	if !validHost(hr.Host) {
		return nil, nil, errInvalidHost
	}
	path, rawQuery, _ := strings.Cut(originForm(hr.RequestURI), "?")
	query, err := parseQuery(rawQuery)
	if err != nil {
		return nil, nil, err
	}
	if !strings.HasPrefix(path, "/") {
		return nil, nil, errInvalidURI
	}
	byPath, err := pathStyle(path[1:])
	if err != nil {
		return nil, nil, err
	}
	label, ok := address.Bucket(hr.Host, baseDomains)
	if !ok {
		return []target{byPath}, query, nil
	}
	key, err := url.PathUnescape(path[1:])
	if err != nil {
		return nil, nil, errInvalidURI
	}
	if label == "" && key != "" { // a service endpoint with a path
		return []target{byPath}, query, nil
	}
	readings := []target{{bucket: label, key: key, named: label != "", hosted: true}}
	if label != "" && label == byPath.bucket {
		readings = append(readings, byPath)
	}
	return readings, query, nil
}

// pathStyle splits BUCKET/KEY before decoding, so that an escaped slash cannot
// move the border.
func pathStyle(path string) (target, error) {
	rawBucket, rawKey, _ := strings.Cut(path, "/")
	bucket, err := url.PathUnescape(rawBucket)
	if err != nil {
		return target{}, errInvalidURI
	}
	key, err := url.PathUnescape(rawKey)
	if err != nil {
		return target{}, errInvalidURI
	}
	return target{bucket: bucket, key: key, named: path != ""}, nil
}

// originForm strips scheme and authority of an absolute request target.
func originForm(requestTarget string) string {
	if strings.HasPrefix(requestTarget, "/") {
		return requestTarget
	}
	if _, rest, ok := strings.Cut(requestTarget, "://"); ok {
		if i := strings.IndexAny(rest, "/?"); i >= 0 && rest[i] == '/' {
			return rest[i:]
		} else if i >= 0 {
			return "/" + rest[i:]
		}
		return "/"
	}
	return requestTarget
}

// parseQuery decodes a query once. A name given twice is refused: signer and
// handler could each look at another one.
func parseQuery(raw string) (url.Values, error) {
	query := url.Values{}
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			return nil, errInvalidURI
		}
		value, err = url.QueryUnescape(value)
		if err != nil {
			return nil, errInvalidURI
		}
		if query.Has(name) {
			return nil, invalidArgument(name, value, "", "The parameter is given twice.")
		}
		if len(query) == maxParams {
			return nil, errURITooLong
		}
		query.Set(name, value)
	}
	return query, nil
}

// validHost tells whether a Host header can be used as the authority of a URL.
// None at all is fine: HTTP/1.0 has none.
func validHost(host string) bool {
	name, port := host, ""
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		name, port = host[:i], host[i+1:]
	}
	if strings.Trim(port, "0123456789") != "" || len(port) > 5 {
		return false
	}
	if strings.HasPrefix(name, "[") && strings.HasSuffix(name, "]") {
		ip, err := netip.ParseAddr(name[1 : len(name)-1])
		return err == nil && ip.Is6() && ip.Zone() == ""
	}
	for _, c := range []byte(name) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '-' || c == '_') {
			return false
		}
	}
	return len(name) <= 255
}
