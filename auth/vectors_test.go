package auth

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// vector is a case of testdata; its README explains the fields.
type vector struct {
	Name, Kind                 string
	Method, Bucket, Key        string
	Query, Header              map[string]string
	Expires                    int64
	ID, Secret, Token          string
	TokenUnsigned              bool `json:"token_unsigned"`
	Signature                  string
	addHeaders, addQueryValues map[string]string // what a test adds after signing
}

func loadVectors(t testing.TB) []vector {
	t.Helper()
	var all []vector
	for _, name := range []string{"testdata/vectors.json", "testdata/oss2.json"} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var v []vector
		if err := json.Unmarshal(data, &v); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(v) == 0 {
			t.Fatalf("%s: no cases", name)
		}
		all = append(all, v...)
	}
	return all
}

func (v *vector) signingKey() Key { return Key{ID: v.ID, Secret: v.Secret, Token: v.Token} }

// now is a moment at which the signature is good.
func (v *vector) now(t testing.TB) time.Time {
	if v.Kind != "header" {
		return time.Unix(v.Expires-60, 0)
	}
	for name, value := range v.Header {
		if strings.EqualFold(name, "Date") || strings.EqualFold(name, "x-oss-date") {
			at, err := http.ParseTime(value)
			if err != nil {
				t.Fatal(err)
			}
			return at
		}
	}
	t.Fatalf("%s: no date", v.Name)
	return time.Time{}
}

// unsignedRequest and unsignedPublish are what a client hands to Sign.
func (v *vector) unsignedRequest() *Request {
	r := &Request{Method: v.Method, Header: http.Header{}, Bucket: v.Bucket, Key: v.Key, Query: url.Values{}}
	for name, value := range v.Header {
		r.Header.Set(name, value)
	}
	for name, value := range v.Query {
		r.Query.Set(name, value)
	}
	return r
}

func (v *vector) unsignedPublish() *Publish {
	return &Publish{Bucket: v.Bucket, Channel: v.Key, Query: v.unsignedRequest().Query}
}

// verify sends the case to the server's side with the signature it came with.
func (v *vector) verify(keys Keys, now time.Time) (Identity, error) {
	r := v.unsignedRequest()
	if v.Kind == "header" {
		r.Header.Set("Authorization", "OSS "+v.ID+":"+v.Signature)
		if v.Token != "" {
			r.Header.Set("x-oss-security-token", v.Token)
		}
	} else {
		r.Query.Set("OSSAccessKeyId", v.ID)
		r.Query.Set("Expires", strconv.FormatInt(v.Expires, 10))
		r.Query.Set("Signature", v.Signature)
		if v.Token != "" {
			r.Query.Set("security-token", v.Token)
		}
	}
	for name, value := range v.addHeaders {
		r.Header.Set(name, value)
	}
	for name, value := range v.addQueryValues {
		r.Query.Set(name, value)
	}
	if v.Kind == "publish" {
		return VerifyPublish(&Publish{Bucket: r.Bucket, Channel: r.Key, Query: r.Query}, keys, now)
	}
	return VerifyRequest(r, keys, now)
}

func TestVectorsVerify(t *testing.T) {
	for _, v := range loadVectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			got, err := v.verify(NewKeys(v.signingKey()), v.now(t))
			var mismatch *MismatchError
			if errors.As(err, &mismatch) {
				t.Fatalf("mismatch, string-to-sign:\n%s", mismatch.StringToSign)
			}
			if err != nil {
				t.Fatal(err)
			}
			want := Identity{keyID: v.ID}
			if v.Kind != "header" {
				want = Identity{keyID: v.ID, inQuery: true, expires: time.Unix(v.Expires, 0)}
			}
			if got != want {
				t.Errorf("got identity %+v, want %+v", got, want)
			}
		})
	}
}

func TestVectorsSign(t *testing.T) {
	for _, v := range loadVectors(t) {
		if v.TokenUnsigned {
			continue // we sign it
		}
		t.Run(v.Name, func(t *testing.T) {
			var got string
			switch r := v.unsignedRequest(); v.Kind {
			case "header":
				SignRequest(r, v.signingKey(), v.now(t))
				_, got, _ = strings.Cut(r.Header.Get("Authorization"), ":")
			case "url":
				got = SignURL(r, v.signingKey(), time.Unix(v.Expires, 0)).Get("Signature")
			case "publish":
				got = SignPublish(v.unsignedPublish(), v.signingKey(), time.Unix(v.Expires, 0)).Get("Signature")
			}
			if got != v.Signature {
				t.Errorf("got signature %s, want %s", got, v.Signature)
			}
		})
	}
}

// A fresh signature must be accepted as it is, and only until its time.
func TestSignedIsAccepted(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, key := range []Key{{ID: "ak", Secret: "sk"}, {ID: "sts", Secret: "sk", Token: "t+/="}} {
		keys := NewKeys(key)
		request := Request{Method: "GET", Bucket: "b", Key: "k 播", Query: url.Values{"acl": {""}, "prefix": {"x"}}}

		inHeader := request
		SignRequest(&inHeader, key, now)
		if id, err := VerifyRequest(&inHeader, keys, now); err != nil || id.KeyID() != key.ID || id.SignedURL() {
			t.Errorf("%s, header: got %+v, %v", key, id, err)
		}

		inURL := request
		inURL.Query = SignURL(&request, key, now.Add(time.Minute))
		if id, err := VerifyRequest(&inURL, keys, now); err != nil || id.KeyID() != key.ID || !id.SignedURL() {
			t.Errorf("%s, URL: got %+v, %v", key, id, err)
		}
		again := inURL
		again.Query = SignURL(&inURL, key, now.Add(time.Hour))
		if _, err := VerifyRequest(&again, keys, now.Add(time.Hour)); err != nil {
			t.Errorf("%s, URL signed again: %v", key, err)
		}
		if _, signed := request.Query["Signature"]; signed {
			t.Errorf("%s: SignURL changed the query it was given", key)
		}

		publish := Publish{Bucket: "b", Channel: "ch"}
		publish.Query = SignPublish(&publish, key, now.Add(time.Minute))
		if id, err := VerifyPublish(&publish, keys, now); err != nil || id.KeyID() != key.ID {
			t.Errorf("%s, publish: got %+v, %v", key, id, err)
		}
	}
}
