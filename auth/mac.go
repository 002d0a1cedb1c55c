package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"strings"
)

func macOf(h func() hash.Hash, key []byte, text string) []byte {
	m := hmac.New(h, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}

func macSHA256(key []byte, text string) []byte { return macOf(sha256.New, key, text) }

// decodeBase64 decodes a MAC of size bytes; it returns nil for every text but its
// canonical base64. It checks the length first because the decoder skips line ends.
func decodeBase64(s string, size int) []byte {
	if len(s) != base64.StdEncoding.EncodedLen(size) {
		return nil
	}
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != size {
		return nil
	}
	return b
}

// decodeHex decodes size bytes in lower-case hexadecimal; it returns nil for every
// other text.
func decodeHex(s string, size int) []byte {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != size || strings.ContainsAny(s, "ABCDEF") {
		return nil
	}
	return b
}
