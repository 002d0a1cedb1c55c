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

// request is an HTTP request as the handlers see it: resolved, decoded and with
// its caller known. The URL it came with is kept for explanations
// alone.
type request struct {
	target            // what it addresses
	id         string // 24 upper-case hexadecimal digits, as the service's
	method     string
	host       string // Host as received
	header     http.Header
	query      url.Values    // decoded; each name once
	caller     auth.Identity // set by authenticate; the zero value is anonymous
	remoteAddr string
	rawTarget  string // of the request line, for whoever asks why it was refused
	body       io.Reader
	length     int64 // of the body; -1 unknown

	operation string    // for log and metrics; "" until routed
	code      string    // Code of the error answered, "" for none
	began     time.Time // monotonic

	proxied  bool            // it came in the form for proxies
	readings []reading       // all that the URL can mean; authenticate chooses
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

// level tells what the request addresses.
func (r *request) level() level {
	switch {
	case r.key != "":
		return onObject
	case r.bucket != "" || r.named:
		return onBucket
	}
	return onService
}
