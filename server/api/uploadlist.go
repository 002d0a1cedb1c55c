package api

import (
	"encoding/xml"
	"net/http"
	"strconv"

	"osslive/store"
)

// maxListed is the number of parts or uploads of a page, at most and by default.
const maxListed = 1000

func (s *Server) listParts(w http.ResponseWriter, r *request) error {
	encoding, err := encodingOf(r)
	if err != nil {
		return err
	}
	limit, err := number(r, "max-parts", maxListed, 1, maxListed)
	if err != nil {
		return err
	}
	marker, err := number(r, "part-number-marker", 0, 0, store.MaxParts)
	if err != nil {
		return err
	}
	page, err := s.config.Store.Parts(r.Context(), uploadOf(r), marker, limit)
	if err != nil {
		return err
	}
	type partXML struct {
		PartNumber   int
		LastModified string
		ETag         string
		HashCrc64    string `xml:"HashCrc64ecma"`
		Size         int64
	}
	answer := struct {
		XMLName              xml.Name `xml:"ListPartsResult"`
		EncodingType         string   `xml:",omitempty"`
		Bucket               string
		Key                  string
		UploadID             string `xml:"UploadId"`
		StorageClass         string
		PartNumberMarker     int
		NextPartNumberMarker int // always present: the Python SDK requires it
		MaxParts             int
		IsTruncated          bool
		Part                 []partXML
	}{
		EncodingType: string(encoding), Bucket: r.bucket, Key: encoding.name(r.key), UploadID: r.query.Get("uploadId"),
		StorageClass: "Standard", PartNumberMarker: marker, MaxParts: limit, IsTruncated: page.Next != "",
	}
	for _, p := range page.Items {
		answer.NextPartNumberMarker = p.Number
		answer.Part = append(answer.Part, partXML{
			p.Number, xmlTime(p.Modified), `"` + p.ETag + `"`, strconv.FormatUint(p.CRC64, 10), p.Size,
		})
	}
	return writeXML(w, answer)
}

func (s *Server) listMultipartUploads(w http.ResponseWriter, r *request) error {
	encoding, err := encodingOf(r)
	if err != nil {
		return err
	}
	limit, err := number(r, "max-uploads", maxListed, 1, maxListed)
	if err != nil {
		return err
	}
	q := store.ListQuery{
		Prefix: r.query.Get("prefix"), Delimiter: r.query.Get("delimiter"),
		After: r.query.Get("key-marker"), AfterID: r.query.Get("upload-id-marker"), Limit: limit,
	}
	if q.After == "" {
		q.AfterID = "" // counts with a key only (ListMultipartUploads page)
	}
	l, err := s.config.Store.Uploads(r.Context(), r.bucket, q)
	if err != nil {
		return err
	}
	type uploadXML struct {
		Key          string
		UploadID     string `xml:"UploadId"`
		StorageClass string
		Initiated    string
	}
	answer := struct {
		XMLName            xml.Name `xml:"ListMultipartUploadsResult"`
		EncodingType       string   `xml:",omitempty"`
		Bucket             string
		KeyMarker          string
		UploadIDMarker     string `xml:"UploadIdMarker"`
		NextKeyMarker      string
		NextUploadIDMarker string `xml:"NextUploadIdMarker"`
		Delimiter          string
		Prefix             string
		MaxUploads         int
		IsTruncated        bool
		Upload             []uploadXML
		CommonPrefixes     []prefixXML
	}{
		EncodingType: string(encoding), Bucket: r.bucket, KeyMarker: encoding.name(q.After), UploadIDMarker: q.AfterID,
		NextKeyMarker: encoding.name(l.Next), NextUploadIDMarker: l.NextID, Delimiter: encoding.name(q.Delimiter),
		Prefix: encoding.name(q.Prefix), MaxUploads: limit, IsTruncated: l.Next != "",
	}
	for _, u := range l.Items {
		answer.Upload = append(answer.Upload, uploadXML{encoding.name(u.Key), u.ID, "Standard", xmlTime(u.Initiated)})
	}
	for _, prefix := range l.Prefixes {
		answer.CommonPrefixes = append(answer.CommonPrefixes, prefixXML{encoding.name(prefix)})
	}
	return writeXML(w, answer)
}
