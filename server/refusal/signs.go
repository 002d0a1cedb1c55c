package refusal

import (
	"slices"

	"osslive/auth"
	"osslive/server/answer"
	"osslive/store"
)

// sign is a mistake that shows by itself: by the error, by what the request looks
// like, or by what the store has.
type sign struct {
	cause      string
	when       func(*question) bool
	title, fix string // title is a format for the values
	values     []value
}

// signs are looked for in this order, and all that show are named. Of several with
// one cause the first counts.
var signs = slices.Concat(formSigns, timeSigns, keySigns, signatureSigns, stateSigns)

// certain are the signs that are as good as a proof.
var certain = []sign{
	{"key-whitespace", (*question).spacedKey, "The access key ID %s has something around it: %s was sent.", "Strip spaces, line breaks and quotes when the ID is read or pasted.", []value{trimmedKey, quotedKey}},
	{"key-swapped", func(q *question) bool { return swapped(q) != "" }, "ID and secret are swapped: the secret of %s was sent as an ID.", "Give the SDK the ID first and the secret second.", []value{swapped}},
}

var keySigns = []sign{
	{"key-swapped", func(q *question) bool { return q.is(auth.ErrUnknownKey) && maybeSecret(q.Claim.KeyID) }, "What was sent as an ID looks like a secret.",
		"Give the SDK the ID first and the secret second. If it was a secret of the cloud, it was sent in the clear: replace it.", nil},
	{"token-missing", (*question).tokenMissing, "The ID %s is that of a temporary key, and no security token came with it.",
		"Give the SDK the token too (oss2.StsAuth, SecurityToken, stsToken). In a URL of version 1 and in RTMP it is security-token.", []value{keyID}},
	{"key-case", func(q *question) bool { return sameLetters(q) != "" }, `The server has the key %s; "%s" was sent.`, "The case of an ID counts.", []value{sameLetters, keyID}},
	{"default-key", func(q *question) bool { return q.is(auth.ErrUnknownKey) && q.Claim.KeyID == "osslive" }, "The built-in key is not in use: the server was started with keys of its own.",
		"Use one of those, or start the server without --key.", nil},
	{"unknown-key", is(auth.ErrUnknownKey), `The server has no key with the ID "%s".%s`,
		"Use a key that the server was started with (--key ID:SECRET), or osslive and osslive-secret if there was none.", []value{keyID, meant(nearKey)}},
	{"token-expired", is(auth.ErrTokenExpired), "The security token has expired.", "Get a new temporary key (osslive token), and give ID, secret and token to the SDK together.", nil},
	{"plus-space", (*question).tokenSpaced, "The security token has a space or a line break in it: a plus was not escaped, or the token was wrapped.", "Percent-encode the token in the URL: a plus is %2B.", nil},
	{"token-not-wanted", func(q *question) bool {
		k, ok := q.Keys[q.Claim.KeyID]
		return ok && q.is(auth.ErrBadToken) && k.Token == ""
	},
		"%s is a permanent key, and a security token came with it.", "Send no token with a permanent key, or use the ID and secret that belong to the token.", []value{keyID}},
	{"token-wrong", is(auth.ErrBadToken), `The security token does not belong to the key "%s".`,
		"ID, secret and token come together from one answer of STS (osslive token); take all three from the same one. Is the token whole?", []value{keyID}},
	{"repeated", func(q *question) bool {
		return q.is(auth.ErrRepeated, answer.ErrRepeated) || q.invalid().Rule == "repeated"
	},
		"A parameter or a header that is signed came twice: %s", "Send it once; clients and proxies may add what is there already.", []value{message}},
}

var signatureSigns = []sign{
	{"signature-truncated", func(q *question) bool {
		n := len(q.Claim.Signature)
		return q.mismatch() && 0 < n && n < q.wholeSignature()
	}, "The signature has %s of %s characters.",
		"Copy the URL to its end, and quote it in a shell. The last characters of version 1 are often %3D, which is =.", []value{signatureLength, wholeLength}},
	{"signature-form", (*question).otherLength, "The signature has %s characters; a signature of version %s has %s.%s",
		"Version 1 is HMAC-SHA1 in base64, version 2 HMAC-SHA256 in base64, version 4 HMAC-SHA256 in lower-case hexadecimal; let the SDK sign.",
		[]value{signatureLength, version, wholeLength, likeness}},
	{"signature-case", (*question).oneCase, "The signature has letters of one case only: the URL was changed to lower or upper case.", "Leave the case of a signed URL as it is.", nil},
	{"header-missing", is(auth.ErrMissingHeader), "A header that was signed is missing: %s.", "Send every header that the signature names in AdditionalHeaders (x-oss-additional-headers in a URL).",
		[]value{func(q *question) string { return q.r.Err.Error() }}},
	{"body-hash", is(auth.ErrPayload, answer.ErrBodyHash), "x-oss-content-sha256 is not the SHA-256 of the body.",
		"Send UNSIGNED-PAYLOAD, or the SHA-256 of the bytes of the body in lower-case hexadecimal.", nil},
	{"content-md5", code("InvalidDigest"), "The checksum is not that of the body.",
		"Content-MD5 is the MD5 of the body's bytes, 16 of them, in base64 (not of its hexadecimal form).", nil},
}

// usual are the mistakes that leave nothing to try, the most usual one first. They are
// named where a signature is wrong and nothing explains it.
var usual = []sign{
	{"content-md5", func(q *question) bool { return q.Claim.InURL && q.r.Header.Get("Content-Md5") != "" },
		"The URL was signed for another body: Content-MD5 is part of the signature, and it seems that another one was signed than came.",
		"Sign with the MD5 of the body that is sent, in base64; or sign and send without Content-MD5.", nil},
	{"header-missing", func(q *question) bool { return q.Claim.InURL && (q.r.Method == "PUT" || q.r.Method == "POST") },
		"The URL was signed with headers that did not come, or came with other values: Content-Type, or any that begins with x-oss-, as metadata do.",
		"Send every header that was given to the function that signed (a presigned request lists them), with the same values.", nil},
	{"wrong-secret", always, `The secret is not that of the key "%s", nor of another key of this server.`,
		"Compare the secret with the one that the server was started with (--key ID:SECRET; osslive-secret if there was none).", []value{keyID}},
	{"request-changed", always, "The request was changed after it was signed: by a proxy, a CDN or a program that rewrites URLs.",
		"Compare the text below with the one that the client signed, byte by byte; the SDKs print theirs in a debug log.", nil},
}

func always(*question) bool { return true }

var stateSigns = []sign{
	{"host-unknown", (*question).unknownHost, `The host name "%s" is not known here, so that the bucket was taken from the path.`,
		"Start the server with --base-domain DOMAIN for names like BUCKET.DOMAIN, or with --cname HOST=BUCKET.", []value{host}},
	{"no-such-bucket", is(store.ErrNoSuchBucket), `There is no bucket "%s".%s`,
		"Use the name of the bucket as it was created, or create it: --bucket NAME, or PutBucket. It was taken from the host name if that is BUCKET.HOST, else from the first part of the path.",
		[]value{bucket, meant(nearBucket)}},
	{"key-double-encoded", func(q *question) bool {
		return q.is(store.ErrNoSuchChannel) && q.escaped() && slices.Contains(q.Channels(q.r.Bucket), decodedName(q))
	},
		`There is a live channel "%s"; the one asked for is "%s": its name was percent-encoded twice.`, "Encode the name once.", []value{decodedName, name}},
	{"no-such-channel", func(q *question) bool { return q.is(store.ErrNoSuchChannel) && otherBucket(q) != "" }, `The bucket "%s" has no live channel "%s"; %s has one.`,
		"Name the bucket that has the channel.", []value{bucket, channel, otherBucket}},
	{"no-such-channel", is(store.ErrNoSuchChannel), `There is no live channel "%s".%s`,
		"Use the name of the channel as it was created, or create it: --channel BUCKET/NAME, or PutLiveChannel.", []value{channel, meant(nearChannel)}},
	{"disabled", is(store.ErrChannelDisabled), "The live channel is disabled.",
		"Enable it: PutLiveChannelStatus with enabled (bucket.put_live_channel_status('NAME', 'enabled')), or in the console.", nil},
	{"busy", func(q *question) bool { return q.is(store.ErrChannelLive) && q.r.Publish() }, "Another encoder is publishing to this live channel.",
		"Stop that one, or publish to another channel. The server ends a publish without data after some seconds (--publisher-idle).", nil},
	{"busy", is(store.ErrChannelLive), "The live channel is live, and cannot be changed or deleted now.",
		"Stop the publisher first: disable the channel (PutLiveChannelStatus), or end the push.", nil},
	{"busy", is(store.ErrSessionLost), "The channel went to another publisher, or was deleted and perhaps created again.", "Publish again.", nil},
	{"key-double-encoded", func(q *question) bool { return q.is(store.ErrNoSuchKey) && q.escaped() && q.has(decodedName(q)) },
		`There is an object "%s"; the one asked for is "%s": the key was percent-encoded twice.`, "Give the SDK the key as it is, not encoded.", []value{decodedName, name}},
	{"bucket-in-key", func(q *question) bool { return q.is(store.ErrNoSuchKey) && innerKey(q) != "" && q.has(innerKey(q)) },
		`There is an object "%s"; the key that was asked for begins with the bucket's name.`, "Leave the bucket out of the key. An endpoint that has the bucket in it may be the reason.", []value{innerKey}},
	{"never-published", (*question).otherPlaylist, `The channel "%s" has no "%s"; its playlist is "%s".`,
		"Use the name of the playlist that the channel, or playlistName in the publish URL, gives.", []value{folder, file, folderPlaylist}},
	{"never-published", func(q *question) bool { return q.is(store.ErrNoSuchKey) && folderPlaylist(q) != "" }, `Nothing has been published to the channel "%s" yet, or not for long enough.`,
		"Publish first; the playlist appears with the first whole segment, after FragDuration.", []value{folder}},
	{"key-slash", func(q *question) bool { return q.invalid().Field == "Key" && len(q.r.Name) > 0 && q.r.Name[0] == '/' }, `The key begins with a slash: "%s".`,
		"Leave the first slash out of the key; the URL has one before it.", []value{name}},
	{"no-such-key", is(store.ErrNoSuchKey), `There is no object "%s".%s`, "List the bucket to see its keys, and compare: case, slashes and spaces count.", []value{name, meant(nearObject)}},
	{"bucket-name", func(q *question) bool { return q.invalid().Field == "BucketName" }, `"%s" was taken for the bucket, and cannot be one.`,
		"A bucket has 3 to 63 lower-case letters, digits and hyphens. In path style it is the first part of the path; else it is in the host name, BUCKET.HOST.", []value{bucket}},
	{"acl", is(answer.ErrBucketACL, answer.ErrObjectACL), "The request is not signed, and the bucket's ACL does not allow it for everybody.",
		"Sign it (a signed URL for players), or make the bucket public-read (reading) or public-read-write: PutBucketAcl, or --bucket NAME:public-read.", nil},
	{"anonymous", func(q *question) bool { return q.is(answer.ErrAnonymous) && q.Claim.Version == "" }, "The request is not signed, and only the owner may do this operation.",
		"Give the SDK ID and secret. Were the variables that hold them empty? A proxy may drop the Authorization header.", nil},
	{"malformed-xml", code("MalformedXML"), "The body is missing, or not the XML that the operation wants.",
		"Compare it with the example in the API reference; names are case-sensitive, and &, < and > in values are escaped (not every SDK does that).", nil},
	{"milliseconds", (*question).milliseconds, `%s is "%s": milliseconds, where seconds are wanted.`, "Divide by 1000.", []value{field, invalidValue}},
	{"invalid-value", func(q *question) bool { f := q.invalid().Field; return f != "" && f != "Key" && f != "BucketName" }, `%s is "%s". %s`, "Give an allowed value.", []value{field, invalidValue, message}},
	{"no-segments", is(answer.ErrNoSegments), `No segment of the channel begins in the span from "%s" to "%s".`,
		"startTime and endTime are seconds since 1970, in UTC; look at the channel's history. Segments that were deleted do not count.", []value{query("startTime"), query("endTime")}},
	{"not-implemented", code("NotImplemented"), "%s", "Leave it out of tests against osslive; the README lists the operations that it has.", []value{message}},
}
