package auth

import (
	"errors"
	"fmt"
	"time"
)

// The errors of the Verify functions, besides *MismatchError and *UnsupportedError.
// Test with errors.Is: some are wrapped with the name of what is wrong. No error
// text holds a secret, a token or the right signature.
var (
	// ErrMalformed is an Authorization header that cannot be read, or a bucket,
	// channel or parameter that makes the string-to-sign ambiguous.
	ErrMalformed = errors.New("malformed authorization")
	// ErrTwoSources is a request that is signed in more than one way.
	ErrTwoSources = errors.New("more than one set of credentials")
	// ErrRepeated is a signed parameter or header given more than once.
	ErrRepeated = errors.New("repeated")
	// ErrMissingParam is a signed URL without one of its parameters.
	ErrMissingParam = errors.New("signed URL lacks a parameter")
	// ErrBadExpires is an expiry of version 1 or 2 that is not 1 to 10 decimal
	// digits.
	ErrBadExpires = errors.New("expiry is not a number of seconds since 1970")
	// ErrBadLifetime is an x-oss-expires of version 4 out of its range. It is
	// an ErrMalformed.
	ErrBadLifetime = fmt.Errorf("%w: x-oss-expires is not 1 to 604800 seconds", ErrMalformed)
	// ErrPayload is an x-oss-content-sha256 of version 4 that is neither
	// UNSIGNED-PAYLOAD nor a SHA-256 in lower-case hexadecimal. It is an
	// ErrMalformed.
	ErrPayload = fmt.Errorf("%w: x-oss-content-sha256 is neither UNSIGNED-PAYLOAD nor a SHA-256", ErrMalformed)
	// ErrMissingHeader is a request without one of the additional headers that its
	// signer signed. It is an ErrMalformed.
	ErrMissingHeader = fmt.Errorf("%w: additional header", ErrMalformed)
	// ErrExpired is a signed URL used after its expiry.
	ErrExpired = errors.New("signed URL has expired")
	// ErrBadDate is a missing or unreadable Date or x-oss-date header.
	ErrBadDate = errors.New("no valid Date or x-oss-date header")
	// ErrSkewed comes as a *SkewError.
	ErrSkewed = errors.New("request time is too far from the server's")
	// ErrUnknownKey is an access key ID that the server does not have.
	ErrUnknownKey = errors.New("unknown access key ID")
	// ErrBadToken is a security token that is wrong, missing, or presented
	// with a key that has none.
	ErrBadToken = errors.New("security token does not belong to the access key")
	// ErrTokenExpired is a security token of MintToken after its expiry.
	ErrTokenExpired = errors.New("security token has expired")
)

// MismatchError is a wrong signature. The service shows all its fields to the
// caller, who knows them already. Do not log them: the string-to-sign may hold a
// security token.
type MismatchError struct {
	KeyID        string
	Provided     string // the signature as it came
	StringToSign string // what the server signed

	CanonicalRequest string // version 4: the text whose hash ends StringToSign
}

func (e *MismatchError) Error() string {
	return fmt.Sprintf("signature by key %q does not match the request", e.KeyID)
}

// SkewError is a request whose date is more than MaxSkew from the server's.
// It is an ErrSkewed.
type SkewError struct {
	RequestTime, ServerTime time.Time
}

func (e *SkewError) Error() string {
	return fmt.Sprintf("%v: %s, the server has %s", ErrSkewed,
		e.RequestTime.UTC().Format(time.RFC3339), e.ServerTime.UTC().Format(time.RFC3339))
}

func (e *SkewError) Unwrap() error { return ErrSkewed }

// CredentialError names the wrong part of a version 4 credential. It is an
// ErrMalformed.
type CredentialError struct {
	Part string // AccessKeyId, SignDate, Region, Product or Request; "" if they are not five
}

func (e *CredentialError) Error() string {
	if e.Part == "" {
		return ErrMalformed.Error() + ": credential has not five parts"
	}
	return fmt.Sprintf("%v: %s of the credential", ErrMalformed, e.Part)
}

func (e *CredentialError) Unwrap() error { return ErrMalformed }

// UnsupportedError is a request signed in a version that this package does not
// verify.
type UnsupportedError struct {
	Version string // as the client names it, for example "OSS4-HMAC-SHA256"
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("signature version %.40q is not supported", e.Version)
}

// repeated returns an ErrRepeated with the name, cut to fit an answer.
func repeated(name string) error { return fmt.Errorf("%w: %.40q", ErrRepeated, name) }
