package api

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"osslive/server/address"
)

// authority returns host and port for an HTTP URL in an answer, and whether the host
// names the bucket. They are PublicURL's if that is set, else the request's, which the
// SDKs use to build the same URL. An unspecified address reaches no server, and the
// cloud's host name reaches the real service unless osslive is the client's proxy: in
// their place authority returns the address at which the connection arrived.
func (s *Server) authority(r *request) (host string, form address.Kind) {
	if s.publicHost != "" {
		return s.publicHost, address.Endpoint
	}
	name := address.Hostname(r.host)
	ip, err := netip.ParseAddr(name)
	if name == "" || address.Cloud(name) && !r.proxied || err == nil && ip.Unmap().IsUnspecified() || name == "0" {
		return localAddr(r), address.Endpoint
	}
	return r.host, r.form
}

// publishAuthority is authority for an RTMP URL. RTMP does not use the HTTP proxy, so
// the host name of a request that came through one does not reach osslive.
func (s *Server) publishAuthority(r *request) (host string, form address.Kind) {
	if s.publicHost == "" && r.proxied {
		return localAddr(r), address.Endpoint
	}
	return s.authority(r)
}

// localAddr returns the address at which the connection arrived.
func localAddr(r *request) string {
	if addr, ok := r.ctx.Value(http.LocalAddrContextKey).(net.Addr); ok {
		return addr.String()
	}
	return "localhost"
}

// endpointHost returns the authority without a bucket, which a client can use as its
// endpoint.
func (s *Server) endpointHost(r *request) string {
	host, form := s.authority(r)
	switch form {
	case address.Label:
		_, host, _ = strings.Cut(host, ".")
	case address.CNAME:
		return localAddr(r)
	}
	return host
}

// publishURL returns the unsigned publish URL of a channel (PutLiveChannel,
// PublishUrls). With an IP endpoint the bucket is before "live", where the Python and
// Go SDKs put it.
func (s *Server) publishURL(r *request, bucket, channel string) string {
	host, form := s.publishAuthority(r)
	if form != address.Endpoint && r.bucket == bucket {
		return "rtmp://" + host + "/live/" + url.PathEscape(channel)
	}
	return "rtmp://" + host + "/" + bucket + "/live/" + url.PathEscape(channel)
}

// playURL returns the unsigned URL of a live playlist (PutLiveChannel, PlayUrls). It
// begins with http://, even after a request over TLS, as the service's does. PublicURL
// can change that.
func (s *Server) playURL(r *request, bucket, channel, playlist string) string {
	scheme := "http"
	if s.publicScheme != "" {
		scheme = s.publicScheme
	}
	host, form := s.authority(r)
	path := "/" + url.PathEscape(channel) + "/" + url.PathEscape(playlist)
	if form != address.Endpoint && r.bucket == bucket {
		return scheme + "://" + host + path
	}
	return scheme + "://" + host + "/" + bucket + path
}
