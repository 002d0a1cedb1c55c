package api

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash/crc64"
	"io"
	"net/http"
	"strconv"
	"strings"

	"osslive/store"
)

// metaPrefix begins the headers that carry user metadata, in canonical form.
const metaPrefix = "X-Oss-Meta-"

// storedHeaders are the headers of PutObject that GetObject answers with.
var storedHeaders = []string{"Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Expires"}

// unsupportedHeaders change what PutObject does or stores, in ways that osslive lacks.
// A request with one is refused.
var unsupportedHeaders = []string{"x-oss-callback", "x-oss-symlink-target"}

func refuseUnsupported(r *request) error {
	for _, name := range unsupportedHeaders {
		if r.header.Get(name) != "" {
			return notImplemented("the header " + name)
		}
	}
	return nil
}

func forbidsOverwrite(r *request) bool {
	return strings.EqualFold(r.header.Get("x-oss-forbid-overwrite"), "true")
}

// incoming returns the body of a request that stores it, and the body's length and
// MD5 as the request declares them.
func incoming(r *request) (io.Reader, store.PutOptions, error) {
	// For net/http a missing length and an empty body are the same.
	if r.length == 0 && r.header.Get("Content-Length") == "" {
		return nil, store.PutOptions{}, errMissingLength
	}
	digest, err := contentMD5(r)
	if err != nil {
		return nil, store.PutOptions{}, err
	}
	body, err := checkedBody(r)
	return body, store.PutOptions{MD5: digest, ForbidOverwrite: forbidsOverwrite(r), Length: r.length}, err
}

func (s *Server) putObject(w http.ResponseWriter, r *request) error {
	if err := refuseUnsupported(r); err != nil {
		return err
	}
	body, opt, err := incoming(r)
	if err != nil {
		return err
	}
	o, err := s.config.Store.PutObject(r.Context(), newObject(r), body, opt)
	if err != nil {
		return err
	}
	h := w.Header()
	setETag(h, o.ETag)
	setChecksums(h, o)
	w.WriteHeader(http.StatusOK)
	return nil
}

// newObject returns an object with the type, headers, metadata and ACL of the request.
func newObject(r *request) store.Object {
	o := store.Object{
		Bucket:      r.bucket,
		Key:         r.key,
		ACL:         objectACL(r),
		ContentType: r.header.Get("Content-Type"),
		Headers:     map[string]string{},
		Meta:        map[string]string{},
	}
	if o.ContentType == "" {
		o.ContentType = "application/octet-stream"
	}
	for _, name := range storedHeaders {
		if value := r.header.Get(name); value != "" {
			o.Headers[name] = value
		}
	}
	for name, values := range r.header {
		if meta, ok := strings.CutPrefix(name, metaPrefix); ok && meta != "" {
			o.Meta[strings.ToLower(meta)] = values[0]
		}
	}
	return o
}

// contentMD5 returns the 16 bytes of Content-MD5, or nil without that header.
func contentMD5(r *request) ([]byte, error) {
	value := r.header.Get("Content-MD5")
	if value == "" {
		return nil, nil
	}
	digest, err := base64.StdEncoding.DecodeString(value)
	if err != nil || len(digest) != md5.Size {
		return nil, errInvalidMD5
	}
	return digest, nil
}

// checkedBody returns the body as a reader that fails with an answer if the body ends
// early or differs from the x-oss-hash-crc64ecma that the request declares.
func checkedBody(r *request) (io.Reader, error) {
	b := &body{Reader: r.body}
	if value := r.header.Get("x-oss-hash-crc64ecma"); value != "" {
		want, err := strconv.ParseUint(value, 10, 64)
		if err != nil {
			return nil, errBadCRC
		}
		b.want, b.table = want, crc64.MakeTable(crc64.ECMA)
	}
	return b, nil
}

type body struct {
	io.Reader
	table     *crc64.Table // nil: the request declares none
	sum, want uint64
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if b.table != nil {
		b.sum = crc64.Update(b.sum, b.table, p[:n])
		if errors.Is(err, io.EOF) && b.sum != b.want {
			return n, errBadCRC
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = bodyError(err)
	}
	return n, err
}

func (s *Server) deleteObject(w http.ResponseWriter, r *request) error {
	if err := store.CheckKey(r.key); err != nil {
		return err
	}
	if err := s.config.Store.DeleteObject(r.Context(), r.bucket, r.key); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// getObjectMeta answers with ETag, length and date alone.
func (s *Server) getObjectMeta(w http.ResponseWriter, r *request) error {
	o, err := s.readableObject(r, r.target)
	if err != nil {
		return err
	}
	h := w.Header()
	setETag(h, o.ETag)
	h.Set("Last-Modified", o.Modified.UTC().Format(http.TimeFormat))
	if r.method == http.MethodHead { // a GET, the old form, may not declare a length and send no body
		h.Set("Content-Length", strconv.FormatInt(o.Size, 10))
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// setChecksums sets the headers by which clients check what they sent or got. Not
// every ETag is a digest.
func setChecksums(h http.Header, o store.Object) {
	setCRC64(h, o)
	if o.IsMD5() {
		setMD5(h, o.ETag)
	}
}

// setMD5 sets Content-MD5 to an ETag that is an MD5.
func setMD5(h http.Header, etag string) {
	if digest, err := hex.DecodeString(etag); err == nil {
		setOwn(h, "Content-MD5", base64.StdEncoding.EncodeToString(digest))
	}
}

// setCRC64 sets the checksum in an answer whose body is not the object.
func setCRC64(h http.Header, o store.Object) {
	if o.HasCRC64 {
		setOwn(h, "x-oss-hash-crc64ecma", strconv.FormatUint(o.CRC64, 10))
	}
}
