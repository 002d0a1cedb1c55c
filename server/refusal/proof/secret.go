package proof

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"osslive/auth"
)

// tokenParams are the names that a security token has in URLs.
var tokenParams = []string{"security-token", "x-oss-security-token", "SecurityToken"}

// secretEdits are about the secret and the token.
var secretEdits = []edit{
	{"token-unsigned", nil, "The security token is not part of what was signed; it was added afterwards.",
		"Give the token to the SDK together with ID and secret, before it signs.",
		func(s *search) { s.request(dropToken) }},
	{"secret-whitespace", nil, "The secret was used with %s around it.",
		"Strip the secret when it is read from a file or a variable; a file ends with a line break.",
		func(s *search) {
			for _, a := range around {
				s.secret(a[0]+s.Key.Secret+a[1], strings.Trim(fmt.Sprintf("%+q", a[0]+a[1]), `"`))
			}
		}},
	{"wrong-secret", nil, "The request names the key %s, but is signed with the secret of %s.", "Take ID and secret from the same key.",
		func(s *search) {
			for _, id := range slices.Sorted(maps.Keys(s.Keys)) {
				s.secret(s.Keys[id].Secret, s.Claim.KeyID, id)
			}
		}},
	{"wrong-secret", nil, "The request is signed with an access key ID in place of the secret.", "Give the SDK the ID first and the secret second.",
		func(s *search) {
			for id := range s.Keys {
				s.secret(id)
			}
		}},
	{"wrong-secret", nil, "The request is signed with the security token in place of the secret.", "Give the SDK ID, secret and token, in this order.",
		func(s *search) { s.secret(s.Claim.Token) }},
	{"secret-encoded", nil, "The secret was used %s.", "Use the secret as it is.",
		func(s *search) {
			secret := s.Key.Secret
			s.secret(base64Of([]byte(secret)), "in base64")
			if decoded, err := base64.StdEncoding.DecodeString(secret); err == nil {
				s.secret(string(decoded), "decoded from base64")
			}
			s.secret(url.QueryEscape(secret), "percent-encoded")
			s.secret(Unescaped(secret), "percent-decoded")
			s.secret(strings.ToLower(secret), "in lower case")
			s.secret(strings.ToUpper(secret), "in upper case")
			s.secret(secret+"&", "followed by an ampersand, as other services of the cloud sign")
		}},
	// No key has an empty secret: the signature is made, not verified.
	{"secret-empty", (*search).signed, "The request is signed with an empty secret.", "Look whether the variable that holds the secret is set where the program runs.",
		func(s *search) { s.made(s.arrived.signature(""), s.arrived.String()) }},
}

// around are what a secret may have around it when it comes from a file, a form or
// a settings file.
var around = [][2]string{
	{"", "\n"}, {"", "\r\n"}, {"", "\r"}, {"", " "}, {" ", ""}, {" ", " "}, {"", "\t"}, {"\t", ""}, {"\ufeff", ""}, {"", "\n\n"}, {"", " \n"},
	{`"`, `"`}, {"'", "'"}, {"<", ">"}, {"", ";"}, {"", ","}, {"", "\u00a0"}, {"", "\x00"}, {`"`, "\"\n"}, {"'", "'\n"},
}

func dropToken(r *auth.Request) {
	r.Header.Del("X-Oss-Security-Token")
	for _, name := range tokenParams {
		r.Query.Del(name)
	}
}
