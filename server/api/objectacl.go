package api

import (
	"encoding/xml"
	"net/http"

	"osslive/store"
)

// defaultACL is the API's word for an object without an ACL of its own.
const defaultACL = "default"

// objectACL reads the header x-oss-object-acl; the store checks the value.
func objectACL(r *request) store.ACL {
	acl := r.header.Get("x-oss-object-acl")
	if acl == defaultACL {
		acl = ""
	}
	return store.ACL(acl)
}

func (s *Server) putObjectACL(w http.ResponseWriter, r *request) error {
	if err := store.CheckKey(r.key); err != nil {
		return err
	}
	if r.header.Get("x-oss-object-acl") == "" {
		return errMissingObjectACL
	}
	if err := s.config.Store.SetObjectACL(r.Context(), r.bucket, r.key, objectACL(r)); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

func (s *Server) getObjectACL(w http.ResponseWriter, r *request) error {
	o, err := s.readableObject(r, r.target)
	if err != nil {
		return err
	}
	grant := o.ACL
	if grant == "" {
		grant = defaultACL
	}
	return writeXML(w, struct {
		XMLName           xml.Name `xml:"AccessControlPolicy"`
		Owner             ownerXML
		AccessControlList aclXML
	}{Owner: ownerXML(s.config.Owner), AccessControlList: aclXML{grant}})
}
