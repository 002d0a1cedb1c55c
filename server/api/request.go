package api

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/go-chi/chi/v5"

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

// scope is the context of a request: it has the request as handlers see it, and
// what chi keeps about it.
type scope struct {
	context.Context // net/http's
	request         request
	route           chi.Context
}

type requestKey struct{}

func (s *scope) Value(key any) any {
	switch key {
	case requestKey{}:
		return &s.request
	case chi.RouteCtxKey:
		return &s.route
	}
	return s.Context.Value(key)
}

// requestOf returns what begin put into the context.
func requestOf(r *http.Request) *request { return r.Context().Value(requestKey{}).(*request) }

func newScope(hr *http.Request) *scope {
	return &scope{Context: hr.Context(), request: request{
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
	}}
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

// pattern is the path of the route that the request asks for.
func (r *request) pattern() string { return "/" + string(r.level()) + "/" + r.selector() }
