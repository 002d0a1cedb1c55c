package refusal

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"osslive/server/refusal/proof"
)

// hidden returns the values that must not be shown, the longest first.
func (q *question) hidden() []string {
	all := []string{q.Key.Secret, q.Key.Token, q.Claim.Token, q.Claim.Signature, strings.Trim(q.Claim.Signature, " +")}
	if maybeSecret(q.Claim.KeyID) && q.Keys[q.Claim.KeyID].ID == "" {
		all = append(all, q.Claim.KeyID)
	}
	for _, k := range q.Keys {
		all = append(all, k.Secret, k.Token)
	}
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	return all
}

// maybeSecret reports whether an ID has the form of a secret of the cloud: 30
// letters and digits, where an ID has 16 or 24. It may be the secret of an account
// that this server does not have.
func maybeSecret(id string) bool {
	other := func(c rune) bool { return !('0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z') }
	return len(id) == 30 && !strings.ContainsFunc(id, other)
}

// plainText returns s without secrets and control characters but line ends.
func (q *question) plainText(s string) string {
	for _, secret := range q.hidden() {
		if secret != "" {
			s = strings.NewReplacer(secret, "(hidden)", proof.Escaped(secret), "(hidden)").Replace(s)
		}
	}
	return strings.Map(func(c rune) rune {
		if c == '\n' || strconv.IsPrint(c) {
			return c
		}
		return '\ufffd'
	}, s)
}

// plain returns plainText on one line.
func (q *question) plain(s string) string { return strings.ReplaceAll(q.plainText(s), "\n", " ") }

// redacted returns c with its values in the title, each redacted. It is the one
// place where texts of a request get into an explanation's causes.
func (q *question) redacted(c Cause, values []any) Cause {
	shown := make([]any, len(values))
	for i, v := range values {
		shown[i] = cut(q.plain(fmt.Sprint(v)), maxText)
	}
	c.Title = fmt.Sprintf(c.Title, shown...)
	return c
}

// parts returns the parts of the request, redacted.
func (q *question) parts() (parts []Part) {
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, Part{q.plain(name), q.plain(value)})
		}
	}
	r := q.r
	add("method", r.Method)
	add("host", r.Host)
	raw, _, _ := strings.Cut(r.RawPath, "?")
	add("path", raw)
	if len(r.Path) > 0 {
		add("path", path(q))
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
			value = scheme(q) + " (hidden)"
		case "X-Oss-Security-Token":
			value = "(hidden)"
		}
		add("header "+name, value)
	}
	if c := q.Claim; c.Version != "" {
		where := "in a header"
		if c.InURL {
			where = "in the URL"
		}
		add("signature", fmt.Sprintf("version %s, %s, %d characters", c.Version, where, len(c.Signature)))
		add("access key ID", c.KeyID)
	}
	return parts
}

func hiddenParameter(name string) bool {
	name = strings.ToLower(name)
	return strings.Contains(name, "signature") && name != "x-oss-signature-version" || strings.Contains(name, "token") && name != "continuation-token"
}
