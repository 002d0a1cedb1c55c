package api

import (
	"errors"

	"osslive/server/answer"
	"osslive/store"
)

// action is a kind of operation, as far as ACLs tell them apart.
type action uint8

const (
	ownerOnly   action = iota // the service, a bucket's configuration, ACLs, every LiveChannel operation
	listObjects               // names only the owner may see: no ACL mentions them
	readObject
	writeObject // deletes too
)

// allowed tells whether a caller may do what it asks under an ACL. All keys
// belong to the one owner, so a caller is the owner or anonymous. Bucket ACL
// page: public-read lets everybody read objects, public-read-write write and
// delete them too.
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

// authorize refuses a request that the ACLs do not allow, before anything of its
// body is read. Who reads an object is judged by readableObject: what counts is the
// version that is read.
func (s *Server) authorize(r *request, a action) error {
	if a == readObject {
		return nil
	}
	return s.permit(r, r.target, a)
}

// permit is authorize for any target. Only an anonymous request needs the ACLs, so
// only it pays for reading them.
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

// permitObject judges by one version of an object: its ACL counts, if it has one
// of its own, and else the bucket's (PutObjectACL page).
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

// readableObject returns the object that t addresses. The version that is returned is
// the one that the caller was found to be allowed to read.
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
