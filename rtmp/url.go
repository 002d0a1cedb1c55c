package rtmp

import (
	"net/url"
	"strings"
)

// signatureSize is the length of a V1 signature: base64 of 20 bytes.
const signatureSize = 28

// joinURL joins the parts of the URL that its user typed, which the client took apart.
// See PublishRequest for the results. No part may be longer than maxPart.
//
// Clients cut at different slashes, and the query, which is meant to follow the
// channel, may hold raw ones:
//
//	typed                    app               name
//	/live/ch?Signature=a+b=  live              ch?Signature=a+b=
//	/live/ch?Signature=a/b=  live/ch?Signature=a   b=
//	live?k=v, key ch (OBS)   live?k=v          ch
func joinURL(app, tcURL, name string, maxPart int) (host string, path []string, query url.Values, err error) {
	for _, part := range []string{app, tcURL, name} {
		if err := checkURLPart(part, maxPart); err != nil {
			return "", nil, nil, err
		}
	}
	host, left := splitTCURL(tcURL)
	if app != "" {
		left = app
	}
	rawPath, rawQuery := joinName(strings.TrimLeft(left, "/"), name)
	joined := unescape(rawPath)
	if hasControl(joined) || hasControl(unescape(rawQuery)) {
		return "", nil, nil, errControl
	}
	// An encoded slash separates too: the C SDK of OSS encodes bucket, app and
	// channel as one.
	for part := range strings.SplitSeq(joined, "/") {
		if part != "" {
			path = append(path, part)
		}
	}
	return host, path, parseQuery(rawQuery), nil
}

var errControl = &RejectError{CodeBadName, "InvalidArgument: the URL contains a line break or a zero byte"}

// checkURLPart checks the length and the characters of app, tcUrl or stream name.
func checkURLPart(s string, maxPart int) error {
	if len(s) > maxPart {
		return limitErrorf("URLPart", "a part of the URL has %d bytes, at most %d are taken", len(s), maxPart)
	}
	if hasControl(s) {
		return errControl
	}
	return nil
}

func hasControl(s string) bool { return strings.ContainsAny(s, "\x00\r\n") }

// splitTCURL returns the host, without user and port, in lower case, and what
// follows the authority.
func splitTCURL(s string) (host, rest string) {
	_, s, ok := strings.Cut(s, "://")
	if !ok {
		return "", ""
	}
	end := strings.IndexAny(s, "/?#")
	if end < 0 {
		end = len(s)
	}
	host, rest = s[:end], s[end:]
	host = host[strings.LastIndexByte(host, '@')+1:]
	if strings.HasPrefix(host, "[") {
		host, _, _ = strings.Cut(host[1:], "]")
	} else {
		host, _, _ = strings.Cut(host, ":")
	}
	return strings.ToLower(host), rest
}

// joinName joins the two parts and returns path and query, still encoded.
func joinName(left, name string) (path, query string) {
	leftPath, leftQuery, inQuery := strings.Cut(left, "?")
	if name == "" {
		return leftPath, leftQuery
	}
	if inQuery && cutInQuery(leftPath, leftQuery) {
		return leftPath, leftQuery + "/" + name
	}
	namePath, nameQuery, _ := strings.Cut(trimName(name), "?")
	if inQuery && nameQuery != "" {
		nameQuery = "&" + nameQuery
	}
	return leftPath + "/" + namePath, leftQuery + nameQuery
}

// trimName removes what clients add to a stream name.
func trimName(name string) string {
	name = strings.TrimPrefix(name, "/")
	for _, prefix := range []string{"mp4:", "flv:", "mp3:"} {
		if s, ok := strings.CutPrefix(name, prefix); ok {
			return s
		}
	}
	return name
}

// cutInQuery reports whether the client cut at a raw slash of the query: the
// last parameter is then an incomplete signature or token.
func cutInQuery(path, query string) bool {
	if !strings.Contains(strings.Trim(path, "/"), "/") {
		return false
	}
	key, value, _ := strings.Cut(query[strings.LastIndexByte(query, '&')+1:], "=")
	switch unescape(key) {
	case "Signature":
		return len(unescape(value)) < signatureSize
	case "security-token":
		return true
	}
	return false
}

// parseQuery decodes once. A '+' stays one: it belongs to the base64 of a signature. All
// values of a repeated name are in the result.
func parseQuery(s string) url.Values {
	values := make(url.Values)
	for pair := range strings.SplitSeq(s, "&") {
		if pair == "" {
			continue
		}
		key, value, _ := strings.Cut(pair, "=")
		key, value = unescape(key), unescape(value)
		if key == "Signature" {
			// A client that encodes as forms do has turned each plus into a space.
			value = strings.ReplaceAll(value, " ", "+")
		}
		values.Add(key, value)
	}
	return values
}

// unescape decodes %XX. Anything else after a percent sign stays as it is: the
// client may have decoded it before.
func unescape(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' && i+2 < len(s) {
			hi, ok1 := unhex(s[i+1])
			lo, ok2 := unhex(s[i+2])
			if ok1 && ok2 {
				c, i = hi<<4|lo, i+2
			}
		}
		b = append(b, c)
	}
	return string(b)
}

func unhex(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
