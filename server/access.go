package server

import "osslive/store"

// action is a kind of operation, as far as a bucket's ACL tells them apart.
type action uint8

const (
	ownerOnly   action = iota // the service, a bucket's configuration, every LiveChannel operation
	listObjects               // names only the owner may see: no ACL mentions them
	readObject
	writeObject // deletes too
)

// allowed tells whether a caller may do what it asks in a bucket. All keys
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

// authorize refuses a request that the ACL of its bucket does not allow. Only
// an anonymous request needs the ACL, so only it pays for reading it.
func (s *Server) authorize(r *request, a action) error {
	if !r.caller.Anonymous() {
		return nil
	}
	if a == ownerOnly {
		return errAnonymousForbidden
	}
	bucket, err := s.Store.Bucket(r.Context(), r.bucket)
	if err != nil {
		return err
	}
	if !allowed(bucket.ACL, true, a) {
		return errACLForbids
	}
	return nil
}
