package api

import (
	"net/netip"
	"net/url"
	"strings"

	"osslive/server/address"
	"osslive/server/answer"
)

// Bounds of a request line. A signed URL with a security token and a key of 1,023
// escaped bytes is far shorter.
const (
	maxTarget = 16 << 10 // bytes
	maxParams = 128
)

// target is what a URL addresses: the service (neither bucket nor key), a bucket, or a
// key in a bucket. Both are decoded.
type target struct {
	bucket, key string
	named       bool         // the URL names a bucket, even an empty one
	form        address.Kind // Label or CNAME if the host names the bucket; otherwise the path does
}

// reading is one meaning of a URL.
type reading struct {
	target
	signed    bool // it counts only if the signature is valid for it
	anyBucket bool // the bucket is the one for which the signature is valid
}

// resolution is the result of resolveTarget.
type resolution struct {
	readings []reading // at least one, the likeliest first
	query    url.Values
	proxied  bool // the request target is absolute: osslive is the client's HTTP_PROXY
}

// resolveTarget parses Host and request target. Nothing else does.
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
	// Only the Node SDK, which dials an address, sends the cloud's host name on a direct
	// connection.
	direct := address.Cloud(host) && !proxied
	return resolution{readings(domains.Host(host), decoded, direct), query, proxied}, nil
}

// readings returns the meanings of a decoded path at a host: bucket and key, or a key
// in the host's bucket.
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

// pathStyle splits a decoded BUCKET/KEY. An escaped slash separates too: no bucket's
// name has one, and the C SDK escapes the whole path.
func pathStyle(path string) target {
	bucket, key, _ := strings.Cut(path, "/")
	return target{bucket: bucket, key: key, named: path != ""}
}

// originForm strips scheme and authority from an absolute request target; net/http
// has copied the authority to Host.
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

// parseQuery decodes a query once. It refuses a name that is given twice: the
// signature could cover one value and the handler use the other.
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

// validHost reports whether a Host header can be the authority of a URL. An empty one
// can: HTTP/1.0 has none.
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
