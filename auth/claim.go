package auth

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Claim is the statement of a request about its own signature: version, key, date.
// Nothing of it is verified; it may be malformed, expired, or name a key that does
// not exist.
type Claim struct {
	Version string // "1", "2" or "4"; "" for a request without a signature in one of these
	InURL   bool   // whether the signature is in the query, not in a header

	KeyID, Signature, Token string

	// Date is the date that is signed, as it came: x-oss-date, Date or, in a URL
	// of version 1 or 2, the expiry.
	Date       string
	Expires    string // of a URL, as it came; in version 4 a number of seconds
	Credential string // of version 4: {KeyID}/{day}/{region}/oss/aliyun_v4_request
	Additional string // the list of additional headers of versions 2 and 4
}

// Claim returns the claim of r. Where VerifyRequest returns an error, it returns
// what it can read.
func (r *Request) Claim() Claim {
	if text := r.Header.Get("Authorization"); text != "" {
		return headerClaim(text, r.Header)
	}
	return urlClaim(r.Query)
}

// Claim returns the claim of p, with a token of either name.
func (p *Publish) Claim() Claim {
	c := urlClaim(p.Query)
	if c.Version == "1" {
		c.Token += p.Query.Get(paramOtherToken)
	}
	return c
}

func headerClaim(authorization string, h http.Header) Claim {
	c := Claim{Token: h.Get(headerToken), Date: h.Get("Date")}
	switch v, _ := headerVersion(authorization); v {
	case v1:
		c.Version = "1"
		c.KeyID, c.Signature, _ = parseAuthorizationV1(authorization)
		c.Date, _, _ = requestDate(h)
	case v2:
		c.Version = "2"
		members, _ := parseMembers(authorization, ":", membersV2...)
		c.KeyID, c.Signature, c.Additional = members["AccessKeyId"], members["Signature"], members["AdditionalHeaders"]
	case v4:
		c.Version = "4"
		members, _ := parseMembers(authorization, "=", membersV4...)
		c.Credential, c.Signature, c.Additional = members["Credential"], members["Signature"], members["AdditionalHeaders"]
		c.KeyID, _, _ = strings.Cut(c.Credential, "/")
		c.Date, _, _ = requestDateV4(h)
	}
	return c
}

// urlClaim recognises a version by any of its parameters: a URL may have lost the
// others.
func urlClaim(q url.Values) Claim {
	switch {
	case q.Has(paramSignature), q.Has(paramKeyID):
		return Claim{Version: "1", InURL: true, KeyID: q.Get(paramKeyID), Signature: q.Get(paramSignature), Token: q.Get(paramToken),
			Date: q.Get(paramExpires), Expires: q.Get(paramExpires)}
	case q.Get(paramVersion) == v2.String():
		return Claim{Version: "2", InURL: true, KeyID: q.Get(paramKeyIDV2), Signature: q.Get(paramSignatureV2), Token: q.Get(paramToken) + q.Get(paramTokenV4),
			Date: q.Get(paramLifetime), Expires: q.Get(paramLifetime), Additional: q.Get(paramAdditional)}
	case q.Has(paramSignatureV2), q.Has(paramCredential):
		c := Claim{Version: "4", InURL: true, Credential: q.Get(paramCredential), Signature: q.Get(paramSignatureV2), Token: q.Get(paramTokenV4),
			Date: q.Get(paramDate), Expires: q.Get(paramLifetime), Additional: q.Get(paramAdditional)}
		c.KeyID, _, _ = strings.Cut(c.Credential, "/")
		return c
	}
	return Claim{}
}

// Time returns the date that is signed. It returns 1970 for a date that cannot be
// read and for a URL with an expiry instead; no request is expired or skewed at the
// time that it returns.
func (c Claim) Time() time.Time {
	for _, layout := range []string{timestampLayout, http.TimeFormat, time.RFC850, time.ANSIC} {
		if at, err := time.Parse(layout, c.Date); err == nil {
			return at
		}
	}
	return time.Unix(0, 0)
}

// credentialParams are the parameters of a signature in an HTTP URL.
var credentialParams = [...]string{
	paramKeyID, paramExpires, paramSignature, paramToken,
	paramVersion, paramCredential, paramDate, paramLifetime, paramKeyIDV2, paramAdditional, paramSignatureV2, paramTokenV4,
}

// CredentialParams returns the names of the parameters that a signature in a URL
// consists of, in all versions and in RTMP. The caller owns the slice.
func CredentialParams() []string {
	return append(credentialParams[:len(credentialParams):len(credentialParams)], paramOtherToken)
}
