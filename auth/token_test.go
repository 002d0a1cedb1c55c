package auth

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"
)

// Whatever a key can sign, a key minted from it can, until its end.
func TestMintedKeySigns(t *testing.T) {
	end := testNow.Add(time.Hour)
	minted := MintToken(testKey, end)
	for _, c := range []struct {
		now  time.Time
		want error
	}{{testNow, nil}, {end, nil}, {end.Add(time.Second), ErrTokenExpired}} {
		for _, s := range signers {
			r := testRequest()
			r.Region = "r"
			s.sign(r, minted, c.now)
			id, err := VerifyRequest(r, testKeys, c.now)
			if !errors.Is(err, c.want) || c.want == nil && id.KeyID() != minted.ID {
				t.Errorf("%s, %v before the end: got %+v, %v, want %v", s.name, end.Sub(c.now), id, err, c.want)
			}
		}
		for name, query := range map[string]func(p *Publish){
			"signed": func(p *Publish) { p.Query = SignPublish(p, minted, c.now) },
			"not signed": func(p *Publish) {
				p.Query = SignPublish(p, Key{ID: minted.ID, Secret: minted.Secret}, c.now)
				p.Query.Set("security-token", minted.Token)
			},
			"other name": func(p *Publish) {
				p.Query = SignPublish(p, Key{ID: minted.ID, Secret: minted.Secret}, c.now)
				p.Query.Set("SecurityToken", minted.Token)
			},
		} {
			p := testPublish()
			query(p)
			id, err := VerifyPublish(p, testKeys, c.now)
			if !errors.Is(err, c.want) || c.want == nil && id.KeyID() != minted.ID {
				t.Errorf("publish, token %s, %v before the end: got %+v, %v, want %v", name, end.Sub(c.now), id, err, c.want)
			}
		}
	}
}

// A token is good for a URL that outlives it only as long as itself.
func TestTokenEndsBeforeTheURL(t *testing.T) {
	minted := MintToken(testKey, testNow.Add(time.Minute))
	r := testRequest()
	r.Query = SignURL(r, minted, testNow.Add(time.Hour))
	if _, err := VerifyRequest(r, testKeys, testNow.Add(time.Minute)); err != nil {
		t.Error(err)
	}
	if _, err := VerifyRequest(r, testKeys, testNow.Add(2*time.Minute)); !errors.Is(err, ErrTokenExpired) {
		t.Errorf("got %v, want %v", err, ErrTokenExpired)
	}
}

func TestMintedKeysDiffer(t *testing.T) {
	a, b := MintToken(testKey, testNow), MintToken(testKey, testNow)
	if a.ID == b.ID || a.Secret == b.Secret || a.Token == b.Token {
		t.Errorf("got %+v twice", a.ID)
	}
	if !strings.HasPrefix(a.ID, "STS.") || strings.ContainsAny(a.ID[4:], "/:,.") {
		t.Errorf("got ID %q, want STS. and what no signature gives a meaning", a.ID)
	}
	for _, k := range []Key{a, b} {
		raw, _ := base64.RawURLEncoding.DecodeString(k.Token)
		for _, secret := range []string{testKey.Secret, k.Secret} {
			if strings.Contains(k.Token, secret) || strings.Contains(string(raw), secret) {
				t.Error("a secret is in the token")
			}
		}
	}
}

func TestUnsealRefusals(t *testing.T) {
	end := testNow.Add(time.Hour)
	minted := testKey.mint("STS.x", end)
	raw, err := base64.RawURLEncoding.DecodeString(minted.Token)
	if err != nil {
		t.Fatal(err)
	}
	sealed := string(raw[:len(raw)-32])
	seal := func(k Key, sealed string) string {
		return base64.RawURLEncoding.EncodeToString(append([]byte(sealed), k.derive(labelSeal, sealed)...))
	}
	if got := seal(testKey, sealed); got != minted.Token {
		t.Fatalf("got token %q, want %q", got, minted.Token)
	}
	other := Key{ID: "other", Secret: "othersecret"}
	for _, c := range []struct {
		name, id, token string
		want            error
	}{
		{"right", minted.ID, minted.Token, nil},
		{"for another ID", "STS.y", minted.Token, ErrBadToken},
		{"for an ID that begins alike", "STS.", minted.Token, ErrBadToken},
		{"expired", "STS.x", seal(testKey, "STS.x/1/ak"), ErrTokenExpired},
		{"expired, for another ID", "STS.y", seal(testKey, "STS.x/1/ak"), ErrBadToken},
		{"expired, forged", "STS.x", seal(other, "STS.x/1/ak"), ErrBadToken},
		{"sealed by another key", "STS.x", seal(other, sealed), ErrBadToken},
		{"parent unknown", "STS.x", other.mint("STS.x", end).Token, ErrBadToken},
		{"parent without secret", "STS.x", Key{ID: "nosecret"}.mint("STS.x", end).Token, ErrBadToken},
		{"parent is temporary itself", "STS.x", testSTS.mint("STS.x", end).Token, ErrBadToken},
		{"minted from a minted key", "STS.x", minted.mint("STS.x", end).Token, ErrBadToken},
		{"a MAC with the secret itself", "STS.x", base64.RawURLEncoding.EncodeToString(append([]byte(sealed), macSHA256([]byte(testKey.Secret), sealed)...)), ErrBadToken},
		{"a MAC of the other use", "STS.x", base64.RawURLEncoding.EncodeToString(append([]byte(sealed), testKey.derive(labelSecret, sealed)...)), ErrBadToken},
		{"no MAC", "STS.x", base64.RawURLEncoding.EncodeToString([]byte(sealed)), ErrBadToken},
		{"two parts", "STS.x", seal(testKey, "STS.x/ak"), ErrBadToken},
		{"no number", "STS.x", seal(testKey, "STS.x/never/ak"), ErrBadToken},
		{"not base64", "STS.x", "!", ErrBadToken},
		{"padded", "STS.x", minted.Token + "=", ErrBadToken},
		{"line end inside", "STS.x", minted.Token[:8] + "\n" + minted.Token[8:], ErrBadToken},
		{"standard alphabet", "STS.x", base64.RawStdEncoding.EncodeToString(append(raw, 0xff, 0xff, 0xff)), ErrBadToken},
		{"short", "STS.x", "AAAA", ErrBadToken},
		{"none", "STS.x", "", ErrUnknownKey},
	} {
		k, err := testKeys.Find(c.id, c.token, testNow)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
		if want := (Key{}); c.want != nil && k != want || c.want == nil && k != minted {
			t.Errorf("%s: got key %v", c.name, k)
		}
	}
	for i := range minted.Token {
		b := []byte(minted.Token)
		b[i] = base64Letter(b[i])
		if _, err := testKeys.Find("STS.x", string(b), testNow); !errors.Is(err, ErrBadToken) {
			t.Errorf("token with byte %d changed: got %v, want %v", i, err, ErrBadToken)
		}
	}
}

// The token of one minted key does not fit another's signature.
func TestTokensDoNotMix(t *testing.T) {
	a, b := testKey.mint("STS.a", testNow), testKey.mint("STS.b", testNow)
	for _, s := range signers {
		r := testRequest()
		r.Region = "r"
		s.sign(r, Key{ID: a.ID, Secret: b.Secret, Token: a.Token}, testNow)
		id, err := VerifyRequest(r, testKeys, testNow)
		checkVersion(t, id, err, new(MismatchError), "")
		s.sign(r, Key{ID: a.ID, Secret: a.Secret, Token: b.Token}, testNow)
		id, err = VerifyRequest(r, testKeys, testNow)
		checkVersion(t, id, err, ErrBadToken, "")
	}
}
