package api

import (
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"
)

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
