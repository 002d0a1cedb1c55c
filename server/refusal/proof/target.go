package proof

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"osslive/auth"
)

const (
	oneTarget  = "Sign a URL for each channel and each object; a signature is good for one."
	withBucket = "Sign /BUCKET/KEY; the bucket is part of it, wherever the URL has it."
	otherKey   = `The key that was signed is "%s", the one that arrived is "%s".`
)

// targetEdits are about what is addressed: the key, the bucket, the host, the protocol.
var targetEdits = []edit{
	{"key-double-encoded", nil, `The path of the URL was percent-encoded twice: the key that was signed is "%s", the one that arrived is "%s".`,
		"Encode the key once. A signed URL is encoded already.",
		func(s *search) { s.keys(Unescaped(s.Request.Key)) }},
	{"key-encoding", nil, `The key was signed in its percent-encoded form, "%s", where "%s" belongs.`, "Sign the key as it is, not encoded, and encode it in the URL only.",
		func(s *search) {
			key := s.Request.Key
			query := url.QueryEscape(key)
			s.keys((&url.URL{Path: "/" + key}).EscapedPath()[1:], url.PathEscape(key), query, strings.ReplaceAll(query, "%2F", "/"), strings.ReplaceAll(query, "+", "%20"))
		}},
	{"key-encoding", nil, otherKey, "In the path of a URL a space is %20 and a plus is %2B; a bare plus stands for a space in queries only.",
		func(s *search) {
			s.keys(strings.ReplaceAll(s.Request.Key, "+", " "), strings.ReplaceAll(s.Request.Key, " ", "+"))
		}},
	{"key-slash", nil, otherKey, "Use the same key in both places; keys do not begin with a slash, and their case counts.",
		func(s *search) {
			key := s.Request.Key
			s.keys("/"+key, strings.TrimPrefix(key, "/"), key+"/", strings.TrimSuffix(key, "/"), strings.ReplaceAll(key, "//", "/"), strings.ToLower(key), s.Request.Bucket+"/"+key)
		}},
	{"bucket-in-endpoint", (*search).http, "The endpoint that was given to the SDK has the bucket %s in it already, and the SDK put it there once more: the request went to %s.",
		"Give the SDK the endpoint without the bucket.", func(s *search) { s.bucketInHost(true) }},
	{"bucket-in-endpoint", (*search).http, "The bucket %s is in the host name, but %s is not known to be the endpoint.",
		"Start the server with --base-domain, or use an endpoint that it knows: an address, or localhost.", func(s *search) { s.bucketInHost(false) }},
	{"host-changed", func(s *search) bool { return s.http() && !s.BucketInHost }, "The URL was signed for the bucket %s in its host name (%[1]s.HOST), and was sent to %[2]s, which names no bucket.",
		"Do not change the host of a signed URL. Sign it with the endpoint that will be used; in path style the bucket comes first in the path.",
		func(s *search) {
			if path := s.DecodedPath(); path != s.Request.Key {
				for _, bucket := range s.Buckets() {
					s.target(bucket, path, bucket, s.Request.Host)
				}
			}
		}},
	{"other-target", nil, "The request was signed for the bucket %s, and addresses %s.", oneTarget,
		func(s *search) {
			for _, bucket := range s.Buckets() {
				s.target(bucket, s.Request.Key, bucket, s.Request.Bucket)
			}
		}},
	{"other-target", nil, "The request was signed as one to the service (/), without a bucket.", withBucket, func(s *search) { s.target("", "") }},
	{"other-target", nil, "The request was signed for the bucket alone, without the key.", "Sign /BUCKET/KEY.", func(s *search) { s.target(s.Request.Bucket, "") }},
	{"other-target", nil, "The request was signed without the bucket: /%s.", withBucket,
		func(s *search) {
			first, rest, _ := strings.Cut(s.Request.Key, "/")
			s.target(first, rest, s.Request.Key)
		}},
	{"other-target", nil, `The URL was signed for the object "%s", and is used for "%s".`, oneTarget, func(s *search) { s.keys(s.Objects()...) }},
	{"other-target", nil, `The URL was signed for the live channel "%s", and is used for "%s".`, oneTarget,
		func(s *search) {
			for _, bucket := range s.Buckets() {
				for _, channel := range s.Channels(bucket) {
					s.target(bucket, channel, bucket+"/"+channel, s.Request.Bucket+"/"+s.Request.Key)
				}
			}
		}},
	{"other-protocol", func(s *search) bool { return s.publish() && s.v1() }, "The URL was signed for HTTP (%s), and is used to publish.",
		"Publish URLs are signed in a way of their own: use the SDK's function for RTMP (sign_rtmp_url, SignRtmpURL, getRtmpUrl, generateRtmpUri), or osslive sign rtmp://....",
		func(s *search) {
			name := s.Request.Key
			for _, method := range []string{"PUT", "GET", "POST"} {
				for _, key := range []string{name, "live/" + name, name + "/playlist.m3u8", name + "/" + s.Request.Query.Get("playlistName")} {
					s.request(func(r *auth.Request) { r.Method, r.Key = method, key }, method)
				}
			}
		}},
	{"other-protocol", func(s *search) bool { return s.http() && s.v1() && s.Claim.InURL }, "The URL was signed to publish by RTMP to %s, and is used for HTTP.",
		"Sign a URL for the object (sign_url, SignURL, signatureUrl, generatePresignedUrl), or osslive sign http://....",
		func(s *search) {
			channel, _, _ := strings.Cut(strings.TrimPrefix(s.Request.Key, "live/"), "/")
			s.request(func(r *auth.Request) { r.Method, r.Key = "", channel }, channel)
		}},
	{"host-signed", nil, "The Host header is signed, and was %s then; it arrived as %s.", "Let proxies pass the Host header on unchanged.",
		func(s *search) {
			name, _, _ := strings.Cut(s.Request.Host, ":")
			for _, host := range []string{name, name + ":80", name + ":443", "localhost", "127.0.0.1"} {
				s.request(func(r *auth.Request) { r.Host = host }, host, s.Request.Host)
			}
		}},
	{"date-changed", func(s *search) bool { return s.v1() && !s.Claim.InURL }, "The date that was signed is not the one that counts: an x-oss-date stands in for Date.",
		"Sign the x-oss-date if the request has one, and otherwise the Date, as text.",
		func(s *search) {
			at := s.Claim.Time().UTC()
			for _, date := range []string{at.Format(http.TimeFormat), at.Format("20060102T150405Z"), at.Format(time.RFC1123Z), s.Request.Header.Get("Date"), ""} {
				s.request(func(r *auth.Request) { r.Header.Set("Date", date); r.Header.Del("X-Oss-Date") })
			}
		}},
}

func (s *search) target(bucket, key string, values ...any) {
	s.request(func(r *auth.Request) { r.Bucket, r.Key = bucket, key }, values...)
}

// keys tries other keys; the values are the one tried and the one that came.
func (s *search) keys(keys ...string) {
	for _, key := range keys {
		s.target(s.Request.Bucket, key, key, s.Request.Key)
	}
}

// bucketInHost tries the first label of the host name as the bucket: twice means that
// an SDK put it before a host name that began with it, or also into the path.
func (s *search) bucketInHost(twice bool) {
	if _, err := netip.ParseAddr(s.Hostname); err == nil {
		return
	}
	path := s.DecodedPath()
	_, inner, _ := strings.Cut(path, "/")
	label, rest, _ := strings.Cut(s.Hostname, ".")
	next, _, _ := strings.Cut(rest, ".")
	for _, key := range []string{path, inner} {
		switch doubled := next == label || key == inner && strings.HasPrefix(path, label+"/"); {
		case doubled && twice:
			s.target(label, key, label, s.Request.Host)
		case !doubled && !twice:
			s.target(label, key, label, rest)
		}
	}
}
