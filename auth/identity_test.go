package auth

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

// A URL that an identity signs is good for its own key only, exactly as long
// as the URL that the identity comes from.
func TestIdentitySignsURL(t *testing.T) {
	for _, key := range []Key{testKey, testSTS, MintToken(testKey, testNow.Add(time.Hour))} {
		for _, s := range signers {
			r := testRequest()
			r.Region = "r"
			s.sign(r, key, testNow)
			id, err := VerifyRequest(r, testKeys, testNow)
			if err != nil {
				t.Fatalf("%s, %s: %v", key, s.name, err)
			}
			query := url.Values{"x-oss-process": {"hls/sign"}}
			signed := id.SignURL("ch/1.ts", query)
			if !s.inURL {
				if signed != nil {
					t.Errorf("%s, %s: got %v, want nothing from a request signed in its header", key, s.name, signed)
				}
				continue
			}
			if len(query) != 1 || signed.Get("x-oss-process") != "hls/sign" {
				t.Errorf("%s, %s: got %v from %v", key, s.name, signed, query)
			}
			segment := &Request{Method: "GET", Bucket: "b", Key: "ch/1.ts", Query: signed}
			for _, use := range []struct {
				now time.Time
				ok  bool
			}{{testNow, true}, {id.Expires(), true}, {id.Expires().Add(time.Second), false}} {
				got, err := VerifyRequest(segment, testKeys, use.now)
				if (err == nil) != use.ok {
					t.Errorf("%s, %s, used at %v: got %v", key, s.name, use.now, err)
				}
				if err == nil && (got.KeyID() != key.ID || !got.Expires().Equal(id.Expires())) {
					t.Errorf("%s, %s: got %s until %v, want %s until %v", key, s.name, got.KeyID(), got.Expires(), key.ID, id.Expires())
				}
			}
			segment.Key = "ch/2.ts"
			if _, err := VerifyRequest(segment, testKeys, testNow); err == nil {
				t.Errorf("%s, %s: the URL is good for another object", key, s.name)
			}
			segment.Bucket, segment.Key = "c", "ch/1.ts"
			if _, err := VerifyRequest(segment, testKeys, testNow); err == nil {
				t.Errorf("%s, %s: the URL is good for another bucket", key, s.name)
			}
			if r.Query.Get("x-oss-signature-version") != signed.Get("x-oss-signature-version") {
				t.Errorf("%s, %s: got another version: %v", key, s.name, signed)
			}
		}
	}
	if got := (Identity{}).SignURL("k", nil); got != nil || !(Identity{}).Expires().IsZero() {
		t.Errorf("anonymous: got %v", got)
	}
}

func TestIdentityHidesItsKey(t *testing.T) {
	r := testRequest()
	r.Query = SignURL(r, testSTS, testNow)
	id, err := VerifyRequest(r, testKeys, testNow)
	if err != nil {
		t.Fatal(err)
	}
	inside := struct{ caller Identity }{id}
	for _, text := range []string{fmt.Sprintf("%v %+v %#v", id, id, id), fmt.Sprintf("%v %+v %#v", inside, &inside, inside)} {
		if strings.Contains(text, testSTS.Secret) || strings.Contains(text, testSTS.Token) {
			t.Errorf("a secret in %s", text)
		}
	}
}
