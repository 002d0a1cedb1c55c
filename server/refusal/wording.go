package refusal

import (
	"slices"
	"strings"
)

// Mistakes of signers that are written by hand, in the text that they sign.

// wording is a mistake in one part of the text.
type wording struct {
	what   string // was signed
	change func(f *form)
}

// part is what a text has that is easily made otherwise, with all the ways that are
// known to happen.
type part struct {
	cause, fix string
	wordings   []wording
}

// maxPaired bounds the wordings of a part that are tried together with others.
const maxPaired = 40

// textSigned tries every wording of every part, and then two at a time.
func textSigned(q *question) (Cause, bool) {
	f := q.form()
	if f == nil {
		return no()
	}
	parts := q.partsOf(f)
	for _, p := range parts {
		for _, w := range p.wordings {
			if c := f.copy(); q.also == nil || len(p.wordings) <= maxPaired {
				if w.change(c); q.provesForm(c) {
					return q.worded("The client signed %s.", p, w.what, p.fix)
				}
			}
		}
	}
	for i, p := range parts {
		for _, other := range parts[i+1:] {
			if c, found := q.pair(f, p, other); found {
				return c, true
			}
		}
	}
	return no()
}

func (q *question) pair(f *form, p, other part) (Cause, bool) {
	if q.also != nil || len(p.wordings) > maxPaired || len(other.wordings) > maxPaired {
		return no()
	}
	for _, a := range p.wordings {
		for _, b := range other.wordings {
			c := f.copy()
			a.change(c)
			if b.change(c); q.provesForm(c) {
				return q.worded("The client signed %s.", p, a.what+", and "+b.what, p.fix+" "+other.fix)
			}
		}
	}
	return no()
}

func (q *question) worded(title string, p part, what, fix string) (Cause, bool) {
	c, _ := q.yes(title, fix, what)
	c.ID = p.cause
	return c, true
}

func (q *question) partsOf(f *form) []part {
	if f.version == "4" {
		return []part{q.targets(f), q.queries4(f), headers4(f), q.payloads4(f), keys4(f), dates4(f)}
	}
	return []part{q.targets(f), q.subs(f), q.headerTexts(f), q.headLines(f), ends(f), q.dates1(f)}
}

// permuted are all orders of up to six lines.
func permuted(lines []string) (all [][]string) {
	if len(lines) > 6 {
		return nil
	}
	if len(lines) < 2 {
		return [][]string{lines}
	}
	for i, first := range lines {
		rest := append(slices.Clone(lines[:i]), lines[i+1:]...)
		for _, order := range permuted(rest) {
			all = append(all, append([]string{first}, order...))
		}
	}
	return all
}

// each changes every line.
func each(lines []string, change func(s string) string) (all []string) {
	for _, line := range lines {
		all = append(all, change(line))
	}
	return all
}

func setHeaders(what string, lines []string) wording {
	return wording{what, func(f *form) { f.headers = lines }}
}

// headerTexts are the x-oss- headers of version 1, and the parameters of a publish.
func (q *question) headerTexts(f *form) part {
	p := part{cause: "headers-signed", fix: "Version 1 signs every header that begins with x-oss-: the name in lower case, a colon, the value without spaces around it, a line break; sorted by name."}
	name := "the x-oss- headers"
	if q.r.Publish() {
		name, p.cause = "the parameters", "parameters-signed"
		p.fix = "A publish URL signs Expires, then each parameter but OSSAccessKeyId, Expires and Signature as NAME:VALUE and a line break, sorted by name, then /BUCKET/CHANNEL."
		p.wordings = append(p.wordings, setHeaders("playlistName:playlist.m3u8, which is not in the URL", append(slices.Clone(f.headers), "playlistName:playlist.m3u8")))
	}
	if len(f.headers) == 0 {
		return p
	}
	p.wordings = append(p.wordings, setHeaders(name+" not at all", nil))
	for i, line := range f.headers {
		one, _, _ := strings.Cut(line, ":")
		p.wordings = append(p.wordings, setHeaders(name+" without "+one, slices.Delete(slices.Clone(f.headers), i, i+1)))
	}
	p.wordings = append(p.wordings, headerLines(name, f.headers)...)
	p.wordings = append(p.wordings,
		wording{name + " without the line break after the last one", func(f *form) { f.target, f.headers = strings.Join(f.headers, "\n")+f.target, nil }},
		wording{name + " without line breaks between them", func(f *form) { f.headers = []string{strings.Join(f.headers, "")} }},
		wording{name + " without any line break", func(f *form) { f.target, f.headers = strings.Join(f.headers, "")+f.target, nil }},
		wording{name + " after the resource", func(f *form) {
			f.target, f.sub, f.headers = f.target+f.sub+"\n"+strings.Join(f.headers, "\n"), "", nil
		}},
		wording{name + " with an empty line after them", func(f *form) { f.headers = append(f.headers, "") }},
		wording{name + " joined by &, as in a URL", func(f *form) { f.headers = []string{strings.Join(each(f.headers, equals), "&")} }},
		wording{name + " as a query of the resource", func(f *form) {
			f.target, f.headers = f.target+"?"+strings.Join(each(f.headers, equals), "&"), nil
		}},
	)
	for _, order := range permuted(f.headers)[1:] {
		p.wordings = append(p.wordings, setHeaders(name+" in another order, not sorted by name", order))
	}
	return p
}

func equals(s string) string { return strings.Replace(s, ":", "=", 1) }

// headerLines are other ways to write the same headers.
func headerLines(name string, lines []string) (all []wording) {
	for _, way := range []struct {
		what   string
		change func(name, value string) string
	}{
		{"with a space after the colon", func(n, v string) string { return n + ": " + v }},
		{"with = for the colon", func(n, v string) string { return n + "=" + v }},
		{"with their values alone", func(_, v string) string { return v }},
		{"with their names alone", func(n, _ string) string { return n }},
		{"with capital letters in their names", func(n, v string) string { return titled(n) + ":" + v }},
		{"with capital letters in their names, and a space after the colon", func(n, v string) string { return titled(n) + ": " + v }},
		{"with capital letters in their names, but OSS", func(n, v string) string { return strings.Replace(titled(n), "X-Oss-", "X-OSS-", 1) + ":" + v }},
		{"with names in capitals", func(n, v string) string { return strings.ToUpper(n) + ":" + v }},
		{"with values in lower case", func(n, v string) string { return n + ":" + strings.ToLower(v) }},
		{"with escaped values", func(n, v string) string { return n + ":" + escapedUnreserved(v) }},
	} {
		all = append(all, setHeaders(name+" "+way.what, each(lines, func(s string) string {
			n, v, _ := strings.Cut(s, ":")
			return way.change(n, v)
		})))
	}
	return all
}

// titled writes a header's name as HTTP/1 libraries do.
func titled(name string) string {
	return strings.Join(each(strings.Split(name, "-"), func(s string) string {
		return strings.ToUpper(s[:min(1, len(s))]) + s[min(1, len(s)):]
	}), "-")
}

// ends are line breaks, and the lack of them.
func ends(f *form) part {
	p := part{cause: "line-ends", fix: `Lines of the text end with \n alone, and nothing follows the resource: echo adds a line break (use printf %s), and Windows \r.`}
	for _, end := range []struct{ what, eol, end string }{
		{"a line break at the end of the text", "\n", "\n"}, {"lines that end with CR LF", "\r\n", ""}, {"lines that end with CR LF, the last one too", "\r\n", "\r\n"},
		{"CR LF at the end of the text", "\n", "\r\n"}, {`\n as two characters, not as a line break`, `\n`, ""}, {"a space at the end of the text", "\n", " "},
		{"one line, without line breaks", "", ""}, {"spaces for line breaks", " ", ""},
	} {
		p.wordings = append(p.wordings, wording{end.what, func(f *form) { f.eol, f.end = end.eol, end.end }})
	}
	return p
}
