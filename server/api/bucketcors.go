package api

import (
	"encoding/xml"
	"net/http"

	"osslive/store"
)

// corsXML is the document of PutBucketCors and GetBucketCors.
type corsXML struct {
	XMLName      xml.Name      `xml:"CORSConfiguration"`
	Rules        []corsRuleXML `xml:"CORSRule"`
	ResponseVary bool
}

type corsRuleXML struct {
	AllowedOrigins []string `xml:"AllowedOrigin"`
	AllowedMethods []string `xml:"AllowedMethod"`
	AllowedHeaders []string `xml:"AllowedHeader"`
	ExposeHeaders  []string `xml:"ExposeHeader"`
	MaxAge         int      `xml:"MaxAgeSeconds,omitempty"`
}

func (s *Server) putBucketCORS(w http.ResponseWriter, r *request) error {
	var c corsXML
	err := r.xmlBody(maxConfigBody, &c, "CORSRule", "AllowedOrigin", "AllowedMethod", "AllowedHeader", "ExposeHeader")
	if err != nil {
		return err
	}
	rules := store.CORS{ResponseVary: c.ResponseVary}
	for _, rule := range c.Rules {
		rules.Rules = append(rules.Rules, store.CORSRule(rule))
	}
	if err := s.config.Store.SetCORS(r.Context(), r.bucket, rules); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

func (s *Server) getBucketCORS(w http.ResponseWriter, r *request) error {
	rules, err := s.config.Store.CORS(r.Context(), r.bucket)
	if err != nil {
		return err
	}
	c := corsXML{ResponseVary: rules.ResponseVary}
	for _, rule := range rules.Rules {
		c.Rules = append(c.Rules, corsRuleXML(rule))
	}
	return writeXML(w, c)
}

func (s *Server) deleteBucketCORS(w http.ResponseWriter, r *request) error {
	if err := s.config.Store.DeleteCORS(r.Context(), r.bucket); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
