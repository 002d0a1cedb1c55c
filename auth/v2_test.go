package auth

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestV2StringToSign(t *testing.T) {
	r := &Request{Method: "PUT", Host: "h", Bucket: "b", Key: "a/b c",
		Header: http.Header{"Content-Type": {"text/plain"}, "Content-Md5": {"md5"}, "Range": {"r"}, "X-Oss-Meta-A": {" v "}, "X-Oss-Date": {"d"}},
		Query:  url.Values{"x-oss-process": {"a/b"}, "prefix": {"p"}, "acl": {""}}}
	got := r.stringToSignV2("DATE", []string{"host", "range"})
	want := "PUT\nmd5\ntext/plain\nDATE\nhost:h\nrange:r\nx-oss-date:d\nx-oss-meta-a:v\nhost;range\n%2Fb%2Fa%2Fb%20c?acl&prefix=p&x-oss-process=a%2Fb"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	service := &Request{Method: "GET"}
	if got, want := service.stringToSignV2("DATE", nil), "GET\n\n\nDATE\n\n%2F"; got != want {
		t.Errorf("service: got %q, want %q", got, want)
	}
}

func TestV2HeaderRefusals(t *testing.T) {
	authorization := func(s string) func(*Request) {
		return func(r *Request) {
			_, signature, _ := strings.Cut(r.Header.Get("Authorization"), "Signature:")
			r.Header.Set("Authorization", "OSS2 "+strings.ReplaceAll(s, "SIG", signature))
		}
	}
	mismatch := new(MismatchError)
	for _, c := range []struct {
		name   string
		change func(r *Request)
		want   error
	}{
		{"nothing", func(*Request) {}, nil},
		{"spaces, other order", authorization("Signature:SIG, AccessKeyId:ak"), nil},
		{"no key", authorization("Signature:SIG"), ErrMalformed},
		{"no signature", authorization("AccessKeyId:ak"), ErrMalformed},
		{"unknown member", authorization("AccessKeyId:ak,Signature:SIG,Extra:1"), ErrMalformed},
		{"key twice", authorization("AccessKeyId:ak,AccessKeyId:ak,Signature:SIG"), ErrRepeated},
		{"equals sign for colon", authorization("AccessKeyId=ak,Signature=SIG"), ErrMalformed},
		{"form of version 1", authorization("ak:SIG"), ErrMalformed},
		{"unknown key", authorization("AccessKeyId:who,Signature:SIG"), ErrUnknownKey},
		{"additional header not signed", authorization("AccessKeyId:ak,AdditionalHeaders:date,Signature:SIG"), mismatch},
		{"additional header not sent", authorization("AccessKeyId:ak,AdditionalHeaders:range,Signature:SIG"), ErrMalformed},
		{"signature in hexadecimal", authorization("AccessKeyId:ak,Signature:" + strings.Repeat("0", 64)), mismatch},
		{"signature without padding", func(r *Request) {
			r.Header.Set("Authorization", strings.TrimSuffix(r.Header.Get("Authorization"), "="))
		}, mismatch},
		{"no date", func(r *Request) { r.Header.Del("Date") }, ErrBadDate},
		{"x-oss-date for Date", func(r *Request) { r.Header["X-Oss-Date"] = r.Header["Date"]; r.Header.Del("Date") }, ErrBadDate},
		{"other date", func(r *Request) { r.Header.Set("Date", testNow.Add(time.Second).Format(http.TimeFormat)) }, mismatch},
		{"Date twice", func(r *Request) { r.Header.Add("Date", r.Header.Get("Date")) }, ErrRepeated},
		{"parameter twice", func(r *Request) { r.Query["prefix"] = []string{"a", "a"} }, ErrRepeated},
		{"parameter added", func(r *Request) { r.Query.Set("prefix", "a") }, mismatch},
		{"Content-Type added", func(r *Request) { r.Header.Set("Content-Type", "text/plain") }, mismatch},
		{"x-oss- header added", func(r *Request) { r.Header.Set("x-oss-acl", "private") }, mismatch},
		{"Range added", func(r *Request) { r.Header.Set("Range", "bytes=0-1") }, nil},
		{"bucket with a slash", func(r *Request) { r.Bucket, r.Key = "b/k", "" }, ErrMalformed},
		{"token without need", func(r *Request) { r.Header.Set("x-oss-security-token", "t") }, ErrBadToken},
		{"token missing", func(r *Request) { signRequestV2(r, Key{ID: "sts", Secret: testSTS.Secret}, testNow) }, ErrBadToken},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := testRequest()
			signRequestV2(r, testKey, testNow)
			c.change(r)
			id, err := VerifyRequest(r, testKeys, testNow)
			checkVersion(t, id, err, c.want, "")
		})
	}
}

func TestV2URLRefusals(t *testing.T) {
	set := func(name string, values ...string) func(url.Values) {
		return func(q url.Values) { q[name] = values }
	}
	mismatch := new(MismatchError)
	for _, c := range []struct {
		name   string
		change func(q url.Values)
		want   error
	}{
		{"nothing", func(url.Values) {}, nil},
		{"no key", set("x-oss-access-key-id"), ErrMissingParam},
		{"no expiry", func(q url.Values) { q.Del("x-oss-expires") }, ErrMissingParam},
		{"no signature", set("x-oss-signature"), ErrMissingParam},
		{"key twice", set("x-oss-access-key-id", "ak", "ak"), ErrRepeated},
		{"expiry of version 1 beside", set("Expires", "1"), mismatch},
		{"other expiry", set("x-oss-expires", "9999999999"), mismatch},
		{"expired, before the key is looked at", func(q url.Values) { q.Set("x-oss-expires", "1"); q.Set("x-oss-access-key-id", "who") }, ErrExpired},
		{"unknown key", set("x-oss-access-key-id", "who"), ErrUnknownKey},
		{"parameter added", set("prefix", "a"), mismatch},
		{"additional header not sent", set("x-oss-additional-headers", "range"), ErrMalformed},
		{"token without need", set("security-token", "t"), ErrBadToken},
		{"token under both names", func(q url.Values) { q.Set("security-token", "t"); q.Set("x-oss-security-token", "t") }, ErrRepeated},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := testRequest()
			r.Query = signURLV2(r, testKey, strconv.FormatInt(testNow.Add(time.Minute).Unix(), 10))
			c.change(r.Query)
			id, err := VerifyRequest(r, testKeys, testNow)
			checkVersion(t, id, err, c.want, "")
		})
	}
}

// The documentation has another name for the token than the SDKs.
func TestV2URLTokenNames(t *testing.T) {
	for _, name := range []string{"security-token", "x-oss-security-token"} {
		r := testRequest()
		r.Query = url.Values{
			name: {testSTS.Token}, "x-oss-signature-version": {"OSS2"}, "x-oss-expires": {"9999999999"}, "x-oss-access-key-id": {testSTS.ID},
		}
		mac := testSTS.macV2(r.stringToSignV2("9999999999", nil))
		r.Query.Set("x-oss-signature", base64.StdEncoding.EncodeToString(mac))
		if id, err := VerifyRequest(r, testKeys, testNow); err != nil || id.KeyID() != testSTS.ID {
			t.Errorf("%s: got %+v, %v", name, id, err)
		}
	}
}
