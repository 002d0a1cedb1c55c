package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"osslive/auth"
	"osslive/store"
)

// apiError is an answer with an error document. The fine-grained code (EC) is
// empty where the API reference gives none; clients are told not to rely on it.
type apiError struct {
	status        int
	code, message string
	ec            string
	details       []detail // further elements of the document, in order
}

type detail struct{ name, value string }

func (e *apiError) Error() string { return e.code + ": " + e.message }

// with returns a copy of e with one more element.
func (e apiError) with(name, value string) *apiError {
	e.details = append(e.details[:len(e.details):len(e.details)], detail{name, value})
	return &e
}

// knownErrors turns what store and auth return into answers. The first match
// counts. Codes, messages and statuses are those of the "Error responses" and
// LiveChannel pages of the API reference.
var knownErrors = []struct {
	err error
	apiError
}{
	{store.ErrNoSuchBucket, apiError{404, "NoSuchBucket", "The specified bucket does not exist.", "0015-00000101", nil}},
	{store.ErrBucketNotEmpty, apiError{409, "BucketNotEmpty", "The bucket has objects. Please delete them first.", "0015-00000301", nil}},
	{store.ErrNoSuchKey, apiError{404, "NoSuchKey", "The specified key does not exist.", "0026-00000001", nil}},
	{store.ErrKeyExists, apiError{409, "FileAlreadyExists", "The object you specified already exists and can not be overwritten.", "0026-00000016", nil}},
	{store.ErrNotAppendable, apiError{409, "ObjectNotAppendable", "The object is not appendable.", "", nil}},
	{store.ErrNoSuchUpload, apiError{404, "NoSuchUpload", "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.", "", nil}},
	{store.ErrInvalidPart, apiError{400, "InvalidPart", "One or more of the specified parts could not be found or the specified entity tag might not have matched the part's entity tag.", "", nil}},
	{store.ErrInvalidPartOrder, apiError{400, "InvalidPartOrder", "The list of parts was not in ascending order. Parts list must be specified in order by part number.", "", nil}},
	{store.ErrPartTooSmall, apiError{400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size.", "", nil}},
	{store.ErrBodyTooLarge, apiError{400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size.", "", nil}},
	{store.ErrNoSuchCORS, apiError{404, "NoSuchCORSConfiguration", "The CORS configuration does not exist.", "", nil}},
	{store.ErrNoSuchChannel, apiError{404, "NoSuchLiveChannel", "The specified live channel does not exist.", "0026-00000021", nil}},
	{store.ErrChannelLive, apiError{409, "ChannelStillLive", "Live channel couldn't be updated or deleted when channel is live.", "0044-00000201", nil}},
	{store.ErrChannelDisabled, apiError{409, "LiveChannelDisabled", "Live channel is disabled by owner.", "", nil}},
	{store.ErrBadDigest, apiError{400, "InvalidDigest", "The Content-MD5 you specified was invalid.", "0016-00000025", nil}},
	{store.ErrBodyLength, apiError{400, "IncompleteBody", "The request body does not have the length of its Content-Length.", "", nil}},
	{store.ErrFull, apiError{507, "InsufficientStorage", "The server's disk is almost full.", "", nil}},
	{store.ErrConflict, apiError{503, "ServiceUnavailable", "Too many changes at the same time. Please try again.", "", nil}},
	{store.ErrDamaged, apiError{500, "InternalError", "The object is damaged on the server's disk.", "", nil}},

	{auth.ErrUnknownKey, apiError{403, "InvalidAccessKeyId", "The OSS Access Key Id you provided does not exist in our records.", "0002-00000902", nil}},
	{auth.ErrExpired, apiError{403, "AccessDenied", "Request has expired.", "0002-00000069", nil}},
	{auth.ErrSkewed, apiError{403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.", "0002-00000504", nil}},
	{auth.ErrBadDate, apiError{403, "AccessDenied", "OSS authentication requires a valid Date.", "", nil}},
	{auth.ErrBadExpires, apiError{403, "AccessDenied", "Invalid date (should be seconds since epoch).", "0002-00000070", nil}},
	{auth.ErrBadToken, apiError{403, "InvalidSecurityToken", "The security token you provided is invalid.", "", nil}},
	{auth.ErrTokenExpired, apiError{403, "SecurityTokenExpired", "The security token you provided has expired.", "", nil}},
	{auth.ErrTwoSources, apiError{400, "InvalidArgument", "The request is signed in more than one way.", "", nil}},
	{auth.ErrRepeated, apiError{400, "InvalidArgument", "A signed parameter or header is given more than once.", "", nil}},
	{auth.ErrBadLifetime, apiError{400, "InvalidArgument", "x-oss-expires is not a number of seconds from 1 to 604800.", "", nil}},
	{auth.ErrPayload, apiError{400, "InvalidArgument", "x-oss-content-sha256 is neither UNSIGNED-PAYLOAD nor a SHA-256.", "0002-00000214", nil}},
	{auth.ErrMalformed, apiError{400, "InvalidArgument", "Authorization header is invalid.", "", nil}},

	{io.ErrUnexpectedEOF, apiError{400, "IncompleteBody", "The request body ended early.", "", nil}},
	{context.DeadlineExceeded, apiError{400, "RequestTimeout", "The request took too long.", "", nil}},
	{context.Canceled, apiError{400, "RequestTimeout", "The client went away.", "", nil}},
}

// What the server itself refuses.
var (
	errAnonymousForbidden = &apiError{403, "AccessDenied", "Anonymous access is forbidden for this operation.", "", nil}
	errACLForbids         = &apiError{403, "AccessDenied", "You have no right to access this object because of bucket acl.", "0003-00000001", nil}
	errMalformedXML       = &apiError{400, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema.", "0031-00000001", nil}
	errEmptyBody          = &apiError{400, errMalformedXML.code, errMalformedXML.message, errMalformedXML.ec, nil}
	errBodyTooLarge       = &apiError{400, "InvalidArgument", "The request body is too large for this operation.", "", nil}
	errMissingLength      = &apiError{411, "MissingContentLength", "You must provide the Content-Length HTTP header.", "", nil}
	errPayload            = &apiError{400, "InvalidArgument", "The body does not have the SHA-256 in x-oss-content-sha256.", "0002-00000214", nil}
	errInvalidMD5         = &apiError{400, "InvalidDigest", "The Content-MD5 you specified is not valid.", "", nil}
	errBadCRC             = &apiError{400, "InvalidDigest", "The content does not match its x-oss-hash-crc64ecma.", "", nil}
	errInvalidURI         = &apiError{400, "InvalidURI", "Couldn't parse the specified URI.", "", nil}
	errNotHTTP            = &apiError{400, "InvalidRequest", "What was sent is not a well-formed HTTP request.", "", nil}
	errHeadersTooLarge    = &apiError{431, "RequestHeaderSectionTooLarge", "The request line and headers are larger than the server takes.", "", nil}
	errInvalidHost        = &apiError{400, "InvalidURI", "The Host header is not a host name or address.", "", nil}
	errTunnel             = &apiError{501, "NotImplemented", "osslive opens no tunnels (CONNECT). As an HTTP_PROXY it answers plain requests: use an http:// endpoint.", "", nil}
	errURITooLong         = &apiError{414, "RequestURITooLong", "The request URI is too long or has too many parameters.", "", nil}
	errPrecondition       = &apiError{412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold.", "", nil}
	errInvalidRange       = &apiError{416, "InvalidRange", "The requested range cannot be satisfied.", "", nil}
	errResponseOverride   = &apiError{400, "InvalidRequest", "Response headers can not be changed by an anonymous request.", "", nil}
	errObjectACLForbids   = &apiError{403, "AccessDenied", "You have no right to access this object because of object acl.", "", nil}
	errTooSlow            = &apiError{400, "RequestTimeout", "Your socket connection to the server was not read from or written to within the timeout period.", "", nil}
	errMissingPosition    = &apiError{400, "MissingArgument", "The parameter position is missing.", "0016-00000501", nil}
	errMissingObjectACL   = &apiError{400, "MissingArgument", "The x-oss-object-acl header is missing.", "", nil}
	errMissingACL         = &apiError{400, "MissingArgument", "The x-oss-acl header is missing.", "", nil}
	errNoSegments         = &apiError{400, "InvalidArgument", "No ts file found in specified time span.", "0044-00000308", nil}

	errNoOrigin         = &apiError{400, "BadRequest", "Insufficient information. Origin request header needed.", "", nil}
	errNoRequestMethod  = &apiError{400, "BadRequest", "Insufficient information. Request Access-Control-Request-Method header needed.", "", nil}
	errCORSDisabled     = &apiError{403, "AccessForbidden", "CORSResponse: CORS is not enabled for this bucket.", "", nil}
	errPreflightRefused = &apiError{403, "AccessForbidden", "CORSResponse: This CORS request is not allowed.", "", nil}

	internalError = apiError{500, "InternalError", "We encountered an internal error. Please try again.", "", nil}
)

// invalidArgument names the argument and shows its value.
func invalidArgument(name, value, ec, message string) *apiError {
	return (&apiError{400, "InvalidArgument", message, ec, nil}).with("ArgumentName", name).with("ArgumentValue", value)
}

// notImplemented is a feature of the service that osslive does not have.
func notImplemented(feature string) *apiError {
	return &apiError{501, "NotImplemented", fmt.Sprintf("osslive does not implement %s.", feature), "", nil}
}

// unknownSubresource is a request whose sub-resources have no route.
func unknownSubresource(r *request) error {
	if r.query.Has("live") && r.query.Has("comp") {
		return invalidArgument("comp", r.query.Get("comp"), "", "The parameter comp is stat or history.")
	}
	if r.selector() == "append" && r.method == http.MethodPost && r.level() == onObject {
		return errMissingPosition
	}
	return notImplemented(fmt.Sprintf("the sub-resource %s (%s)", r.selector(), r.level()))
}

func methodNotAllowed(r *request) error {
	if r.method == http.MethodPost && r.level() == onBucket && r.selector() == "" {
		return notImplemented("PostObject, the upload by an HTML form")
	}
	return (&apiError{405, "MethodNotAllowed", "The specified method is not allowed against this resource.", "", nil}).
		with("Method", strings.ToUpper(r.method)).with("ResourceType", string(r.level()))
}

// invalidFields gives the EC of a value that is refused, by field and rule, or
// by field alone. Rules live and vod tell the parameters of those operations
// from others of the same name. Those marked are by inference: their numbers
// lie between documented ones.
var invalidFields = map[[2]string]string{
	{"ChannelName", ""}:        "0017-00000258",
	{"ChannelName", "utf8"}:    "0017-00000259",
	{"Description", ""}:        "0044-00000001",
	{"Status", ""}:             "0044-00000002",
	{"RoleName", ""}:           "0044-00000005", // inferred
	{"NotifyTopic", ""}:        "0044-00000006",
	{"DestBucket", "missing"}:  "0044-00000007", // inferred
	{"DestBucket", ""}:         "0044-00000008",
	{"DestBucket", "unknown"}:  "0044-00000009",
	{"Interval", ""}:           "0044-00000012", // inferred
	{"Type", ""}:               "0044-00000013", // inferred
	{"FragDuration", ""}:       "0044-00000014",
	{"FragCount", ""}:          "0044-00000015", // inferred
	{"PlaylistName", "slash"}:  "0044-00000016",
	{"PlaylistName", "length"}: "0044-00000017",
	{"PlaylistName", ""}:       "0044-00000018",
	{"Target", ""}:             "0044-00000013", // inferred
	{"status", ""}:             "0017-00000255",
	{"ChannelName", "vod"}:     "0044-00000302",
	{"PlaylistName", "vod"}:    "0044-00000403",
	{"startTime", ""}:          "0044-00000304",
	{"endTime", ""}:            "0044-00000305",
	{"startTime", "order"}:     "0044-00000306",
	{"endTime", "span"}:        "0044-00000307",
	{"max-keys", "live"}:       "0044-00000101",
	{"prefix", "live"}:         "0044-00000102",
	{"marker", "live"}:         "0044-00000103",
}

// describe is the one place where an error becomes an answer. An error it does
// not know is an InternalError, whose text stays in the log.
func describe(r *request, err error) apiError {
	var (
		api         *apiError
		invalid     *store.InvalidError
		position    *store.PositionError
		mismatch    *auth.MismatchError
		skew        *auth.SkewError
		unsupported *auth.UnsupportedError
		credential  *auth.CredentialError
	)
	switch {
	case errors.As(err, &api):
		return *api
	case errors.As(err, &invalid):
		return describeInvalid(invalid)
	case errors.As(err, &position):
		return apiError{409, "PositionNotEqualToLength", "Position is not equal to file length.", "", nil}
	case errors.As(err, &mismatch):
		return describeMismatch(mismatch)
	case errors.As(err, &unsupported):
		return describeVersion(unsupported)
	case errors.As(err, &credential):
		return describeCredential(r, credential)
	case errors.Is(err, auth.ErrMissingParam):
		return describeMissing(r)
	}
	for _, known := range knownErrors {
		if !errors.Is(err, known.err) {
			continue
		}
		switch known.err {
		case store.ErrNoSuchBucket:
			return *known.with("BucketName", r.bucket)
		case store.ErrNoSuchKey:
			return *known.with("Key", r.key)
		case store.ErrNoSuchUpload:
			return *known.with("UploadId", r.query.Get("uploadId"))
		case auth.ErrSkewed:
			if errors.As(err, &skew) {
				return *known.with("MaxAllowedSkewMilliseconds", fmt.Sprint(auth.MaxSkew.Milliseconds())).
					with("RequestTime", xmlTime(skew.RequestTime)).with("ServerTime", xmlTime(skew.ServerTime))
			}
		}
		return known.apiError
	}
	return internalError
}

func describeInvalid(e *store.InvalidError) apiError {
	switch e.Field {
	case "BucketName":
		return *(&apiError{400, "InvalidBucketName", "The specified bucket is not valid.", "0015-00000001", nil}).with("BucketName", e.Value)
	case "Key":
		return *(&apiError{400, "InvalidObjectName", "The specified object is not valid.", "", nil}).with("ObjectName", e.Value)
	}
	name := e.Field
	switch name {
	case "ACL":
		name = "x-oss-acl"
	case "ObjectACL":
		name = "x-oss-object-acl"
	}
	ec, ok := invalidFields[[2]string{e.Field, e.Rule}]
	if !ok {
		ec = invalidFields[[2]string{e.Field, ""}]
	}
	return *invalidArgument(name, e.Value, ec, sentence(e.Message))
}

// sentence makes the text of an error one.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + strings.TrimSuffix(text[1:], ".") + "."
}

// bodyError is a body that could not be read. That is the client's doing: it
// went away, is too slow, or sends what it did not sign.
func bodyError(err error) error {
	var api *apiError
	if errors.As(err, &api) {
		return api
	}
	return &apiError{400, "IncompleteBody", "The request body could not be read.", "", nil}
}
