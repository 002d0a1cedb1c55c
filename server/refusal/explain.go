package refusal

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"osslive/auth"
)

// Explanation is why something was refused. All its texts are fit to be shown: they
// hold no secret, no signature, no token and no control character but line ends.
type Explanation struct {
	ID        string    `json:"requestId"`
	Time      time.Time `json:"time"`
	Remote    string    `json:"remote"`
	Client    string    `json:"client,omitempty"`
	Kind      string    `json:"kind"` // request or publish
	Operation string    `json:"operation,omitempty"`
	Status    int       `json:"status,omitempty"`
	Code      string    `json:"code"`
	Message   string    `json:"message"`
	Bucket    string    `json:"bucket,omitempty"`
	Name      string    `json:"name,omitempty"` // key or channel

	Causes []Cause `json:"causes"` // the likeliest first; never none
	Parts  []Part  `json:"parts"`  // what came, canonical

	// Server is the text that the server signed, Signed the one that the client most
	// likely did; both are empty where nothing was signed, and Signed is where no
	// proof was found. For version 4 they are the canonical requests.
	Server []Line `json:"server,omitempty"`
	Signed []Line `json:"signed,omitempty"`
}

// Cause is why a request may have been refused, and what to do about it.
type Cause struct {
	ID    string `json:"cause"`
	Title string `json:"title"`
	Fix   string `json:"fix"`
	// Proof says that the signature is the right one for a request without this mistake.
	Proof bool `json:"proof,omitempty"`
}

// Part is something that came, by name.
type Part struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Line is one of a text that is signed.
type Line struct {
	Text string `json:"text"`
	Only bool   `json:"only,omitempty"` // the other text has no such line
}

// Explain finds out why the request with this ID was refused; nil if it is not
// among those that are kept.
func (l *Log) Explain(ctx context.Context, id string) *Explanation {
	r := l.Get(id)
	if r == nil {
		return nil
	}
	q := l.question(ctx, r)
	e := &Explanation{
		ID: r.ID, Time: r.Time, Remote: r.Remote, Client: q.plain(r.Client), Kind: "request", Operation: r.Operation, Status: r.Status,
		Code: r.Code, Message: q.plain(r.Message), Bucket: q.plain(r.Bucket), Name: q.plain(r.Name), Parts: q.parts(), Causes: q.causes(),
	}
	if r.Publish() {
		e.Kind = "publish"
	}
	if q.claim.version != "" && !r.Oversize {
		e.Server, e.Signed = compare(q.plainText(texts(q.request)), q.clientText())
	}
	return e
}

func (q *question) clientText() string {
	if q.signed == nil {
		return ""
	}
	return q.plainText(texts(q.signed))
}

// causes returns what is proved, then what shows, then what is usual.
func (q *question) causes() (causes []Cause) {
	add := func(h hypothesis) bool {
		c, found := h.test(q)
		if c.ID = h.cause; found && !slices.ContainsFunc(causes, func(o Cause) bool { return o.ID == c.ID }) {
			causes = append(causes, c)
		}
		return found
	}
	if q.r.Oversize {
		return []Cause{{ID: "too-long", Title: "The request was too long to be kept, so that it cannot be looked into.", Fix: "The answer says what is wrong with it: " + q.plain(q.r.Message)}}
	}
	if q.mismatch() || q.is(auth.ErrMissingParam) {
		causes = q.proved()
	}
	for _, h := range evident {
		add(h)
	}
	if q.mismatch() && len(causes) == 0 {
		for _, h := range usual {
			add(h)
		}
	}
	if len(causes) == 0 {
		causes = append(causes, Cause{ID: "as-answered", Title: q.plain(q.r.Message), Fix: "The answer says all that is known: " + q.plain(q.r.Code) + "."})
	}
	return causes
}

// proved returns the mistake, or the two of them, without which the signature is right.
func (q *question) proved() []Cause {
	if c := q.prove(); c != nil {
		return []Cause{*c}
	}
	for _, first := range q.firsts() {
		q.also = first.change
		secret := q.key.Secret
		q.key.Secret = first.secret
		c := q.prove()
		if q.also, q.key.Secret = nil, secret; c != nil {
			return []Cause{first.cause, *c}
		}
	}
	return nil
}

func (q *question) prove() *Cause {
	for _, h := range provable {
		if c, found := h.test(q); found {
			c.ID = h.cause
			return &c
		}
	}
	return nil
}

// first is one of two mistakes.
type first struct {
	cause  Cause
	change func(r *auth.Request)
	secret string // to go on with
}

// firsts are the mistakes that are made together with others most.
func (q *question) firsts() (all []first) {
	if q.key.Secret == "" {
		return nil
	}
	for _, method := range []string{"GET", "PUT", "POST"} {
		if q.r.Publish() || method == q.request.Method {
			continue
		}
		c, _ := q.yes("The URL was signed for %s, and used with %s.", "Sign one URL for each method; the method is part of the signature.", method, q.request.Method)
		c.ID = "method"
		all = append(all, first{c, func(r *auth.Request) { r.Method = method }, q.key.Secret})
	}
	for _, end := range []string{"\n", "\r\n", " "} {
		c, _ := q.yes("The secret was used with %s after it.", "Strip the secret when it is read from a file or a variable; a file ends with a line break.", fmt.Sprintf("%+q", end))
		c.ID = "secret-whitespace"
		all = append(all, first{c, func(*auth.Request) {}, q.key.Secret + end})
	}
	for _, id := range slices.Sorted(maps.Keys(q.Keys)) {
		if secret := q.Keys[id].Secret; secret != q.key.Secret {
			c, _ := q.yes("The request names the key %s, but is signed with the secret of %s.", "Take ID and secret from the same key.", q.claim.keyID, id)
			c.ID = "wrong-secret"
			all = append(all, first{c, func(*auth.Request) {}, secret})
		}
	}
	return all
}

// usual are the mistakes that leave nothing to try, the most usual one first.
var usual = []hypothesis{
	{"content-md5", func(q *question) (Cause, bool) {
		if !q.claim.inQuery || q.request.Header.Get("Content-Md5") == "" {
			return no()
		}
		return q.perhaps("The URL was signed for another body: Content-MD5 is part of the signature, and the one that came is not the one that was signed, it seems.",
			"Sign with the MD5 of the body that is sent, in base64; or sign and send without Content-MD5.")
	}},
	{"header-missing", func(q *question) (Cause, bool) {
		if !q.claim.inQuery || q.request.Method != "PUT" && q.request.Method != "POST" {
			return no()
		}
		return q.perhaps("The URL was signed with headers that did not come, or came with other values: Content-Type, or any that begins with x-oss-, as metadata do.",
			"Send every header that was given to the function that signed (a presigned request lists them), with the same values.")
	}},
	{"wrong-secret", func(q *question) (Cause, bool) {
		return q.perhaps("The secret is not that of the key %s, nor of another key of this server.", "Compare the secret with the one that the server was started with (--key ID:SECRET; osslive-secret if there was none).", q.quote(q.claim.keyID))
	}},
	{"request-changed", func(q *question) (Cause, bool) {
		return q.perhaps("The request was changed after it was signed: by a proxy, a CDN or a program that rewrites URLs.", "Compare the text below with the one that the client signed, byte by byte; the SDKs print theirs in a debug log.")
	}},
}

// hidden are values that must not be shown.
func (q *question) hidden() []string {
	all := []string{q.key.Secret, q.key.Token, q.claim.token, q.claim.signature, strings.Trim(q.claim.signature, " +")}
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

// compare cuts two texts into lines and marks those that the other has not.
func compare(server, client string) (a, b []Line) {
	if server == "" {
		return nil, nil
	}
	a = lines(server, client)
	if client != "" {
		b = lines(client, server)
	}
	return a, b
}

func lines(text, other string) (all []Line) {
	left := strings.Split(other, "\n")
	for _, line := range strings.Split(text, "\n") {
		i := slices.Index(left, line)
		if i >= 0 {
			left = slices.Delete(left, i, i+1)
		}
		all = append(all, Line{Text: line, Only: other != "" && i < 0})
	}
	return all
}
