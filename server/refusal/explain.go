package refusal

import (
	"context"
	"slices"
	"strings"

	"osslive/auth"
	"osslive/server/refusal/proof"
)

// Explanation says why something was refused. All its texts are redacted: they hold
// no secret, signature or token, and no control character but line ends.
type Explanation struct {
	Summary
	Client    string `json:"client,omitempty"`
	Operation string `json:"operation,omitempty"`
	Status    int    `json:"status,omitempty"`

	Causes []Cause `json:"causes"` // the likeliest first; never none
	Parts  []Part  `json:"parts"`  // what came, canonical

	// Server is the text that the server signed, Signed the one that the client most
	// likely signed. Both are empty if the signature is not in question, Signed also
	// without a proof. Of version 4 they are the canonical requests.
	Server []Line `json:"server,omitempty"`
	Signed []Line `json:"signed,omitempty"`
}

// Cause is a possible reason of a refusal, and how to remove it.
type Cause struct {
	ID    string `json:"cause"`
	Title string `json:"title"`
	Fix   string `json:"fix"`
	// Proof reports that the signature is right for a request without this mistake.
	Proof bool `json:"proof,omitempty"`
}

// Part is a part of the request, by name.
type Part struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Line is a line of a signed text.
type Line struct {
	Text string `json:"text"`
	Only bool   `json:"only,omitempty"` // the other text has no such line
}

// Explain finds out why the request with this ID was refused; it returns nil if the
// request is not kept.
func (l *Log) Explain(ctx context.Context, id string) *Explanation {
	r := l.Get(id)
	if r == nil {
		return nil
	}
	q := l.question(ctx, r)
	e := &Explanation{Summary: q.summary(), Client: q.plain(r.Client), Operation: r.Operation, Status: r.Status, Parts: q.parts()}
	var found *proof.Finding
	if !r.Oversize && (q.mismatch() || q.is(auth.ErrMissingParam)) {
		found = q.Find()
	}
	e.Causes = q.causes(found)
	if server := proof.TextOf(q.Request); server != nil && !r.Oversize && (q.mismatch() || found != nil) {
		client := ""
		if found != nil {
			client = q.plainText(found.Text)
		}
		e.Server, e.Signed = compare(q.plainText(server.String()), client)
	}
	return e
}

// causes returns what is proved, then the signs that show, then what is usual.
func (q *question) causes(found *proof.Finding) (causes []Cause) {
	if q.r.Oversize {
		return []Cause{{ID: "too-long", Title: "The request was too long to be kept, so that it cannot be looked into.", Fix: "The answer says what is wrong with it: " + q.plain(q.r.Message)}}
	}
	if found != nil {
		causes = append(causes, q.redacted(Cause{found.Cause, found.Title, found.Fix, true}, found.Values))
	}
	look := func(signs []sign, proof bool) {
		for _, s := range signs {
			if slices.ContainsFunc(causes, func(c Cause) bool { return c.ID == s.cause }) || !s.when(q) {
				continue
			}
			var values []any
			for _, v := range s.values {
				values = append(values, v(q))
			}
			causes = append(causes, q.redacted(Cause{s.cause, s.title, s.fix, proof}, values))
		}
	}
	look(certain, true)
	look(signs, false)
	if q.mismatch() && len(causes) == 0 {
		look(usual, false)
	}
	if len(causes) == 0 {
		causes = append(causes, Cause{ID: "as-answered", Title: q.plain(q.r.Message)})
	}
	return causes
}

// compare cuts two texts into lines and marks those that the other text does not
// have.
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
