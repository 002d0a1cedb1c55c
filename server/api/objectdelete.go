package api

import (
	"encoding/xml"
	"net/http"

	"osslive/store"
)

// maxDeletes bounds the keys of one DeleteMultipleObjects.
const maxDeletes = 1000

// deleteObjects deletes the keys that the body names. Keys that do not exist count as
// deleted (DeleteMultipleObjects page).
func (s *Server) deleteObjects(w http.ResponseWriter, r *request) error {
	encoding, err := encodingOf(r)
	if err != nil {
		return err
	}
	var wanted struct {
		XMLName xml.Name `xml:"Delete"`
		Quiet   bool
		Object  []struct{ Key string }
	}
	if err := r.xmlBody(maxListBody, &wanted, "Object"); err != nil {
		return err
	}
	if len(wanted.Object) == 0 || len(wanted.Object) > maxDeletes {
		return errMalformedXML
	}
	for _, o := range wanted.Object {
		if err := store.CheckKey(o.Key); err != nil {
			return err
		}
		if err := s.permit(r, target{bucket: r.bucket, key: o.Key}, writeObject); err != nil {
			return err
		}
	}
	type deleted struct{ Key string }
	answer := struct {
		XMLName      xml.Name `xml:"DeleteResult"`
		EncodingType string   `xml:",omitempty"`
		Deleted      []deleted
	}{EncodingType: string(encoding)}
	for _, o := range wanted.Object {
		if err := s.config.Store.DeleteObject(r.Context(), r.bucket, o.Key); err != nil {
			return err
		}
		if !wanted.Quiet {
			answer.Deleted = append(answer.Deleted, deleted{encoding.name(o.Key)})
		}
	}
	return writeXML(w, answer)
}
