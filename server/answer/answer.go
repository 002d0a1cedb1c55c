// Package answer owns what the server answers to an error: the status, Code, EC
// and Message of an OSS error document, the class and text with which RTMP refuses
// a publish, and the text of a page of the console. All of them are columns of one
// table (table.go), so that an error means the same wherever it shows.
//
// It also owns the errors of the server itself that more than one package has to
// recognise, such as [ErrBucketACL]. Explanations of refusals ask errors.Is for them;
// nothing reads the words of an answer.
//
// It knows the errors of packages store and auth. It must not know HTTP requests,
// RTMP messages, templates or logs: the packages that send an answer add what only
// they know, such as the name of the bucket.
package answer

import (
	"errors"

	"osslive/store"
)

// Error is an error together with its answer. The packages of the server return
// one where an operation refuses what no error of store or auth describes.
type Error struct {
	Status  int    // of HTTP
	Code    string // of the error document, and the first word to a publisher
	EC      string // the fine-grained code; "" where the API reference gives none
	Message string // of the error document
	Details []Detail

	Class   Class  // how RTMP refuses a publish; Internal if a publish cannot meet the error
	Publish string // the text for a publisher; "" is Message

	Page string // the text of a page of the console; "" if pages cannot meet the error

	base *Error // the answer that With added to; nil if there is none
}

// Detail is one further element of an error document.
type Detail struct{ Name, Value string }

// Class is the kind of refusal that RTMP tells a publisher. OBS Studio and librtmp
// know three of them; package rtmp has their names on the wire.
type Class uint8

const (
	Internal Class = iota // the error has no answer of its own: the server failed
	BadName               // a name or a state
	Denied                // authorization
	Rejected              // what the publisher sends, or what the server cannot take
)

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Unwrap returns the error that With added details to.
func (e *Error) Unwrap() error {
	if e.base == nil {
		return nil
	}
	return e.base
}

// With returns a copy of e that has one more detail and is still e for errors.Is.
func (e *Error) With(name, value string) *Error {
	c := *e
	c.Details = append(e.Details[:len(e.Details):len(e.Details)], Detail{name, value})
	c.base = e
	return &c
}

// New returns an answer over HTTP; ec may be "".
func New(status int, code, ec, message string) *Error {
	return &Error{Status: status, Code: code, EC: ec, Message: message}
}

// Of returns the answer to err: its own if it is or wraps an *Error, else that of
// its type or of the first row of the table that it is. The answer
// to any other error is InternalError: its text is for the log. The caller must not change the answer.
func Of(err error) *Error {
	var (
		own      *Error
		invalid  *store.InvalidError
		position *store.PositionError
	)
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &invalid):
		return ofInvalid(invalid)
	case errors.As(err, &position):
		return errPosition
	}
	for i := range table {
		if errors.Is(err, table[i].err) {
			return &table[i].Error
		}
	}
	return InternalError
}
