package refusal

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"osslive/auth"
)

// FuzzExplain sends anything, signed or not, and expects an explanation that shows
// nothing that it must not.
func FuzzExplain(f *testing.F) {
	for name, sign := range signings {
		r := request("GET", "key", nil)
		sign(r, key)
		f.Add(name == "publish", r.Method, "127.0.0.1:9000", "/bucket-b/key", "bucket-b", "key", r.Query.Encode(), r.Header.Get("Authorization"), r.Header.Get("Date"), "text/plain", "")
	}
	f.Add(false, "PUT", "bucket-b.bucket-b.localhost", "http://h/a%2", "", "a", "x?OSSAccessKeyId=the-id&Expires=1&Signature=%20", "OSS :", "", "\x00", "tok en")
	f.Add(true, "", "h", "", "", "", "amp;a=1&playlistName=..", "OSS4-HMAC-SHA256 Credential=////,Signature=", "20260101T000000Z", "", "\xff")
	f.Fuzz(func(t *testing.T, publish bool, method, host, path, bucket, name, query, authorization, date, contentType, token string) {
		l := newLog(t)
		values, _ := url.ParseQuery(query)
		r := &auth.Request{Method: method, Host: host, Bucket: bucket, Key: name, Query: values, Header: http.Header{}}
		kept := Refusal{ID: "A", Time: now, Code: "SignatureDoesNotMatch", Message: "m", Bucket: bucket, Name: name, Query: values}
		if publish {
			r.Method = ""
			kept.Host, kept.Path = host, strings.Split(path, "/")
			_, kept.Err = auth.VerifyPublish(&auth.Publish{Bucket: bucket, Channel: name, Query: values}, l.config.Keys, now)
		} else {
			if method == "" {
				return
			}
			for header, value := range map[string]string{"Authorization": authorization, "Date": date, "Content-Type": contentType, "X-Oss-Security-Token": token} {
				if value != "" {
					r.Header.Set(header, value)
				}
			}
			kept.Method, kept.Host, kept.RawPath, kept.Header = method, host, path, r.Header
			_, kept.Err = auth.VerifyRequest(r, l.config.Keys, now)
		}
		l.Add(kept)
		e := l.Explain(t.Context(), "A")
		if len(e.Causes) == 0 || e.Causes[0].ID == "" || e.Causes[0].Title == "" || e.Causes[0].Fix == "" && e.Causes[0].ID != "as-answered" {
			t.Fatalf("causes: %+v", e.Causes)
		}
		showsNothing(t, e, &auth.Request{Method: r.Method}, key)
	})
}
