package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
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

// checkToken wants exactly the token of the key, and none for a key without
// one. Digests are compared, so that the time taken tells no length either.
func (k Key) checkToken(presented string) error {
	got, want := sha256.Sum256([]byte(presented)), sha256.Sum256([]byte(k.Token))
	if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
		return ErrBadToken
	}
	return nil
}

// Keys are the keys of a server, by ID.
type Keys map[string]Key

// NewKeys returns the given keys by ID; of two with one ID the later stays.
func NewKeys(keys ...Key) Keys {
	m := make(Keys, len(keys))
	for _, k := range keys {
		m[k.ID] = k
	}
	return m
}

// find returns ErrUnknownKey also for a key without a secret: anyone could
// sign with it.
func (m Keys) find(id string) (Key, error) {
	k, ok := m[id]
	if !ok || k.Secret == "" {
		return Key{}, ErrUnknownKey
	}
	return k, nil
}

// Identity is who sent a request, as far as a signature proves it. Only the
// Verify functions make one; the zero value is an anonymous caller.
type Identity struct {
	keyID   string
	inQuery bool
	expires time.Time
}

// KeyID is the access key ID, "" for an anonymous caller.
func (i Identity) KeyID() string { return i.keyID }

// Anonymous tells whether the request was not signed.
func (i Identity) Anonymous() bool { return i.keyID == "" }

// SignedURL tells whether the signature came in the query.
func (i Identity) SignedURL() bool { return i.inQuery }

// Expires is when a signed URL ends; zero unless SignedURL.
func (i Identity) Expires() time.Time { return i.expires }
