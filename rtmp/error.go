package rtmp

import (
	"errors"
	"fmt"
)

// Codes of onStatus that publishers take for a refusal. OBS Studio waits for ever after
// other codes.
const (
	CodeBadName  = "NetStream.Publish.BadName"
	CodeDenied   = "NetStream.Publish.Denied"
	CodeRejected = "NetStream.Publish.Rejected"
)

// Other codes of the commands.
const (
	codeConnectSuccess   = "NetConnection.Connect.Success"
	codeConnectRejected  = "NetConnection.Connect.Rejected"
	codeCallFailed       = "NetConnection.Call.Failed"
	codePublishStart     = "NetStream.Publish.Start"
	codeUnpublishSuccess = "NetStream.Unpublish.Success"
	codePlayFailed       = "NetStream.Play.Failed"
)

// ErrServerClosed is returned by Serve after Shutdown, and is the cause of every
// publish that Shutdown ends.
var ErrServerClosed = errors.New("rtmp: server closed")

// RejectError refuses or ends a publish with a code and a text for the publisher's user.
// Client returns it for the refusal of its server.
type RejectError struct {
	Code        string
	Description string
}

func (e *RejectError) Error() string { return "rtmp: " + e.Code + ": " + e.Description }

// ProtocolError reports a peer that breaks the protocol.
type ProtocolError struct{ Message string }

func (e *ProtocolError) Error() string { return "rtmp: " + e.Message }

func protocolErrorf(format string, args ...any) error {
	return &ProtocolError{fmt.Sprintf(format, args...)}
}

// LimitError reports a peer that went over a limit. Limit is the name of the field of
// Limits, or AMFDepth or AMFValues, which are constants of package amf0.
type LimitError struct {
	Limit   string
	Message string
}

func (e *LimitError) Error() string { return "rtmp: " + e.Message }

func limitErrorf(limit, format string, args ...any) error {
	return &LimitError{limit, fmt.Sprintf(format, args...)}
}

// limitName returns the name of the limit that err reports, or "".
func limitName(err error) string {
	var limit *LimitError
	if errors.As(err, &limit) {
		return limit.Limit
	}
	return ""
}

// PanicError is a panic in a Handler, in a Stream or in this package.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("rtmp: panic: %v", e.Value) }

// Status returns the code and the text that a publisher gets for err, which is not nil. Both
// are "" if the connection itself has failed.
func Status(err error) (code, description string) {
	var (
		reject   *RejectError
		protocol *ProtocolError
		limit    *LimitError
		failure  *ioError
	)
	switch {
	case errors.As(err, &failure):
		return "", ""
	case errors.As(err, &reject):
		return reject.Code, reject.Description
	case errors.As(err, &protocol):
		return CodeRejected, "ProtocolError: " + protocol.Message
	case errors.As(err, &limit):
		return CodeRejected, "LimitExceeded: " + limit.Message
	case errors.Is(err, ErrServerClosed):
		return CodeRejected, "ServiceUnavailable: the server is shutting down"
	}
	return CodeRejected, "InternalError: the server met an error and ended this publish"
}

// ioError is a failure of the connection, not of its peer.
type ioError struct{ err error }

func (e *ioError) Error() string { return "rtmp: connection: " + e.err.Error() }
func (e *ioError) Unwrap() error { return e.err }
