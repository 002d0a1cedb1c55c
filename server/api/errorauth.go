package api

import (
	"fmt"
	"strings"

	"osslive/auth"
)

// describeMismatch shows the caller what was signed, as the service does; the
// right signature is not among it.
func describeMismatch(e *auth.MismatchError) apiError {
	mismatch := apiError{403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your key and signing method.", "0002-00000040", nil}
	shown := mismatch.with("OSSAccessKeyId", e.KeyID).with("SignatureProvided", e.Provided).
		with("StringToSign", e.StringToSign).with("StringToSignBytes", strings.ToUpper(fmt.Sprintf("% x", e.StringToSign)))
	if e.CanonicalRequest != "" {
		shown = shown.with("CanonicalRequest", e.CanonicalRequest)
	}
	return *shown
}

// credentialErrors are the texts and codes for the parts of a version 4
// credential ("0002-00000212" to "0002-00000227" pages). The codes are those of
// a header; where a URL has another it follows.
var credentialErrors = map[string]struct{ part, ec, urlEC string }{
	"SignDate": {"signing date", "0002-00000212", "0002-00000223"},
	"Region":   {"signing region", "0002-00000226", "0002-00000226"},
	"Product":  {"signing product", "0002-00000227", "0002-00000227"},
	"":         {"credential", "0002-00000213", "0002-00000224"},
}

func describeCredential(r *request, e *auth.CredentialError) apiError {
	known, ok := credentialErrors[e.Part]
	if !ok {
		known = credentialErrors[""]
	}
	answer := apiError{400, "InvalidArgument", "Invalid " + known.part + " in Authorization header.", known.ec, nil}
	if r.header.Get("Authorization") == "" {
		answer.message, answer.ec = "Invalid "+known.part+" in x-oss-credential.", known.urlEC
	}
	return answer
}

// describeMissing names the parameters that a signed URL of its version has.
func describeMissing(r *request) apiError {
	wanted := "Signature, Expires and OSSAccessKeyId parameters"
	switch r.query.Get("x-oss-signature-version") {
	case "OSS2":
		wanted = "x-oss-signature, x-oss-expires and x-oss-access-key-id parameters"
	case "OSS4-HMAC-SHA256":
		wanted = "x-oss-signature, x-oss-credential, x-oss-date and x-oss-expires parameters"
	}
	return apiError{403, "AccessDenied", "Query string authentication requires the " + wanted + ".", "", nil}
}

// describeVersion is for a request that is signed in no way that is known.
func describeVersion(e *auth.UnsupportedError) apiError {
	if e.Version == "" {
		return apiError{400, "InvalidArgument", "The parameter x-oss-signature-version is missing.", "", nil}
	}
	return *notImplemented("signature version " + e.Version)
}
