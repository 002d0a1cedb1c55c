package auth

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

func FuzzParseAuthorization(f *testing.F) {
	for _, s := range []string{"", "OSS ", "OSS ak:", "OSS :x", "OSS ak:tqf1/2brjJyPU6n+HjDq/I7kKhE=", "OSS a:b:c",
		"OSS2 AccessKeyId:ak,Signature:x", "OSS4-HMAC-SHA256 Credential=ak/20231216/r/oss/aliyun_v4_request,Signature=00", "oss ak:x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := headerVersion(s)
		if (v == unsigned) != (err != nil) {
			t.Fatalf("%q: got version %v and error %v", s, v, err)
		}
		id, signature, err := parseAuthorizationV1(s)
		if err != nil {
			return
		}
		if v != v1 || strings.Contains(id, ":") || "OSS "+id+":"+signature != s {
			t.Errorf("%q: got version %q, id %q, signature %q", s, v, id, signature)
		}
	})
}

// The secrets of the fuzz targets: no error may show one.
const fuzzSecret, fuzzToken = "fuzz-secret", "fuzz-token"

var fuzzKeys = NewKeys(Key{ID: "ak", Secret: fuzzSecret}, Key{ID: "sts", Secret: fuzzSecret + "2", Token: fuzzToken})

// checkVerdict holds for every answer of a verifier: an identity is one of
// our keys, an error brings no identity and no secret.
func checkVerdict(t *testing.T, id Identity, err error, credentials bool) {
	t.Helper()
	if err != nil {
		var mismatch *MismatchError
		if errors.As(err, &mismatch) && mismatch.StringToSign == "" {
			t.Error("a mismatch without its string-to-sign")
		}
		if id != (Identity{}) || strings.Contains(err.Error(), fuzzSecret) {
			t.Errorf("got identity %+v with error %q", id, err)
		}
		return
	}
	if id.Anonymous() == credentials {
		t.Errorf("got identity %+v, credentials: %t", id, credentials)
	}
	if _, known := fuzzKeys[id.KeyID()]; !known && !id.Anonymous() {
		t.Errorf("got identity %+v of no key", id)
	}
}

func hasCredentials(q url.Values) bool {
	return slices.ContainsFunc([]string{"Signature", "OSSAccessKeyId", "x-oss-signature", "x-oss-signature-version",
		"x-oss-credential", "x-oss-access-key-id"}, q.Has)
}

func FuzzVerifyRequest(f *testing.F) {
	now := time.Date(2016, 8, 24, 11, 11, 28, 0, time.UTC)
	add := func(r *Request) {
		f.Add(r.Method, r.Bucket, r.Key, r.Query.Encode(), r.Header.Get("Authorization"),
			r.Header.Get("Date"), r.Header.Get("x-oss-date"), r.Header.Get("x-oss-security-token"))
	}
	for _, key := range fuzzKeys {
		for _, query := range []string{"live", "comp=stat&live", "x-oss-process=hls%2Fsign", "prefix=a&prefix=b", "acl&acl"} {
			q, _ := url.ParseQuery(query)
			r := &Request{Method: "GET", Bucket: "b", Key: "ch", Query: q}
			SignRequest(r, key, now)
			add(r)
			r.Header = http.Header{}
			r.Query = SignURL(r, key, now)
			add(r)
		}
	}
	f.Add("PUT", "b", "k", "x-oss-signature-version=OSS4-HMAC-SHA256&x-oss-signature=0", "", "", "20160824T111128Z", "")
	f.Add("PUT", "", "k", "Signature=x", "OSS2 AccessKeyId:ak,Signature:x", "", "", "t")
	f.Fuzz(func(t *testing.T, method, bucket, key, query, authorization, date, ossDate, token string) {
		q, _ := url.ParseQuery(query)
		r := &Request{Method: method, Header: http.Header{}, Bucket: bucket, Key: key, Query: q}
		for name, value := range map[string]string{"Authorization": authorization, "Date": date, "X-Oss-Date": ossDate, "X-Oss-Security-Token": token} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		id, err := VerifyRequest(r, fuzzKeys, now)
		credentials := authorization != "" || hasCredentials(q)
		checkVerdict(t, id, err, credentials)
		if err != nil || id.Anonymous() {
			return
		}
		// Signing what was accepted gives the signature that was accepted.
		signer := fuzzKeys[id.KeyID()]
		if id.SignedURL() {
			date = q.Get("Expires")
		} else if ossDate != "" {
			date = ossDate
		}
		got, want := q.Get("Signature"), signer.signV1(r.stringToSignV1(date))
		if !id.SignedURL() {
			got, want = authorization, "OSS "+signer.ID+":"+want
		}
		if got != want {
			t.Errorf("accepted %q, want %q", got, want)
		}
	})
}

func FuzzVerifyPublish(f *testing.F) {
	now := time.Unix(1706289617, 0)
	for _, key := range fuzzKeys {
		for _, query := range []string{"", "playlistName=p.m3u8", "a=1&b=2&playlistName=%E6%92%AD", "a=1&a=2"} {
			q, _ := url.ParseQuery(query)
			p := &Publish{Bucket: "b", Channel: "live channel 2", Query: q}
			f.Add(p.Bucket, p.Channel, SignPublish(p, key, now).Encode())
		}
	}
	f.Add("b", "ch", "Expires=1706289617")
	f.Add("b", "a/ch", "OSSAccessKeyId=ak&Expires=1e9&Signature=x")
	f.Add("b", "ch", "x-oss-signature-version=OSS4-HMAC-SHA256")
	f.Fuzz(func(t *testing.T, bucket, channel, query string) {
		q, _ := url.ParseQuery(query)
		p := &Publish{Bucket: bucket, Channel: channel, Query: q}
		id, err := VerifyPublish(p, fuzzKeys, now)
		credentials := hasCredentials(q)
		checkVerdict(t, id, err, credentials)
		if err != nil || id.Anonymous() {
			return
		}
		signer, got := fuzzKeys[id.KeyID()], q.Get("Signature")
		target := "\n/" + bucket + "/" + channel
		for _, withToken := range []bool{true, false} {
			if s := p.stringToSign(q.Get("Expires"), withToken); got == signer.signV1(s) && strings.HasSuffix(s, target) {
				return
			}
		}
		t.Errorf("accepted %q for %s", got, target)
	})
}
