package refusal

import (
	"errors"
	"slices"
	"strings"

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
	{"line-break", lineBreak},
	{"publish-path", publishPath},
	{"query-escaped", queryEscaped},
	{"query-cut", queryCut},
	{"key-decoded", parameterWithQuestionMark},
	{"query-separator", queryWithoutQuestionMark},
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
	{"key-swapped", keyLikeSecret},
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
	{"signature-case", signatureLowered},
	{"header-missing", additionalMissing},
	{"body-hash", bodyHash},
	{"content-md5", bodyMD5},
	{"host-unknown", hostUnknown},
	{"no-such-bucket", noSuchBucket},
	{"key-double-encoded", channelEncoded},
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
	{"malformed-xml", malformedXML},
	{"milliseconds", milliseconds},
	{"invalid-value", invalidValue},
	{"no-segments", noSegments},
	{"not-implemented", notImplemented},
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
	if text == "" || strings.HasPrefix(text, "AWS") || !q.is(auth.ErrMalformed) || q.claim.version != "" && q.claim.keyID != "" {
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

func (q *question) mismatch() bool {
	var mismatch *auth.MismatchError
	return errors.As(q.r.Err, &mismatch)
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

// signatureLowered is a signature in base64 without one capital letter, of which
// there is one in ten thousand.
func signatureLowered(q *question) (Cause, bool) {
	s := q.claim.signature
	if q.mismatch() && q.claim.version != "4" && (len(s) == 28 || len(s) == 44) && (s == strings.ToLower(s) || s == strings.ToUpper(s)) {
		return q.perhaps("The signature has letters of one case only: the URL was made lower or upper case.", "Leave the case of a signed URL as it is.")
	}
	return no()
}

func additionalMissing(q *question) (Cause, bool) {
	if q.is(auth.ErrMalformed) && strings.Contains(q.r.Err.Error(), "additional header") {
		return q.perhaps("A header that was signed did not come: %s.", "Send every header that is among the additional ones of the signature.", q.r.Err.Error())
	}
	return no()
}

func bodyHash(q *question) (Cause, bool) {
	if q.is(auth.ErrPayload) || strings.Contains(q.r.Message, "SHA-256") {
		return q.perhaps("x-oss-content-sha256 is not the SHA-256 of the body that came.", "Send UNSIGNED-PAYLOAD, or the SHA-256 of the very bytes of the body in lower-case hexadecimal.")
	}
	return no()
}

func bodyMD5(q *question) (Cause, bool) {
	if q.r.Code == "InvalidDigest" {
		return q.perhaps("The checksum is not that of the body that came.", "Content-MD5 is the MD5 of the body's bytes, 16 of them, in base64 (not of its hexadecimal form).")
	}
	return no()
}

func malformedXML(q *question) (Cause, bool) {
	if q.r.Code == "MalformedXML" {
		return q.perhaps("The body is missing, or not the XML that the operation wants.", "Compare it with the example in the API reference; names are case-sensitive, and &, < and > in values are escaped (not every SDK does that).")
	}
	return no()
}

func invalidValue(q *question) (Cause, bool) {
	var invalid *store.InvalidError
	if errors.As(q.r.Err, &invalid) && invalid.Field != "Key" && invalid.Field != "BucketName" {
		return q.perhaps("%s is %s. %s", "Give a value that is allowed.", invalid.Field, q.quote(invalid.Value), q.r.Message)
	}
	return no()
}

func notImplemented(q *question) (Cause, bool) {
	if q.r.Code == "NotImplemented" {
		return q.perhaps("%s", "Leave it out of tests against osslive; the README lists the operations that it has.", q.r.Message)
	}
	return no()
}

func repeated(q *question) (Cause, bool) {
	if q.is(auth.ErrRepeated) || strings.Contains(q.r.Message, "given twice") {
		return q.perhaps("A parameter or a header that is signed came twice.", "Send it once; clients and proxies may add what is there already. (%s)", q.r.Message)
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
