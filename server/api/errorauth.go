package api

import (
	"fmt"
	"strings"

	"osslive/auth"
	"osslive/server/answer"
)

// describeMismatch shows the caller the string-to-sign, as the service does. It does
// not show the right signature.
func describeMismatch(e *auth.MismatchError) *answer.Error {
	shown := answer.New(403, "SignatureDoesNotMatch", "0002-00000040", "The request signature we calculated does not match the signature you provided. Check your key and signing method.").
		With("OSSAccessKeyId", e.KeyID).With("SignatureProvided", e.Provided).
		With("StringToSign", e.StringToSign).With("StringToSignBytes", strings.ToUpper(fmt.Sprintf("% x", e.StringToSign)))
	if e.CanonicalRequest != "" {
		shown = shown.With("CanonicalRequest", e.CanonicalRequest)
	}
	return shown
}

// credentialErrors has the texts and ECs for the parts of a version 4 credential
// ("0002-00000212" to "0002-00000227" pages), in a header and in a URL.
var credentialErrors = map[string]struct{ part, ec, urlEC string }{
	"SignDate": {"signing date", "0002-00000212", "0002-00000223"},
	"Region":   {"signing region", "0002-00000226", "0002-00000226"},
	"Product":  {"signing product", "0002-00000227", "0002-00000227"},
	"":         {"credential", "0002-00000213", "0002-00000224"},
}

func describeCredential(r *request, e *auth.CredentialError) *answer.Error {
	known, ok := credentialErrors[e.Part]
	if !ok {
		known = credentialErrors[""]
	}
	ec, place := known.ec, "Authorization header"
	if r.header.Get("Authorization") == "" {
		ec, place = known.urlEC, "x-oss-credential"
	}
	return answer.New(400, "InvalidArgument", ec, "Invalid "+known.part+" in "+place+".")
}

// describeMissing names the parameters that a signed URL of the request's version has.
func describeMissing(r *request) *answer.Error {
	wanted := ""
	switch r.query.Get("x-oss-signature-version") {
	case "OSS2":
		wanted = "x-oss-signature, x-oss-expires and x-oss-access-key-id"
	case "OSS4-HMAC-SHA256":
		wanted = "x-oss-signature, x-oss-credential, x-oss-date and x-oss-expires"
	default:
		return answer.Of(auth.ErrMissingParam)
	}
	return answer.New(403, "AccessDenied", "", "Query string authentication requires the "+wanted+" parameters.")
}

// describeVersion answers a request that is signed in no known way.
func describeVersion(e *auth.UnsupportedError) *answer.Error {
	if e.Version == "" {
		return answer.New(400, "InvalidArgument", "", "The parameter x-oss-signature-version is missing.")
	}
	return notImplemented("signature version " + e.Version)
}
