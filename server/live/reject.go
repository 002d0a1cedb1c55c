package live

import (
	"errors"
	"fmt"

	"osslive/auth"
	"osslive/rtmp"
	"osslive/rtmp/flv"
	"osslive/segmenter"
	"osslive/store"
)

var (
	errUnsigned  = errors.New("publish URL without a signature")
	errPath      = errors.New("publish URL names no channel")
	errAmbiguous = errors.New("publish URL without a bucket fits several buckets")
	errStopping  = errors.New("server is stopping")
)

// Codes of onStatus. OBS and librtmp know these as failures; with any other
// they wait for a time-out of their own.
const (
	badName  = "NetStream.Publish.BadName"  // a name or a state
	denied   = "NetStream.Publish.Denied"   // authorisation
	rejected = "NetStream.Publish.Rejected" // what the publisher sends
)

// refusals is the twin of the HTTP side's error table: what a publisher is
// told for each error. The first match counts.
var refusals = []struct {
	err           error
	status        string // of onStatus
	code, message string // as in an OSS error document
}{
	{store.ErrNoSuchBucket, badName, "NoSuchBucket", "The specified bucket does not exist."},
	{store.ErrNoSuchChannel, badName, "NoSuchLiveChannel", "The specified live channel does not exist. Create it with PutLiveChannel first."},
	{store.ErrChannelDisabled, badName, "LiveChannelDisabled", "Live channel is disabled by owner."},
	{store.ErrChannelLive, badName, "ChannelStillLive", "Another client is publishing to this live channel."},
	{store.ErrSessionLost, badName, "ChannelStillLive", "This session lost the live channel to another publisher or process."},
	{store.ErrFull, rejected, "InsufficientStorage", "The server's disk is almost full; free some space and publish again."},
	{errUnsigned, denied, "AccessDenied", "No signature in the RTMP URL. Put the whole query string after the channel name (OBS: in the stream key)."},
	{errPath, badName, "InvalidArgument", "The RTMP URL must end in BUCKET/live/CHANNEL, or live/CHANNEL with the bucket in the host name."},
	{errAmbiguous, badName, "InvalidArgument", "Several buckets have this live channel; name the bucket: rtmp://HOST/BUCKET/live/CHANNEL."},
	{errStopping, rejected, "ServiceUnavailable", "The server is stopping."},
	{auth.ErrExpired, denied, "AccessDenied", "Request has expired. Sign a new URL, or check the clock of the signer."},
	{auth.ErrUnknownKey, denied, "InvalidAccessKeyId", "The OSS Access Key Id you provided does not exist in our records."},
	{auth.ErrBadToken, denied, "InvalidSecurityToken", "The security token you provided is invalid."},
	{auth.ErrTokenExpired, denied, "SecurityTokenExpired", "The security token you provided has expired."},
	{auth.ErrMissingParam, denied, "AccessDenied", "Query string authentication requires the Signature, Expires and OSSAccessKeyId parameters. Quote the URL: a shell cuts it at the first &."},
	{auth.ErrTwoSources, denied, "InvalidArgument", "The URL is signed in more than one way."},
	{auth.ErrBadExpires, denied, "AccessDenied", "Invalid date (should be seconds since epoch)."},
}

// reject says to a publisher why it was refused or cut off.
func reject(err error, requestID string) *rtmp.RejectError {
	status, code, message := describe(err)
	return &rtmp.RejectError{Code: status, Description: fmt.Sprintf("%s: %s (RequestId %s)", code, message, requestID)}
}

func describe(err error) (status, code, message string) {
	var (
		mismatch    *auth.MismatchError
		invalid     *store.InvalidError
		version     *auth.UnsupportedError
		unsupported *segmenter.UnsupportedError
		corrupt     *segmenter.CorruptError
	)
	for _, r := range refusals {
		if errors.Is(err, r.err) {
			return r.status, r.code, r.message
		}
	}
	switch {
	case errors.Is(err, auth.ErrRepeated), errors.Is(err, auth.ErrMalformed):
		return denied, "InvalidArgument", err.Error()
	case errors.As(err, &mismatch):
		return denied, "SignatureDoesNotMatch", mismatchMessage(mismatch)
	case errors.As(err, &version):
		return denied, "InvalidArgument", "RTMP URLs are signed with OSSAccessKeyId, Expires and Signature (version 1), also by clients that use another version for HTTP."
	case errors.As(err, &invalid):
		return badName, "InvalidArgument", invalid.Message
	case errors.As(err, &unsupported) && unsupported.Codec == flv.HEVC.String():
		return rejected, "InvalidArgument", unsupported.Error() + "; or start this server with --allow-hevc"
	case errors.As(err, &unsupported):
		return rejected, "InvalidArgument", unsupported.Error()
	case errors.As(err, &corrupt):
		return rejected, "InvalidArgument", corrupt.Error()
	case errors.Is(err, segmenter.ErrNoVideo):
		return rejected, "InvalidArgument", err.Error() + "; or start this server with --allow-audio-only"
	case errors.Is(err, segmenter.ErrNoConfig), errors.Is(err, segmenter.ErrNoKeyframe):
		return rejected, "InvalidArgument", err.Error()
	}
	return rejected, "InternalError", "We encountered an internal error. Please try again."
}

// signatureLen is the length of an HMAC-SHA1 in base64.
const signatureLen = 28

func mismatchMessage(m *auth.MismatchError) string {
	if n := len(m.Provided); n != signatureLen {
		return fmt.Sprintf("The Signature in the URL has %d characters, not %d. Quote the URL, and keep the signature percent-encoded.", n, signatureLen)
	}
	return "The request signature we calculated does not match the signature you provided. Check your key and the signed URL."
}
