package refusal

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"osslive/auth"
	"osslive/server/address"
	"osslive/store"
)

// Mistakes about what is addressed: the key, the bucket, the host.

func keyEncodedAgain(q *question) (Cause, bool) {
	if key := unescaped(q.request.Key); key != q.request.Key && q.proves(func(r *auth.Request) { r.Key = key }) {
		return q.yes("The path of the URL was percent-encoded twice: the key that was signed is %s, the one that arrived is %s.",
			"Encode the key once. A signed URL is encoded already.", q.quote(key), q.quote(q.request.Key))
	}
	return no()
}

// keyEncoding is a signer that signs the key in another form than the one that the
// service signs, or a URL that was put together in another.
func keyEncoding(q *question) (Cause, bool) {
	key := q.request.Key
	escaped := (&url.URL{Path: "/" + key}).EscapedPath()[1:]
	for _, signed := range []string{
		escaped, url.PathEscape(key), url.QueryEscape(key), strings.ReplaceAll(url.QueryEscape(key), "%2F", "/"), strings.ReplaceAll(url.QueryEscape(key), "+", "%20"),
	} {
		if signed != key && q.proves(func(r *auth.Request) { r.Key = signed }) {
			return q.yes("The key was signed in its percent-encoded form, %s.", "Sign the key as it is, not encoded, and encode it in the URL only.", q.quote(signed))
		}
	}
	for _, signed := range []string{strings.ReplaceAll(key, "+", " "), strings.ReplaceAll(key, " ", "+")} {
		if signed != key && q.proves(func(r *auth.Request) { r.Key = signed }) {
			return q.yes("The key that was signed is %s, the one that arrived is %s.",
				"In the path of a URL a space is %20 and a plus is %2B; a bare plus stands for a space in queries only.", q.quote(signed), q.quote(key))
		}
	}
	return no()
}

func keySlash(q *question) (Cause, bool) {
	key := q.request.Key
	for _, signed := range []string{"/" + key, strings.TrimPrefix(key, "/"), key + "/", strings.TrimSuffix(key, "/"), strings.ReplaceAll(key, "//", "/"), strings.ToLower(key), q.request.Bucket + "/" + key} {
		if signed != key && q.proves(func(r *auth.Request) { r.Key = signed }) {
			return q.yes("The key that was signed is %s, the one that arrived is %s.", "Use the same key in both places; keys do not begin with a slash, and their case counts.", q.quote(signed), q.quote(key))
		}
	}
	return no()
}

// decodedPath is the path of the request without its first slash.
func (q *question) decodedPath() string {
	raw, _, _ := strings.Cut(q.r.RawPath, "?")
	if _, rest, found := strings.Cut(raw, "://"); found {
		_, raw, _ = strings.Cut(rest, "/")
	}
	return unescaped(strings.TrimPrefix(raw, "/"))
}

func (q *question) aim(bucket, key string) func(r *auth.Request) {
	return func(r *auth.Request) { r.Bucket, r.Key = bucket, key }
}

// bucketInEndpoint is an SDK that puts the bucket before a host name that begins
// with it, or a host under a domain that is not known to be one of ours.
func bucketInEndpoint(q *question) (Cause, bool) {
	if q.r.Publish() {
		return no()
	}
	host := address.Hostname(q.r.Host)
	if net.ParseIP(host) != nil {
		return no()
	}
	path := q.decodedPath()
	_, inner, _ := strings.Cut(path, "/")
	label, rest, _ := strings.Cut(host, ".")
	for _, key := range []string{path, inner} {
		if !q.proves(q.aim(label, key)) {
			continue
		}
		if next, _, _ := strings.Cut(rest, "."); next == label || key == inner && strings.HasPrefix(path, label+"/") {
			return q.yes("The endpoint that was given to the SDK has the bucket %s in it already, and the SDK put it there once more: the request went to %s.",
				"Give the SDK the endpoint without the bucket.", label, q.quote(q.r.Host))
		}
		return q.yes("The bucket %s is in the host name, but %s is not known to be the endpoint.",
			"Start the server with --base-domain, or use an endpoint that it knows: an address, or localhost.", label, rest)
	}
	return no()
}

// bucketLost is a signed URL whose host had the bucket, and was replaced.
func bucketLost(q *question) (Cause, bool) {
	path := q.decodedPath()
	if q.r.Publish() || q.Domains.Host(q.r.Host).Kind == address.Label {
		return no()
	}
	for _, bucket := range q.buckets() {
		if path != q.request.Key && q.proves(q.aim(bucket, path)) {
			return q.yes("The URL was signed for the bucket %s in its host name (%s.HOST), and was sent to %s, which names no bucket.",
				"Do not change the host of a signed URL. Sign it with the endpoint that will be used; in path style the bucket comes first in the path.", bucket, bucket, q.quote(q.r.Host))
		}
	}
	return no()
}

// otherTarget is a signature for something else.
func otherTarget(q *question) (Cause, bool) {
	const fix = "Sign a URL for each channel and each object; a signature is good for one."
	for _, bucket := range q.buckets() {
		if bucket != q.request.Bucket && q.proves(q.aim(bucket, q.request.Key)) {
			return q.yes("The request was signed for the bucket %s, and addresses %s.", fix, bucket, q.quote(q.request.Bucket))
		}
	}
	if q.proves(q.aim("", "")) {
		return q.yes("The request was signed as one to the service (/), without a bucket.", "Sign /BUCKET/KEY; the bucket is part of it, wherever the URL has it.")
	}
	if q.proves(q.aim(q.request.Bucket, "")) {
		return q.yes("The request was signed for the bucket alone, without the key.", "Sign /BUCKET/KEY.")
	}
	first, rest, _ := strings.Cut(q.request.Key, "/")
	if q.proves(q.aim(first, rest)) {
		return q.yes("The request was signed without the bucket: /%s.", "Sign /BUCKET/KEY; the bucket is part of it, wherever the URL has it.", q.request.Key)
	}
	for _, key := range q.keys() {
		if q.also == nil && key != q.request.Key && q.proves(q.aim(q.request.Bucket, key)) {
			return q.yes("The URL was signed for the object %s, and is used for %s.", fix, q.quote(key), q.quote(q.request.Key))
		}
	}
	for _, bucket := range q.buckets() {
		for _, channel := range q.channels(bucket) {
			if q.proves(q.aim(bucket, channel)) {
				return q.yes("The URL was signed for the live channel %s, and is used for %s.", fix, q.quote(bucket+"/"+channel), q.quote(q.request.Bucket+"/"+q.request.Key))
			}
		}
	}
	return no()
}

// otherProtocol is a URL signed for HTTP that is used for RTMP, or the other way round.
func otherProtocol(q *question) (Cause, bool) {
	if q.claim.version != "1" || !q.claim.inQuery {
		return no()
	}
	if q.r.Publish() {
		name := q.request.Key
		for _, method := range []string{"PUT", "GET", "POST"} {
			for _, key := range []string{name, "live/" + name, name + "/playlist.m3u8", name + "/" + q.request.Query.Get("playlistName")} {
				if q.proves(func(r *auth.Request) { r.Method, r.Key = method, key }) {
					return q.yes("The URL was signed for HTTP (%s), and is used to publish.", "Publish URLs are signed in a way of their own: use the SDK's function for RTMP (sign_rtmp_url, SignRtmpURL, getRtmpUrl, generateRtmpUri), or osslive sign rtmp://....", method)
				}
			}
		}
		return no()
	}
	channel, _, _ := strings.Cut(strings.TrimPrefix(q.request.Key, "live/"), "/")
	if q.proves(func(r *auth.Request) { r.Method, r.Key = "", channel }) {
		return q.yes("The URL was signed to publish by RTMP to %s, and is used for HTTP.", "Sign a URL for the object (sign_url, SignURL, signatureUrl, generatePresignedUrl), or osslive sign http://....", q.quote(channel))
	}
	return no()
}

// hostSigned is a Host among the additional headers that a proxy changed.
func hostSigned(q *question) (Cause, bool) {
	name, _, _ := strings.Cut(q.request.Host, ":")
	for _, host := range []string{name, name + ":80", name + ":443", "localhost", "127.0.0.1"} {
		if host != q.request.Host && q.proves(func(r *auth.Request) { r.Host = host }) {
			return q.yes("The Host header is signed, and was %s then; it arrived as %s.", "Let proxies pass the Host header on unchanged.", q.quote(host), q.quote(q.request.Host))
		}
	}
	return no()
}

// dateChanged is a signer that signs another of the dates than the one that counts.
func dateChanged(q *question) (Cause, bool) {
	if q.claim.inQuery || q.claim.version != "1" {
		return no()
	}
	at := moment(q.request)
	for _, signed := range []string{at.UTC().Format(http.TimeFormat), at.UTC().Format("20060102T150405Z"), at.UTC().Format(time.RFC1123Z), q.request.Header.Get("Date"), ""} {
		if q.proves(func(r *auth.Request) { r.Header.Set("Date", signed); r.Header.Del("X-Oss-Date") }) {
			return q.yes("The date that was signed is not the one that counts: an x-oss-date stands in for Date.", "Sign the x-oss-date if the request has one, and otherwise the Date, as text.")
		}
	}
	return no()
}

// maxNames bounds how many buckets, and how many channels of each, are looked at.
const maxNames = 1000

func (q *question) buckets() (names []string) {
	page, err := q.Store.Buckets(q.ctx, "", "", maxNames)
	if err != nil {
		return nil // the explanation is without them
	}
	for _, b := range page.Items {
		names = append(names, b.Name)
	}
	return names
}

func (q *question) channels(bucket string) (names []string) {
	page, err := q.Store.Channels(q.ctx, bucket, "", "", maxNames)
	if err != nil {
		return nil
	}
	for _, c := range page.Items {
		names = append(names, c.Name)
	}
	return names
}

// keys are those of the bucket's first objects.
func (q *question) keys() (keys []string) {
	page, err := q.Store.ListObjects(q.ctx, q.r.Bucket, store.ListQuery{Limit: maxNames})
	if err != nil {
		return nil
	}
	for _, o := range page.Objects {
		keys = append(keys, o.Key)
	}
	return keys
}

func (q *question) object(bucket, key string) bool {
	if store.CheckKey(key) != nil || store.CheckBucketName(bucket) != nil {
		return false
	}
	_, err := q.Store.Object(q.ctx, bucket, key)
	return err == nil
}
