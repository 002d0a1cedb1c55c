package live

import (
	"cmp"
	"errors"
	"fmt"

	"osslive/auth"
	"osslive/rtmp"
	"osslive/rtmp/flv"
	"osslive/segmenter"
	"osslive/server/answer"
	"osslive/store"
)

// onStatus has the codes that OBS and librtmp take for a failure. After any other they
// wait for their own time-out.
var onStatus = [...]string{
	answer.Internal: rtmp.CodeRejected,
	answer.BadName:  rtmp.CodeBadName,
	answer.Denied:   rtmp.CodeDenied,
	answer.Rejected: rtmp.CodeRejected,
}

// publishAnswer is what a publisher sees of an error.
type publishAnswer struct {
	class answer.Class
	code  string // of an OSS error document
	text  string
}

// reject returns the answer as package rtmp sends it.
func (a publishAnswer) reject(requestID string) *rtmp.RejectError {
	return &rtmp.RejectError{Code: onStatus[a.class], Description: fmt.Sprintf("%s: %s (RequestId %s)", a.code, a.text, requestID)}
}

// answerFor returns the answer to err. It is the one of package answer, except for
// errors of the media, and where that one's words fit only HTTP.
func answerFor(err error) publishAnswer {
	var (
		mismatch    *auth.MismatchError
		invalid     *store.InvalidError
		version     *auth.UnsupportedError
		unsupported *segmenter.UnsupportedError
		corrupt     *segmenter.CorruptError
	)
	switch {
	case errors.Is(err, auth.ErrRepeated), errors.Is(err, auth.ErrMalformed):
		return publishAnswer{answer.Denied, "InvalidArgument", err.Error()}
	case errors.As(err, &mismatch):
		return publishAnswer{answer.Denied, "SignatureDoesNotMatch", mismatchText(mismatch)}
	case errors.As(err, &version):
		return publishAnswer{answer.Denied, "InvalidArgument", "RTMP URLs are signed with OSSAccessKeyId, Expires and Signature (version 1), also by clients that use another version for HTTP."}
	case errors.As(err, &invalid):
		return publishAnswer{answer.BadName, "InvalidArgument", invalid.Message}
	case errors.As(err, &unsupported) && unsupported.Codec == flv.HEVC.String():
		return media(unsupported.Error() + "; or start this server with --allow-hevc")
	case errors.As(err, &unsupported):
		return media(unsupported.Error())
	case errors.As(err, &corrupt):
		return media(corrupt.Error())
	case errors.Is(err, segmenter.ErrNoVideo):
		return media(err.Error() + "; or start this server with --allow-audio-only")
	case errors.Is(err, segmenter.ErrNoConfig), errors.Is(err, segmenter.ErrNoKeyframe):
		return media(err.Error())
	}
	a := answer.Of(err)
	if a.Class == answer.Internal {
		a = answer.InternalError
	}
	return publishAnswer{a.Class, a.Code, cmp.Or(a.Publish, a.Message)}
}

// media refuses what the publisher sends.
func media(text string) publishAnswer {
	return publishAnswer{answer.Rejected, "InvalidArgument", text}
}

// signatureLen is the length of a version 1 signature: an HMAC-SHA1 in base64.
const signatureLen = 28

func mismatchText(m *auth.MismatchError) string {
	if n := len(m.Provided); n != signatureLen {
		return fmt.Sprintf("The Signature in the URL has %d characters, not %d. Quote the URL, and keep the signature percent-encoded.", n, signatureLen)
	}
	return "The request signature we calculated does not match the signature you provided. Check your key and the signed URL."
}
