package api

import (
	"encoding/base64"
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"

	"osslive/server/answer"
	"osslive/store"
)

type objectXML struct {
	Key          string
	LastModified string
	ETag         string // quoted
	Type         string
	Size         int64
	StorageClass string
	Owner        *ownerXML `xml:",omitempty"`
}

type prefixXML struct {
	Prefix string
}

// encoding is how a listing writes names. XML cannot carry most control characters;
// with encoding-type=url it can carry any key.
type encoding string

func encodingOf(r *request) (encoding, error) {
	switch e := encoding(r.query.Get("encoding-type")); e {
	case "", "url":
		return e, nil
	default:
		return "", answer.InvalidArgument("encoding-type", string(e), "", "The parameter encoding-type is url or absent.")
	}
}

func (e encoding) name(s string) string {
	if e == "url" {
		return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
	}
	return s
}

// page is a page of a listing, for both versions of the operation.
type page struct {
	store.Page[store.Object]
	encoding  encoding
	prefix    string
	delimiter string
	limit     int
}

func (s *Server) listPage(r *request, after string) (page, error) {
	limit, err := maxKeys(r, "range")
	if err != nil {
		return page{}, err
	}
	encoding, err := encodingOf(r)
	if err != nil {
		return page{}, err
	}
	p := page{encoding: encoding, prefix: r.query.Get("prefix"), delimiter: r.query.Get("delimiter"), limit: limit}
	p.Page, err = s.config.Store.ListObjects(r.Context(), r.bucket, store.ListQuery{
		Prefix: p.prefix, Delimiter: p.delimiter, After: after, Limit: limit,
	})
	return p, err
}

func (p page) objects(owner *ownerXML) []objectXML {
	list := make([]objectXML, 0, len(p.Items))
	for _, o := range p.Items {
		list = append(list, objectXML{
			Key:          p.encoding.name(o.Key),
			LastModified: xmlTime(o.Modified),
			ETag:         `"` + o.ETag + `"`,
			Type:         o.Type,
			Size:         o.Size,
			StorageClass: "Standard",
			Owner:        owner,
		})
	}
	return list
}

func (p page) commonPrefixes() []prefixXML {
	list := make([]prefixXML, 0, len(p.Prefixes))
	for _, prefix := range p.Prefixes {
		list = append(list, prefixXML{p.encoding.name(prefix)})
	}
	return list
}

func (s *Server) listObjects(w http.ResponseWriter, r *request) error {
	marker := r.query.Get("marker")
	p, err := s.listPage(r, marker)
	if err != nil {
		return err
	}
	owner := ownerXML(s.config.Owner)
	return writeXML(w, struct {
		XMLName        xml.Name `xml:"ListBucketResult"`
		Name           string
		Prefix         string
		Marker         string
		MaxKeys        int
		Delimiter      string
		EncodingType   encoding `xml:",omitempty"`
		IsTruncated    bool
		NextMarker     string `xml:",omitempty"`
		Contents       []objectXML
		CommonPrefixes []prefixXML
	}{
		Name: r.bucket, Prefix: p.encoding.name(p.prefix), Marker: p.encoding.name(marker), MaxKeys: p.limit,
		Delimiter: p.encoding.name(p.delimiter), EncodingType: p.encoding,
		IsTruncated: p.Next != "", NextMarker: p.encoding.name(p.Next),
		Contents: p.objects(&owner), CommonPrefixes: p.commonPrefixes(),
	})
}

// listObjectsV2 names the next page by a token, which holds the marker and is opaque to
// clients.
func (s *Server) listObjectsV2(w http.ResponseWriter, r *request) error {
	startAfter, token := r.query.Get("start-after"), r.query.Get("continuation-token")
	after := startAfter
	if token != "" {
		marker, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil {
			return answer.InvalidArgument("continuation-token", token, "", "The continuation-token is not one of a listing.")
		}
		after = string(marker)
	}
	p, err := s.listPage(r, after)
	if err != nil {
		return err
	}
	var owner *ownerXML
	if r.query.Get("fetch-owner") == "true" {
		o := ownerXML(s.config.Owner)
		owner = &o
	}
	return writeXML(w, struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		Name                  string
		Prefix                string
		StartAfter            string `xml:",omitempty"`
		ContinuationToken     string `xml:",omitempty"`
		MaxKeys               int
		Delimiter             string
		EncodingType          encoding `xml:",omitempty"`
		IsTruncated           bool
		NextContinuationToken string `xml:",omitempty"`
		Contents              []objectXML
		CommonPrefixes        []prefixXML
		KeyCount              int
	}{
		Name: r.bucket, Prefix: p.encoding.name(p.prefix), StartAfter: p.encoding.name(startAfter), ContinuationToken: token,
		MaxKeys: p.limit, Delimiter: p.encoding.name(p.delimiter), EncodingType: p.encoding,
		IsTruncated: p.Next != "", NextContinuationToken: base64.RawURLEncoding.EncodeToString([]byte(p.Next)),
		Contents: p.objects(owner), CommonPrefixes: p.commonPrefixes(), KeyCount: len(p.Items) + len(p.Prefixes),
	})
}
