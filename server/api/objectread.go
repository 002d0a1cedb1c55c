package api

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"osslive/server/answer"
	"osslive/store"
)

// getObject answers GET and HEAD: it checks conditions, then the range, and sends.
func (s *Server) getObject(w http.ResponseWriter, r *request) error {
	o, err := s.readableObject(r, r.target)
	if err != nil {
		return err
	}
	overrides, err := responseOverrides(r)
	if err != nil {
		return err
	}
	body, part, status, err := s.openPart(r, o)
	if errors.Is(err, store.ErrNoSuchKey) {
		// It was overwritten between the record and its bytes: read it again.
		if o, err = s.readableObject(r, r.target); err == nil {
			body, part, status, err = s.openPart(r, o)
		}
	}
	if err != nil {
		return err
	}
	defer body.Close()

	h := w.Header()
	setObjectHeaders(h, o)
	for name, value := range overrides {
		h.Set(name, value)
	}
	switch status {
	case http.StatusNotModified:
		h.Del("Content-Type")
		delete(h, "Content-MD5")
		w.WriteHeader(status)
		return nil
	case http.StatusPartialContent:
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", part.offset, part.offset+part.length-1, o.Size))
		delete(h, "Content-MD5")
	}
	h.Set("Content-Length", strconv.FormatInt(part.length, 10))
	w.WriteHeader(status)
	if r.method == http.MethodHead {
		return nil
	}
	// The head is sent, so an error can only cut the body short.
	if _, err := io.Copy(w, body); err != nil {
		return fmt.Errorf("send %s/%s: %w", o.Bucket, o.Key, err)
	}
	return nil
}

// openPart checks the request's conditions against o and opens the bytes that the
// answer sends: none for 304 and for HEAD.
func (s *Server) openPart(r *request, o store.Object) (io.ReadCloser, span, int, error) {
	status, err := checkConditions(r.header, o)
	if err != nil || status == http.StatusNotModified {
		return http.NoBody, span{}, status, err
	}
	whole := span{0, o.Size}
	if r.method == http.MethodHead {
		return http.NoBody, whole, http.StatusOK, nil
	}
	standard := strings.EqualFold(r.header.Get("x-oss-range-behavior"), "standard")
	part, ok, err := parseRange(r.header.Get("Range"), o.Size, standard)
	if err != nil {
		return nil, span{}, 0, err
	}
	if !ok {
		part = whole
	} else {
		status = http.StatusPartialContent
	}
	body, err := s.config.Store.OpenObject(r.Context(), o, part.offset, part.length)
	return body, part, status, err
}

func setObjectHeaders(h http.Header, o store.Object) {
	h.Set("Content-Type", o.ContentType)
	setETag(h, o.ETag)
	h.Set("Last-Modified", o.Modified.UTC().Format(http.TimeFormat))
	h.Set("Accept-Ranges", "bytes")
	setOwn(h, "x-oss-object-type", o.Type)
	setOwn(h, "x-oss-storage-class", "Standard")
	if o.IsAppendable() {
		setOwn(h, nextPosition, strconv.FormatInt(o.Size, 10))
	}
	setChecksums(h, o)
	for name, value := range o.Meta {
		setOwn(h, "x-oss-meta-"+name, value)
	}
	for name, value := range o.Headers {
		h.Set(name, value)
	}
	// A live playlist is rewritten every few seconds, so a cache must ask before it
	// serves a copy. An upload may set another Cache-Control.
	if strings.HasSuffix(o.Key, ".m3u8") && o.Headers["Cache-Control"] == "" {
		h.Set("Cache-Control", "no-cache")
	}
}

// overridable are the parameters that change a header of the answer
// (GetObject page).
var overridable = map[string]string{
	"response-content-type":        "Content-Type",
	"response-content-language":    "Content-Language",
	"response-expires":             "Expires",
	"response-cache-control":       "Cache-Control",
	"response-content-disposition": "Content-Disposition",
	"response-content-encoding":    "Content-Encoding",
}

// responseOverrides returns the headers that the query sets. An anonymous request may
// set none: otherwise a link could make a browser run any object as a page.
func responseOverrides(r *request) (map[string]string, error) {
	if len(r.query) == 0 {
		return nil, nil
	}
	headers := map[string]string{}
	for param, header := range overridable {
		if !r.query.Has(param) {
			continue
		}
		if r.caller.Anonymous() {
			return nil, errResponseOverride
		}
		value := r.query.Get(param)
		if strings.ContainsFunc(value, func(c rune) bool { return c < ' ' || c == 0x7f }) {
			return nil, answer.InvalidArgument(param, value, "", "A header value has no control characters.")
		}
		headers[header] = value
	}
	return headers, nil
}

// checkConditions returns 200, 304 or errPrecondition. A condition on the ETag comes
// before the one on the date (RFC 9110 §13.2.2).
func checkConditions(h http.Header, o store.Object) (int, error) {
	modified := o.Modified.Truncate(time.Second)
	if match := h.Get("If-Match"); match != "" {
		if !matchesETag(match, o.ETag) {
			return 0, errPrecondition
		}
	} else if since, ok := date(h.Get("If-Unmodified-Since")); ok && modified.After(since) {
		return 0, errPrecondition
	}
	if match := h.Get("If-None-Match"); match != "" {
		if matchesETag(match, o.ETag) {
			return http.StatusNotModified, nil
		}
	} else if since, ok := date(h.Get("If-Modified-Since")); ok && !modified.After(since) {
		return http.StatusNotModified, nil
	}
	return http.StatusOK, nil
}

// date parses the date of a condition. One that cannot be parsed is ignored.
func date(value string) (time.Time, bool) {
	if value == "" {
		return time.Time{}, false
	}
	t, err := http.ParseTime(value)
	return t, err == nil
}

// matchesETag reports whether etag is in a list of ETags, with or without quotes.
func matchesETag(list, etag string) bool {
	for item := range strings.SplitSeq(list, ",") {
		item = strings.TrimPrefix(strings.TrimSpace(item), "W/")
		if item == "*" || strings.EqualFold(strings.Trim(item, `"`), etag) {
			return true
		}
	}
	return false
}

// span is a part of an object, in bytes.
type span struct{ offset, length int64 }

// parseRange parses a Range header. ok is false if the answer is the whole object:
// without a range, with several, and with one that is not inside the object, which
// the service ignores (GetObject page, Range). If standard is set, for
// x-oss-range-behavior: standard, RFC 9110 §14 applies: the range ends with the
// object at the latest, and one that starts past it is errInvalidRange.
func parseRange(header string, size int64, standard bool) (part span, ok bool, err error) {
	first, last, found := strings.Cut(strings.TrimPrefix(header, "bytes="), "-")
	if !strings.HasPrefix(header, "bytes=") || !found {
		return span{}, false, nil
	}
	from, fromOK := offset(first)
	to, toOK := offset(last)
	switch {
	case first == "" && toOK: // the last bytes
		from, to = max(0, size-to), size-1
		if n, _ := offset(last); n > size && !standard {
			return span{}, false, nil
		}
	case fromOK && last == "":
		to = size - 1
	case !fromOK || !toOK || to < from: // no range by either rule
		return span{}, false, nil
	}
	switch {
	case from >= size || from > to:
		if standard {
			return span{}, false, errInvalidRange
		}
		return span{}, false, nil
	case to >= size && !standard:
		return span{}, false, nil
	}
	to = min(to, size-1)
	return span{from, to - from + 1}, true, nil
}

// offset parses decimal digits. A number too large for int64 is the largest.
func offset(s string) (int64, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 1<<63 - 1, true
	}
	return n, true
}
