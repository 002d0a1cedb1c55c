package refusal

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Wordings of the date, and of the lines before it.

// aside is how far the dates that are tried are from the one that came.
const aside = 5 * time.Minute

const dateFix = "Take the time once, and use the same text for the text to sign and for the header: Wed, 24 Aug 2016 11:11:28 GMT, in English and in UTC."

// nearby are the moments that a signer may have taken for at: of another call a few
// seconds earlier or later, or of another time zone.
func nearby(at time.Time, try func(at time.Time, what string)) {
	for d := time.Second; d <= aside; d += time.Second {
		try(at.Add(-d), fmt.Sprintf("%v earlier", d))
		try(at.Add(d), fmt.Sprintf("%v later", d))
	}
	for h := time.Duration(1); h <= 28; h++ {
		d := h * time.Hour / 2
		try(at.Add(-d), fmt.Sprintf("%v earlier (a time zone)", d))
		try(at.Add(d), fmt.Sprintf("%v later (a time zone)", d))
	}
}

// dates1 are the dates of version 1, in a header.
func (q *question) dates1(f *form) part {
	p := part{cause: "date-changed", fix: dateFix}
	if q.claim.inQuery || len(f.head) != 4 {
		return p
	}
	came, at := f.head[3], moment(q.request)
	layout := http.TimeFormat
	if strings.HasSuffix(came, "Z") {
		layout = "20060102T150405Z"
	}
	nearby(at.UTC(), func(at time.Time, what string) {
		text := at.Format(layout)
		p.wordings = append(p.wordings, wording{"the date " + text + ", " + what + " than the one sent", func(f *form) { f.redate(came, text) }})
	})
	return p
}

// redate puts another date everywhere in the text.
func (f *form) redate(came, text string) {
	for _, lines := range [][]string{f.head, f.headers, f.sts} {
		for i, line := range lines {
			lines[i] = strings.ReplaceAll(line, came, text)
		}
	}
	f.sub = strings.ReplaceAll(f.sub, came, text)
}

func dates4(f *form) part {
	p := part{cause: "date-changed", fix: "Take the time once, and use the same x-oss-date in the header, in the canonical request and in the text to sign."}
	came := f.sts[1]
	at, err := time.Parse("20060102T150405Z", came)
	if err != nil {
		return p
	}
	nearby(at, func(at time.Time, what string) {
		text := at.Format("20060102T150405Z")
		p.wordings = append(p.wordings,
			wording{"the date " + text + ", " + what + " than the one sent", func(f *form) { f.redate(came, text) }},
			wording{"the date " + text + " in the text to sign, " + what + " than in the canonical request", func(f *form) { f.sts[1] = text }})
	})
	for _, layout := range []string{"20060102", http.TimeFormat, time.RFC3339} {
		p.wordings = append(p.wordings, wording{"the date as " + at.Format(layout), func(f *form) { f.sts[1] = at.Format(layout) }})
	}
	return p
}

// headLines are the lines of version 1 down to the date.
func (q *question) headLines(f *form) part {
	p := part{cause: "lines-signed", fix: "Version 1 signs METHOD, Content-MD5, Content-Type, Date (or Expires), each followed by a line break, even where it is empty; then the x-oss- headers and the resource."}
	add := func(what string, head ...string) {
		p.wordings = append(p.wordings, wording{what, func(f *form) { f.head = head }})
	}
	date := f.head[len(f.head)-1]
	for _, text := range q.dateTexts(date) {
		add("the date as "+q.quote(text), append(f.head[:len(f.head)-1:len(f.head)-1], text)...)
	}
	if q.r.Publish() {
		p.fix = "A publish URL signs Expires and a line break, then the parameters and the resource; no method."
		add("no Expires")
		for _, method := range []string{"PUT", "GET", "POST", "RTMP", ""} {
			add("an HTTP text, with the method "+method, method, "", "", date)
		}
		add("Expires with its name", "Expires:"+date)
		add("Expires with its name", "Expires="+date)
		add("Expires and an empty line", date, "")
		return p
	}
	method, md5, kind := f.head[0], f.head[1], f.head[2]
	add("the text without the line of Content-MD5", method, kind, date)
	add("the text without the line of Content-Type", method, md5, date)
	add("the text without the lines of Content-MD5 and Content-Type", method, date)
	add("the text without the line of the date", method, md5, kind)
	add("the text without its empty lines", full(f.head)...)
	add("the text without the method", md5, kind, date)
	add("Content-Type before Content-MD5", method, kind, md5, date)
	add("the method in lower case", strings.ToLower(method), md5, kind, date)
	add("one empty line too many before the date", method, md5, kind, "", date)
	add("one empty line too many after the date", method, md5, kind, date, "")
	add("the date before Content-Type", method, md5, date, kind)
	add("headers with their names", method, "Content-MD5:"+md5, "Content-Type:"+kind, "Date:"+date)
	add("the date with its name", method, md5, kind, "Date: "+date)
	return p
}

func full(lines []string) (all []string) {
	for _, line := range lines {
		if line != "" {
			all = append(all, line)
		}
	}
	return all
}

// dateTexts are other ways to write a date, or an Expires.
func (q *question) dateTexts(came string) []string {
	if n, err := strconv.ParseInt(came, 10, 64); err == nil {
		at := time.Unix(n, 0).UTC()
		return []string{"", came + "000", came + ".0", "60", "300", "600", "1800", "3600", "7200", "86400", at.Format(http.TimeFormat), at.Format(time.RFC3339),
			strconv.FormatInt(n-3600, 10), strconv.FormatInt(n-600, 10), "Expires=" + came, came + " "}
	}
	at := moment(q.request).UTC()
	all := []string{"", q.request.Header.Get("Date"), strconv.FormatInt(at.Unix(), 10), strconv.FormatInt(at.UnixMilli(), 10)}
	for _, layout := range []string{
		http.TimeFormat, time.RFC1123Z, time.RFC3339, "2006-01-02T15:04:05.000Z", "20060102T150405Z", "Mon, 02 Jan 2006 15:04:05 UTC", "Mon, 2 Jan 2006 15:04:05 GMT",
		time.ANSIC, time.RFC850, "Mon Jan 02 2006 15:04:05 GMT+0000 (Coordinated Universal Time)", "2006-01-02 15:04:05", "Mon, 02 Jan 2006 15:04:05 +0000",
	} {
		all = append(all, at.Format(layout))
	}
	return all
}
