package api

import (
	"net/netip"
	"net/url"
	"strings"

	"osslive/server/address"
	"osslive/server/answer"
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
	named       bool         // the URL has a place for a bucket, even an empty one
	form        address.Kind // Label or CNAME: the host names the bucket; else the path does
}

// reading is one of the things that a URL can mean.
type reading struct {
	target
	signed    bool // only a signature can tell that this is meant
	anyBucket bool // of the bucket for which the signature is right
}

// resolution is what a request line and its Host say.
type resolution struct {
	readings []reading // most likely first, never none
	query    url.Values
	proxied  bool // the request came in the form for proxies: osslive is the client's HTTP_PROXY
}

// resolveTarget reads Host and request target, the only place that does.
//
//	Host: BUCKET.domain      GET /KEY           virtual-hosted
//	Host: an endpoint        GET /BUCKET/KEY    path style
//	Host: a bucket's CNAME   GET /KEY           configured, or found by the signature
//	Host: BUCKET.domain      GET /BUCKET/KEY    both: the Node SDK with an IP endpoint
//	GET http://BUCKET.domain/KEY HTTP/1.1       as any of these; Host is the URL's
//
// Keys come from the raw target, decoded once and not cleaned: "//", "/../"
// and an escaped slash are part of the name.
func resolveTarget(host, requestURI string, domains address.Domains) (resolution, error) {
	if len(requestURI) > maxTarget {
		return resolution{}, errURITooLong
	}
	if !validHost(host) {
		return resolution{}, errInvalidHost
	}
	requestTarget, proxied, err := originForm(requestURI)
	if err != nil {
		return resolution{}, err
	}
	path, rawQuery, _ := strings.Cut(requestTarget, "?")
	query, err := parseQuery(rawQuery)
	if err != nil {
		return resolution{}, err
	}
	decoded, err := url.PathUnescape(path[1:])
	if err != nil {
		return resolution{}, errInvalidURI
	}
	// A cloud host on a direct connection is the Node SDK's, which dialled an
	// address; no other name led here.
	direct := address.Cloud(host) && !proxied
	return resolution{readings(domains.Host(host), decoded, direct), query, proxied}, nil
}

// readings returns what a decoded path can mean at a host: a bucket and a key,
// or the key in the bucket of the host.
func readings(host address.Host, key string, direct bool) []reading {
	byPath := pathStyle(key)
	hosted := target{bucket: host.Bucket, key: key, named: true, form: address.Label}
	switch host.Kind {
	case address.Label:
		switch host.Bucket {
		case "":
			return []reading{{target: byPath}}
		case byPath.bucket:
			return []reading{{target: hosted}, {target: byPath, signed: !direct}}
		}
		return []reading{{target: hosted}}
	case address.CNAME:
		hosted.form = address.CNAME
		return []reading{{target: hosted}}
	case address.Unknown:
		unknown := []reading{
			{target: byPath},
			{target: target{key: key, named: true}, signed: true, anyBucket: true},
		}
		if host.Bucket != "" {
			unknown = append([]reading{{target: hosted}}, unknown...)
		}
		return unknown
	}
	return []reading{{target: byPath}}
}

// pathStyle splits a decoded BUCKET/KEY. No bucket has a slash in its name, so
// that an escaped one is the border too: the C SDK escapes the whole path.
func pathStyle(path string) target {
	bucket, key, _ := strings.Cut(path, "/")
	return target{bucket: bucket, key: key, named: path != ""}
}

// originForm strips scheme and authority of an absolute request target, which
// net/http has put into Host.
func originForm(requestTarget string) (path string, proxied bool, err error) {
	if strings.HasPrefix(requestTarget, "/") {
		return requestTarget, false, nil
	}
	scheme, rest, _ := strings.Cut(requestTarget, "://")
	end := strings.IndexAny(rest+"/", "/?")
	if !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") || end == 0 {
		return "", false, errInvalidURI
	}
	return "/" + strings.TrimPrefix(rest[end:], "/"), true, nil
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
			return nil, answer.ErrRepeated.With("ArgumentName", name).With("ArgumentValue", value)
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
	if strings.Trim(port, "0123456789") != "" || len(port) > 5 || len(port) == 5 && port > "65535" {
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
	return len(name) <= 255 && !strings.Contains(name, "..")
}
