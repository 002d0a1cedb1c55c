package refusal

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"regexp"
	"strings"
)

// Mistakes in the signature itself, where the text that was signed is right: what
// becomes of it on its way, and other ways to make and write it.

var batchArgument = regexp.MustCompile(`%[0-9*]`)

// damages are what programs make of the percent-escapes of a signature.
var damages = []struct {
	what, fix string
	change    func(escaped string) string
}{
	{"a Windows batch file took the percent signs with the digits after them for its arguments (%2B became B)", "Write %% for each % in a .bat or .cmd file, or keep the URL in a file that the encoder reads.",
		func(s string) string { return batchArgument.ReplaceAllString(s, "") }},
	{"its percent signs are lost (%2B became 2B)", "Quote the URL; a shell or a template took the % away.", func(s string) string { return strings.ReplaceAll(s, "%", "") }},
	{"its percent signs are doubled (%%2B)", "Double them in batch files and printf formats only.", func(s string) string { return strings.ReplaceAll(s, "%", "%%") }},
	{"its + / and = were removed", "Percent-encode the signature in the URL: %2B, %2F, %3D.", func(s string) string { return regexp.MustCompile(`%..`).ReplaceAllString(s, "") }},
	{"its escapes are of HTML", "Take the URL out of HTML as text.", func(s string) string {
		return strings.NewReplacer("%2B", "&#43;", "%2F", "&#47;", "%3D", "&#61;").Replace(s)
	}},
	{"it is base64 for URLs (- and _ for + and /)", "Use plain base64, and percent-encode it.", func(s string) string { return strings.NewReplacer("%2B", "-", "%2F", "_").Replace(s) }},
	{"it is base64 for URLs, without its = at the end", "Use plain base64, and percent-encode it.", func(s string) string { return strings.NewReplacer("%2B", "-", "%2F", "_", "%3D", "").Replace(s) }},
	{"its = at the end is lost", "A base64 text ends with its =, which is %3D in a URL.", func(s string) string { return strings.ReplaceAll(s, "%3D", "") }},
	{"it was made lower case", "Leave the case of a signed URL as it is.", strings.ToLower},
	{"it was made upper case", "Leave the case of a signed URL as it is.", strings.ToUpper},
}

// signatureDamaged makes the right signature, and looks whether what came was it.
func signatureDamaged(q *question) (Cause, bool) {
	f := q.form()
	if f == nil || q.key.Secret == "" {
		return no()
	}
	right, came := f.signature(q.key.Secret), q.claim.signature
	found := func(what, fix string) (Cause, bool) {
		q.signedText = f.text()
		return q.yes("The signature was right, and was damaged on its way: %s.", fix, what)
	}
	for _, d := range damages {
		damaged := d.change(url.QueryEscape(right))
		for _, form := range []string{damaged, unescaped(damaged)} {
			if form != right && sameSecret(form, came) {
				return found(d.what, d.fix)
			}
		}
	}
	if spaceless := strings.Join(strings.Fields(came), ""); spaceless != came && sameSecret(right, spaceless) {
		return found("it has a line break or a space in it", "base64 -w0 does not wrap; strip the line break at the end.")
	}
	if len(came) >= 12 && len(came) < len(right) && sameSecret(right[:len(came)], came) {
		c, _ := found("its end is missing", "Copy the URL to its end, and quote it. The last character of version 1 is =, in a URL %3D.")
		c.ID = "signature-truncated"
		return c, true
	}
	if between(letters(right), came) {
		return found("its + / and = became something else", "Percent-encode the signature in the URL (%2B, %2F, %3D), and quote the URL where a shell or a template reads it.")
	}
	return no()
}

// letters are the pieces of a base64 text that every program leaves alone.
func letters(s string) []string {
	return strings.FieldsFunc(s, func(c rune) bool { return strings.ContainsRune("+/=", c) })
}

// between tells whether s has all the pieces in order, with little else.
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
	{"plain SHA-256 of the text, without the secret", func(_, s string) []byte { return sum256(s) }},
	{"plain MD5 of text and secret", func(k, s string) []byte { h := md5.Sum([]byte(s + k)); return h[:] }},
	{"plain MD5 of secret and text", func(k, s string) []byte { h := md5.Sum([]byte(k + s)); return h[:] }},
}

func sum1(s string) []byte   { h := sha1.Sum([]byte(s)); return h[:] }
func sum256(s string) []byte { h := sha256.Sum256([]byte(s)); return h[:] }

// encodings are ways to write its bytes.
var encodings = []struct {
	what string
	of   func(b []byte) string
}{
	{"base64", base64.StdEncoding.EncodeToString},
	{"hexadecimal", hex.EncodeToString},
	{"hexadecimal in capitals", func(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }},
	{"base64 of the hexadecimal text", func(b []byte) string { return base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString(b))) }},
	{"base64 of the hexadecimal text and a line break", func(b []byte) string {
		return base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString(b) + "\n"))
	}},
	{"base64 twice", func(b []byte) string {
		return base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString(b)))
	}},
	{"base64 with a line break inside", func(b []byte) string {
		return base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString(b) + "\n"))
	}},
	{"base64 for URLs", base64.URLEncoding.EncodeToString},
	{"base64 for URLs without =", base64.RawURLEncoding.EncodeToString},
}

var usualEncoding = map[string]func([]byte) string{"1": base64.StdEncoding.EncodeToString, "4": hex.EncodeToString}

func signatureDigest(q *question) (Cause, bool) {
	f := q.form()
	if f == nil || q.key.Secret == "" {
		return no()
	}
	right := map[string]string{"1": "HMAC-SHA1 in base64", "4": "HMAC-SHA256 in hexadecimal"}[f.version]
	for _, end := range []string{"", "\n"} {
		text := f.text() + end
		for _, d := range digests {
			raw := d.make(q.key.Secret, text)
			if f.version == "4" && d.what == "HMAC-SHA256" {
				raw, _ = hex.DecodeString(f.signature(q.key.Secret))
			}
			for _, e := range encodings {
				usual := strings.HasPrefix(right, d.what+" in ") && e.of(raw) == usualEncoding[f.version](raw)
				if !usual && sameSecret(e.of(raw), q.claim.signature) {
					q.signedText = text
					return q.yes("The signature is %s in %s, where %s is wanted.",
						"Give the digest's raw bytes to base64 (openssl dgst -sha1 -hmac SECRET -binary | base64; digest(), not hexdigest()), and use the secret as the key.", d.what, e.what, right)
				}
			}
		}
	}
	return no()
}
