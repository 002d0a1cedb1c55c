package proof

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
)

// What version 4 alone has, and a port of another cloud's signer leaves as it was.

var escapes = regexp.MustCompile(`%..`)

func headersV4(s *search) {
	const name = "the headers"
	if len(s.arrived.Headers) > 0 {
		s.headers("no headers", nil)
	}
	headerLines(s, name)
	s.text(func(t *text) { t.Tail = t.Tail[1:] }, name+" without the empty line after them")
	orders(s.arrived.Headers, 4, func(order []string) { s.headers(name+" in another order, not sorted by name", order) })
}

// payloads tries the lines after the headers: an empty one, AdditionalHeaders and the
// hash of the body.
func payloads(s *search) {
	names := each(s.arrived.Headers, func(line string) string { n, _, _ := strings.Cut(line, ":"); return n })
	withHost := slices.Sorted(slices.Values(append(slices.Clone(names), "host")))
	signHost := func(t *text) { t.Headers = slices.Sorted(slices.Values(append(t.Headers, "host:"+s.Request.Host))) }
	list := func(what string, names []string, host bool) {
		s.text(func(t *text) {
			if t.Tail[1] = strings.Join(names, ";"); host {
				signHost(t)
			}
		}, what)
	}
	list("a list of all headers where AdditionalHeaders belongs, as other clouds have it", names, false)
	list("the host and a list of all headers where AdditionalHeaders belongs, as other clouds have it", withHost, true)
	list("a list of the host alone where AdditionalHeaders belongs", []string{"host"}, true)
	list("host where AdditionalHeaders belongs, which is not signed", []string{"host"}, false)
	list("a list of all headers and the host where AdditionalHeaders belongs", withHost, false)
	list("an empty list where AdditionalHeaders belongs", nil, false)
	s.text(signHost, "the host, which AdditionalHeaders does not name")
	s.text(func(t *text) { t.Tail = slices.Delete(t.Tail, 1, 2) }, "no line for AdditionalHeaders")
	empty := sha256.Sum256(nil)
	for _, payload := range []string{hex.EncodeToString(empty[:]), "UNSIGNED-PAYLOAD", "", "unsigned-payload", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"} {
		s.text(func(t *text) { t.Tail[2] = payload }, `the hash of the body as "`+payload+`"`)
	}
	s.text(func(t *text) { t.Tail = t.Tail[:2] }, "no line for the body")
	s.text(func(t *text) { t.end = "\n" }, "a line break at the end")
	s.text(func(t *text) { t.eol = "\r\n" }, "lines that end with CR LF")
}

// signingKeys tries other keys, scopes and algorithms.
func signingKeys(s *search) {
	for _, prefix := range []string{"AWS4", "", "OSS4", "aliyun_v4_", "aliyun", "ALIYUN_V4", "TC3"} {
		s.text(func(t *text) { t.prefix = prefix }, `with a key that begins with "`+prefix+`" instead of aliyun_v4`)
	}
	s.text(func(t *text) { t.scope[1] = "oss-" + t.scope[1] }, "a scope with oss-")
	for i, parts := range map[int][]string{2: {"s3", "OSS"}, 3: {"aws4_request", "oss4_request", "aliyun_v4", "tc3_request"}} {
		for _, part := range parts {
			s.text(func(t *text) { t.scope[i] = part }, "a scope with "+part)
		}
	}
	s.text(func(t *text) {
		t.prefix, t.scope[2], t.scope[3], t.algorithm = "AWS4", "s3", "aws4_request", "AWS4-HMAC-SHA256"
	}, "an AWS scope: AWS4, s3 and aws4_request")
	s.text(func(t *text) { t.prefix, t.scope[3] = "AWS4", "aws4_request" }, "with a key of AWS (AWS4, aws4_request)")
	for _, algorithm := range []string{"AWS4-HMAC-SHA256", "OSS-HMAC-SHA256", "HMAC-SHA256", "OSS4"} {
		s.text(func(t *text) { t.algorithm = algorithm }, algorithm+" where OSS4-HMAC-SHA256 belongs")
	}
}
