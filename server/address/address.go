// Package address finds the bucket that a host name stands for. HTTP requests (Host) and
// RTMP connects (tcUrl) use it alike, so that one URL means one bucket through either
// door.
//
// It owns the rules of host names. It must not know which buckets exist.
package address

import (
	"net"
	"slices"
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

// Kind is how an authority names the bucket.
type Kind uint8

const (
	Endpoint Kind = iota // it does not: an IP address, localhost, a base domain, an endpoint of the cloud
	Label                // BUCKET.endpoint
	CNAME                // a name configured for one bucket
	Unknown              // any other name; it may be a CNAME of any bucket
)

// Host is what an authority says about the bucket. Bucket is empty if it names none; with
// Label that is a request to the service, which the Node SDK sends to IP endpoints as
// ".oss-cn-hangzhou.aliyuncs.com". With Unknown it is a guess from a name such as
// bucket.oss.example.com.
type Host struct {
	Kind   Kind
	Bucket string
}

// Domains are the names under which a server is reached. The zero value has localhost and
// the endpoints of the cloud, which clients send if osslive is their proxy.
type Domains struct {
	Base   []string          // BUCKET.domain names a bucket
	CNAMEs map[string]string // host name, as Hostname returns it, to bucket
}

// Host returns what an authority says about the bucket.
func (d Domains) Host(authority string) Host {
	host := Hostname(authority)
	if bucket, ok := d.CNAMEs[host]; ok {
		return Host{CNAME, bucket}
	}
	if host == "" || net.ParseIP(host) != nil {
		return Host{Kind: Endpoint}
	}
	domains := append([]string{"localhost"}, d.Base...)
	if slices.ContainsFunc(domains, func(domain string) bool { return strings.EqualFold(host, domain) }) {
		return Host{Kind: Endpoint}
	}
	for _, domain := range domains {
		label, found := strings.CutSuffix(host, "."+strings.ToLower(domain))
		if found && label != "" && !strings.Contains(label, ".") {
			return Host{Label, label}
		}
	}
	label, rest, found := strings.Cut(host, ".")
	switch {
	case found && cloudEndpoint(rest):
		return Host{Label, label}
	case cloudEndpoint(host):
		return Host{Kind: Endpoint}
	case label != "" && strings.HasPrefix(rest, "oss") && strings.Contains(rest, "."):
		return Host{Unknown, label}
	}
	return Host{Kind: Unknown}
}

// cloudEndpoint reports whether a host is an endpoint of the cloud, below which buckets are
// labels ("Regions and endpoints" page): oss-REGION.aliyuncs.com, the older
// oss.aliyuncs.com, and REGION.oss.aliyuncs.com for IPv6.
func cloudEndpoint(host string) bool {
	name, found := strings.CutSuffix(host, ".aliyuncs.com")
	if !found {
		return false
	}
	first, rest, more := strings.Cut(name, ".")
	if more {
		return rest == "oss" && first != ""
	}
	return first == "oss" || strings.HasPrefix(first, "oss-")
}

// Cloud reports whether a host belongs to the real service. An answer that names such a host
// leads the client to the cloud, unless this server is its proxy.
func Cloud(host string) bool {
	host = Hostname(host)
	return host == "aliyuncs.com" || strings.HasSuffix(host, ".aliyuncs.com")
}
