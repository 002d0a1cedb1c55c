package refusal

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"osslive/auth"
	"osslive/store"
)

// evident are the mistakes that show without a signature: by the error, or by what
// the request looks like. All that fit are named, in this order.
var evident = []hypothesis{
	{"signed-twice", signedTwice},
	{"s3-signature", s3Signature},
	{"not-oss", notOSS},
	{"rtmp-version", rtmpVersion},
	{"publish-path", publishPath},
	{"query-escaped", queryEscaped},
	{"query-cut", queryCut},
	{"key-decoded", parameterWithQuestionMark},
	{"query-missing", queryMissing},
	{"clock", clock},
	{"date-missing", dateMissing},
	{"expires-milliseconds", expiresMilliseconds},
	{"expires-relative", expiresRelative},
	{"expires-too-long", expiresTooLong},
	{"expires-format", expiresFormat},
	{"expired", expired},
	{"region", badRegion},
	{"key-whitespace", keyWhitespace},
	{"key-swapped", keySwapped},
	{"token-missing", tokenMissing},
	{"key-case", keyCase},
	{"default-key", defaultKey},
	{"unknown-key", unknownKey},
	{"token-expired", tokenExpired},
	{"plus-space", tokenPlus},
	{"token-not-wanted", tokenNotWanted},
	{"token-wrong", tokenWrong},
	{"repeated", repeated},
	{"signature-truncated", signatureTruncated},
	{"signature-form", signatureForm},
	{"no-such-bucket", noSuchBucket},
	{"no-such-channel", noSuchChannel},
	{"disabled", disabled},
	{"busy", busy},
	{"key-double-encoded", objectUnderDecodedKey},
	{"bucket-in-key", bucketInKey},
	{"never-published", neverPublished},
	{"key-slash", invalidKey},
	{"no-such-key", noSuchKey},
	{"bucket-name", bucketName},
	{"acl", acl},
	{"anonymous", anonymous},
}

func (q *question) is(errs ...error) bool {
	return slices.ContainsFunc(errs, func(e error) bool { return errors.Is(q.r.Err, e) })
}

func signedTwice(q *question) (Cause, bool) {
	if !q.is(auth.ErrTwoSources) {
		return no()
	}
	if text := q.request.Header.Get("Authorization"); text != "" {
		scheme, _, _ := strings.Cut(text, " ")
		return q.perhaps("A signed URL was used together with an Authorization header (%s).",
			"Send a signed URL without Authorization. HTTP clients of applications often add their own to every request: use a plain one.", q.quote(cut(scheme, 20)))
	}
	return q.perhaps("The URL has parameters of more than one version of the signature.", "Sign the bare URL, not one that is signed already.")
}

func s3Signature(q *question) (Cause, bool) {
	text := q.request.Header.Get("Authorization")
	if strings.HasPrefix(text, "AWS") || q.r.Query.Has("AWSAccessKeyId") || q.r.Query.Has("X-Amz-Signature") || q.r.Query.Has("X-Amz-Credential") {
		return q.perhaps("The request is signed for S3, not for OSS.", "Use an SDK of OSS; osslive has not the S3 interface.")
	}
	return no()
}

func notOSS(q *question) (Cause, bool) {
	text := q.request.Header.Get("Authorization")
	scheme, rest, _ := strings.Cut(text, " ")
	if text == "" || !q.is(auth.ErrMalformed) || q.claim.version != "" && q.claim.keyID != "" {
		return no()
	}
	switch {
	case strings.HasPrefix(scheme, "OSS") && q.claim.version == "":
		return q.perhaps("The Authorization header begins with %s.", "It begins with OSS, OSS2 or OSS4-HMAC-SHA256, each followed by one space.", q.quote(cut(scheme, 20)))
	case strings.HasPrefix(scheme, "OSS") && strings.TrimSpace(rest) == "" || q.claim.version == "1":
		return q.perhaps("The Authorization header is not OSS AccessKeyId:Signature: ID or signature is empty.", "Look whether the variables that hold ID and secret are set.")
	}
	return q.perhaps("The Authorization header is one of another service (%s).", "Do not send it to OSS; a client library or a proxy may add it.", q.quote(cut(scheme, 20)))
}

func rtmpVersion(q *question) (Cause, bool) {
	if q.r.Publish() && (q.r.Query.Has("x-oss-signature-version") || q.r.Query.Has("x-oss-signature") || q.r.Query.Has("x-oss-credential")) {
		return q.perhaps("The publish URL is signed like an HTTP URL of version 2 or 4. RTMP knows version 1 alone.",
			"Let the SDK make it (sign_rtmp_url, SignRtmpURL, getRtmpUrl, generateRtmpUri), or sign with OSSAccessKeyId, Expires and Signature.")
	}
	return no()
}

func publishPath(q *question) (Cause, bool) {
	p := q.r.Path
	if !q.r.Publish() || q.r.Oversize || len(p) == 3 && (p[0] == "live" || p[1] == "live") || len(p) == 2 && p[0] == "live" {
		return no()
	}
	joined := q.quote("/" + strings.Join(p, "/"))
	switch n := len(p); {
	case !slices.Contains(p, "live"):
		return q.perhaps("The path is %s: it lacks /live/.", "Publish to rtmp://HOST/BUCKET/live/CHANNEL. In OBS the server ends with /live and the stream key is the channel with its query.", joined)
	case n > 1 && p[n-1] == "live":
		return q.perhaps("The path is %s: it has no channel.", "In OBS the stream key is the channel's name, followed by the query of the signed URL.", joined)
	case n > 3 && p[n-1] == p[n-2]:
		return q.perhaps("The path is %s: the channel is there twice, in the server and in the stream key.",
			"In OBS the server ends with /live; the stream key is the rest of the URL: the channel and its query.", joined)
	}
	return q.perhaps("The path is %s.", "Publish to rtmp://HOST/BUCKET/live/CHANNEL, or rtmp://BUCKET.HOST/live/CHANNEL. In OBS the server ends with /live.", joined)
}

// names are those of the parameters, sorted.
func (q *question) names() []string {
	names := []string{}
	for name := range q.r.Query {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// unsigned tells whether something of a signature is missing.
func (q *question) unsigned() bool {
	return q.is(auth.ErrMissingParam) || q.claim.version == "" && q.r.Code == "AccessDenied" && q.r.Header.Get("Authorization") == ""
}

func queryEscaped(q *question) (Cause, bool) {
	for _, name := range q.names() {
		value := q.r.Query.Get(name)
		for _, escaped := range []string{"amp;", `\u0026`, "u0026", "%26", "&amp;"} {
			if strings.HasPrefix(name, escaped) || strings.Contains(value, escaped) && strings.Contains(value, "=") && name != "Signature" {
				return q.perhaps("The ampersands of the URL are escaped (%s): it was copied out of HTML or JSON.",
					"Decode the HTML or JSON first; between parameters stands a bare &.", q.quote(escaped))
			}
		}
		if strings.Contains(value, "&Signature=") || strings.Contains(value, "&OSSAccessKeyId=") || strings.Contains(value, "&Expires=") {
			return q.perhaps("The ampersands of the URL are percent-encoded, so that all its parameters are one.", "Encode the values of parameters only, not the & between them.")
		}
	}
	return no()
}

func queryCut(q *question) (Cause, bool) {
	if !q.unsigned() || len(q.r.Query) == 0 || slices.ContainsFunc(q.names(), func(n string) bool { return strings.Contains(n, "?") }) {
		return no()
	}
	known := func(n string) bool { return slices.Contains(credentials, n) || q.r.Publish() && n == "playlistName" }
	if !q.r.Publish() && !slices.ContainsFunc(q.names(), known) {
		return no()
	}
	return q.perhaps("The query of the signed URL is incomplete: only %s arrived.",
		"Put the URL between quotes: a shell ends the command at the first &. Copy it whole; long URLs are cut by some programs.", strings.Join(q.names(), ", "))
}

func parameterWithQuestionMark(q *question) (Cause, bool) {
	if i := slices.IndexFunc(q.names(), func(n string) bool { return strings.Contains(n, "?") }); i >= 0 {
		return q.perhaps("The URL has two question marks: the key has one that is not escaped, or the parameters were added twice.",
			"Percent-encode the key in the URL: a question mark is %3F. The parameters begin after one ? and are separated by &.")
	}
	return no()
}

func queryMissing(q *question) (Cause, bool) {
	if q.r.Publish() && q.unsigned() && len(q.r.Query) == 0 && !q.r.Oversize && len(q.r.Path) > 1 {
		return q.perhaps("The publish URL has no signature, and the bucket is not public-read-write.",
			"Take the whole signed URL. In OBS the stream key is the channel and everything after it: CHANNEL?OSSAccessKeyId=…&Expires=…&Signature=…. The URL that PutLiveChannel answers with is not signed: let the SDK sign it.")
	}
	return no()
}

func clock(q *question) (Cause, bool) {
	var skew *auth.SkewError
	if !errors.As(q.r.Err, &skew) {
		return no()
	}
	d := skew.RequestTime.Sub(skew.ServerTime)
	direction := "ahead of"
	if d < 0 {
		direction = "behind"
	}
	d = d.Abs().Round(time.Second)
	if half := 30 * time.Minute; (d-d.Round(half)).Abs() < time.Minute && d <= 14*time.Hour+half {
		return q.perhaps("The date of the request is %v %s the server's: a time zone. The local time was sent as GMT.", "Make the Date header from UTC. Look at the machine's time zone too.", d, direction)
	}
	return q.perhaps("The clock of the client is %v %s the server's; 15 minutes are allowed.", "Set the clock (NTP); containers and virtual machines that slept are often late.", d, direction)
}

func dateMissing(q *question) (Cause, bool) {
	if !q.is(auth.ErrBadDate) {
		return no()
	}
	return q.perhaps("The request has no date that can be read.", "Send Date: Wed, 24 Aug 2016 11:11:28 GMT, or x-oss-date: 20160824T111128Z for version 4. A browser cannot set Date.")
}

func (q *question) expires() string {
	return cmp.Or(q.r.Query.Get("Expires"), q.r.Query.Get("x-oss-expires"))
}

func expiresMilliseconds(q *question) (Cause, bool) {
	n, err := strconv.ParseFloat(q.expires(), 64)
	if err != nil {
		return no()
	}
	switch {
	case q.is(auth.ErrBadExpires) && n >= 1e11:
		return q.perhaps("Expires is %s: milliseconds, where seconds are wanted.", "Divide by 1000: Date.now() and currentTimeMillis() count milliseconds. Mind whether the function wants a moment or a number of seconds from now.", q.quote(q.expires()))
	case q.is(auth.ErrBadLifetime) && n > 604800 && n < 1e9 && math.Mod(n, 1000) == 0:
		return q.perhaps("x-oss-expires is %s: milliseconds, it seems; %v seconds are meant, and 604800 is the most.", "Give the lifetime in seconds.", q.quote(q.expires()), n/1000)
	}
	return no()
}

func expiresRelative(q *question) (Cause, bool) {
	n, err := strconv.ParseInt(q.expires(), 10, 64)
	switch {
	case err != nil:
	case q.is(auth.ErrExpired) && n < 1e9 && q.claim.version != "4":
		return q.perhaps("Expires is %d: a number of seconds from now, where a moment is wanted.", "Expires is seconds since 1970: add the lifetime to the present time.", n)
	case q.is(auth.ErrBadLifetime) && n >= 1e9:
		return q.perhaps("x-oss-expires is %d: a moment, where a number of seconds is wanted.", "In version 4 it counts from x-oss-date: 3600 for an hour.", n)
	}
	return no()
}

func expiresTooLong(q *question) (Cause, bool) {
	if q.is(auth.ErrBadLifetime) {
		return q.perhaps("x-oss-expires is %s; version 4 allows 1 to 604800 seconds, seven days.", "Sign for a shorter time, and sign again.", q.quote(q.expires()))
	}
	return no()
}

func expiresFormat(q *question) (Cause, bool) {
	if q.is(auth.ErrBadExpires) {
		return q.perhaps("Expires is %s, which is no number of seconds since 1970.", "Write it as decimal digits, as in Expires=1735689600.", q.quote(q.expires()))
	}
	return no()
}

func expired(q *question) (Cause, bool) {
	if !q.is(auth.ErrExpired) {
		return no()
	}
	text := q.expires()
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && q.claim.version != "4" {
		text = time.Unix(n, 0).UTC().Format(time.RFC3339) + ", " + q.r.Time.Sub(time.Unix(n, 0)).Round(time.Second).String() + " before it was used"
	} else {
		text += " s after " + q.r.Query.Get("x-oss-date")
	}
	return q.perhaps("The signed URL has expired: at %s.", "Sign a new one, for longer; look at the clock of the machine that signs. A publish that runs goes on when its URL expires.", text)
}

func badRegion(q *question) (Cause, bool) {
	var bad *auth.CredentialError
	if !errors.As(q.r.Err, &bad) {
		return no()
	}
	switch bad.Part {
	case "Region":
		return q.perhaps("The credential of version 4 names no region.", "Give the client a region, as in cn-hangzhou.")
	case "SignDate":
		return q.perhaps("The day in the credential is not that of x-oss-date.", "Both are in UTC, and of the moment of signing.")
	}
	return q.perhaps("The credential of version 4 is not ID/DAY/REGION/oss/aliyun_v4_request.", "Let the SDK make it. An ID with a slash, or one that is empty, spoils it.")
}

func keyWhitespace(q *question) (Cause, bool) {
	id := q.claim.keyID
	if trimmed := strings.Trim(id, " \t\r\n\"'<>\ufeff\u00a0"); q.is(auth.ErrUnknownKey, auth.ErrBadToken) && trimmed != id && q.Keys[trimmed].ID != "" {
		return Cause{Title: fmt.Sprintf("The access key ID %s has something around it: %+q was sent.", trimmed, id),
			Fix: "Strip spaces, line breaks and quotes when the ID is read or pasted.", Proof: true}, true
	}
	return no()
}

func keySwapped(q *question) (Cause, bool) {
	if !q.is(auth.ErrUnknownKey, auth.ErrBadToken) {
		return no()
	}
	for _, k := range q.Keys {
		if sameSecret(k.Secret, q.claim.keyID) {
			return Cause{Title: "ID and secret are swapped: the secret of " + k.ID + " was sent as an ID.", Fix: "Give the SDK the ID first and the secret second.", Proof: true}, true
		}
	}
	return no()
}

func tokenMissing(q *question) (Cause, bool) {
	temporary := strings.HasPrefix(q.claim.keyID, "STS.") || q.Keys[q.claim.keyID].Token != ""
	if q.is(auth.ErrUnknownKey, auth.ErrBadToken) && q.claim.token == "" && temporary {
		return q.perhaps("The ID %s is that of a temporary key, and no security token came with it.", "Give the SDK the token too (oss2.StsAuth, SecurityToken, stsToken). In a URL of version 1 and in RTMP it is security-token.", q.claim.keyID)
	}
	return no()
}

func keyCase(q *question) (Cause, bool) {
	for id := range q.Keys {
		if q.is(auth.ErrUnknownKey) && strings.EqualFold(id, q.claim.keyID) {
			return q.perhaps("The server has the key %s; %s was sent.", "The case of an ID counts.", id, q.quote(q.claim.keyID))
		}
	}
	return no()
}

func defaultKey(q *question) (Cause, bool) {
	if q.is(auth.ErrUnknownKey) && q.claim.keyID == "osslive" {
		return q.perhaps("The built-in key is not in use: the server was started with keys of its own.", "Use one of those, or start the server without --key.")
	}
	return no()
}

func unknownKey(q *question) (Cause, bool) {
	if !q.is(auth.ErrUnknownKey) {
		return no()
	}
	hint := ""
	if near := nearest(q.claim.keyID, keysOf(q.Keys)); near != "" {
		hint = fmt.Sprintf(" Is %s meant?", near)
	}
	return q.perhaps("The server has no key with the ID %s.%s", "Use a key that the server was started with (--key ID:SECRET), or osslive and osslive-secret if there was none.", q.quote(q.claim.keyID), hint)
}

func keysOf(keys auth.Keys) (ids []string) {
	for id := range keys {
		ids = append(ids, id)
	}
	return ids
}

func tokenExpired(q *question) (Cause, bool) {
	if q.is(auth.ErrTokenExpired) {
		return q.perhaps("The security token has expired.", "Get a new temporary key (osslive token), and give ID, secret and token to the SDK together.")
	}
	return no()
}

func tokenPlus(q *question) (Cause, bool) {
	if q.is(auth.ErrBadToken) && strings.ContainsAny(q.claim.token, " \r\n") {
		return q.perhaps("The security token has a space or a line break in it: a plus was not escaped, or the token was wrapped.", "Percent-encode the token in the URL: a plus is %2B.")
	}
	return no()
}

func tokenNotWanted(q *question) (Cause, bool) {
	if key, ok := q.Keys[q.claim.keyID]; ok && q.is(auth.ErrBadToken) && key.Token == "" {
		return q.perhaps("%s is a permanent key, and a security token came with it.", "Send no token with a permanent key, or use the ID and secret that belong to the token.", key.ID)
	}
	return no()
}

func tokenWrong(q *question) (Cause, bool) {
	if q.is(auth.ErrBadToken) {
		return q.perhaps("The security token does not belong to the key %s.", "ID, secret and token come together from one answer of STS (osslive token); take all three from the same one. Is the token whole?", q.quote(q.claim.keyID))
	}
	return no()
}

func repeated(q *question) (Cause, bool) {
	if q.is(auth.ErrRepeated) || strings.Contains(q.r.Message, "given twice") {
		return q.perhaps("A parameter or a header that is signed came twice.", "Send it once; clients and proxies may add what is there already. (%s)", q.r.Message)
	}
	return no()
}

// signatureSizes are the characters of a signature.
var signatureSizes = map[string]int{"1": 28, "2": 44, "4": 64}

func signatureTruncated(q *question) (Cause, bool) {
	if n, whole := len(q.claim.signature), signatureSizes[q.claim.version]; q.mismatch() && n < whole && n != 0 {
		return q.perhaps("The signature has %d of %d characters.", "Copy the URL to its end, and quote it in a shell. The last characters of version 1 are often %3D, which is =.", n, whole)
	}
	return no()
}

func signatureForm(q *question) (Cause, bool) {
	n, whole := len(q.claim.signature), signatureSizes[q.claim.version]
	if !q.mismatch() || n == whole || n == 0 {
		return no()
	}
	made := map[int]string{40: "HMAC-SHA1 in hexadecimal", 44: "HMAC-SHA256 in base64", 64: "HMAC-SHA256 in hexadecimal", 28: "HMAC-SHA1 in base64", 32: "MD5, or a signature that is encoded twice", 24: "HMAC-MD5 in base64"}[n]
	if made != "" {
		made = " It looks like " + made + "."
	}
	return q.perhaps("The signature has %d characters; one of version %s has %d.%s",
		"Version 1 is HMAC-SHA1 in base64, version 2 HMAC-SHA256 in base64, version 4 HMAC-SHA256 in lower-case hexadecimal; let the SDK sign.", n, q.claim.version, whole, made)
}

func (q *question) mismatch() bool {
	var mismatch *auth.MismatchError
	return errors.As(q.r.Err, &mismatch)
}

func noSuchBucket(q *question) (Cause, bool) {
	if !q.is(store.ErrNoSuchBucket) {
		return no()
	}
	names := q.buckets()
	if near := nearest(q.r.Bucket, names); near != "" {
		return q.perhaps("There is no bucket %s. Is %s meant?", "Use the name of the bucket as it was created, or create it: --bucket NAME, or PutBucket.", q.quote(q.r.Bucket), near)
	}
	return q.perhaps("There is no bucket %s.", "Create it: --bucket NAME, or PutBucket. Where it was taken from: the host name if that is BUCKET.HOST, else the first part of the path.", q.quote(q.r.Bucket))
}

func noSuchChannel(q *question) (Cause, bool) {
	if !q.is(store.ErrNoSuchChannel) {
		return no()
	}
	name := q.r.Name
	if q.r.Publish() && name == "" && len(q.r.Path) > 0 {
		name = q.r.Path[len(q.r.Path)-1]
	}
	for _, bucket := range q.buckets() {
		if bucket != q.r.Bucket && q.r.Bucket != "" && slices.Contains(q.channels(bucket), name) {
			return q.perhaps("The bucket %s has no live channel %s; %s has one.", "Name the bucket that has the channel.", q.quote(q.r.Bucket), q.quote(name), bucket)
		}
	}
	var names []string
	for _, bucket := range q.buckets() {
		if q.r.Bucket == "" || bucket == q.r.Bucket {
			names = append(names, q.channels(bucket)...)
		}
	}
	if near := nearest(name, names); near != "" {
		return q.perhaps("There is no live channel %s. Is %s meant?", "Use the name of the channel as it was created, or create it: --channel BUCKET/NAME, or PutLiveChannel.", q.quote(name), q.quote(near))
	}
	return q.perhaps("There is no live channel %s.", "Create it first: --channel BUCKET/NAME, or PutLiveChannel.", q.quote(name))
}

func disabled(q *question) (Cause, bool) {
	if q.is(store.ErrChannelDisabled) {
		return q.perhaps("The live channel is disabled.", "Enable it: PutLiveChannelStatus with enabled (bucket.put_live_channel_status('NAME', 'enabled')), or in the console.")
	}
	return no()
}

func busy(q *question) (Cause, bool) {
	switch {
	case q.is(store.ErrChannelLive) && q.r.Publish():
		return q.perhaps("Another encoder is publishing to this live channel.", "Stop that one, or publish to another channel. One that vanished without a word is given up after some seconds (--publisher-idle).")
	case q.is(store.ErrChannelLive):
		return q.perhaps("The live channel is live, and cannot be changed or deleted now.", "Stop the publisher first: disable the channel (PutLiveChannelStatus), or end the push.")
	case q.is(store.ErrSessionLost):
		return q.perhaps("The channel went to another publisher, or was deleted or made anew.", "Publish again.")
	}
	return no()
}

func objectUnderDecodedKey(q *question) (Cause, bool) {
	if key := unescaped(q.r.Name); q.is(store.ErrNoSuchKey) && key != q.r.Name && q.object(q.r.Bucket, key) {
		return q.perhaps("There is an object %s; the one asked for is %s: the key was percent-encoded twice.", "Give the SDK the key as it is, not encoded.", q.quote(key), q.quote(q.r.Name))
	}
	return no()
}

func bucketInKey(q *question) (Cause, bool) {
	if key, found := strings.CutPrefix(q.r.Name, q.r.Bucket+"/"); found && q.is(store.ErrNoSuchKey) && q.object(q.r.Bucket, key) {
		return q.perhaps("There is an object %s; the key that was asked for begins with the bucket's name.", "Leave the bucket out of the key. An endpoint that has the bucket in it may be the reason.", q.quote(key))
	}
	return no()
}

func neverPublished(q *question) (Cause, bool) {
	channel, file, found := strings.Cut(q.r.Name, "/")
	if !q.is(store.ErrNoSuchKey) || !found {
		return no()
	}
	c, err := q.Store.Channel(q.ctx, q.r.Bucket, channel)
	if err != nil {
		return no()
	}
	if file != c.Target.PlaylistName && q.object(q.r.Bucket, channel+"/"+c.Target.PlaylistName) {
		return q.perhaps("The channel %s has no %s; its playlist is %s.", "Use the name of the playlist that the channel, or playlistName in the publish URL, gives.", q.quote(channel), q.quote(file), q.quote(c.Target.PlaylistName))
	}
	return q.perhaps("Nothing has been published to the channel %s yet, or not for long enough.", "Publish first; the playlist appears with the first whole segment, after FragDuration.", q.quote(channel))
}

func invalidKey(q *question) (Cause, bool) {
	var invalid *store.InvalidError
	if errors.As(q.r.Err, &invalid) && invalid.Field == "Key" && strings.HasPrefix(q.r.Name, "/") {
		return q.perhaps("The key begins with a slash: %s.", "Leave the first slash out of the key; the URL has one before it.", q.quote(q.r.Name))
	}
	return no()
}

func noSuchKey(q *question) (Cause, bool) {
	if !q.is(store.ErrNoSuchKey) {
		return no()
	}
	page, err := q.Store.ListObjects(q.ctx, q.r.Bucket, store.ListQuery{Limit: maxNames})
	if err == nil {
		var keys []string
		for _, o := range page.Objects {
			keys = append(keys, o.Key)
		}
		if near := nearest(q.r.Name, keys); near != "" {
			return q.perhaps("There is no object %s. Is %s meant?", "Compare the keys: case, slashes and spaces count.", q.quote(q.r.Name), q.quote(near))
		}
	}
	return q.perhaps("There is no object %s.", "List the bucket to see its keys.", q.quote(q.r.Name))
}

func bucketName(q *question) (Cause, bool) {
	var invalid *store.InvalidError
	if errors.As(q.r.Err, &invalid) && invalid.Field == "BucketName" {
		return q.perhaps("%s was taken for the bucket, and cannot be one.", "A bucket has 3 to 63 lower-case letters, digits and hyphens. In path style it is the first part of the path; else it is in the host name, BUCKET.HOST.", q.quote(q.r.Bucket))
	}
	return no()
}

func acl(q *question) (Cause, bool) {
	if q.r.Code != "AccessDenied" || !strings.Contains(q.r.Message, "acl") {
		return no()
	}
	return q.perhaps("The request is not signed, and the bucket's ACL does not allow it to everybody.",
		"Sign it (a signed URL for players), or make the bucket public-read (reading) or public-read-write: PutBucketAcl, or --bucket NAME:public-read.")
}

func anonymous(q *question) (Cause, bool) {
	if q.r.Code == "AccessDenied" && q.claim.version == "" && strings.Contains(q.r.Message, "Anonymous") {
		return q.perhaps("The request is not signed, and this operation is the owner's alone.", "Give the SDK ID and secret. Were the variables that hold them empty? A proxy may drop the Authorization header.")
	}
	return no()
}
