package api

import (
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// response counts the bytes sent and holds the status, 0 until the answer begins.
type response struct {
	http.ResponseWriter
	pace
	connection http.ResponseController
	began      time.Time
	deadline   time.Time // for writing; zero if this request has set none
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

// setOwn sets a header whose name is sent as written, like the service's, and not in
// net/http's form: ETag, Content-MD5, and x-oss-* in lower case, because the Java SDK
// looks for x-oss-meta- in that case only.
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

// ReadFrom lets net/http use sendfile for objects in files: it hands on a
// LimitedReader around the file, the form that net/http recognises.
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

// Unwrap serves http.ResponseController.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }
