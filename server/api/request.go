package api

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"time"

	"osslive/auth"
	"osslive/server/refusal"
)

// request is an HTTP request as the handlers see it: resolved, decoded and with its
// caller known. Handlers must not read rawTarget, which is for explanations.
type request struct {
	target            // what the request addresses
	id         string // 24 upper-case hexadecimal digits, as the service has them
	method     string
	host       string // Host as received
	header     http.Header
	query      url.Values    // decoded; each name once
	caller     auth.Identity // set by authenticate; the zero value is anonymous
	remoteAddr string
	rawTarget  string // of the request line; for refusals
	body       io.Reader
	length     int64 // of the body; -1 unknown

	operation string    // for log and metrics; "" until routed
	code      string    // Code of the answer if that is an error, else ""
	began     time.Time // monotonic

	proxied  bool            // the client takes osslive for an HTTP proxy
	readings []reading       // the meanings of the URL, of which authenticate chooses one
	ctx      context.Context // ends with the connection
}

func newRequest(hr *http.Request) *request {
	return &request{
		id:         refusal.NewID(),
		method:     hr.Method,
		host:       hr.Host,
		header:     hr.Header,
		remoteAddr: hr.RemoteAddr,
		rawTarget:  hr.RequestURI,
		body:       hr.Body,
		length:     hr.ContentLength,
		began:      time.Now(),
		ctx:        hr.Context(),
	}
}

func (r *request) Context() context.Context { return r.ctx }

// level returns the kind of what the request addresses.
func (r *request) level() level {
	switch {
	case r.key != "":
		return onObject
	case r.bucket != "" || r.named:
		return onBucket
	}
	return onService
}
