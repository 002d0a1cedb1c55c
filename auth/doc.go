// Package auth owns the signatures of Alibaba Cloud OSS: it signs and verifies HTTP
// requests and RTMP publish URLs, and makes temporary keys. It does no I/O, reads no
// clock, and must not know what a caller may do, nor how an error is answered: it
// takes values and returns values.
//
// [VerifyRequest] and [VerifyPublish] turn a request into an [Identity], which
// nothing else can make; [SignRequest], [SignURL], [SignRequestV4],
// [SignURLV4] and [SignPublish] are their counterparts for clients.
// [MintToken] makes temporary keys. [Request.Claim] and [Request.Text] give out what
// a request says of its signature and the text that it signs, in parts and unproved,
// to programs that explain why a signature is wrong.
//
// # The signatures
//
// Every version signs a text, the string-to-sign, with a key derived from the
// secret. It is made of decoded names and values; bucket and key are never
// taken from the form of the address.
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
// Version 2 in a header ("Add a signature to the header" page, V2; v2.go). The
// additional headers are those that the signer chooses to sign too; the
// members may come in any order:
//
//	Authorization: OSS2 AccessKeyId:{id}[,AdditionalHeaders:{a;b}],Signature:{base64(HMAC-SHA256(secret, string-to-sign))}
//
//	METHOD \n Content-MD5 \n Content-Type \n DATE \n
//	{x-oss- or additional name:value \n}...      lower case, sorted
//	{additional name;...} \n                     lower case, sorted
//	%2F{bucket}%2F{key}[?{parameter[=value]}&...] every parameter, escaped, sorted
//
// Version 2 in a URL: the parameters x-oss-signature-version (OSS2),
// x-oss-access-key-id, x-oss-expires (seconds since 1970), x-oss-signature and
// perhaps x-oss-additional-headers; the same text with DATE := x-oss-expires
// and without x-oss-signature.
//
// Version 4 in a header ("Include a V4 signature in the Authorization header"
// page, v4.go). The key that signs is good for one scope only, a day of one
// region; TIMESTAMP is x-oss-date, or where there is none the Date header as
// it came:
//
//	Authorization: OSS4-HMAC-SHA256 Credential={id}/{scope}[,AdditionalHeaders={a;b}],Signature={hex(HMAC(key, string-to-sign))}
//
//	scope := {YYYYMMDD}/{region}/oss/aliyun_v4_request
//	key   := HMAC(HMAC(HMAC(HMAC("aliyun_v4" + secret, YYYYMMDD), region), "oss"), "aliyun_v4_request")
//
//	OSS4-HMAC-SHA256 \n TIMESTAMP \n scope \n hex(SHA-256(canonical request))
//
// The canonical request is
//
//	METHOD \n
//	/{bucket}/{key} \n                           escaped but for slashes; "/" for the service
//	{parameter[=value]}&... \n                   every parameter, escaped, sorted
//	{name:value \n}... \n                        content-md5, content-type, x-oss- and additional ones
//	{additional name;...} \n
//	{x-oss-content-sha256, or UNSIGNED-PAYLOAD}
//
// Version 4 in a URL ("Include a V4 signature in a URL" page): the parameters
// x-oss-signature-version (OSS4-HMAC-SHA256), x-oss-credential, x-oss-date,
// x-oss-expires (1 to 604800 seconds from x-oss-date), x-oss-signature and
// perhaps x-oss-additional-headers; the same texts without x-oss-signature.
//
// A security token is x-oss-security-token, a header or in a URL a parameter;
// in a URL of version 1 it is security-token, in one of version 2 either.
//
// Every header is signed as its values joined by commas, but x-oss- headers,
// Content-Type and Content-MD5 that come more than once are refused: a handler
// would read the first alone. So are signed parameters that do. Signatures are
// compared as bytes, in constant time, after strict decoding.
//
// # The body
//
// A signature comes before its body. Version 4 may name the body's SHA-256;
// [Identity.PayloadSHA256] hands it on to who reads the body. Nothing else of
// a body is signed, except that all versions sign Content-MD5.
//
// # Limits of version 1
//
// The text of version 1 does not say where a key ends: the object "a?acl" and
// the ACL of the object "a" sign alike. Parameters that are not sub-resources
// (prefix, marker, max-keys) are not signed, and a signed request can be sent
// again until it expires. All of this is so in the service too.
package auth
