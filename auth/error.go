package auth

import (
	"errors"
	"fmt"
	"time"
)

// What the Verify functions return, besides *MismatchError and
// *UnsupportedError. Test with errors.Is: some come wrapped with the name of
// what was wrong. No error text holds a secret, a token or a right signature.
var (
	// ErrMalformed is an Authorization header that cannot be read, or a
	// bucket, channel or parameter that cannot be signed unambiguously.
	ErrMalformed = errors.New("malformed authorization")
	// ErrTwoSources is a request signed in more than one way at once.
	ErrTwoSources = errors.New("more than one set of credentials")
	// ErrRepeated is a signed parameter or header given more than once.
	ErrRepeated = errors.New("repeated")
	// ErrMissingParam is a signed URL without one of its three parameters.
	ErrMissingParam = errors.New("a signed URL needs Signature, Expires and OSSAccessKeyId")
	// ErrBadExpires is an Expires that is not 1 to 10 decimal digits.
	ErrBadExpires = errors.New("Expires is not a number of seconds since 1970")
	// ErrExpired is a signed URL that is used too late.
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
	// ErrTokenExpired is a security token past its end. The tokens of a Key
	// have none; it is for whoever issues temporary ones.
	ErrTokenExpired = errors.New("security token has expired")
)

// MismatchError is a signature that is not the right one. The service shows
// all its fields to the caller, to whom they are no news. They are not for
// logs: the string-to-sign may hold a security token.
type MismatchError struct {
	KeyID        string
	Provided     string // the signature as it came
	StringToSign string // what the server signed
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

// UnsupportedError is a request signed in a way that is not verified yet.
type UnsupportedError struct {
	Version string // as the client names it, for example "OSS4-HMAC-SHA256"
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("signature version %.40q is not supported yet", e.Version)
}

// repeated names a parameter, in a length fit for an answer.
func repeated(name string) error { return fmt.Errorf("%w: %.40q", ErrRepeated, name) }
