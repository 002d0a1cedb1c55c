// Package address tells which bucket a host name stands for. HTTP requests
// (Host) and RTMP connects (tcUrl) read it alike, so that one URL always means
// one bucket through either door.
package address

import (
	"net"
	"strings"
)

// Hostname returns the host of an authority in the form that comparisons
// need: without port and brackets, in lower case, without a trailing dot.
func Hostname(authority string) string {
	host := authority
	if h, _, err := net.SplitHostPort(authority); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// Bucket returns the bucket that an authority names in the virtual-hosted
// form, bucket.suffix. The suffix is one of the base domains, localhost, or an
// endpoint of the cloud (oss-….aliyuncs.com), which clients send when osslive
// is their proxy. ok is false where the authority names no bucket and the path
// must. An endpoint with nothing before it, or with an empty label, names the
// service: ok with an empty bucket only for the latter, as the Node SDK sends
// it to IP endpoints.
func Bucket(authority string, baseDomains []string) (bucket string, ok bool) {
	host := Hostname(authority)
	if net.ParseIP(host) != nil {
		return "", false
	}
	for _, domain := range append([]string{"localhost"}, baseDomains...) {
		label, found := strings.CutSuffix(host, "."+strings.ToLower(domain))
		if found && label != "" && !strings.Contains(label, ".") {
			return label, true
		}
	}
	if label, rest, found := strings.Cut(host, "."); found && Cloud(rest) && strings.HasPrefix(rest, "oss-") {
		return label, true
	}
	return "", false
}

// Cloud tells whether a host is an endpoint of the real service. No answer may
// ever name one: a client would follow it to the cloud.
func Cloud(host string) bool {
	host = Hostname(host)
	return host == "aliyuncs.com" || strings.HasSuffix(host, ".aliyuncs.com")
}
