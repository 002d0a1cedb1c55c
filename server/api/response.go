package api

import (
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"time"
)

// begin makes the request value, sets the headers that every answer has, and
// logs and counts the request when it is over. The log has no query: a signed
// URL is a credential.
func (s *Server) begin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		scope := newScope(hr)
		r := &scope.request
		rw := newResponse(w, r.began, s.pace)
		var body *pacedBody
		if hr.Body != http.NoBody {
			body = &pacedBody{Reader: hr.Body, w: rw}
			r.body = body
		}
		defer rw.leave(body)
		w.Header().Set("Server", "AliyunOSS")
		setOwn(w.Header(), "x-oss-request-id", r.id)
		defer func() {
			took := time.Since(r.began)
			status, operation := rw.status, r.operation
			if status == 0 {
				status = http.StatusOK
			}
			if operation == "" {
				operation = "Unknown"
			}
			s.Metrics.Request(operation, strconv.Itoa(status), r.code, rw.bytes, took)
			if !s.Access.Enabled(r.ctx, slog.LevelInfo) {
				return
			}
			s.Access.LogAttrs(r.ctx, slog.LevelInfo, "request",
				slog.String("request_id", r.id), slog.String("operation", operation), slog.String("method", r.method),
				slog.String("bucket", r.bucket), slog.String("key", r.key), slog.Int("status", status),
				slog.String("code", r.code), slog.Int64("bytes", rw.bytes), slog.Duration("took", took),
				slog.String("remote", r.remoteAddr), slog.String("caller", r.caller.KeyID()))
		}()
		next.ServeHTTP(rw, hr.WithContext(scope))
	})
}

// recoverPanic answers InternalError for a handler that panicked; the process
// and the other requests live on.
func (s *Server) recoverPanic(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if cause == http.ErrAbortHandler {
				panic(cause) // net/http cuts the connection without a word
			}
			s.Metrics.Panic()
			s.writeError(w, requestOf(hr), fmt.Errorf("panic: %v\n%s", cause, debug.Stack()))
		}()
		next.ServeHTTP(w, hr)
	})
}

// resolve reads the URL, and takes it for what it means without a signature.
func (s *Server) resolve(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		r := requestOf(hr)
		if r.method == http.MethodConnect {
			w.Header().Set("Connection", "close")
			s.writeError(w, r, errTunnel)
			return
		}
		found, err := resolveTarget(hr, s.Domains)
		if err != nil {
			s.writeError(w, r, err)
			return
		}
		r.readings, r.query, r.proxied = found.readings, found.query, found.proxied
		if r.target, err = s.unsignedReading(r); err != nil {
			s.writeError(w, r, err)
			return
		}
		next.ServeHTTP(w, hr)
	})
}

// response counts what is sent and knows whether an answer has begun.
type response struct {
	http.ResponseWriter
	pace
	connection http.ResponseController
	began      time.Time
	deadline   time.Time // for writing, of this request; zero: none was set
	status     int
	bytes      int64
}

func newResponse(w http.ResponseWriter, began time.Time, p pace) *response {
	return &response{ResponseWriter: w, pace: p, connection: *http.NewResponseController(w), began: began}
}

func (w *response) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
		setOwn(w.Header(), "x-oss-server-time", strconv.FormatInt(time.Since(w.began).Milliseconds(), 10))
	}
	w.ResponseWriter.WriteHeader(status)
}

// setOwn sets a header whose name goes out as it is here, as the service writes it,
// and not in net/http's form: x-oss-* in lower case, for the Java SDK looks for
// x-oss-meta- just so; ETag, Content-MD5.
func setOwn(h http.Header, name, value string) { h[name] = []string{value} }

func setETag(h http.Header, etag string) { setOwn(h, "ETag", `"`+etag+`"`) }

func (w *response) Write(p []byte) (n int, err error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	for part := range slices.Chunk(p, sendAtOnce) {
		w.expectTaken(len(part))
		m, err := w.ResponseWriter.Write(part)
		n += m
		w.bytes += int64(m)
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// ReadFrom keeps the way to sendfile open for objects in files: it is taken for a
// LimitedReader around one.
func (w *response) ReadFrom(src io.Reader) (sent int64, err error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	all, ok := src.(*io.LimitedReader)
	if !ok {
		all = &io.LimitedReader{R: src, N: math.MaxInt64}
	}
	for all.N > 0 {
		w.expectTaken(sendAtOnce)
		part := &io.LimitedReader{R: all.R, N: min(all.N, sendAtOnce)}
		n, err := io.Copy(w.ResponseWriter, part)
		all.N -= n
		sent += n
		w.bytes += n
		if err != nil || part.N > 0 {
			return sent, err
		}
	}
	return sent, nil
}

// Unwrap is for http.ResponseController.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }
