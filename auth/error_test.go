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
	r := testRequest()
	SignRequest(r, testSTS, testNow)
	_, right, _ := strings.Cut(r.Header.Get("Authorization"), ":")
	r.Header.Set("Authorization", "OSS sts:AAAAAAAAAAAAAAAAAAAAAAAAAAA=")
	_, wrong := VerifyRequest(r, testKeys, testNow)
	var mismatch *MismatchError
	if !errors.As(wrong, &mismatch) {
		t.Fatalf("got %v, want a MismatchError", wrong)
	}
	_, skewed := VerifyRequest(r, testKeys, testNow.Add(time.Hour))
	r.Header.Set("x-oss-security-token", "other")
	_, badToken := VerifyRequest(r, testKeys, testNow)

	for text, want := range map[string]string{
		wrong.Error():    `signature by key "sts" does not match the request`,
		skewed.Error():   "request time is too far from the server's: 2026-01-02T03:04:05Z, the server has 2026-01-02T04:04:05Z",
		badToken.Error(): "security token does not belong to the access key",
	} {
		if text != want {
			t.Errorf("got %q, want %q", text, want)
		}
		if strings.Contains(text, testSTS.Token) {
			t.Errorf("a token in %q", text)
		}
	}
	for _, text := range []string{wrong.Error(), skewed.Error(), badToken.Error(), fmt.Sprintf("%+v", *mismatch)} {
		if strings.Contains(text, testSTS.Secret) || strings.Contains(text, right) {
			t.Errorf("the secret or the right signature in %q", text)
		}
	}
}
