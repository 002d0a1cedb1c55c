package proof

import (
	"slices"
	"strings"

	"osslive/auth"
)

// Finding is a mistake that is proved: without it the signature is right.
type Finding struct {
	Cause      string
	Title, Fix string // Title is a format for Values
	Values     []any  // strings as they came: not yet redacted
	Text       string // that the client signed; not yet redacted
}

// edit is one way in which requests are known to change between signing and
// arriving, or in which signers are known to be wrong. What undo tries may be what
// arrived: that proves nothing, because its signature is wrong.
type edit struct {
	cause string
	when  func(s *search) bool // nil for always
	title string               // a format for the values of a try
	fix   string
	undo  func(s *search) // tries what may have been signed: s.request, s.secret, s.text or s.made
}

// edits are tried in this order; the first that is proved counts.
var edits = slices.Concat(signatureEdits, secretEdits, headerEdits, queryEdits, targetEdits, textEdits, expiryEdits)

// maxWork limits the bytes that are signed to find a cause. All edits of an
// ordinary request need a quarter of it, those of a URL of version 4 most of it.
const maxWork = 6 << 20

// search looks for the edit of one case.
type search struct {
	*Case
	left    int   // bytes that may still be signed
	arrived *text // what the server signed; nil if its parts are not known
	found   *Finding
	edit    *edit
}

// Find returns the mistake without which the signature of c is right; nil if it is
// none of the edits.
func (c *Case) Find() *Finding {
	s := &search{Case: c, left: maxWork, arrived: c.text()}
	for i := range edits {
		if s.edit = &edits[i]; s.edit.when == nil || s.edit.when(s) {
			s.edit.undo(s)
		}
		if s.found != nil {
			return s.found
		}
	}
	return nil
}

// spend reports whether n more bytes may be signed, and counts them.
func (s *search) spend(n int) bool {
	s.left -= n
	return s.found == nil && s.left >= 0
}

func (s *search) proved(text string, values []any) {
	s.found = &Finding{s.edit.cause, s.edit.title, s.edit.fix, values, text}
}

// request tries a changed request. Where the change makes it name another key, that
// one must have signed it.
func (s *search) request(change func(r *auth.Request), values ...any) {
	s.try(s.Key.Secret, change, values)
}

// secret tries the request with another secret.
func (s *search) secret(secret string, values ...any) {
	s.try(secret, func(*auth.Request) {}, values)
}

// try leaves comparing to the verification, whose time does not depend on the
// signature.
func (s *search) try(secret string, change func(r *auth.Request), values []any) {
	if !s.spend(512 + s.Size) {
		return
	}
	changed := clone(s.Request)
	change(changed)
	if c := ClaimOf(changed); c.KeyID != s.Claim.KeyID {
		key, err := s.Keys.Find(c.KeyID, c.Token, c.Time())
		if err != nil {
			return
		}
		secret = key.Secret
	}
	if secret != "" && verified(changed, secret) {
		s.proved(TextOf(changed).String(), values)
	}
}

// signature tries another signature in the place of the one that came.
func (s *search) signature(signature string, values ...any) {
	s.request(func(r *auth.Request) { setSignature(r, s.Claim, signature) }, values...)
}

func setSignature(r *auth.Request, c auth.Claim, signature string) {
	switch {
	case !c.InURL:
		r.Header.Set("Authorization", strings.TrimSuffix(r.Header.Get("Authorization"), c.Signature)+signature)
	case c.Version == "1":
		r.Query.Set("Signature", signature)
	default:
		r.Query.Set("x-oss-signature", signature)
	}
}

// text tries a changed text. It needs signed.
func (s *search) text(change func(t *text), values ...any) {
	if !s.spend(256 + s.Size) {
		return
	}
	t := s.arrived.clone()
	change(t)
	s.made(t.signature(s.Key.Secret), t.String(), values...)
}

// made compares what came with the signature that a signer makes of text.
func (s *search) made(signature, text string, values ...any) {
	if s.found == nil && SameSecret(signature, s.Claim.Signature) {
		s.proved(text, values)
	}
}

// Conditions of edits.

func (s *search) publish() bool { return s.Request.Method == "" }
func (s *search) http() bool    { return s.Request.Method != "" }
func (s *search) v1() bool      { return s.Claim.Version == "1" }
func (s *search) v4() bool      { return s.Claim.Version == "4" }

func (s *search) signed() bool      { return s.arrived != nil && s.Key.Secret != "" }
func (s *search) textHTTP() bool    { return s.http() && s.v1() && s.signed() }
func (s *search) textV4() bool      { return s.v4() && s.signed() }
func (s *search) textPublish() bool { return s.publish() && s.signed() }
