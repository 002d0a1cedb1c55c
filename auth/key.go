package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Key is an access key pair, or with Token the triple of a temporary
// credential as STS issues them. Printing one shows its ID only.
type Key struct {
	ID     string
	Secret string `json:"-"`
	Token  string `json:"-"`
}

func (k Key) String() string   { return k.ID }
func (k Key) GoString() string { return fmt.Sprintf("auth.Key{ID:%q}", k.ID) }

// UnmarshalText reads ID:SECRET or ID:SECRET:TOKEN. Its error never shows the text,
// which may hold a secret.
func (k *Key) UnmarshalText(text []byte) error {
	part := strings.SplitN(string(text), ":", 3)
	if len(part) < 2 || part[0] == "" || part[1] == "" {
		return errors.New("is not ID:SECRET or ID:SECRET:TOKEN")
	}
	*k = Key{ID: part[0], Secret: part[1]}
	if len(part) == 3 {
		k.Token = part[2]
	}
	return nil
}

// checkToken returns ErrBadToken unless presented is the token of the key, or ""
// for a key without one. It compares digests, so that its time does not depend on
// lengths either.
func (k Key) checkToken(presented string) error {
	got, want := sha256.Sum256([]byte(presented)), sha256.Sum256([]byte(k.Token))
	if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
		return ErrBadToken
	}
	return nil
}

// Keys are the keys of a server, by ID.
type Keys map[string]Key

// NewKeys returns the given keys by ID; of two with the same ID the later one
// counts.
func NewKeys(keys ...Key) Keys {
	m := make(Keys, len(keys))
	for _, k := range keys {
		m[k.ID] = k
	}
	return m
}

// Find returns the key with this ID and token ("" for none): one of m, or one that
// MintToken made from one of m. A key without a secret is ErrUnknownKey: anyone
// could sign with it.
func (m Keys) Find(id, token string, now time.Time) (Key, error) {
	k, ok := m[id]
	switch {
	case !ok && token != "":
		return m.unseal(id, token, now)
	case !ok || k.Secret == "":
		return Key{}, ErrUnknownKey
	}
	return k, k.checkToken(token)
}
