package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"

	"osslive/auth"
	"osslive/server/answer"
	"osslive/store"
)

// authenticate sets the caller, and with it the target: the reading of the URL for
// which the signature is valid.
func (s *Server) authenticate(r *request) error {
	if err := s.identify(r); err != nil {
		return err
	}
	return r.requirePayload(r.caller.PayloadSHA256())
}

// identify sets caller and target of r. If the signature is valid for no reading, the
// error is that of the likeliest reading whose signature could be compared.
func (s *Server) identify(r *request) error {
	var (
		refused  error
		mismatch *auth.MismatchError
	)
	for _, reading := range r.readings {
		var err error
		if reading.anyBucket {
			err = s.identifyBucket(r, reading.target)
		} else {
			err = s.verify(r, reading.target)
		}
		if err == nil {
			return nil
		}
		if refused == nil || !errors.As(refused, &mismatch) && errors.As(err, &mismatch) {
			refused = err
		}
	}
	return refused
}

// verify sets caller and target if the signature is valid for t. An unsigned request
// has its target already.
func (s *Server) verify(r *request, t target) error {
	caller, err := auth.VerifyRequest(&auth.Request{
		Method: r.method,
		Host:   r.host,
		Header: r.header,
		Bucket: t.bucket,
		Key:    t.key,
		Query:  r.query,
	}, s.config.Keys, s.config.Now())
	if err != nil {
		return err
	}
	if r.caller = caller; !caller.Anonymous() {
		r.target = t
	}
	return nil
}

// identifyBucket finds the bucket whose CNAME the host of a signed request is. The
// string-to-sign names the bucket, so the signature is valid for one at most.
func (s *Server) identifyBucket(r *request, t target) error {
	for marker := ""; ; {
		page, err := s.config.Store.Buckets(r.Context(), "", marker, 1000)
		if err != nil {
			return err
		}
		for _, b := range page.Items {
			t.bucket = b.Name
			var mismatch *auth.MismatchError
			if err := s.verify(r, t); err == nil || !errors.As(err, &mismatch) {
				return err
			}
		}
		if marker = page.Next; marker == "" {
			return errNoReading
		}
	}
}

// errNoReading never reaches a client: the path-style reading, which comes first, has
// an error of its own.
var errNoReading = errors.New("signature is valid for no bucket")

// unsignedReading returns the meaning of the URL of an unsigned request: the first
// reading, or another if the first addresses nothing.
func (s *Server) unsignedReading(r *request) (target, error) {
	first := r.readings[0].target
	for _, other := range r.readings[1:] {
		if other.signed {
			continue
		}
		found, err := s.exists(r.Context(), first, other.target)
		if err != nil {
			return target{}, err
		}
		if !found {
			return other.target, nil
		}
	}
	return first, nil
}

// exists reports whether what a addresses exists: its object if a and b have the same
// bucket, else its bucket.
func (s *Server) exists(ctx context.Context, a, b target) (bool, error) {
	err := store.CheckBucketName(a.bucket)
	switch {
	case err != nil:
	case a.bucket != b.bucket:
		_, err = s.config.Store.Bucket(ctx, a.bucket)
	default:
		if err = store.CheckKey(a.key); err == nil {
			_, err = s.config.Store.Object(ctx, a.bucket, a.key)
		}
	}
	var invalid *store.InvalidError
	if errors.Is(err, store.ErrNoSuchBucket) || errors.Is(err, store.ErrNoSuchKey) || errors.As(err, &invalid) {
		return false, nil
	}
	return err == nil, err
}

// requirePayload makes reading the body fail unless the body has the signed SHA-256.
// It does nothing if want is "".
func (r *request) requirePayload(want string) error {
	if want == "" {
		return nil
	}
	p := &payload{Reader: r.body, left: r.length, sum: sha256.New(), want: want}
	if r.length == 0 { // the handler may not read it
		return p.check()
	}
	r.body = p
	return nil
}

// payload is a body that returns its last bytes only if the whole has the SHA-256.
type payload struct {
	io.Reader
	left int64 // bytes not read yet; negative if unknown
	sum  hash.Hash
	want string // SHA-256 in lower-case hexadecimal
}

func (p *payload) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	p.sum.Write(b[:n])
	last := n > 0 && int64(n) == p.left
	p.left -= int64(n)
	if err == io.EOF || last {
		if err := p.check(); err != nil {
			return 0, err
		}
	}
	return n, err
}

func (p *payload) check() error {
	if hex.EncodeToString(p.sum.Sum(nil)) != p.want {
		return answer.ErrBodyHash
	}
	return nil
}
