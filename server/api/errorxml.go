package api

import (
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"osslive/server/refusal"
	"osslive/store"
)

// errorDocument is the body of every answer with an error ("Error responses"
// page).
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

// MarshalXML writes the detail as an element of its own name.
func (d detail) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	return e.EncodeElement(d.value, xml.StartElement{Name: xml.Name{Local: d.name}})
}

// Refusal is the whole answer, head and body, to what arrived in place of an HTTP
// request; no handler has seen it. It is what the HTTP server would have refused
// with status, in the form of every other error.
func Refusal(status int) []byte {
	answer := errNotHTTP
	if status == http.StatusRequestHeaderFieldsTooLarge {
		answer = errHeadersTooLarge
	}
	id := refusal.NewID()
	body, err := encodeXML(errorDocument{Code: answer.code, Message: answer.message, RequestID: id})
	if err != nil { // cannot happen: every field is text
		panic(err)
	}
	return fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nServer: AliyunOSS\r\nx-oss-request-id: %s\r\n"+
		"Content-Type: application/xml\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		answer.status, http.StatusText(answer.status), id, len(body), body)
}

// writeError answers with the error document of err. A HEAD answer has no
// body, so there the document travels in x-oss-err. If the answer has begun
// already the connection is cut: the client must not take what it got for all.
func (s *Server) writeError(w http.ResponseWriter, r *request, err error) {
	if rw, ok := w.(*response); ok && rw.status != 0 {
		s.Logger.Warn("answer cut short", "request_id", r.id, "operation", r.operation, "error", err)
		panic(http.ErrAbortHandler)
	}
	answer := describe(r, err)
	r.code = answer.code
	switch {
	case answer.code == internalError.code:
		s.Logger.Error("request failed", "request_id", r.id, "operation", r.operation, "error", err)
	case errors.Is(err, store.ErrFull): // the caller cannot mend it, whoever reads the log can
		s.Logger.Warn("request refused", "request_id", r.id, "operation", r.operation, "error", err)
	}
	s.Refusals.Add(refusal.Refusal{
		ID: r.id, Time: s.Now(), Remote: r.remoteAddr, Client: r.header.Get("User-Agent"),
		Code: answer.code, Message: answer.message, Status: answer.status, Operation: r.operation,
		Bucket: r.bucket, Name: r.key, Err: err,
		Method: r.method, RawPath: r.rawTarget, Host: r.host, Header: r.header, Query: r.query,
	})
	doc := errorDocument{
		Code: answer.code, Message: answer.message, RequestID: r.id, HostID: r.host, Details: answer.details, EC: answer.ec,
	}
	if answer.ec != "" {
		doc.RecommendDoc = "https://api.aliyun.com/troubleshoot?q=" + answer.ec
		setOwn(w.Header(), "x-oss-ec", answer.ec)
	}
	body, err := encodeXML(doc)
	if err != nil { // cannot happen: every field is text
		panic(err)
	}
	w.Header().Set("Content-Type", "application/xml")
	if r.method == http.MethodHead {
		setOwn(w.Header(), "x-oss-err", base64.StdEncoding.EncodeToString(body))
		w.WriteHeader(answer.status)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(answer.status)
	w.Write(body)
}
