package auth

import (
	"maps"
	"slices"
	"strings"
)

// Text is a string-to-sign in its parts; of version 4 it is the canonical request,
// and [Text.Scope] and [Text.Timestamp] are what is signed with its hash. The
// package comment shows each version.
type Text struct {
	Version string // "1", "2" or "4"

	// Head are the lines before the headers: in versions 1 and 2 the method,
	// Content-MD5, Content-Type and the date, of a publish URL the expiry, in
	// version 4 the method.
	Head     []string
	Headers  []string // "name:value"; the parameters of a publish URL
	Resource string   // without sub-resources and parameters
	Query    string   // sub-resources or parameters; in versions 1 and 2 with "?" before them, if any
	Tail     []string // version 2: the additional headers; 4: "", these, and the hash of the body

	Timestamp string // version 4
	Scope     string // version 4: {day}/{region}/oss/aliyun_v4_request
}

// Text returns what is signed of r, by its own claim. It returns nil if r is not
// signed, or if its claim is too incomplete to say.
func (r *Request) Text() *Text {
	c := r.Claim()
	additional, err := r.additionalHeaders(c.Additional)
	switch {
	case err != nil || c.KeyID == "" || c.Signature == "":
	case c.Version == "1":
		return r.textV1(c.Date)
	case c.Version == "2":
		return r.textV2(c.Date, additional)
	default:
		if parts := strings.Split(c.Credential, "/"); len(parts) == 5 {
			t := r.textV4(additional)
			t.Timestamp, t.Scope = c.Date, strings.Join(parts[1:], "/")
			return t
		}
	}
	return nil
}

// Text returns what is signed of p, a token included, by its own claim; nil if p
// is not signed with version 1.
func (p *Publish) Text() *Text {
	c := p.Claim()
	if c.Version != "1" || c.KeyID == "" || c.Signature == "" {
		return nil
	}
	return p.text(c.Expires, tokenSigned)
}

// Lines returns the lines of t in the order in which they are signed.
func (t *Text) Lines() []string {
	switch t.Version {
	case "1":
		return slices.Concat(t.Head, t.Headers, []string{t.Resource + t.Query})
	case "2":
		return slices.Concat(t.Head, t.Headers, t.Tail, []string{t.Resource + t.Query})
	}
	return slices.Concat(t.Head, []string{t.Resource, t.Query}, t.Headers, t.Tail)
}

func (t *Text) String() string { return strings.Join(t.Lines(), "\n") }

// textV1 is what version 1 signs; date is the Expires of a signed URL.
func (r *Request) textV1(date string) *Text {
	t := &Text{Version: "1", Head: r.head(date), Headers: signedHeaders(r), Resource: "/"}
	if r.Bucket != "" {
		t.Resource = "/" + r.Bucket + "/" + r.Key
	}
	t.Query = subresourcesOf(r.Query)
	return t
}

// textV2 is what version 2 signs; additional is sorted.
func (r *Request) textV2(date string, additional []string) *Text {
	t := &Text{Version: "2", Head: r.head(date), Headers: signedHeaders(r, additional...),
		Resource: escape(r.path(), ""), Tail: []string{strings.Join(additional, ";")}}
	if q := canonicalQuery(r.Query); q != "" {
		t.Query = "?" + q
	}
	return t
}

// textV4 is the canonical request of version 4; additional is sorted.
func (r *Request) textV4(additional []string) *Text {
	return &Text{Version: "4", Head: []string{r.Method}, Resource: escape(r.path(), "/"), Query: canonicalQuery(r.Query),
		Headers: signedHeaders(r, append([]string{"content-md5", "content-type"}, additional...)...),
		Tail:    []string{"", strings.Join(additional, ";"), r.payload()}}
}

// text is what is signed of a publish URL.
func (p *Publish) text(expires string, withToken bool) *Text {
	t := &Text{Version: "1", Head: []string{expires}, Resource: "/" + p.Bucket + "/" + p.Channel}
	for _, name := range slices.Sorted(maps.Keys(p.Query)) {
		switch name {
		case paramKeyID, paramExpires, paramSignature, paramOtherToken:
			continue
		case paramToken:
			if !withToken {
				continue
			}
		}
		t.Headers = append(t.Headers, name+":"+p.Query.Get(name))
	}
	return t
}

func (r *Request) head(date string) []string {
	return []string{r.Method, r.Header.Get("Content-Md5"), r.Header.Get("Content-Type"), date}
}
