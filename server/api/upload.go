package api

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"osslive/server/answer"
	"osslive/store"
)

// minPart is the least size of a part, except the last, in bytes
// (CompleteMultipartUpload page: 100 KB).
const minPart = 100 << 10

// uploadOf returns the upload that the request addresses.
func uploadOf(r *request) store.Upload {
	return store.Upload{Bucket: r.bucket, Key: r.key, ID: r.query.Get("uploadId")}
}

func partNumber(r *request) (int, error) { return number(r, "partNumber", 0, 1, store.MaxParts) }

// number parses a parameter from low to high, and returns otherwise if it has no
// value. The Python SDK sends part-number-marker= for none.
func number(r *request, name string, otherwise, low, high int) (int, error) {
	value := r.query.Get(name)
	if value == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < low || n > high {
		return 0, answer.InvalidArgument(name, value, "", name+" is a number from "+strconv.Itoa(low)+" to "+strconv.Itoa(high)+".")
	}
	return n, nil
}

func (s *Server) initiateMultipartUpload(w http.ResponseWriter, r *request) error {
	encoding, err := encodingOf(r)
	if err != nil {
		return err
	}
	if err := refuseUnsupported(r); err != nil {
		return err
	}
	u, err := s.config.Store.CreateUpload(r.Context(), newObject(r), store.PutOptions{ForbidOverwrite: forbidsOverwrite(r)})
	if err != nil {
		return err
	}
	return writeXML(w, struct {
		XMLName      xml.Name `xml:"InitiateMultipartUploadResult"`
		EncodingType string   `xml:",omitempty"`
		Bucket       string
		Key          string
		UploadID     string `xml:"UploadId"`
	}{EncodingType: string(encoding), Bucket: u.Bucket, Key: encoding.name(u.Key), UploadID: u.ID})
}

func (s *Server) uploadPart(w http.ResponseWriter, r *request) error {
	n, err := partNumber(r)
	if err != nil {
		return err
	}
	body, opt, err := incoming(r)
	if err != nil {
		return err
	}
	part, err := s.config.Store.PutPart(r.Context(), uploadOf(r), n, body, opt)
	if err != nil {
		return err
	}
	h := w.Header()
	setETag(h, part.ETag)
	setMD5(h, part.ETag)
	setCRC64(h, store.Object{CRC64: part.CRC64, HasCRC64: true})
	w.WriteHeader(http.StatusOK)
	return nil
}

// completeMultipartUpload makes an object of the parts that the body lists, or of all
// parts (x-oss-complete-all).
func (s *Server) completeMultipartUpload(w http.ResponseWriter, r *request) error {
	encoding, err := encodingOf(r)
	if err != nil {
		return err
	}
	if err := refuseUnsupported(r); err != nil {
		return err
	}
	chosen, err := chosenParts(r)
	if err != nil {
		return err
	}
	o, err := s.config.Store.CompleteUpload(r.Context(), uploadOf(r), chosen, store.PutOptions{
		ForbidOverwrite: forbidsOverwrite(r), ACL: objectACL(r), MinPart: minPart,
	})
	if err != nil {
		return err
	}
	setETag(w.Header(), o.ETag)
	setCRC64(w.Header(), o)
	return writeXML(w, struct {
		XMLName      xml.Name `xml:"CompleteMultipartUploadResult"`
		EncodingType string   `xml:",omitempty"`
		Location     string
		Bucket       string
		Key          string
		ETag         string
	}{EncodingType: string(encoding), Location: s.objectURL(r), Bucket: o.Bucket, Key: encoding.name(o.Key), ETag: `"` + o.ETag + `"`})
}

// chosenParts returns the parts that the body lists, or nil for all.
func chosenParts(r *request) ([]store.Part, error) {
	if strings.EqualFold(r.header.Get("x-oss-complete-all"), "yes") {
		return nil, nil
	}
	var wanted struct {
		XMLName xml.Name `xml:"CompleteMultipartUpload"`
		Part    []struct {
			PartNumber int
			ETag       string
		}
	}
	if err := r.xmlBody(maxListBody, &wanted, "Part"); err != nil {
		return nil, err
	}
	if len(wanted.Part) == 0 || len(wanted.Part) > store.MaxParts {
		return nil, errMalformedXML
	}
	chosen := make([]store.Part, len(wanted.Part))
	for i, part := range wanted.Part {
		chosen[i] = store.Part{Number: part.PartNumber, ETag: strings.Trim(strings.TrimSpace(part.ETag), `"`)}
	}
	return chosen, nil
}

// objectURL returns a URL of the object that the request addresses. The form with the
// bucket in the path works everywhere.
func (s *Server) objectURL(r *request) string {
	return (&url.URL{Scheme: "http", Host: s.endpointHost(r), Path: "/" + r.bucket + "/" + r.key}).String()
}

func (s *Server) abortMultipartUpload(w http.ResponseWriter, r *request) error {
	if err := s.config.Store.AbortUpload(r.Context(), uploadOf(r)); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
