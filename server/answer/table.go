package answer

import (
	"context"
	"io"

	"osslive/auth"
	"osslive/store"
	"osslive/store/seam"
)

// table has a row for each error of store and auth that has no type of its own.
// The first row that fits counts. Codes, messages and statuses are those of the
// "Error responses" and LiveChannel pages of the API reference.
var table = []struct {
	err error
	Error
}{
	{store.ErrNoSuchBucket, Error{Status: 404, Code: "NoSuchBucket", EC: "0015-00000101", Message: "The specified bucket does not exist.",
		Class: BadName,
		Page:  "There is no such bucket."}},
	{store.ErrBucketNotEmpty, Error{Status: 409, Code: "BucketNotEmpty", EC: "0015-00000301", Message: "The bucket has objects. Please delete them first."}},
	{store.ErrNoSuchKey, Error{Status: 404, Code: "NoSuchKey", EC: "0026-00000001", Message: "The specified key does not exist.",
		Page: "There is no such object."}},
	{store.ErrKeyExists, Error{Status: 409, Code: "FileAlreadyExists", EC: "0026-00000016", Message: "The object you specified already exists and can not be overwritten."}},
	{store.ErrNotAppendable, Error{Status: 409, Code: "ObjectNotAppendable", Message: "The object is not appendable."}},
	{store.ErrNoSuchUpload, Error{Status: 404, Code: "NoSuchUpload", Message: "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."}},
	{store.ErrInvalidPart, Error{Status: 400, Code: "InvalidPart", Message: "One or more of the specified parts could not be found or the specified entity tag might not have matched the part's entity tag."}},
	{store.ErrInvalidPartOrder, Error{Status: 400, Code: "InvalidPartOrder", Message: "The list of parts was not in ascending order. Parts list must be specified in order by part number."}},
	{store.ErrPartTooSmall, Error{Status: 400, Code: "EntityTooSmall", Message: "Your proposed upload is smaller than the minimum allowed size."}},
	{store.ErrBodyTooLarge, Error{Status: 400, Code: "EntityTooLarge", Message: "Your proposed upload exceeds the maximum allowed size."}},
	{store.ErrNoSuchCORS, Error{Status: 404, Code: "NoSuchCORSConfiguration", Message: "The CORS configuration does not exist."}},
	{store.ErrNoSuchChannel, Error{Status: 404, Code: "NoSuchLiveChannel", EC: "0026-00000021", Message: "The specified live channel does not exist.",
		Class: BadName, Publish: "The specified live channel does not exist. Create it with PutLiveChannel first.",
		Page: "There is no such live channel."}},
	{store.ErrChannelLive, Error{Status: 409, Code: "ChannelStillLive", EC: "0044-00000201", Message: "Live channel couldn't be updated or deleted when channel is live.",
		Class: BadName, Publish: "Another client is publishing to this live channel.",
		Page: "The channel is live. Disable it first: that ends the publish within a second."}},
	{store.ErrChannelDisabled, Error{Status: 409, Code: "LiveChannelDisabled", Message: "Live channel is disabled by owner.",
		Class: BadName}},
	{store.ErrSessionLost, Error{Status: 409, Code: "ChannelStillLive", Message: "This session lost the live channel to another publisher or process.", // no request has a session
		Class: BadName}},
	{store.ErrBadDigest, Error{Status: 400, Code: "InvalidDigest", EC: "0016-00000025", Message: "The Content-MD5 you specified was invalid."}},
	{store.ErrBodyLength, Error{Status: 400, Code: "IncompleteBody", Message: "The request body does not have the length of its Content-Length."}},
	{seam.ErrFull, Error{Status: 507, Code: "InsufficientStorage", Message: "The server's disk is almost full.",
		Class: Rejected, Publish: "The server's disk is almost full; free some space and publish again.",
		Page: "The disk is full: free some space, then try again."}},
	{seam.ErrConflict, Error{Status: 503, Code: "ServiceUnavailable", Message: "Too many changes at the same time. Please try again."}},
	{store.ErrDamaged, Error{Status: 500, Code: "InternalError", Message: "The object is damaged on the server's disk."}},

	{auth.ErrUnknownKey, Error{Status: 403, Code: "InvalidAccessKeyId", EC: "0002-00000902", Message: "The OSS Access Key Id you provided does not exist in our records.",
		Class: Denied}},
	{auth.ErrExpired, Error{Status: 403, Code: "AccessDenied", EC: "0002-00000069", Message: "Request has expired.",
		Class: Denied, Publish: "Request has expired. Sign a new URL, or check the clock of the signer."}},
	{auth.ErrSkewed, Error{Status: 403, Code: "RequestTimeTooSkewed", EC: "0002-00000504", Message: "The difference between the request time and the current time is too large."}},
	{auth.ErrBadDate, Error{Status: 403, Code: "AccessDenied", Message: "OSS authentication requires a valid Date."}},
	{auth.ErrBadExpires, Error{Status: 403, Code: "AccessDenied", EC: "0002-00000070", Message: "Invalid date (should be seconds since epoch).",
		Class: Denied}},
	{auth.ErrBadToken, Error{Status: 403, Code: "InvalidSecurityToken", Message: "The security token you provided is invalid.",
		Class: Denied}},
	{auth.ErrTokenExpired, Error{Status: 403, Code: "SecurityTokenExpired", Message: "The security token you provided has expired.",
		Class: Denied}},
	{auth.ErrMissingParam, Error{Status: 403, Code: "AccessDenied", Message: "Query string authentication requires the Signature, Expires and OSSAccessKeyId parameters.",
		Class: Denied, Publish: "Query string authentication requires the Signature, Expires and OSSAccessKeyId parameters. Quote the URL: a shell cuts it at the first &."}},
	{auth.ErrTwoSources, Error{Status: 400, Code: "InvalidArgument", Message: "The request is signed in more than one way.",
		Class: Denied, Publish: "The URL is signed in more than one way."}},
	{auth.ErrRepeated, Error{Status: 400, Code: "InvalidArgument", Message: "A signed parameter or header is given more than once.",
		Class: Denied}},
	{auth.ErrBadLifetime, Error{Status: 400, Code: "InvalidArgument", Message: "x-oss-expires is not a number of seconds from 1 to 604800."}},
	{auth.ErrPayload, Error{Status: 400, Code: "InvalidArgument", EC: "0002-00000214", Message: "x-oss-content-sha256 is neither UNSIGNED-PAYLOAD nor a SHA-256."}},
	{auth.ErrMissingHeader, Error{Status: 400, Code: "InvalidArgument", Message: "Authorization header is invalid."}},
	{auth.ErrMalformed, Error{Status: 400, Code: "InvalidArgument", Message: "Authorization header is invalid.", // the errors above are this one too
		Class: Denied}},

	{io.ErrUnexpectedEOF, Error{Status: 400, Code: "IncompleteBody", Message: "The request body ended early."}},
	{context.DeadlineExceeded, Error{Status: 400, Code: "RequestTimeout", Message: "The request took too long."}},
	{context.Canceled, Error{Status: 400, Code: "RequestTimeout", Message: "The client went away."}},

	// No request meets these; one that escapes is a fault of the server.
	{seam.ErrNotFound, *InternalError},
	{store.ErrChannelExists, *InternalError}, // from CreateChannel, whose callers ask for it
	{seam.ErrInUse, *InternalError},
	{seam.ErrTooLarge, *InternalError},
}

// What the server itself refuses, where an explanation depends on it.
var (
	ErrAnonymous  = New(403, "AccessDenied", "", "Anonymous access is forbidden for this operation.")
	ErrBucketACL  = New(403, "AccessDenied", "0003-00000001", "You have no right to access this object because of bucket acl.")
	ErrObjectACL  = New(403, "AccessDenied", "", "You have no right to access this object because of object acl.")
	ErrBodyHash   = New(400, "InvalidArgument", "0002-00000214", "The body does not have the SHA-256 in x-oss-content-sha256.")
	ErrNoSegments = New(400, "InvalidArgument", "0044-00000308", "No ts file found in specified time span.")
	ErrRepeated   = New(400, "InvalidArgument", "", "The parameter is given twice.") // one that is not signed

	// ErrUnsigned refuses a publish without a signature to a bucket that is not
	// public-read-write.
	ErrUnsigned = &Error{Status: 403, Code: "AccessDenied", Class: Denied,
		Message: "No signature in the RTMP URL. Put the whole query string after the channel name (OBS: in the stream key)."}
	// ErrPublishPath refuses a publish URL whose path has not the form of a channel's.
	ErrPublishPath = &Error{Status: 400, Code: "InvalidArgument", Class: BadName,
		Message: "The RTMP URL must end in BUCKET/live/CHANNEL, or live/CHANNEL with the bucket in the host name."}
	// ErrAmbiguous refuses a publish URL without a bucket that fits several.
	ErrAmbiguous = &Error{Status: 400, Code: "InvalidArgument", Class: BadName,
		Message: "Several buckets have this live channel; name the bucket: rtmp://HOST/BUCKET/live/CHANNEL."}
	// ErrLineBreak refuses a publish URL with a control character in it.
	ErrLineBreak = &Error{Status: 400, Code: "InvalidArgument", Class: BadName,
		Message: "The RTMP URL contains a line break or a zero byte."}

	// InternalError answers an error that is none of these.
	InternalError = New(500, "InternalError", "", "We encountered an internal error. Please try again.")
)

var errPosition = New(409, "PositionNotEqualToLength", "", "Position is not equal to file length.")
