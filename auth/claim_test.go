package auth

import (
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"
)

// What a claim says is what was signed, and its text the one that a wrong signature
// is answered with.
func TestClaimAndText(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	k := Key{ID: "ak", Secret: "sk", Token: "token"}
	newRequest := func() *Request {
		return &Request{Method: "PUT", Host: "h", Bucket: "bucket", Key: "a key", Region: "r",
			Header: http.Header{"Content-Type": {"text/plain"}, "X-Oss-Meta-A": {"1"}}, Query: url.Values{"acl": {""}, "x": {"y"}}}
	}
	for _, c := range []struct {
		name string
		sign func(r *Request)
		want Claim // without signature
	}{
		{"1 header", func(r *Request) { SignRequest(r, k, at) }, Claim{Version: "1", Date: "Fri, 02 Jan 2026 03:04:05 GMT"}},
		{"1 url", func(r *Request) { r.Query = SignURL(r, k, time.Unix(5e9, 0)) }, Claim{Version: "1", InURL: true, Date: "5000000000", Expires: "5000000000"}},
		{"2 header", func(r *Request) { signRequestV2(r, k, at, "host") }, Claim{Version: "2", Date: "Fri, 02 Jan 2026 03:04:05 GMT", Additional: "host"}},
		{"2 url", func(r *Request) { r.Query = signURLV2(r, k, "5000000000", "host") },
			Claim{Version: "2", InURL: true, Date: "5000000000", Expires: "5000000000", Additional: "host"}},
		{"4 header", func(r *Request) { SignRequestV4(r, k, at, "host") },
			Claim{Version: "4", Date: "20260102T030405Z", Credential: "ak/20260102/r/oss/aliyun_v4_request", Additional: "host"}},
		{"4 url", func(r *Request) { r.Query = SignURLV4(r, k, at, at.Add(time.Hour)) },
			Claim{Version: "4", InURL: true, Date: "20260102T030405Z", Expires: "3600", Credential: "ak/20260102/r/oss/aliyun_v4_request"}},
	} {
		r := newRequest()
		c.sign(r)
		got := r.Claim()
		c.want.KeyID, c.want.Token, c.want.Signature = "ak", "token", got.Signature
		if got != c.want || got.Signature == "" {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
		if dated := got.Time(); dated != at && !(got.InURL && got.Version != "4" && dated.Unix() == 0) {
			t.Errorf("%s: got the time %v", c.name, dated)
		}
		if _, err := VerifyRequest(r, NewKeys(k), at); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		var mismatch *MismatchError
		if _, err := VerifyRequest(r, NewKeys(Key{ID: "ak", Secret: "other", Token: "token"}), at); !errors.As(err, &mismatch) {
			t.Fatalf("%s: got %v, want a mismatch", c.name, err)
		}
		want, text := mismatch.StringToSign, r.Text()
		if got.Version == "4" {
			want = mismatch.CanonicalRequest
			if s := "OSS4-HMAC-SHA256\n" + text.Timestamp + "\n" + text.Scope; mismatch.StringToSign[:len(s)] != s {
				t.Errorf("%s: got timestamp and scope %s, want those of %s", c.name, s, mismatch.StringToSign)
			}
		}
		if text.String() != want || text.Version != got.Version {
			t.Errorf("%s: got the text of version %s\n%s\nwant\n%s", c.name, text.Version, text, want)
		}
	}
}

func TestPublishClaimAndText(t *testing.T) {
	p := &Publish{Bucket: "b", Channel: "c", Query: url.Values{"playlistName": {"p.m3u8"}}}
	p.Query = SignPublish(p, Key{ID: "ak", Secret: "sk"}, time.Unix(5e9, 0))
	p.Query.Set("SecurityToken", "token")
	c := p.Claim()
	if want := (Claim{Version: "1", InURL: true, KeyID: "ak", Signature: p.Query.Get("Signature"), Token: "token", Date: "5000000000", Expires: "5000000000"}); c != want {
		t.Errorf("got %+v, want %+v", c, want)
	}
	if got, want := p.Text().String(), "5000000000\nplaylistName:p.m3u8\n/b/c"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A claim has what can be read of a request that no Verify function takes, and no
// text where a part of it is missing.
func TestClaimOfMalformed(t *testing.T) {
	for _, c := range []struct {
		authorization, query string
		want                 Claim
	}{
		{"", "", Claim{}},
		{"Bearer abc", "Signature=s&OSSAccessKeyId=k", Claim{}},
		{"OSS onlyid", "", Claim{Version: "1", KeyID: "onlyid"}},
		{"OSS2 SignedHeaders:x,Signature:s", "", Claim{Version: "2", Signature: "s"}},
		{"OSS4-HMAC-SHA256 Credential=k/d,Sig,Signature=s", "", Claim{Version: "4", KeyID: "k", Credential: "k/d", Signature: "s"}},
		{"", "OSSAccessKeyId=k&x-oss-signature=t", Claim{Version: "1", InURL: true, KeyID: "k"}},
		{"", "x-oss-credential=k", Claim{Version: "4", InURL: true, KeyID: "k", Credential: "k"}},
	} {
		r := &Request{Header: http.Header{}}
		if r.Query, _ = url.ParseQuery(c.query); c.authorization != "" {
			r.Header.Set("Authorization", c.authorization)
		}
		if got := r.Claim(); got != c.want {
			t.Errorf("%q %q: got %+v, want %+v", c.authorization, c.query, got, c.want)
		}
		if got := r.Text(); got != nil {
			t.Errorf("%q %q: got a text %q, want none", c.authorization, c.query, got)
		}
	}
}
