package auth

import (
	"encoding/json"
	"errors"
	"flag"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// vector is a case of testdata; its README explains the fields.
type vector struct {
	Name, Version, Kind        string
	Method, Bucket, Key        string
	Query, Header              map[string]string
	Expires                    int64
	Date, Region               string
	Additional                 []string
	ID, Secret, Token          string
	TokenUnsigned              bool `json:"token_unsigned"`
	Signature                  string
	Authorization              string            // as sent, "" for the form that verify makes
	addHeaders, addQueryValues map[string]string // what a test adds after signing
}

var moreVectors = flag.String("vectors", "", "a further file of cases")

func loadVectors(t testing.TB) []vector {
	t.Helper()
	names, err := filepath.Glob("testdata/*.json")
	if err != nil || len(names) == 0 {
		t.Fatalf("got %d files of cases, %v", len(names), err)
	}
	if *moreVectors != "" {
		names = append(names, *moreVectors)
	}
	var all []vector
	for _, name := range names {
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

// header returns a header that the vector names in any case.
func (v *vector) header(name string) string {
	for n, value := range v.Header {
		if strings.EqualFold(n, name) {
			return value
		}
	}
	return ""
}

// now is a moment at which the signature is good.
func (v *vector) now(t testing.TB) time.Time {
	t.Helper()
	if v.Kind != "header" && v.Version != "v4" {
		return time.Unix(v.Expires-60, 0)
	}
	date := v.Date
	if date == "" {
		date = v.header("x-oss-date")
	}
	if date == "" {
		date = v.header("Date")
	}
	at, err := time.Parse(timestampLayout, date)
	if err != nil {
		at, err = http.ParseTime(date)
	}
	if err != nil {
		t.Fatalf("%s: %v", v.Name, err)
	}
	return at
}

// until is when a signed URL ends.
func (v *vector) until(t testing.TB) time.Time {
	if v.Version == "v4" {
		return v.now(t).Add(time.Duration(v.Expires) * time.Second)
	}
	return time.Unix(v.Expires, 0)
}

// unsignedRequest and unsignedPublish are what a client hands to Sign.
func (v *vector) unsignedRequest() *Request {
	r := &Request{Method: v.Method, Header: http.Header{}, Bucket: v.Bucket, Key: v.Key, Query: url.Values{}, Region: v.Region}
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

// sent is the case as it reaches the server, with the signature it came with.
func (v *vector) sent(now time.Time) *Request {
	r := v.unsignedRequest()
	r.Region = ""
	additional := strings.Join(v.Additional, ";")
	credential := v.ID + "/" + now.UTC().Format(dateLayout) + "/" + v.Region + "/oss/aliyun_v4_request"
	set := func(name, value string) {
		if value != "" {
			r.Query.Set(name, value)
		}
	}
	if v.Kind == "header" {
		if v.Token != "" {
			r.Header.Set("x-oss-security-token", v.Token)
		}
	}
	switch v.Version + " " + v.Kind {
	case " header":
		r.Header.Set("Authorization", "OSS "+v.ID+":"+v.Signature)
	case "v2 header":
		r.Header.Set("Authorization", "OSS2 AccessKeyId:"+v.ID+",Signature:"+v.Signature)
		if additional != "" {
			r.Header.Set("Authorization", "OSS2 AccessKeyId:"+v.ID+",AdditionalHeaders:"+additional+",Signature:"+v.Signature)
		}
	case "v4 header":
		r.Header.Set("Authorization", "OSS4-HMAC-SHA256 Credential="+credential+",Signature="+v.Signature)
		if additional != "" {
			r.Header.Set("Authorization", "OSS4-HMAC-SHA256 Credential="+credential+",AdditionalHeaders="+additional+",Signature="+v.Signature)
		}
	case "v2 url":
		set("x-oss-signature-version", "OSS2")
		set("x-oss-access-key-id", v.ID)
		set("x-oss-expires", strconv.FormatInt(v.Expires, 10))
		set("x-oss-additional-headers", additional)
		set("x-oss-signature", v.Signature)
		set("security-token", v.Token)
	case "v4 url":
		set("x-oss-signature-version", "OSS4-HMAC-SHA256")
		set("x-oss-credential", credential)
		set("x-oss-date", v.Date)
		set("x-oss-expires", strconv.FormatInt(v.Expires, 10))
		set("x-oss-additional-headers", additional)
		set("x-oss-signature", v.Signature)
		set("x-oss-security-token", v.Token)
	default:
		set("OSSAccessKeyId", v.ID)
		set("Expires", strconv.FormatInt(v.Expires, 10))
		set("Signature", v.Signature)
		set("security-token", v.Token)
	}
	if v.Authorization != "" {
		r.Header.Set("Authorization", v.Authorization)
	}
	for name, value := range v.addHeaders {
		r.Header.Set(name, value)
	}
	for name, value := range v.addQueryValues {
		r.Query.Set(name, value)
	}
	return r
}

// verify sends the case to the server's side.
func (v *vector) verify(keys Keys, now time.Time) (Identity, error) {
	r := v.sent(now)
	if v.Kind == "publish" {
		return VerifyPublish(&Publish{Bucket: r.Bucket, Channel: r.Key, Query: r.Query}, keys, now)
	}
	return VerifyRequest(r, keys, now)
}

func TestVectorsVerify(t *testing.T) {
	count := make(map[string]int)
	for _, v := range loadVectors(t) {
		count[strings.TrimSpace(v.Version+" "+v.Kind)]++
		t.Run(v.Name, func(t *testing.T) {
			got, err := v.verify(NewKeys(v.signingKey()), v.now(t))
			var mismatch *MismatchError
			if errors.As(err, &mismatch) {
				t.Fatalf("mismatch, string-to-sign:\n%s\ncanonical request:\n%s", mismatch.StringToSign, mismatch.CanonicalRequest)
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.KeyID() != v.ID || got.SignedURL() != (v.Kind != "header") || got.PayloadSHA256() != "" {
				t.Errorf("got key %q, signed URL %t, payload %q, want key %q of a %s", got.KeyID(), got.SignedURL(), got.PayloadSHA256(), v.ID, v.Kind)
			}
			if got.SignedURL() && !got.Expires().Equal(v.until(t)) {
				t.Errorf("got end %v, want %v", got.Expires(), v.until(t))
			}
		})
	}
	t.Logf("accepted: %v", count)
}

func TestVectorsSign(t *testing.T) {
	for _, v := range loadVectors(t) {
		if v.TokenUnsigned {
			continue // we sign it
		}
		if v.Version == "v4" && v.Kind == "header" && v.header("x-oss-date") == "" {
			continue // we send one
		}
		if !slices.IsSorted(v.Additional) {
			continue // we sort them in the list too
		}
		t.Run(v.Name, func(t *testing.T) {
			r, key, now := v.unsignedRequest(), v.signingKey(), v.now(t)
			var got string
			switch v.Version + " " + v.Kind {
			case " header":
				SignRequest(r, key, now)
			case "v2 header":
				signRequestV2(r, key, now, v.Additional...)
			case "v4 header":
				SignRequestV4(r, key, now, v.Additional...)
			case " url":
				got = SignURL(r, key, v.until(t)).Get("Signature")
			case "v2 url":
				got = signURLV2(r, key, strconv.FormatInt(v.Expires, 10), v.Additional...).Get("x-oss-signature")
			case "v4 url":
				got = SignURLV4(r, key, now, v.until(t), v.Additional...).Get("x-oss-signature")
			case " publish":
				got = SignPublish(v.unsignedPublish(), key, v.until(t)).Get("Signature")
			default:
				t.Fatalf("no signer for version %q, kind %q", v.Version, v.Kind)
			}
			if v.Kind == "header" { // it ends in the signature
				got = r.Header.Get("Authorization")
				got = got[max(0, len(got)-len(v.Signature)):]
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
	for _, key := range []Key{testKey, testSTS, MintToken(testKey, now.Add(time.Hour))} {
		request := Request{Method: "GET", Host: "b.localhost", Bucket: "b", Key: "k 播", Query: url.Values{"acl": {""}, "prefix": {"x"}}, Region: "r"}
		sign := func(s signer) *Request {
			r := request
			r.Header = http.Header{}
			s.sign(&r, key, now, "host")
			return &r
		}
		for _, s := range signers {
			r := sign(s)
			if id, err := VerifyRequest(r, testKeys, now); err != nil || id.KeyID() != key.ID || id.SignedURL() != s.inURL {
				t.Errorf("%s, %s: got %+v, %v", key, s.name, id, err)
			}
			s.sign(r, key, now.Add(time.Hour), "host")
			if _, err := VerifyRequest(r, testKeys, now.Add(time.Hour)); err != nil {
				t.Errorf("%s, %s, signed again: %v", key, s.name, err)
			}
			if s.inURL {
				if _, err := VerifyRequest(r, testKeys, now.Add(time.Hour+signedFor+time.Second)); err == nil {
					t.Errorf("%s, %s: accepted after its end", key, s.name)
				}
			}
		}
		if len(request.Query) != 2 {
			t.Errorf("%s: signing changed the query it was given: %v", key, request.Query)
		}
		publish := Publish{Bucket: "b", Channel: "ch"}
		publish.Query = SignPublish(&publish, key, now.Add(time.Minute))
		if id, err := VerifyPublish(&publish, testKeys, now); err != nil || id.KeyID() != key.ID {
			t.Errorf("%s, publish: got %+v, %v", key, id, err)
		}
	}
}

// signer is a way to sign a request; signedFor is how long a URL is good.
type signer struct {
	name  string
	inURL bool
	sign  func(r *Request, k Key, now time.Time, additional ...string)
}

const signedFor = time.Minute

var signers = []signer{
	{"v1 header", false, func(r *Request, k Key, now time.Time, _ ...string) { SignRequest(r, k, now) }},
	{"v1 URL", true, func(r *Request, k Key, now time.Time, _ ...string) { r.Query = SignURL(r, k, now.Add(signedFor)) }},
	{"v2 header", false, signRequestV2},
	{"v2 URL", true, func(r *Request, k Key, now time.Time, additional ...string) {
		r.Query = signURLV2(r, k, strconv.FormatInt(now.Add(signedFor).Unix(), 10), additional...)
	}},
	{"v4 header", false, SignRequestV4},
	{"v4 URL", true, func(r *Request, k Key, now time.Time, additional ...string) {
		r.Query = SignURLV4(r, k, now, now.Add(signedFor), additional...)
	}},
}
