// Package auth signs and verifies requests to Alibaba Cloud OSS: HTTP requests
// and RTMP publish URLs. It does no I/O and reads no clock; it takes values
// and returns values.
//
// [VerifyRequest] and [VerifyPublish] turn a request into an [Identity], which
// nothing else can make; [SignRequest], [SignURL] and [SignPublish] are their
// counterparts for clients.
//
// # The signatures
//
// Every version signs a text, the string-to-sign, with a key derived from the
// secret. Names and values in it are decoded; bucket and key are never taken
// from the form of the address.
//
// Version 1 in a header ("Add a signature to the header" page, v1.go):
//
//	Authorization: OSS {AccessKeyId}:{base64(HMAC-SHA1(secret, string-to-sign))}
//
//	METHOD \n Content-MD5 \n Content-Type \n DATE \n
//	{x-oss-name:value \n}...                     lower case, sorted
//	/{bucket}/{key}[?{sub-resource[=value]}&...] sorted; "/" for the service
//
// Version 1 in a URL ("Add signatures to a URL" page, v1.go): the parameters
// OSSAccessKeyId, Expires and Signature; the same text with DATE := Expires.
//
// Version 1 of an RTMP publish URL ("RTMP-based stream ingest" page,
// publish.go): the same three parameters; every other one is signed.
//
//	EXPIRES \n
//	{name:value \n}...                           sorted
//	/{bucket}/{channel}
//
// Version 2 (OSS2, HMAC-SHA256) and version 4 (OSS4-HMAC-SHA256, a derived
// key and a canonical request) are recognised, in version.go, and refused
// with an [UnsupportedError]; they are never taken for an anonymous request.
//
// # Limits of version 1
//
// The text of version 1 does not say where a key ends: the object "a?acl" and
// the ACL of the object "a" sign alike. Parameters that are not sub-resources
// (prefix, marker, max-keys) are not signed, and a signed request can be sent
// again until it expires. All of this is so in the service too.
package auth
