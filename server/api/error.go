package api

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"osslive/auth"
	"osslive/server/answer"
	"osslive/store"
)

// Refusals of single operations, besides the errors of package answer.
var (
	errMalformedXML     = answer.New(400, "MalformedXML", "0031-00000001", "The XML you provided was not well-formed or did not validate against our published schema.")
	errEmptyBody        = fmt.Errorf("%w (no body)", errMalformedXML) // an errMalformedXML
	errBodyTooLarge     = answer.New(400, "InvalidArgument", "", "The request body is too large for this operation.")
	errMissingLength    = answer.New(411, "MissingContentLength", "", "You must provide the Content-Length HTTP header.")
	errInvalidMD5       = answer.New(400, "InvalidDigest", "", "The Content-MD5 you specified is not valid.")
	errBadCRC           = answer.New(400, "InvalidDigest", "", "The content does not match its x-oss-hash-crc64ecma.")
	errInvalidURI       = answer.New(400, "InvalidURI", "", "Couldn't parse the specified URI.")
	errNotHTTP          = answer.New(400, "InvalidRequest", "", "What was sent is not a well-formed HTTP request.")
	errHeadersTooLarge  = answer.New(431, "RequestHeaderSectionTooLarge", "", "The request line and headers are larger than the server takes.")
	errInvalidHost      = answer.New(400, "InvalidURI", "", "The Host header is not a host name or address.")
	errTunnel           = answer.New(501, "NotImplemented", "", "osslive opens no tunnels (CONNECT). As an HTTP_PROXY it answers plain requests: use an http:// endpoint.")
	errURITooLong       = answer.New(414, "RequestURITooLong", "", "The request URI is too long or has too many parameters.")
	errPrecondition     = answer.New(412, "PreconditionFailed", "", "At least one of the pre-conditions you specified did not hold.")
	errInvalidRange     = answer.New(416, "InvalidRange", "", "The requested range cannot be satisfied.")
	errResponseOverride = answer.New(400, "InvalidRequest", "", "Response headers can not be changed by an anonymous request.")
	errTooSlow          = answer.New(400, "RequestTimeout", "", "Your socket connection to the server was not read from or written to within the timeout period.")
	errMissingPosition  = answer.New(400, "MissingArgument", "0016-00000501", "The parameter position is missing.")
	errMissingObjectACL = answer.New(400, "MissingArgument", "", "The x-oss-object-acl header is missing.")
	errMissingACL       = answer.New(400, "MissingArgument", "", "The x-oss-acl header is missing.")

	errNoOrigin         = answer.New(400, "BadRequest", "", "Insufficient information. Origin request header needed.")
	errNoRequestMethod  = answer.New(400, "BadRequest", "", "Insufficient information. Request Access-Control-Request-Method header needed.")
	errCORSDisabled     = answer.New(403, "AccessForbidden", "", "CORSResponse: CORS is not enabled for this bucket.")
	errPreflightRefused = answer.New(403, "AccessForbidden", "", "CORSResponse: This CORS request is not allowed.")
)

// notImplemented refuses a feature of the service that osslive lacks.
func notImplemented(feature string) *answer.Error {
	return answer.New(501, "NotImplemented", "", fmt.Sprintf("osslive does not implement %s.", feature))
}

// unknownSubresource refuses a request whose sub-resources have no route.
func unknownSubresource(r *request) error {
	if r.query.Has("live") && r.query.Has("comp") {
		return answer.InvalidArgument("comp", r.query.Get("comp"), "", "The parameter comp is stat or history.")
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
	return answer.New(405, "MethodNotAllowed", "", "The specified method is not allowed against this resource.").
		With("Method", strings.ToUpper(r.method)).With("ResourceType", string(r.level()))
}

// describe returns the answer to err: the one of package answer, with the details
// that the request holds.
func describe(r *request, err error) *answer.Error {
	var (
		mismatch    *auth.MismatchError
		skew        *auth.SkewError
		unsupported *auth.UnsupportedError
		credential  *auth.CredentialError
	)
	a := answer.Of(err)
	switch {
	case errors.As(err, &mismatch):
		return describeMismatch(mismatch)
	case errors.As(err, &unsupported):
		return describeVersion(unsupported)
	case errors.As(err, &credential):
		return describeCredential(r, credential)
	case errors.Is(err, auth.ErrMissingParam):
		return describeMissing(r)
	case errors.As(err, &skew):
		return a.With("MaxAllowedSkewMilliseconds", fmt.Sprint(auth.MaxSkew.Milliseconds())).
			With("RequestTime", xmlTime(skew.RequestTime)).With("ServerTime", xmlTime(skew.ServerTime))
	case errors.Is(err, store.ErrNoSuchBucket):
		return a.With("BucketName", r.bucket)
	case errors.Is(err, store.ErrNoSuchKey):
		return a.With("Key", r.key)
	case errors.Is(err, store.ErrNoSuchUpload):
		return a.With("UploadId", r.query.Get("uploadId"))
	}
	return a
}

// bodyError returns the answer to a body that cannot be read. The client causes that:
// it went away, is too slow, or sends another body than it signed.
func bodyError(err error) error {
	var own *answer.Error
	if errors.As(err, &own) {
		return own
	}
	return answer.New(400, "IncompleteBody", "", "The request body could not be read.")
}
