package refusal

import (
	"net/url"
	"slices"
	"strings"
)

// Wordings of what is addressed: the resource of version 1, the canonical URI and
// query of version 4.

// targets are the ways to write the path.
func (q *question) targets(f *form) part {
	p := part{cause: "resource-signed", fix: "Version 1 signs /BUCKET/KEY as the resource: not escaped, without the host, with the bucket even if the host name has it, and with sub-resources only."}
	bucket, key := q.request.Bucket, q.request.Key
	raw, query, _ := strings.Cut(q.r.RawPath, "?")
	if _, rest, found := strings.Cut(raw, "://"); found {
		_, raw, _ = strings.Cut(rest, "/")
		raw = "/" + raw
	}
	texts, scheme := []string{}, "http://"
	if q.r.Publish() {
		raw, scheme = "/"+strings.Join(q.r.Path, "/"), "rtmp://"
		p.fix = "A publish URL signs /BUCKET/CHANNEL as the resource, though its path is /BUCKET/live/CHANNEL: without live, the host, a query, escapes and further slashes."
	}
	host, _, _ := strings.Cut(q.r.Host, ":")
	texts = append(texts, raw, "/"+bucket+"/live/"+key, "/live/"+key, "live/"+key, bucket+"/live/"+key, "/"+key, key, bucket+"/"+key, "/"+bucket+"/"+key+"/", "//"+bucket+"/"+key,
		"/"+bucket+"//"+key, "/"+bucket, "/"+bucket+"/", "/", "", "/"+bucket+key, "/"+bucket+":"+key, "/"+bucket+"/"+bucket+"/"+key, scheme+q.r.Host+raw, scheme+host+raw, "https://"+q.r.Host+raw, "https://"+host+raw,
		"/"+q.r.Host+raw, q.r.Host+raw, "/"+host+raw, host+raw, "/"+bucket+"."+host+"/"+key, strings.ToLower("/"+bucket+"/"+key), "/"+bucket+"/"+key+"/playlist.m3u8",
		"oss://"+bucket+"/"+key, "/"+bucket+"/"+key+".flv", "/"+bucket+"/"+key+"?", "/"+bucket+"/"+key+"?live", unescaped(raw))
	if query != "" {
		texts = append(texts, raw+"?"+query)
	}
	if f.version == "4" {
		p.fix = "The canonical URI of version 4 is /BUCKET/KEY: with the bucket, even if the host name has it; percent-encoded once, but not the slashes."
		for i, text := range texts {
			texts[i] = (strings.ReplaceAll(escapedUnreserved(text), "%2F", "/"))
		}
		texts = append(texts, "/"+bucket+"/"+key, raw, (&url.URL{Path: "/" + bucket + "/" + key}).EscapedPath(), strings.ReplaceAll(f.target, "%", "%25"),
			escapedUnreserved(f.target), "/"+strings.TrimPrefix(strings.ReplaceAll(f.target, "/", "%2F"), "%2F"), strings.ReplaceAll(f.target, "/", "%2F"),
			"/"+bucket+"/"+escapedUnreserved(key), "/"+escapedUnreserved(key), "/"+key, strings.ReplaceAll(f.target, "%20", "+"))
	} else {
		texts = append(texts, (&url.URL{Path: "/" + bucket + "/" + key}).EscapedPath(), "/"+bucket+"/"+url.QueryEscape(key), "/"+bucket+"/"+url.PathEscape(key), url.QueryEscape("/"+bucket+"/"+key),
			escapedUnreserved("/"+bucket+"/"+key))
	}
	seen := []string{f.target}
	for _, text := range texts {
		if !slices.Contains(seen, text) {
			seen = append(seen, text)
			p.wordings = append(p.wordings, wording{q.quote(text) + " where " + q.quote(f.target) + " belongs", func(f *form) { f.target = text }})
		}
	}
	return p
}

// subs are the ways to write the sub-resources of version 1.
func (q *question) subs(f *form) part {
	p := part{cause: "sub-resource-signed", fix: "After the resource stand ? and the sub-resources that the URL has (live, comp, acl, ..., x-oss-*), sorted, not escaped, joined by &; without = where there is no value."}
	if q.r.Publish() {
		return p
	}
	if f.sub != "" {
		pairs := strings.Split(strings.TrimPrefix(f.sub, "?"), "&")
		p.add("the resource without sub-resources", "")
		for i := range pairs {
			p.add("the resource without the sub-resource "+pairs[i], query(slices.Delete(slices.Clone(pairs), i, i+1)))
		}
		p.add("sub-resources without a value with = after them", query(each(pairs, func(s string) string {
			return strings.TrimSuffix(s, "=") + strings.Repeat("=", 1-min(1, strings.Count(s, "=")))
		})))
		p.add("sub-resources without their values", query(each(pairs, func(s string) string { n, _, _ := strings.Cut(s, "="); return n })))
		p.add("sub-resources with escaped values", query(each(pairs, func(s string) string {
			n, v, found := strings.Cut(s, "=")
			if !found {
				return s
			}
			return n + "=" + url.QueryEscape(v)
		})))
		p.add("sub-resources after & instead of ?", "&"+strings.Join(pairs, "&"))
		p.add("sub-resources without the ? before them", strings.Join(pairs, "&"))
		for _, order := range permuted(pairs[:min(len(pairs), 4)])[1:] {
			p.add("sub-resources that are not sorted", query(append(order, pairs[min(len(pairs), 4):]...)))
		}
	}
	values := url.Values{}
	for name, v := range q.request.Query {
		if !slices.Contains(credentials, name) {
			values[name] = v
		}
	}
	if len(values) > 0 {
		p.add("all parameters of the URL with the resource", "?"+values.Encode())
		p.add("all parameters of the URL with the resource", query(each(strings.Split(values.Encode(), "&"), func(s string) string { return strings.TrimSuffix(s, "=") })))
	}
	_, raw, _ := strings.Cut(q.r.RawPath, "?")
	if raw != "" {
		p.add("the query of the URL as it is with the resource", "?"+raw)
	}
	return p
}

func (p *part) add(what, sub string) {
	p.wordings = append(p.wordings, wording{what, func(f *form) { f.sub = sub }})
}

func query(pairs []string) string {
	if len(pairs) == 0 {
		return ""
	}
	return "?" + strings.Join(pairs, "&")
}

// queries4 are the ways to write the canonical query.
func (q *question) queries4(f *form) part {
	p := part{cause: "query-signed", fix: "The canonical query of version 4 has every parameter but x-oss-signature, names and values percent-encoded (%20 for a space), sorted by name; without = where there is no value."}
	if f.sub == "" {
		return p
	}
	pairs := strings.Split(f.sub, "&")
	join := func(pairs []string) string { return strings.Join(pairs, "&") }
	var without []string
	for _, pair := range pairs {
		if !strings.HasPrefix(pair, "x-oss-") {
			without = append(without, pair)
		}
	}
	p.add("an empty query", "")
	if len(without) > 0 {
		p.add("the query without parameters that begin with x-oss-", join(without))
	}
	for i := range pairs {
		p.add("the query without "+pairs[i], join(slices.Delete(slices.Clone(pairs), i, i+1)))
	}
	p.add("parameters without a value with = after them", join(each(pairs, func(s string) string { return s + strings.Repeat("=", 1-min(1, strings.Count(s, "="))) })))
	p.add("parameters that are not escaped", join(each(pairs, unescaped)))
	p.add("parameters with + for a space", strings.ReplaceAll(f.sub, "%20", "+"))
	p.add("parameters with slashes that are not escaped", strings.ReplaceAll(f.sub, "%2F", "/"))
	p.add("parameters with escapes in lower case", lowerEscapes(f.sub))
	p.add("parameters that are escaped twice", strings.ReplaceAll(f.sub, "%", "%25"))
	p.add("a query that begins with ?", "?"+f.sub)
	_, raw, _ := strings.Cut(q.r.RawPath, "?")
	if before, _, found := strings.Cut(raw, "&x-oss-signature="); found {
		p.add("parameters in the order of the URL, not sorted", before)
	}
	p.add("the query of the URL as it is", raw)
	for _, order := range permuted(pairs[:min(len(pairs), 4)])[1:] {
		p.add("parameters that are not sorted by name", join(append(order, pairs[min(len(pairs), 4):]...)))
	}
	return p
}

func lowerEscapes(s string) string {
	pieces := strings.Split(s, "%")
	for i := 1; i < len(pieces); i++ {
		n := min(2, len(pieces[i]))
		pieces[i] = strings.ToLower(pieces[i][:n]) + pieces[i][n:]
	}
	return strings.Join(pieces, "%")
}
