package proof

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	clientSigned = "The client signed %s."
	dateFix      = "Take the time once, and use the same text for the text to sign and for the header: Wed, 24 Aug 2016 11:11:28 GMT, in English and in UTC."
)

// textEdits are the mistakes of hand-written signers in the text that they sign, part
// by part. They are tried on the text alone: no request has such a one.
var textEdits = []edit{
	{"resource-signed", (*search).textPublish, insteadOf,
		"A publish URL signs /BUCKET/CHANNEL as the resource, though its path is /BUCKET/live/CHANNEL: without live, the host, a query, escapes and further slashes.", resources},
	{"resource-signed", (*search).textHTTP, insteadOf,
		"Version 1 signs /BUCKET/KEY as the resource: not escaped, without the host, with the bucket even if the host name has it, and with sub-resources only.", resources},
	{"resource-signed", (*search).textV4, insteadOf,
		"The canonical URI of version 4 is /BUCKET/KEY: with the bucket, even if the host name has it; percent-encoded once, but not the slashes.", resources},

	{"sub-resource-signed", (*search).textHTTP, clientSigned,
		"After the resource stand ? and the sub-resources that the URL has (live, comp, acl, ..., x-oss-*), sorted, not escaped, joined by &; without = where there is no value.", subResources},
	{"query-signed", (*search).textV4, clientSigned,
		"The canonical query of version 4 has every parameter but x-oss-signature, names and values percent-encoded (%20 for a space), sorted by name; without = where there is no value.", queries},

	{"parameters-signed", (*search).textPublish, clientSigned,
		"A publish URL signs Expires, then each parameter but OSSAccessKeyId, Expires and Signature as NAME:VALUE and a line break, sorted by name, then /BUCKET/CHANNEL.",
		func(s *search) {
			s.headers("playlistName:playlist.m3u8, which is not in the URL", append(s.arrived.Headers, "playlistName:playlist.m3u8"))
			headers(s, "the parameters")
		}},
	{"headers-signed", (*search).textHTTP, clientSigned,
		"Version 1 signs every header that begins with x-oss-: the name in lower case, a colon, the value without spaces around it, a line break; sorted by name.",
		func(s *search) { headers(s, "the x-oss- headers") }},
	{"headers-signed", (*search).textV4, clientSigned,
		"Version 4 signs content-type, content-md5, every header that begins with x-oss-, and those that AdditionalHeaders names; name in lower case, colon, value, line break; sorted; then an empty line.", headersV4},

	{"lines-signed", (*search).textPublish, clientSigned, "A publish URL signs Expires and a line break, then the parameters and the resource; no method.", publishLines},
	{"lines-signed", (*search).textHTTP, clientSigned,
		"Version 1 signs METHOD, Content-MD5, Content-Type, Date (or Expires), each followed by a line break, even where it is empty; then the x-oss- headers and the resource.", headLines},
	{"line-ends", func(s *search) bool { return s.v1() && s.signed() }, clientSigned,
		`Lines of the text end with \n alone, and nothing follows the resource: echo adds a line break (use printf %s), and Windows \r.`, lineEnds},
	{"date-changed", func(s *search) bool { return s.textHTTP() && !s.Claim.InURL }, clientSigned, dateFix, dates},

	{"payload-signed", (*search).textV4, clientSigned,
		"After the headers of version 4 stand the line of AdditionalHeaders (empty without it) and the value of x-oss-content-sha256, which is UNSIGNED-PAYLOAD as a rule.", payloads},
	{"signing-key", (*search).textV4, clientSigned,
		"The key of version 4 is HMAC-SHA256 of day, region, oss and aliyun_v4_request one after the other, beginning with aliyun_v4 and the secret; the text begins with OSS4-HMAC-SHA256, the date and DAY/REGION/oss/aliyun_v4_request.", signingKeys},
	{"date-changed", (*search).textV4, clientSigned,
		"Take the time once, and use the same x-oss-date in the header, in the canonical request and in the text to sign.", dates},
}

// headers tries other lines of headers, or of the parameters of a publish.
func (s *search) headers(what string, lines []string) {
	s.text(func(t *text) { t.Headers = lines }, what)
}

// orders tries the first lines, six at most, in every other order.
func orders(lines []string, most int, try func(order []string)) {
	most = min(most, len(lines))
	var permute func(done, left []string)
	permute = func(done, left []string) {
		if len(left) == 0 && !slices.Equal(done, lines[:most]) {
			try(slices.Concat(done, lines[most:]))
		}
		for i, line := range left {
			permute(append(done[:len(done):len(done)], line), slices.Concat(left[:i], left[i+1:]))
		}
	}
	permute(nil, lines[:most])
}

// each changes every line.
func each(lines []string, change func(s string) string) []string {
	changed := make([]string, len(lines))
	for i, line := range lines {
		changed[i] = change(line)
	}
	return changed
}

// headers tries the headers of version 1, or the parameters of a publish.
func headers(s *search, name string) {
	lines := s.arrived.Headers
	if len(lines) == 0 {
		return
	}
	joined := strings.Join(each(lines, func(s string) string { return strings.Replace(s, ":", "=", 1) }), "&")
	s.headers(name+" not at all", nil)
	headerLines(s, name)
	s.text(func(t *text) { t.Resource, t.Headers = strings.Join(lines, "\n")+t.Resource, nil }, name+" without the line break after the last one")
	s.text(func(t *text) { t.Resource, t.Headers = strings.Join(lines, "")+t.Resource, nil }, name+" without any line break")
	s.text(func(t *text) { t.Query, t.Headers = t.Query+"\n"+strings.Join(lines, "\n"), nil }, name+" after the resource")
	s.text(func(t *text) { t.Resource, t.Headers = t.Resource+"?"+joined, nil }, name+" as a query of the resource")
	s.headers(name+" with an empty line after them", append(lines, ""))
	s.headers(name+" joined by &, as in a URL", []string{joined})
	orders(lines, 6, func(order []string) { s.headers(name+" in another order, not sorted by name", order) })
}

// headerLines tries other ways to write the same headers.
func headerLines(s *search, name string) {
	lines := s.arrived.Headers
	for i, line := range lines {
		one, _, _ := strings.Cut(line, ":")
		s.headers(name+" without "+one, slices.Delete(slices.Clone(lines), i, i+1))
	}
	s.headers(name+" without line breaks between them", []string{strings.Join(lines, "")})
	for _, way := range []struct {
		what  string
		write func(name, value string) string
	}{
		{"with a space after the colon", func(n, v string) string { return n + ": " + v }},
		{"with = for the colon", func(n, v string) string { return n + "=" + v }},
		{"with their values alone", func(_, v string) string { return v }},
		{"with their names alone", func(n, _ string) string { return n }},
		{"with capital letters in their names", func(n, v string) string { return titled(n) + ":" + v }},
		{"with capital letters in their names, and a space after the colon", func(n, v string) string { return titled(n) + ": " + v }},
		{"with capital letters in their names, but OSS", func(n, v string) string {
			return strings.Replace(titled(n), "X-Oss-", "X-OSS-", 1) + ":" + v
		}},
		{"with names in capitals", func(n, v string) string { return strings.ToUpper(n) + ":" + v }},
		{"with values in lower case", func(n, v string) string { return n + ":" + strings.ToLower(v) }},
		{"with escaped values", func(n, v string) string { return n + ":" + Escaped(v) }},
	} {
		s.headers(name+" "+way.what, each(lines, func(line string) string {
			n, v, _ := strings.Cut(line, ":")
			return way.write(n, v)
		}))
	}
}

// titled writes a name as HTTP/1 libraries do.
func titled(name string) string {
	return strings.Join(each(strings.Split(name, "-"), func(s string) string {
		return strings.ToUpper(s[:min(1, len(s))]) + s[min(1, len(s)):]
	}), "-")
}

// lineEnds tries line breaks, and the lack of them.
func lineEnds(s *search) {
	for _, try := range []struct{ what, eol, end string }{
		{"a line break at the end of the text", "\n", "\n"}, {"lines that end with CR LF", "\r\n", ""}, {"lines that end with CR LF, the last one too", "\r\n", "\r\n"},
		{"CR LF at the end of the text", "\n", "\r\n"}, {`\n as two characters, not as a line break`, `\n`, ""}, {"a space at the end of the text", "\n", " "},
		{"one line, without line breaks", "", ""}, {"spaces for line breaks", " ", ""},
	} {
		s.text(func(t *text) { t.eol, t.end = try.eol, try.end }, try.what)
	}
}

// head tries other lines before the headers.
func (s *search) head(what string, lines ...string) {
	s.text(func(t *text) { t.Head = lines }, what)
}

func publishLines(s *search) {
	date := s.arrived.Head[0]
	for _, text := range s.otherDates(date) {
		s.head(`the date as "`+text+`"`, text)
	}
	s.head("no Expires")
	for _, method := range []string{"PUT", "GET", "POST", "RTMP", ""} {
		s.head("an HTTP text, with the method "+method, method, "", "", date)
	}
	s.head("Expires with its name", "Expires:"+date)
	s.head("Expires with its name", "Expires="+date)
	s.head("Expires and an empty line", date, "")
}

func headLines(s *search) {
	method, md5, kind, date := s.arrived.Head[0], s.arrived.Head[1], s.arrived.Head[2], s.arrived.Head[3]
	for _, text := range s.otherDates(date) {
		s.head(`the date as "`+text+`"`, method, md5, kind, text)
	}
	s.head("the text without the line of Content-MD5", method, kind, date)
	s.head("the text without the line of Content-Type", method, md5, date)
	s.head("the text without the lines of Content-MD5 and Content-Type", method, date)
	s.head("the text without the line of the date", method, md5, kind)
	s.head("the text without its empty lines", slices.DeleteFunc(slices.Clone(s.arrived.Head), func(line string) bool { return line == "" })...)
	s.head("the text without the method", md5, kind, date)
	s.head("Content-Type before Content-MD5", method, kind, md5, date)
	s.head("the method in lower case", strings.ToLower(method), md5, kind, date)
	s.head("one empty line too many before the date", method, md5, kind, "", date)
	s.head("one empty line too many after the date", method, md5, kind, date, "")
	s.head("the date before Content-Type", method, md5, date, kind)
	s.head("headers with their names", method, "Content-MD5:"+md5, "Content-Type:"+kind, "Date:"+date)
	s.head("the date with its name", method, md5, kind, "Date: "+date)
}

// otherDates are other ways to write a date, or an Expires.
func (s *search) otherDates(came string) []string {
	if n, err := strconv.ParseInt(came, 10, 64); err == nil {
		at := time.Unix(n, 0).UTC()
		return []string{"", came + "000", came + ".0", "60", "300", "600", "1800", "3600", "7200", "86400", at.Format(http.TimeFormat), at.Format(time.RFC3339),
			strconv.FormatInt(n-3600, 10), strconv.FormatInt(n-600, 10), "Expires=" + came, came + " "}
	}
	at := s.Claim.Time().UTC()
	all := []string{"", s.Request.Header.Get("Date"), strconv.FormatInt(at.Unix(), 10), strconv.FormatInt(at.UnixMilli(), 10)}
	for _, layout := range []string{
		http.TimeFormat, time.RFC1123Z, time.RFC3339, "2006-01-02T15:04:05.000Z", "20060102T150405Z", "Mon, 02 Jan 2006 15:04:05 UTC", "Mon, 2 Jan 2006 15:04:05 GMT",
		time.ANSIC, time.RFC850, "Mon Jan 02 2006 15:04:05 GMT+0000 (Coordinated Universal Time)", "2006-01-02 15:04:05", "Mon, 02 Jan 2006 15:04:05 +0000",
	} {
		all = append(all, at.Format(layout))
	}
	return all
}

// nearby calls try with the moments that a signer may have taken for at: those of a
// call some seconds earlier or later, up to five minutes, and of another time zone.
func nearby(at time.Time, try func(at time.Time, what string)) {
	for d := time.Second; d <= 5*time.Minute; d += time.Second {
		try(at.Add(-d), fmt.Sprintf("%v earlier", d))
		try(at.Add(d), fmt.Sprintf("%v later", d))
	}
	for d := 30 * time.Minute; d <= 14*time.Hour; d += 30 * time.Minute {
		try(at.Add(-d), fmt.Sprintf("%v earlier (a time zone)", d))
		try(at.Add(d), fmt.Sprintf("%v later (a time zone)", d))
	}
}

// dates tries the dates nearby, and in version 4 also one that is in the text to sign
// alone, not in the canonical request.
func dates(s *search) {
	came, layout, at := s.Claim.Date, http.TimeFormat, s.Claim.Time().UTC()
	if strings.HasSuffix(came, "Z") {
		layout = "20060102T150405Z"
	}
	nearby(at, func(at time.Time, what string) {
		date := at.Format(layout)
		s.text(func(t *text) { t.redate(came, date) }, "the date "+date+", "+what+" than the one sent")
		if s.v4() {
			s.text(func(t *text) { t.Timestamp = date }, "the date "+date+" in the text to sign, "+what+" than in the canonical request")
		}
	})
	if s.v4() {
		for _, layout := range []string{"20060102", http.TimeFormat, time.RFC3339} {
			s.text(func(t *text) { t.Timestamp = at.Format(layout) }, "the date as "+at.Format(layout))
		}
	}
}

// redate puts another date everywhere in the text.
func (t *text) redate(came, date string) {
	other := func(line string) string { return strings.ReplaceAll(line, came, date) }
	t.Head, t.Headers, t.Query, t.Timestamp = each(t.Head, other), each(t.Headers, other), other(t.Query), other(t.Timestamp)
}
