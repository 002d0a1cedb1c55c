package api

import (
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"osslive/server/answer"
	"osslive/server/refusal"
	"osslive/store/seam"
)

// errorDocument is the body of every answer to an error ("Error responses" page).
type errorDocument struct {
	XMLName      xml.Name `xml:"Error"`
	Code         string
	Message      string
	RequestID    string `xml:"RequestId"`
	HostID       string `xml:"HostId"`
	Details      []detail
	EC           string `xml:",omitempty"`
	RecommendDoc string `xml:",omitempty"`
}

// documentOf returns the document of an answer.
func documentOf(a *answer.Error, requestID, host string) errorDocument {
	doc := errorDocument{Code: a.Code, Message: a.Message, RequestID: requestID, HostID: host, EC: a.EC}
	for _, d := range a.Details {
		doc.Details = append(doc.Details, detail(d))
	}
	if a.EC != "" {
		doc.RecommendDoc = "https://api.aliyun.com/troubleshoot?q=" + a.EC
	}
	return doc
}

type detail answer.Detail

// MarshalXML writes the detail as an element of its own name.
func (d detail) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	return e.EncodeElement(d.Value, xml.StartElement{Name: xml.Name{Local: d.Name}})
}

// Refusal returns the whole answer, head and body, to bytes that are not an HTTP
// request and so reach no handler. It has the form of every other error. status is
// the one that net/http would refuse them with: 400, or 431 for headers too large.
func Refusal(status int) []byte {
	a := errNotHTTP
	if status == http.StatusRequestHeaderFieldsTooLarge {
		a = errHeadersTooLarge
	}
	id := refusal.NewID()
	body, err := encodeXML(documentOf(a, id, ""))
	if err != nil { // cannot happen: every field is text
		panic(err)
	}
	return fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nServer: AliyunOSS\r\nx-oss-request-id: %s\r\n"+
		"Content-Type: application/xml\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		a.Status, http.StatusText(a.Status), id, len(body), body)
}

// writeError answers with the error document of err. An answer to HEAD has no body, so
// it carries the document in x-oss-err. If the answer has begun already, writeError
// cuts the connection: the client must not take a part for the whole.
func (s *Server) writeError(w http.ResponseWriter, r *request, err error) {
	if rw, ok := w.(*response); ok && rw.status != 0 {
		s.config.Logger.Warn("answer cut short", "request_id", r.id, "operation", r.operation, "error", err)
		panic(http.ErrAbortHandler)
	}
	a := describe(r, err)
	r.code = a.Code
	switch {
	case a.Code == answer.InternalError.Code:
		s.config.Logger.Error("request failed", "request_id", r.id, "operation", r.operation, "error", err)
	case errors.Is(err, seam.ErrFull): // the reader of the log can mend it, the caller cannot
		s.config.Logger.Warn("request refused", "request_id", r.id, "operation", r.operation, "error", err)
	}
	s.config.Refusals.Add(refusal.Refusal{
		ID: r.id, Time: s.config.Now(), Remote: r.remoteAddr, Client: r.header.Get("User-Agent"),
		Code: a.Code, Message: a.Message, Status: a.Status, Operation: r.operation,
		Bucket: r.bucket, Name: r.key, Err: err,
		Method: r.method, RawPath: r.rawTarget, Host: r.host, Header: r.header, Query: r.query,
	})
	if a.EC != "" {
		setOwn(w.Header(), "x-oss-ec", a.EC)
	}
	body, err := encodeXML(documentOf(a, r.id, r.host))
	if err != nil { // cannot happen: every field is text
		panic(err)
	}
	w.Header().Set("Content-Type", "application/xml")
	if r.method == http.MethodHead {
		setOwn(w.Header(), "x-oss-err", base64.StdEncoding.EncodeToString(body))
		w.WriteHeader(a.Status)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(a.Status)
	w.Write(body)
}
