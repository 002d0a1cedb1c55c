package api

import (
	"encoding/xml"
	"errors"
	"net/http"
	"strconv"

	"osslive/store"
)

type ownerXML struct {
	ID          string
	DisplayName string
}

type bucketXML struct {
	CreationDate     string
	ExtranetEndpoint string // the Python SDK's clean-up uses it as its endpoint
	IntranetEndpoint string
	Location         string
	Name             string
	Region           string
	StorageClass     string
}

func (s *Server) bucketXML(r *request, b store.Bucket) bucketXML {
	endpoint := s.endpointHost(r)
	return bucketXML{
		CreationDate:     xmlTime(b.Created),
		ExtranetEndpoint: endpoint,
		IntranetEndpoint: endpoint,
		Location:         s.location(),
		Name:             b.Name,
		Region:           s.config.Region,
		StorageClass:     "Standard",
	}
}

// location returns the region's name in the form of a bucket's location.
func (s *Server) location() string { return "oss-" + s.config.Region }

func (s *Server) listBuckets(w http.ResponseWriter, r *request) error {
	limit, err := maxKeys(r, "range")
	if err != nil {
		return err
	}
	prefix, marker := r.query.Get("prefix"), r.query.Get("marker")
	page, err := s.config.Store.Buckets(r.Context(), prefix, marker, limit)
	if err != nil {
		return err
	}
	type result struct {
		XMLName     xml.Name `xml:"ListAllMyBucketsResult"`
		Prefix      string
		Marker      string
		MaxKeys     int
		IsTruncated bool
		NextMarker  string `xml:",omitempty"`
		Owner       ownerXML
		Buckets     []bucketXML `xml:"Buckets>Bucket"`
	}
	answer := result{
		Prefix: prefix, Marker: marker, MaxKeys: limit, IsTruncated: page.Next != "", NextMarker: page.Next,
		Owner: ownerXML(s.config.Owner),
	}
	for _, b := range page.Items {
		answer.Buckets = append(answer.Buckets, s.bucketXML(r, b))
	}
	return writeXML(w, answer)
}

// putBucket applies the ACL to a bucket that exists: all callers are its owner, for
// whom PutBucket succeeds (PutBucket page). Storage class and redundancy are checked
// and have no effect.
func (s *Server) putBucket(w http.ResponseWriter, r *request) error {
	var configuration struct {
		XMLName xml.Name `xml:"CreateBucketConfiguration"`
	}
	if err := r.xmlBody(maxConfigBody, &configuration); err != nil && !errors.Is(err, errEmptyBody) {
		return err
	}
	if _, err := s.config.Store.PutBucket(r.Context(), r.bucket, store.ACL(r.header.Get("x-oss-acl"))); err != nil {
		return err
	}
	w.Header().Set("Location", "/"+r.bucket)
	w.WriteHeader(http.StatusOK)
	return nil
}

func (s *Server) deleteBucket(w http.ResponseWriter, r *request) error {
	if err := s.config.Store.DeleteBucket(r.Context(), r.bucket); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

type aclXML struct {
	Grant store.ACL
}

func (s *Server) getBucketInfo(w http.ResponseWriter, r *request) error {
	b, err := s.config.Store.Bucket(r.Context(), r.bucket)
	if err != nil {
		return err
	}
	type info struct {
		bucketXML
		Owner              ownerXML
		AccessControlList  aclXML
		Comment            string
		DataRedundancyType string
		Encryption         string `xml:"ServerSideEncryptionRule>SSEAlgorithm"` // oss2 2.9.0 requires it
	}
	return writeXML(w, struct {
		XMLName xml.Name `xml:"BucketInfo"`
		Bucket  info
	}{Bucket: info{
		bucketXML:          s.bucketXML(r, b),
		Owner:              ownerXML(s.config.Owner),
		AccessControlList:  aclXML{b.ACL},
		DataRedundancyType: "LRS",
		Encryption:         "None",
	}})
}

func (s *Server) getBucketLocation(w http.ResponseWriter, r *request) error {
	if _, err := s.config.Store.Bucket(r.Context(), r.bucket); err != nil {
		return err
	}
	return writeXML(w, struct {
		XMLName  xml.Name `xml:"LocationConstraint"`
		Location string   `xml:",chardata"`
	}{Location: s.location()})
}

// getBucketStat counts objects and bytes, all of the Standard storage class.
func (s *Server) getBucketStat(w http.ResponseWriter, r *request) error {
	stat, err := s.config.Store.BucketStat(r.Context(), r.bucket)
	if err != nil {
		return err
	}
	return writeXML(w, struct {
		XMLName              xml.Name `xml:"BucketStat"`
		Storage              int64
		ObjectCount          int64
		MultipartUploadCount int64
		LiveChannelCount     int64
		LastModifiedTime     int64 // seconds since 1970
		StandardStorage      int64
		StandardObjectCount  int64
	}{
		Storage: stat.Storage, ObjectCount: stat.Objects, MultipartUploadCount: stat.Uploads, LiveChannelCount: stat.Channels,
		LastModifiedTime: stat.Modified.Unix(), StandardStorage: stat.Storage, StandardObjectCount: stat.Objects,
	})
}

func (s *Server) putBucketACL(w http.ResponseWriter, r *request) error {
	acl := r.header.Get("x-oss-acl")
	if acl == "" {
		return errMissingACL
	}
	if err := s.config.Store.SetBucketACL(r.Context(), r.bucket, store.ACL(acl)); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

func (s *Server) getBucketACL(w http.ResponseWriter, r *request) error {
	b, err := s.config.Store.Bucket(r.Context(), r.bucket)
	if err != nil {
		return err
	}
	return writeXML(w, struct {
		XMLName           xml.Name `xml:"AccessControlPolicy"`
		Owner             ownerXML
		AccessControlList aclXML
	}{Owner: ownerXML(s.config.Owner), AccessControlList: aclXML{b.ACL}})
}

// maxKeys reads a listing's max-keys: 1 to 1000, default 100. rule selects the EC of
// an invalid one, which differs between listings.
func maxKeys(r *request, rule string) (int, error) {
	const defaultKeys, mostKeys = 100, 1000
	value := r.query.Get("max-keys")
	if value == "" {
		return defaultKeys, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > mostKeys {
		return 0, &store.InvalidError{Field: "max-keys", Value: value, Rule: rule, Message: "max-keys is a number from 1 to 1000."}
	}
	return n, nil
}
