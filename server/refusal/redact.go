package refusal

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// What may be shown of a refusal.

// hidden are values that must not be shown.
func (q *question) hidden() []string {
	all := []string{q.key.Secret, q.key.Token, q.claim.token, q.claim.signature, strings.Trim(q.claim.signature, " +")}
	if maybeSecret(q.claim.keyID) && q.Keys[q.claim.keyID].ID == "" {
		all = append(all, q.claim.keyID)
	}
	for _, k := range q.Keys {
		all = append(all, k.Secret, k.Token)
	}
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	return all
}

// plainText makes a text of the request fit to be shown, as it is but for what is
// secret and for control characters.
func (q *question) plainText(s string) string {
	for _, secret := range q.hidden() {
		if secret != "" {
			for _, form := range []string{secret, escapedUnreserved(secret)} {
				s = strings.ReplaceAll(s, form, "(hidden)")
			}
		}
	}
	return strings.Map(func(c rune) rune {
		if c == '\n' || strconv.IsPrint(c) {
			return c
		}
		return '\ufffd'
	}, s)
}

// plain is plainText on one line.
func (q *question) plain(s string) string { return strings.ReplaceAll(q.plainText(s), "\n", " ") }

// quote is plain between quotes, in a length fit for a sentence.
func (q *question) quote(s string) string { return `"` + cut(q.plain(s), 200) + `"` }

// escapedUnreserved is how version 4 writes a value.
func escapedUnreserved(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if strings.IndexByte("-_.~", c) >= 0 || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// parts are what the refusal is about, by name.
func (q *question) parts() (parts []Part) {
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, Part{q.plain(name), q.plain(value)})
		}
	}
	r := q.r
	add("method", r.Method)
	add("host", r.Host)
	path, _, _ := strings.Cut(r.RawPath, "?")
	add("path", path)
	if len(r.Path) > 0 {
		add("path", "/"+strings.Join(r.Path, "/"))
	}
	for _, name := range q.names() {
		value := r.Query.Get(name)
		if hiddenParameter(name) {
			value = fmt.Sprintf("(hidden, %d characters)", len(value))
		}
		add("parameter "+name, value)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		value := strings.Join(r.Header[name], ", ")
		switch name {
		case "Authorization":
			scheme, _, _ := strings.Cut(value, " ")
			value = cut(scheme, 20) + " (hidden)"
		case "X-Oss-Security-Token":
			value = "(hidden)"
		}
		add("header "+name, value)
	}
	if c := q.claim; c.version != "" {
		where := "in a header"
		if c.inQuery {
			where = "in the URL"
		}
		add("signature", fmt.Sprintf("version %s, %s, %d characters", c.version, where, len(c.signature)))
		add("access key ID", c.keyID)
	}
	return parts
}

func hiddenParameter(name string) bool {
	name = strings.ToLower(name)
	return strings.Contains(name, "signature") && name != "x-oss-signature-version" || strings.Contains(name, "token") && name != "continuation-token"
}
