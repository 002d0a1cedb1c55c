package proof

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"slices"
	"strings"

	"osslive/auth"
)

// text is a string-to-sign, in parts that a hand-written signer may put together in
// another way.
type text struct {
	auth.Text
	eol string // between lines
	end string // after all

	// Of version 4.
	prefix    string // of the secret
	algorithm string
	scope     []string // day, region, product, request
}

// text returns what the server signed; nil if it is not signed with version 1 or 4.
func (c *Case) text() *text {
	t := TextOf(c.Request)
	if t == nil || t.Version == "2" {
		return nil
	}
	return &text{Text: *t, eol: "\n", prefix: "aliyun_v4", algorithm: "OSS4-HMAC-SHA256", scope: strings.Split(t.Scope, "/")}
}

func (t *text) clone() *text {
	c := *t
	for _, list := range []*[]string{&c.Head, &c.Headers, &c.Tail, &c.scope} {
		*list = slices.Clone(*list)
	}
	return &c
}

func (t *text) String() string { return strings.Join(t.Lines(), t.eol) + t.end }

// signature returns the signature of t as the service makes it.
func (t *text) signature(secret string) string {
	if t.Version == "1" {
		return base64.StdEncoding.EncodeToString(mac(sha1.New, secret, t.String()))
	}
	return hex.EncodeToString(t.macV4(secret))
}

func (t *text) macV4(secret string) []byte {
	sum := sha256.Sum256([]byte(t.String()))
	key := t.prefix + secret
	for _, part := range t.scope {
		key = string(mac(sha256.New, key, part))
	}
	return mac(sha256.New, key, strings.Join([]string{t.algorithm, t.Timestamp, strings.Join(t.scope, "/"), hex.EncodeToString(sum[:])}, "\n"))
}

func mac(h func() hash.Hash, key, text string) []byte {
	m := hmac.New(h, []byte(key))
	m.Write([]byte(text))
	return m.Sum(nil)
}
