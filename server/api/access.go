package api

import (
	"errors"

	"osslive/server/answer"
	"osslive/store"
)

// action is a kind of operation that ACLs distinguish.
type action uint8

const (
	ownerOnly   action = iota // the service, a bucket's configuration, ACLs, every LiveChannel operation
	listObjects               // only the owner may: no ACL mentions listings
	readObject
	writeObject // and delete
)

// allowed reports whether an ACL allows a caller an action. All access keys belong to
// the one owner, so a caller is the owner or anonymous. Bucket ACL page: public-read
// lets everybody read objects, public-read-write lets them write and delete too.
func allowed(acl store.ACL, anonymous bool, a action) bool {
	switch {
	case !anonymous:
		return true
	case a == readObject:
		return acl == store.PublicRead || acl == store.PublicReadWrite
	case a == writeObject:
		return acl == store.PublicReadWrite
	}
	return false
}

// authorize refuses a request that the ACLs do not allow, before its body is read. It
// leaves reading to readableObject, which checks the version that is read.
func (s *Server) authorize(r *request, a action) error {
	if a == readObject {
		return nil
	}
	return s.permit(r, r.target, a)
}

// permit is authorize for any target. It reads the ACLs only for an anonymous request.
func (s *Server) permit(r *request, t target, a action) error {
	if !r.caller.Anonymous() {
		return nil
	}
	if a == ownerOnly {
		return answer.ErrAnonymous
	}
	o := store.Object{Bucket: t.bucket}
	if t.key != "" {
		found, err := s.config.Store.Object(r.Context(), t.bucket, t.key)
		switch {
		case err == nil:
			o = found
		case !errors.Is(err, store.ErrNoSuchKey):
			return err
		}
	}
	return s.permitObject(r, o, a)
}

// permitObject checks one version of an object: its own ACL if it has one, else the
// bucket's (PutObjectACL page).
func (s *Server) permitObject(r *request, o store.Object, a action) error {
	if !r.caller.Anonymous() {
		return nil
	}
	if o.ACL != "" {
		if !allowed(o.ACL, true, a) {
			return answer.ErrObjectACL
		}
		return nil
	}
	bucket, err := s.config.Store.Bucket(r.Context(), o.Bucket)
	if err != nil {
		return err
	}
	if !allowed(bucket.ACL, true, a) {
		return answer.ErrBucketACL
	}
	return nil
}

// readableObject returns the object that t addresses, in the version whose ACL allows
// the caller to read it.
func (s *Server) readableObject(r *request, t target) (store.Object, error) {
	if err := store.CheckKey(t.key); err != nil {
		return store.Object{}, err
	}
	o, err := s.config.Store.Object(r.Context(), t.bucket, t.key)
	if errors.Is(err, store.ErrNoSuchKey) {
		if refused := s.permitObject(r, store.Object{Bucket: t.bucket}, readObject); refused != nil {
			return store.Object{}, refused
		}
	}
	if err != nil {
		return store.Object{}, err
	}
	return o, s.permitObject(r, o, readObject)
}
