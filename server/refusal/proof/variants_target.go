package proof

import (
	"net/url"
	"slices"
	"strings"
)

const insteadOf = `The client signed "%s" where "%s" belongs.`

// resources tries other ways to write what is addressed: the resource of version 1,
// the canonical URI of version 4.
func resources(s *search) {
	bucket, key, host, scheme := s.Request.Bucket, s.Request.Key, s.Request.Host, "http://"
	name, _, _ := strings.Cut(host, ":")
	raw, right := s.escapedPath(), s.arrived.Resource
	if s.publish() {
		raw, scheme = "/"+strings.Join(s.Path, "/"), "rtmp://"
	}
	whole := "/" + bucket + "/" + key
	texts := []string{raw, "/" + bucket + "/live/" + key, "/live/" + key, "live/" + key, bucket + "/live/" + key, "/" + key, key, bucket + "/" + key, whole + "/", "/" + whole,
		"/" + bucket + "//" + key, "/" + bucket, "/" + bucket + "/", "/", "", "/" + bucket + key, "/" + bucket + ":" + key, "/" + bucket + whole, scheme + host + raw, scheme + name + raw,
		"https://" + host + raw, "https://" + name + raw, "/" + host + raw, host + raw, "/" + name + raw, name + raw, "/" + bucket + "." + name + "/" + key, strings.ToLower(whole),
		whole + "/playlist.m3u8", "oss:/" + whole, whole + ".flv", whole + "?", whole + "?live", Unescaped(raw)}
	if _, query, _ := strings.Cut(s.RawPath, "?"); query != "" {
		texts = append(texts, raw+"?"+query)
	}
	escapedPath := (&url.URL{Path: whole}).EscapedPath()
	if s.v4() {
		texts = each(texts, func(text string) string { return strings.ReplaceAll(Escaped(text), "%2F", "/") })
		slashes := strings.ReplaceAll(right, "/", "%2F")
		texts = append(texts, whole, raw, escapedPath, strings.ReplaceAll(right, "%", "%25"), Escaped(right), "/"+strings.TrimPrefix(slashes, "%2F"), slashes,
			"/"+bucket+"/"+Escaped(key), "/"+Escaped(key), "/"+key, strings.ReplaceAll(right, "%20", "+"))
	} else {
		texts = append(texts, escapedPath, "/"+bucket+"/"+url.QueryEscape(key), "/"+bucket+"/"+url.PathEscape(key), url.QueryEscape(whole), Escaped(whole))
	}
	for _, resource := range texts {
		s.text(func(t *text) { t.Resource = resource }, resource, right)
	}
}

// query tries other sub-resources, or another canonical query.
func (s *search) query(what, query string) {
	s.text(func(t *text) { t.Query = query }, what)
}

// joined returns pairs as a query; "" for none.
func joined(prefix string, pairs []string) string {
	if len(pairs) == 0 {
		return ""
	}
	return prefix + strings.Join(pairs, "&")
}

// equals ends a pair without a value with "=".
func equals(pair string) string {
	if strings.Contains(pair, "=") {
		return pair
	}
	return pair + "="
}

// subResources tries the sub-resources of version 1.
func subResources(s *search) {
	if s.arrived.Query != "" {
		pairs := strings.Split(s.arrived.Query[1:], "&")
		s.query("the resource without sub-resources", "")
		for i := range pairs {
			s.query("the resource without the sub-resource "+pairs[i], joined("?", slices.Delete(slices.Clone(pairs), i, i+1)))
		}
		s.query("sub-resources without a value with = after them", joined("?", each(pairs, equals)))
		s.query("sub-resources without their values", joined("?", each(pairs, func(s string) string { n, _, _ := strings.Cut(s, "="); return n })))
		s.query("sub-resources with escaped values", joined("?", each(pairs, func(s string) string {
			n, v, found := strings.Cut(s, "=")
			if !found {
				return s
			}
			return n + "=" + url.QueryEscape(v)
		})))
		s.query("sub-resources after & instead of ?", joined("&", pairs))
		s.query("sub-resources without the ? before them", joined("", pairs))
		orders(pairs, 4, func(order []string) { s.query("sub-resources that are not sorted", joined("?", order)) })
	}
	values := url.Values{}
	for _, name := range s.parameterNames() {
		values[name] = s.Request.Query[name]
	}
	if len(values) > 0 {
		pairs := strings.Split(values.Encode(), "&")
		s.query("all parameters of the URL with the resource", joined("?", pairs))
		s.query("all parameters of the URL with the resource", joined("?", each(pairs, func(s string) string { return strings.TrimSuffix(s, "=") })))
	}
	if _, raw, _ := strings.Cut(s.RawPath, "?"); raw != "" {
		s.query("the query of the URL as it is with the resource", "?"+raw)
	}
}

// queries tries the canonical query of version 4.
func queries(s *search) {
	query := s.arrived.Query
	if query == "" {
		return
	}
	pairs := strings.Split(query, "&")
	s.query("an empty query", "")
	own := slices.DeleteFunc(slices.Clone(pairs), func(pair string) bool { return strings.HasPrefix(pair, "x-oss-") })
	s.query("the query without parameters that begin with x-oss-", joined("", own))
	for i := range pairs {
		s.query("the query without "+pairs[i], joined("", slices.Delete(slices.Clone(pairs), i, i+1)))
	}
	s.query("parameters without a value with = after them", joined("", each(pairs, equals)))
	s.query("parameters that are not escaped", joined("", each(pairs, Unescaped)))
	s.query("parameters with + for a space", strings.ReplaceAll(query, "%20", "+"))
	s.query("parameters with slashes that are not escaped", strings.ReplaceAll(query, "%2F", "/"))
	s.query("parameters with escapes in lower case", escapes.ReplaceAllStringFunc(query, strings.ToLower))
	s.query("parameters that are escaped twice", strings.ReplaceAll(query, "%", "%25"))
	s.query("a query that begins with ?", "?"+query)
	_, raw, _ := strings.Cut(s.RawPath, "?")
	if before, _, found := strings.Cut(raw, "&x-oss-signature="); found {
		s.query("parameters in the order of the URL, not sorted", before)
	}
	s.query("the query of the URL as it is", raw)
	orders(pairs, 4, func(order []string) { s.query("parameters that are not sorted by name", joined("", order)) })
}
