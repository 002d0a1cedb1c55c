package store

import (
	"errors"
	"fmt"
)

// Errors of the domain.
var (
	ErrNoSuchBucket   = errors.New("no such bucket")
	ErrBucketNotEmpty = errors.New("bucket is not empty")
	ErrNoSuchKey      = errors.New("no such key")
	ErrKeyExists      = errors.New("key exists and may not be overwritten")
	// ErrNotAppendable says that an object was not made by appending.
	ErrNotAppendable = errors.New("object is not appendable")
	ErrNoSuchUpload  = errors.New("no such multipart upload")
	// ErrInvalidPart says that a part to complete with was not uploaded, or has
	// another ETag.
	ErrInvalidPart      = errors.New("no such part")
	ErrInvalidPartOrder = errors.New("parts are not in ascending order")
	ErrPartTooSmall     = errors.New("part is too small and not the last")
	ErrNoSuchCORS       = errors.New("bucket has no CORS rules")
	ErrNoSuchChannel    = errors.New("no such live channel")
	ErrChannelExists    = errors.New("live channel exists")
	ErrChannelLive      = errors.New("live channel is live")
	ErrChannelDisabled  = errors.New("live channel is disabled")
	// ErrSessionLost says that a session may no longer write: its lease lapsed,
	// another publisher has the channel, or the channel is gone.
	ErrSessionLost = errors.New("publishing session lost")
	ErrBadDigest   = errors.New("content does not match its MD5")
	// ErrBodyLength says that a body is shorter or longer than was declared.
	ErrBodyLength = errors.New("content does not have the declared length")
	// ErrBodyTooLarge says that a body exceeds maxBodyBytes.
	ErrBodyTooLarge = errors.New("content is too large")
	// ErrDamaged says that an object's bytes are missing or cut short on the
	// storage; they are never served in part.
	ErrDamaged = errors.New("object is damaged")
)

// PositionError reports an append at a position that is not the length of the object.
type PositionError struct{ Length int64 }

func (e *PositionError) Error() string {
	return fmt.Sprintf("position is not the object's length, %d", e.Length)
}

// InvalidError reports a value of a request that breaks a rule.
type InvalidError struct {
	// Field is the name of the value as the API has it: BucketName, Key,
	// ChannelName, PlaylistName, Description, Status, FragDuration, FragCount,
	// RoleName, DestBucket, NotifyTopic, Interval, ACL, ObjectACL, Meta, Headers,
	// Range, partNumber, and the elements of a CORSRule.
	Field string
	Value string
	// Rule is one word: length, range, suffix, prefix, slash, utf8, control,
	// value, missing, pair, or unknown (names something that does not exist).
	Rule    string
	Message string // a sentence for the user
}

func (e *InvalidError) Error() string { return e.Message }
