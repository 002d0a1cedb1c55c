package api

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"osslive/server/answer"
	"osslive/store"
)

// parseCopySource parses the header x-oss-copy-source: /BUCKET/KEY, both escaped as
// in a query. The Go SDK writes "+" for a space; others escape their plus signs.
func parseCopySource(header string) (target, error) {
	refused := answer.InvalidArgument("x-oss-copy-source", header, "", "The copy source is /bucket/key, escaped.")
	path, parameters, _ := strings.Cut(header, "?")
	if parameters != "" {
		return target{}, notImplemented("the parameters of x-oss-copy-source (" + parameters + ")")
	}
	rawBucket, rawKey, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	bucket, err := url.QueryUnescape(rawBucket)
	if err != nil || store.CheckBucketName(bucket) != nil {
		return target{}, refused
	}
	key, err := url.QueryUnescape(rawKey)
	if err != nil || store.CheckKey(key) != nil {
		return target{}, refused
	}
	return target{bucket: bucket, key: key, named: true}, nil
}

// sourceConditions returns the conditions on a copy's source as those of a GET.
func sourceConditions(h http.Header) http.Header {
	conditions := http.Header{}
	for _, name := range []string{"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"} {
		conditions.Set(name, h.Get("x-oss-copy-source-"+name))
	}
	return conditions
}

// copySource is a part of one version of an object, which a copy reads.
type copySource struct {
	store.Object
	body   io.ReadCloser
	length int64
}

// openSource opens the source of a copy for a caller who may GET it. rangeHeader
// selects a part as in a GET. The status is 304 if a condition of the request finds
// nothing new to copy.
func (s *Server) openSource(r *request, rangeHeader string) (src copySource, status int, err error) {
	from, err := parseCopySource(r.header.Get(copyHeader))
	if err != nil {
		return src, 0, err
	}
	for range 2 { // again if it is overwritten between the record and its bytes
		src, status, err = s.openSourceOnce(r, from, rangeHeader)
		if !errors.Is(err, store.ErrNoSuchKey) {
			break
		}
	}
	if errors.Is(err, store.ErrNoSuchKey) || errors.Is(err, store.ErrNoSuchBucket) {
		err = describe(&request{target: from}, err) // names the source, not the destination
	}
	return src, status, err
}

func (s *Server) openSourceOnce(r *request, from target, rangeHeader string) (src copySource, status int, err error) {
	o, err := s.readableObject(r, from)
	if err != nil {
		return src, 0, err
	}
	status, err = checkConditions(sourceConditions(r.header), o)
	if err != nil || status == http.StatusNotModified {
		return src, status, err
	}
	part, ok, err := parseRange(rangeHeader, o.Size, false)
	if !ok {
		part = span{0, o.Size}
	}
	if err != nil {
		return src, 0, err
	}
	body, err := s.config.Store.OpenObject(r.Context(), o, part.offset, part.length)
	return copySource{o, body, part.length}, status, err
}

// copyObject stores the bytes of another object under the request's key, with that
// object's headers and metadata or the request's (x-oss-metadata-directive).
func (s *Server) copyObject(w http.ResponseWriter, r *request) error {
	directive := r.header.Get("x-oss-metadata-directive")
	replace := strings.EqualFold(directive, "REPLACE")
	if directive != "" && !replace && !strings.EqualFold(directive, "COPY") {
		return answer.InvalidArgument("x-oss-metadata-directive", directive, "", "The metadata directive is COPY or REPLACE.")
	}
	src, status, err := s.openSource(r, "")
	if err != nil {
		return err
	}
	if status == http.StatusNotModified {
		w.WriteHeader(status)
		return nil
	}
	defer src.body.Close()
	o := newObject(r)
	if !replace {
		o.ContentType, o.Headers, o.Meta = src.ContentType, src.Headers, src.Meta
	}
	o, err = s.config.Store.PutObject(r.Context(), o, src.body, store.PutOptions{Length: src.length, ForbidOverwrite: forbidsOverwrite(r)})
	if err != nil {
		return err
	}
	setCRC64(w.Header(), o)
	setETag(w.Header(), o.ETag)
	return writeXML(w, struct {
		XMLName      xml.Name `xml:"CopyObjectResult"`
		LastModified string
		ETag         string
	}{LastModified: xmlTime(o.Modified), ETag: `"` + o.ETag + `"`})
}

// uploadPartCopy stores an object, or a range of it, as a part.
func (s *Server) uploadPartCopy(w http.ResponseWriter, r *request) error {
	number, err := partNumber(r)
	if err != nil {
		return err
	}
	src, status, err := s.openSource(r, r.header.Get("x-oss-copy-source-range"))
	if err != nil {
		return err
	}
	if status == http.StatusNotModified {
		w.WriteHeader(status)
		return nil
	}
	defer src.body.Close()
	part, err := s.config.Store.PutPart(r.Context(), uploadOf(r), number, src.body, store.PutOptions{Length: src.length})
	if err != nil {
		return err
	}
	setETag(w.Header(), part.ETag) // where the Python SDK looks for it
	return writeXML(w, struct {
		XMLName      xml.Name `xml:"CopyPartResult"`
		LastModified string
		ETag         string
	}{LastModified: xmlTime(part.Modified), ETag: `"` + part.ETag + `"`})
}
