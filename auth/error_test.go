package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestKeyHidesItsSecret(t *testing.T) {
	data, err := json.Marshal(testKeys)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		string(data), fmt.Sprint(testSTS), fmt.Sprintf("%v %+v %#v %s %q", testSTS, testSTS, testSTS, testSTS, testSTS),
		fmt.Sprintf("%v %+v %#v", testKeys, testKeys, &testKeys),
	} {
		if strings.Contains(text, testSTS.Secret) || strings.Contains(text, testSTS.Token) || strings.Contains(text, testKey.Secret) {
			t.Errorf("a secret in %s", text)
		}
	}
}

// Neither what is logged of an error nor what the caller is shown of it may
// help to sign.
func TestErrorsHideSecretAndSignature(t *testing.T) {
	for _, key := range []Key{testKey, testSTS, MintToken(testKey, testNow.Add(30*time.Minute))} {
		for _, s := range signers {
			t.Run(s.name, func(t *testing.T) {
				r := testRequest()
				r.Region = "r"
				s.sign(r, key, testNow)
				right := forgeSignature(r)
				_, wrong := VerifyRequest(r, testKeys, testNow)
				var mismatch *MismatchError
				if !errors.As(wrong, &mismatch) || mismatch.Provided != "forged" || mismatch.KeyID != key.ID {
					t.Fatalf("%s: got %v, want a MismatchError", key, wrong)
				}
				_, late := VerifyRequest(r, testKeys, testNow.Add(time.Hour))
				_, unknown := VerifyRequest(r, NewKeys(), testNow)
				_, badToken := VerifyRequest(r, NewKeys(Key{ID: key.ID, Secret: key.Secret, Token: "other"}), testNow)
				for text, want := range map[string]string{
					wrong.Error():    "does not match the request",
					badToken.Error(): "security token does not belong to the access key",
				} {
					if !strings.Contains(text, want) || key.Token != "" && strings.Contains(text, key.Token) {
						t.Errorf("%s: got %q, want %q and no token", key, text, want)
					}
				}
				for _, text := range []string{wrong.Error(), late.Error(), unknown.Error(), badToken.Error(), fmt.Sprintf("%+v", *mismatch)} {
					if strings.Contains(text, key.Secret) || strings.Contains(text, testKey.Secret) || strings.Contains(text, right) {
						t.Errorf("%s: a secret or the right signature in %q", key, text)
					}
				}
			})
		}
	}
}

// forgeSignature replaces the signature of r by "forged" and returns it.
func forgeSignature(r *Request) (right string) {
	for _, name := range []string{"Signature", "x-oss-signature"} {
		if r.Query.Has(name) {
			right = r.Query.Get(name)
			r.Query.Set(name, "forged")
			return right
		}
	}
	authorization := r.Header.Get("Authorization")
	i := strings.LastIndex(authorization, ":") + 1
	if marker := "Signature="; i == 0 {
		i = strings.Index(authorization, marker) + len(marker)
	}
	r.Header.Set("Authorization", authorization[:i]+"forged")
	return authorization[i:]
}

func TestErrorTexts(t *testing.T) {
	for want, err := range map[string]error{
		`signature by key "ak" does not match the request`: &MismatchError{KeyID: "ak", Provided: "p", StringToSign: "s", CanonicalRequest: "c"},
		"request time is too far from the server's: 2026-01-02T03:04:05Z, the server has 2026-01-02T04:04:05Z": &SkewError{
			RequestTime: testNow, ServerTime: testNow.Add(time.Hour)},
		"malformed authorization: Region of the credential":                 &CredentialError{Part: "Region"},
		"malformed authorization: credential has not five parts":            &CredentialError{},
		`signature version "OSS9" is not supported`:                         &UnsupportedError{Version: "OSS9"},
		"malformed authorization: x-oss-expires is not 1 to 604800 seconds": ErrBadLifetime,
	} {
		if got := err.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
