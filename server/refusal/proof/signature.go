package proof

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"regexp"
	"strings"

	"osslive/auth"
)

const (
	damaged   = "The signature was right, and was damaged on its way: "
	leaveCase = "Leave the case of a signed URL as it is."
)

// signatureEdits are about the signature itself: what becomes of it on its way, and
// other ways to make and write it.
var signatureEdits = []edit{
	{"plus-space", nil, "The signature has a plus that was not escaped, and became a space on the way.",
		"Percent-encode the signature in the URL: a plus is %2B. Do not decode a signed URL before it is used.",
		func(s *search) { s.signature(strings.ReplaceAll(s.Claim.Signature, " ", "+")) }},
	{"plus-space", nil, "The security token has a plus that was not escaped, and became a space on the way.",
		"Percent-encode the token in the URL: a plus is %2B.", plusInToken},
	{"signature-encoded", nil, "The signature was percent-encoded twice.",
		"Encode each parameter of the URL once. A URL that an SDK made is encoded already.",
		func(s *search) { s.signature(Unescaped(Unescaped(s.Claim.Signature))) }},
	{"signature-extra", nil, "Something follows the signature that does not belong to it: a space, a quote or a bracket.",
		"Copy the URL without what stands around it; in OBS, look for a space at the end of the stream key.",
		func(s *search) { s.signature(strings.Trim(s.Claim.Signature, " \t\r\n+\"'`<>,;)")) }},
	{"signature-extra", nil, `The signature is followed by "%s": a parameter was added with a question mark.`,
		"Add parameters before signing; in a URL that has a query they follow an &.",
		func(s *search) {
			if signature, rest, found := strings.Cut(s.Claim.Signature, "?"); found {
				s.signature(signature, "?"+rest)
			}
		}},
	{"signature-case", (*search).v4, "The signature is in upper case.", "A signature of version 4 is hexadecimal in lower case.",
		func(s *search) { s.signature(strings.ToLower(s.Claim.Signature)) }},
	{"signature-form", (*search).signed, "The signature is %s in %s, where %s is wanted.",
		"Give the digest's raw bytes to base64 (openssl dgst -sha1 -hmac SECRET -binary | base64; digest(), not hexdigest()), and use the secret as the key.", otherDigest},

	{"signature-damaged", (*search).signed, damaged + "a Windows batch file took the percent signs with the digits after them for its arguments (%%2B became B).",
		"Write %% for each % in a .bat or .cmd file, or keep the URL in a file that the encoder reads.",
		damage(func(s string) string { return batchArgument.ReplaceAllString(s, "") })},
	{"signature-damaged", (*search).signed, damaged + "its percent signs are lost (%%2B became 2B).", "Quote the URL; a shell or a template took the % away.", replaced("%", "")},
	{"signature-damaged", (*search).signed, damaged + "its percent signs are doubled (%%%%2B).", "Double them in batch files and printf formats only.", replaced("%", "%%")},
	{"signature-damaged", (*search).signed, damaged + "its + / and = were removed.", "Percent-encode the signature in the URL: %2B, %2F, %3D.", replaced("%2B", "", "%2F", "", "%3D", "")},
	{"signature-damaged", (*search).signed, damaged + "its escapes are of HTML.", "Take the URL out of HTML as text.", replaced("%2B", "&#43;", "%2F", "&#47;", "%3D", "&#61;")},
	{"signature-damaged", (*search).signed, damaged + "its = at the end is lost.", "A base64 text ends with its =, which is %3D in a URL.", replaced("%3D", "")},
	{"signature-damaged", (*search).signed, damaged + "it was changed to lower case.", leaveCase, damage(strings.ToLower)},
	{"signature-damaged", (*search).signed, damaged + "it was changed to upper case.", leaveCase, damage(strings.ToUpper)},
	{"signature-damaged", (*search).signed, damaged + "it has a line break or a space in it.", "base64 -w0 does not wrap; strip the line break at the end.",
		func(s *search) {
			if right := s.right(); SameSecret(right, strings.Join(strings.Fields(s.Claim.Signature), "")) {
				s.proved(s.arrived.String(), nil)
			}
		}},
	{"signature-truncated", (*search).signed, damaged + "its end is missing.", "Copy the URL to its end, and quote it. The last character of version 1 is =, in a URL %3D.",
		func(s *search) {
			if right, n := s.right(), len(s.Claim.Signature); 12 <= n && n < len(right) {
				s.made(right[:n], s.arrived.String())
			}
		}},
	{"signature-damaged", (*search).signed, damaged + "its + / and = became something else.",
		"Percent-encode the signature in the URL (%2B, %2F, %3D), and quote the URL where a shell or a template reads it.",
		func(s *search) {
			if between(letters(s.right()), s.Claim.Signature) {
				s.proved(s.arrived.String(), nil)
			}
		}},
}

var batchArgument = regexp.MustCompile(`%[0-9*]`)

// right returns the signature that the request must have.
func (s *search) right() string { return s.arrived.signature(s.Key.Secret) }

func plusInToken(s *search) {
	s.request(func(r *auth.Request) {
		for _, name := range tokenParams {
			if r.Query.Has(name) {
				r.Query.Set(name, strings.ReplaceAll(s.Claim.Token, " ", "+"))
			}
		}
		setSignature(r, s.Claim, strings.ReplaceAll(s.Claim.Signature, " ", "+"))
	})
}

// damage makes the right signature as a URL has it, percent-escaped, and looks
// whether what came is that after a change.
func damage(change func(escaped string) string) func(*search) {
	return func(s *search) {
		changed := change(url.QueryEscape(s.right()))
		for _, form := range []string{changed, Unescaped(changed)} {
			s.made(form, s.arrived.String())
		}
	}
}

func replaced(oldnew ...string) func(*search) { return damage(strings.NewReplacer(oldnew...).Replace) }

// letters are the pieces of a base64 text that every program leaves alone.
func letters(s string) []string {
	return strings.FieldsFunc(s, func(c rune) bool { return strings.ContainsRune("+/=", c) })
}

// between reports whether s has all the pieces in order, with little else.
func between(pieces []string, s string) bool {
	if len(pieces) == 0 || len(strings.Join(pieces, "")) < 16 || !strings.HasPrefix(s, pieces[0]) {
		return false
	}
	for _, piece := range pieces {
		i := strings.Index(s, piece)
		if i < 0 || i > 12 {
			return false
		}
		s = s[i+len(piece):]
	}
	return len(s) <= 12
}

// digests are other ways to make a signature of the right text.
var digests = []struct {
	what string
	make func(secret, text string) []byte
}{
	{"HMAC-SHA1", func(k, s string) []byte { return mac(sha1.New, k, s) }},
	{"HMAC-SHA256", func(k, s string) []byte { return mac(sha256.New, k, s) }},
	{"HMAC-MD5", func(k, s string) []byte { return mac(md5.New, k, s) }},
	{"HMAC-SHA1 with the text as the key and the secret as the message", func(k, s string) []byte { return mac(sha1.New, s, k) }},
	{"HMAC-SHA256 with the text as the key and the secret as the message", func(k, s string) []byte { return mac(sha256.New, s, k) }},
	{"plain SHA-1 of the text, without the secret", func(_, s string) []byte { return sum1(s) }},
	{"plain SHA-1 of secret and text", func(k, s string) []byte { return sum1(k + s) }},
	{"plain SHA-1 of text and secret", func(k, s string) []byte { return sum1(s + k) }},
	{"plain SHA-256 of the text, without the secret", func(_, s string) []byte { h := sha256.Sum256([]byte(s)); return h[:] }},
	{"plain MD5 of text and secret", func(k, s string) []byte { h := md5.Sum([]byte(s + k)); return h[:] }},
	{"plain MD5 of secret and text", func(k, s string) []byte { h := md5.Sum([]byte(k + s)); return h[:] }},
}

func sum1(s string) []byte { h := sha1.Sum([]byte(s)); return h[:] }

var base64Of = base64.StdEncoding.EncodeToString

// encodings are ways to write the bytes of a digest.
var encodings = []struct {
	what string
	of   func(b []byte) string
}{
	{"base64", base64Of},
	{"hexadecimal", hex.EncodeToString},
	{"hexadecimal in capitals", func(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }},
	{"base64 of the hexadecimal text", func(b []byte) string { return base64Of([]byte(hex.EncodeToString(b))) }},
	{"base64 of the hexadecimal text and a line break", func(b []byte) string { return base64Of([]byte(hex.EncodeToString(b) + "\n")) }},
	{"base64 twice", func(b []byte) string { return base64Of([]byte(base64Of(b))) }},
	{"base64 with a line break inside", func(b []byte) string { return base64Of([]byte(base64Of(b) + "\n")) }},
	{"base64 for URLs", base64.URLEncoding.EncodeToString},
	{"base64 for URLs without =", base64.RawURLEncoding.EncodeToString},
}

func otherDigest(s *search) {
	wanted := map[string]string{"1": "HMAC-SHA1 in base64", "4": "HMAC-SHA256 in hexadecimal"}[s.Claim.Version]
	for _, end := range []string{"", "\n"} {
		t := s.arrived.clone()
		t.end = end
		usual, text := t.signature(s.Key.Secret), t.String()
		for _, d := range digests {
			raw := d.make(s.Key.Secret, text)
			if s.v4() && d.what == "HMAC-SHA256" {
				raw = t.macV4(s.Key.Secret)
			}
			for _, e := range encodings {
				if signature := e.of(raw); signature != usual {
					s.made(signature, text, d.what, e.what, wanted)
				}
			}
		}
	}
}
