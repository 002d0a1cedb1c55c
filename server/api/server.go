package api

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"osslive/auth"
	"osslive/server/address"
	"osslive/server/metrics"
	"osslive/server/refusal"
	"osslive/store"
)

// Config is what a Server needs. Store, Keys, Logger, Metrics and Now must be set.
type Config struct {
	Store *store.Store
	Keys  auth.Keys

	Region    string          // such as cn-local or oss-cn-local; default oss-cn-local
	Owner     Owner           // of every bucket
	Domains   address.Domains // under which clients reach the server
	PublicURL string          // scheme and authority for URLs in answers; default: those of the request
	CORS      CORS            // default CORSRules

	Refusals *refusal.Log // stores refused requests; nil stores none

	Logger  *slog.Logger
	Access  *slog.Logger // a line for each request, at level Info; default Logger
	Metrics *metrics.Metrics
	Now     func() time.Time // wall clock: signatures and dates
}

// Owner is the one account, which owns everything.
type Owner struct{ ID, DisplayName string }

// Server is the HTTP API. It is safe for concurrent use.
type Server struct {
	config                   Config
	publicScheme, publicHost string // of PublicURL; empty: not set
	pace                     pace   // of bodies, in and out
}

// New returns a Server. It starts no goroutine.
func New(c Config) *Server {
	if c.Region == "" {
		c.Region = "oss-cn-local"
	}
	c.Region = strings.TrimPrefix(c.Region, "oss-")
	if c.Owner.ID == "" {
		c.Owner = Owner{ID: "osslive", DisplayName: "osslive"}
	}
	if c.Access == nil {
		c.Access = c.Logger
	}
	s := &Server{config: c, pace: pace{grace: 30 * time.Second, rate: 1 << 10}}
	if scheme, rest, ok := strings.Cut(c.PublicURL, "://"); ok {
		s.publicScheme = scheme
		s.publicHost, _, _ = strings.Cut(rest, "/")
	}
	return s
}

func (s *Server) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	s.answer(w, hr, s.serve)
}

// answer makes the request value, sets the headers that every answer has, runs the
// steps, answers the error that they return, and logs and counts the request.
func (s *Server) answer(w http.ResponseWriter, hr *http.Request, steps func(http.ResponseWriter, *request) error) {
	r := newRequest(hr)
	rw := newResponse(w, r.began, s.pace)
	var body *pacedBody
	if hr.Body != http.NoBody {
		body = &pacedBody{Reader: hr.Body, w: rw}
		r.body = body
	}
	defer rw.leave(body)
	w.Header().Set("Server", "AliyunOSS")
	setOwn(w.Header(), "x-oss-request-id", r.id)
	defer s.record(r, rw)
	defer s.recoverPanic(rw, r)
	if err := steps(rw, r); err != nil {
		s.writeError(rw, r, err)
	}
}

// serve takes a request through the steps that the package comment shows.
func (s *Server) serve(w http.ResponseWriter, r *request) error {
	if err := s.resolve(w, r); err != nil {
		return err
	}
	if r.method == http.MethodOptions {
		return s.preflight(w, r)
	}
	// If the URL has several meanings, only the signature tells which bucket's CORS
	// rules apply.
	ambiguous := len(r.readings) > 1
	if ambiguous {
		s.markReadable(w.Header(), r, nil)
	} else if err := s.applyRules(w, r); err != nil {
		return err
	}
	if err := s.authenticate(r); err != nil {
		return err
	}
	if ambiguous {
		if err := s.applyRules(w, r); err != nil {
			return err
		}
	}
	return s.route(w, r)
}

// record counts a request that is over and writes its line of the access log. The
// line has no query: a signed URL is a credential.
func (s *Server) record(r *request, w *response) {
	took := time.Since(r.began)
	status, operation := cmp.Or(w.status, http.StatusOK), cmp.Or(r.operation, "Unknown")
	s.config.Metrics.Request(operation, strconv.Itoa(status), r.code, w.bytes, took)
	if !s.config.Access.Enabled(r.ctx, slog.LevelInfo) {
		return
	}
	s.config.Access.LogAttrs(r.ctx, slog.LevelInfo, "request",
		slog.String("request_id", r.id), slog.String("operation", operation), slog.String("method", r.method),
		slog.String("bucket", r.bucket), slog.String("key", r.key), slog.Int("status", status),
		slog.String("code", r.code), slog.Int64("bytes", w.bytes), slog.Duration("took", took),
		slog.String("remote", r.remoteAddr), slog.String("caller", r.caller.KeyID()))
}

// recoverPanic, which is deferred, answers InternalError if a step panicked. The
// process and other requests go on.
func (s *Server) recoverPanic(w http.ResponseWriter, r *request) {
	cause := recover()
	if cause == nil {
		return
	}
	if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(cause) // net/http closes the connection and logs nothing
	}
	s.config.Metrics.Panic()
	s.writeError(w, r, fmt.Errorf("panic: %v\n%s", cause, debug.Stack()))
}

// resolve sets the meanings of r's URL, and what r addresses if it is not signed.
func (s *Server) resolve(w http.ResponseWriter, r *request) error {
	if r.method == http.MethodConnect {
		w.Header().Set("Connection", "close")
		return errTunnel
	}
	found, err := resolveTarget(r.host, r.rawTarget, s.config.Domains)
	if err != nil {
		return err
	}
	r.readings, r.query, r.proxied = found.readings, found.query, found.proxied
	r.target, err = s.unsignedReading(r)
	return err
}
