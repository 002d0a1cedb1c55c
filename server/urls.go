package server

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"osslive/server/address"
)

// authority returns host and port for a URL in an answer, and whether the
// bucket is already a label of it. It is PublicURL's if there is one, else the
// one the caller used, so that the SDKs, which build the same URL from their
// endpoint, agree. A host of the cloud and an unspecified address are never
// given away; a client would follow the first to the real service and the
// second nowhere.
func (s *Server) authority(r *request) (host string, hosted bool) {
	if s.publicHost != "" {
		return s.publicHost, false
	}
	name := address.Hostname(r.host)
	ip, err := netip.ParseAddr(name)
	if name == "" || address.Cloud(name) || err == nil && ip.IsUnspecified() {
		return localAddr(r), false
	}
	return r.host, r.hosted
}

// localAddr returns the address at which the connection arrived.
func localAddr(r *request) string {
	if addr, ok := r.ctx.Value(http.LocalAddrContextKey).(net.Addr); ok {
		return addr.String()
	}
	return "localhost"
}

// endpointHost is what a client would use as its endpoint: the authority
// without a bucket.
func (s *Server) endpointHost(r *request) string {
	host, hosted := s.authority(r)
	if hosted {
		_, host, _ = strings.Cut(host, ".")
	}
	return host
}

// publishURL returns the unsigned ingest URL of a channel (PutLiveChannel,
// PublishUrls). With an IP endpoint the bucket goes before "live", where the
// Python and Go SDKs put it.
func (s *Server) publishURL(r *request, bucket, channel string) string {
	host, hosted := s.authority(r)
	if hosted && r.bucket == bucket {
		return "rtmp://" + host + "/live/" + url.PathEscape(channel)
	}
	return "rtmp://" + host + "/" + bucket + "/live/" + url.PathEscape(channel)
}

// playURL returns the unsigned URL of a live playlist (PutLiveChannel,
// PlayUrls). It begins http:// even when the request came over TLS, as the
// service's does; only PublicURL can change that.
func (s *Server) playURL(r *request, bucket, channel, playlist string) string {
	scheme := "http"
	if s.publicScheme != "" {
		scheme = s.publicScheme
	}
	host, hosted := s.authority(r)
	path := "/" + url.PathEscape(channel) + "/" + url.PathEscape(playlist)
	if hosted && r.bucket == bucket {
		return scheme + "://" + host + path
	}
	return scheme + "://" + host + "/" + bucket + path
}
