package refusal

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// Wordings that version 4 alone has: what a port of another cloud's signer leaves.

func headers4(f *form) part {
	p := part{cause: "headers-signed", fix: "Version 4 signs content-type, content-md5, every header that begins with x-oss-, and those that AdditionalHeaders names; name in lower case, colon, value, line break; sorted; then an empty line."}
	name := "the headers"
	for i, line := range f.headers {
		one, _, _ := strings.Cut(line, ":")
		p.wordings = append(p.wordings, setHeaders(name+" without "+one, slices.Delete(slices.Clone(f.headers), i, i+1)))
	}
	if len(f.headers) > 0 {
		p.wordings = append(p.wordings, setHeaders("no headers", nil))
	}
	p.wordings = append(p.wordings, headerLines(name, f.headers)...)
	p.wordings = append(p.wordings,
		wording{name + " without the empty line after them", func(f *form) { f.tail = f.tail[1:] }},
		wording{name + " without line breaks", func(f *form) { f.headers = []string{strings.Join(f.headers, "")} }},
	)
	for _, order := range permuted(f.headers[:min(4, len(f.headers))])[1:] {
		p.wordings = append(p.wordings, setHeaders(name+" in another order, not sorted by name", append(order, f.headers[min(4, len(f.headers)):]...)))
	}
	return p
}

func (q *question) payloads4(f *form) part {
	p := part{cause: "payload-signed", fix: "After the headers of version 4 stand the line of AdditionalHeaders (empty without it) and the value of x-oss-content-sha256, which is UNSIGNED-PAYLOAD as a rule."}
	var names []string
	for _, line := range f.headers {
		name, _, _ := strings.Cut(line, ":")
		names = append(names, name)
	}
	withHost := slices.Sorted(slices.Values(append(slices.Clone(names), "host")))
	hostLines := func(f *form) {
		f.headers = slices.Sorted(slices.Values(append(f.headers, "host:"+q.r.Host)))
	}
	list := func(what string, names []string, host bool) {
		p.wordings = append(p.wordings, wording{what, func(f *form) {
			if host {
				hostLines(f)
			}
			f.tail[len(f.tail)-2] = strings.Join(names, ";")
		}})
	}
	list("a list of all headers where AdditionalHeaders belongs, as other clouds have it", names, false)
	list("the host and a list of all headers where AdditionalHeaders belongs, as other clouds have it", withHost, true)
	list("a list of the host alone where AdditionalHeaders belongs", []string{"host"}, true)
	list("host where AdditionalHeaders belongs, which is not signed", []string{"host"}, false)
	list("a list of all headers and the host where AdditionalHeaders belongs", withHost, false)
	list("an empty list where AdditionalHeaders belongs", nil, false)
	p.wordings = append(p.wordings, wording{"the host, which AdditionalHeaders does not name", hostLines})
	p.wordings = append(p.wordings, wording{"no line for AdditionalHeaders", func(f *form) { f.tail = slices.Delete(f.tail, len(f.tail)-2, len(f.tail)-1) }})
	empty := sha256.Sum256(nil)
	for _, payload := range []string{hex.EncodeToString(empty[:]), "UNSIGNED-PAYLOAD", "", "unsigned-payload", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"} {
		if payload != f.tail[len(f.tail)-1] {
			p.wordings = append(p.wordings, wording{"the hash of the body as " + q.quote(payload), func(f *form) { f.tail[len(f.tail)-1] = payload }})
		}
	}
	p.wordings = append(p.wordings, wording{"no line for the body", func(f *form) { f.tail = f.tail[:len(f.tail)-1] }})
	p.wordings = append(p.wordings, wording{"a line break at the end", func(f *form) { f.end = "\n" }}, wording{"lines that end with CR LF", func(f *form) { f.eol = "\r\n" }})
	return p
}

func keys4(*form) part {
	p := part{cause: "signing-key", fix: "The key of version 4 is HMAC-SHA256 of day, region, oss and aliyun_v4_request one after the other, beginning with aliyun_v4 and the secret; the text begins with OSS4-HMAC-SHA256, the date and DAY/REGION/oss/aliyun_v4_request."}
	for _, prefix := range []string{"AWS4", "", "OSS4", "aliyun_v4_", "aliyun", "ALIYUN_V4", "TC3"} {
		p.wordings = append(p.wordings, wording{"with a key that begins with " + `"` + prefix + `"` + " instead of aliyun_v4", func(f *form) { f.prefix = prefix }})
	}
	for i, texts := range [][]string{{}, {"oss-"}, {"s3", "OSS"}, {"aws4_request", "oss4_request", "aliyun_v4", "tc3_request"}} {
		for _, text := range texts {
			p.wordings = append(p.wordings, wording{"a scope with " + text, func(f *form) {
				if f.scope[i] = text; i == 1 {
					f.scope[i] = text + f.scope[i]
				}
			}})
		}
	}
	p.wordings = append(p.wordings,
		wording{"an AWS scope: AWS4, s3 and aws4_request", func(f *form) {
			f.prefix, f.scope[2], f.scope[3], f.sts[0] = "AWS4", "s3", "aws4_request", "AWS4-HMAC-SHA256"
		}},
		wording{"with a key of AWS (AWS4, aws4_request)", func(f *form) { f.prefix, f.scope[3] = "AWS4", "aws4_request" }},
	)
	for _, algorithm := range []string{"AWS4-HMAC-SHA256", "OSS-HMAC-SHA256", "HMAC-SHA256", "OSS4"} {
		p.wordings = append(p.wordings, wording{algorithm + " where OSS4-HMAC-SHA256 belongs", func(f *form) { f.sts[0] = algorithm }})
	}
	return p
}
