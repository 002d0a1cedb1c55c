package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// The uses of a parent's secret. No string-to-sign equals one of these labels, so
// no signature reveals a seal or a temporary secret.
const (
	labelSeal   = "osslive token seal"
	labelSecret = "osslive token secret"
)

// MintToken returns a temporary key, the triple that STS would issue. A server with
// the parent key accepts it until expires (whole seconds) and keeps no record of
// it. Every call returns another key. The parent must not have a token.
//
// The token holds the temporary ID, the expiry and the ID of the parent, and a MAC
// over them:
//
//	sealed := {temporary ID}/{seconds since 1970}/{parent ID}
//	token  := base64url(sealed + HMAC-SHA256(HMAC-SHA256(secret, "osslive token seal"), sealed))
//	secret := base64url(HMAC-SHA256(HMAC-SHA256(secret, "osslive token secret"), sealed))
func MintToken(parent Key, expires time.Time) Key {
	return parent.mint("STS."+rand.Text(), expires)
}

func (k Key) mint(id string, expires time.Time) Key {
	sealed := id + "/" + strconv.FormatInt(expires.Unix(), 10) + "/" + k.ID
	return Key{
		ID:     id,
		Secret: base64.RawURLEncoding.EncodeToString(k.derive(labelSecret, sealed)),
		Token:  base64.RawURLEncoding.EncodeToString(append([]byte(sealed), k.derive(labelSeal, sealed)...)),
	}
}

func (k Key) derive(label, sealed string) []byte {
	return macSHA256(macSHA256([]byte(k.Secret), label), sealed)
}

// unseal returns the temporary key of a token that mint made.
func (m Keys) unseal(id, token string, now time.Time) (Key, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	// The decoder skips line ends.
	if err != nil || len(raw) < sha256.Size || strings.ContainsAny(token, "\r\n") {
		return Key{}, ErrBadToken
	}
	sealed, mac := string(raw[:len(raw)-sha256.Size]), raw[len(raw)-sha256.Size:]
	parts := strings.SplitN(sealed, "/", 3)
	if len(parts) != 3 {
		return Key{}, ErrBadToken
	}
	parent, ok := m[parts[2]]
	if !ok || parent.Secret == "" || parent.Token != "" {
		return Key{}, ErrBadToken
	}
	if !hmac.Equal(mac, parent.derive(labelSeal, sealed)) {
		return Key{}, ErrBadToken
	}
	expires, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || parts[0] != id {
		return Key{}, ErrBadToken
	}
	if now.Unix() > expires {
		return Key{}, ErrTokenExpired
	}
	return parent.mint(id, time.Unix(expires, 0)), nil
}
