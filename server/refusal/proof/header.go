package proof

import (
	"cmp"
	"maps"
	"mime"
	"path"
	"slices"
	"strings"

	"osslive/auth"
)

// headerEdits are about headers and the method.
var headerEdits = []edit{
	{"content-type", (*search).http, "The request has Content-Type: %s, which was not signed: the client or a proxy added it.",
		"Sign with this Content-Type (give it to the function that signs), or send none.",
		func(s *search) { s.header("Content-Type", "", s.Request.Header.Get("Content-Type")) }},
	{"content-type", (*search).http, "Content-Type: %s was signed, and the request has %s.", "Send exactly the Content-Type that was signed: parameters such as charset count.",
		func(s *search) {
			came := s.Request.Header.Get("Content-Type")
			for _, signed := range s.contentTypes(came) {
				s.header("Content-Type", signed, signed, cmp.Or(came, "none"))
			}
		}},
	{"content-md5", nil, "The request has %s that was not signed: the client or a proxy added it.", "Sign with what is sent, or send none.",
		func(s *search) {
			s.without([]string{"Content-Md5"}, "a Content-MD5")
			s.without([]string{"Content-Md5", "Content-Type"}, "a Content-MD5 and a Content-Type")
		}},
	{"header-added", nil, "The request has headers that were not signed: %s. The client, a proxy or a CDN added them.",
		"Sign with these headers (every header that begins with x-oss- is signed), or do not send them.",
		func(s *search) {
			names := s.otherHeaders()
			for _, dropped := range append(oneOrAll(names), append(names, "Content-Type")) {
				s.without(dropped, strings.ToLower(strings.Join(dropped, ", ")))
			}
		}},
	{"header-missing", (*search).http, "The header %s: %s was signed, and the request does not have it.", "Send every header that was signed, with the same value.",
		func(s *search) {
			for _, name := range slices.Sorted(maps.Keys(usualHeaders)) {
				for _, value := range usualHeaders[name] {
					if s.Request.Header.Get(name) == "" {
						s.header(name, value, strings.ToLower(name), value)
					}
				}
			}
		}},
	{"method", (*search).http, "The URL was signed for %s, and used with %s.",
		"Sign one URL for each method; the method is part of the signature. (curl -I, players and CDNs may ask with HEAD first.)",
		func(s *search) {
			for _, method := range []string{"GET", "PUT", "POST", "HEAD", "DELETE", "OPTIONS", strings.ToLower(s.Request.Method)} {
				s.request(func(r *auth.Request) { r.Method = method }, method, s.Request.Method)
			}
		}},
}

// usualTypes are those that programs set by themselves.
var usualTypes = []string{
	"application/octet-stream", "application/x-www-form-urlencoded", "text/plain", "text/plain;charset=UTF-8", "text/plain; charset=utf-8",
	"application/json", "application/xml", "text/xml", "image/jpeg", "image/png", "image/jpg", "video/mp4", "multipart/form-data", "text/html",
	"video/mp2t", "application/x-mpegURL", "application/vnd.apple.mpegurl", "application/json; charset=utf-8", "binary/octet-stream",
	"video/MP2T", "video/x-flv", "video/quicktime", "video/webm", "video/*", "audio/aac", "audio/mpeg", "audio/mp4", "audio/wav", "image/gif", "image/webp",
	"image/svg+xml", "image/*", "image/bmp", "text/css", "text/csv", "text/javascript", "text/markdown", "application/javascript", "application/pdf",
	"application/zip", "application/gzip", "application/x-gzip", "application/x-tar", "application/msword", "application/vnd.ms-excel", "application/x-mpegurl",
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	"text/html; charset=utf-8", "text/html;charset=utf-8", "application/json;charset=UTF-8", "application/json;charset=utf-8", "text/plain;charset=utf-8",
	"application/x-www-form-urlencoded; charset=UTF-8", "application/x-www-form-urlencoded;charset=UTF-8", "*/*", "file", "application/unknown",
}

// contentTypes returns what may have been signed where came arrived.
func (s *search) contentTypes(came string) (types []string) {
	bare, _, _ := strings.Cut(came, ";")
	types = append(types, bare)
	for _, charset := range []string{"; charset=utf-8", ";charset=utf-8", ";charset=UTF-8", "; charset=UTF-8"} {
		types = append(types, came+charset)
	}
	byName := mime.TypeByExtension(path.Ext(s.Request.Key))
	bare, _, _ = strings.Cut(byName, ";")
	return append(append(types, byName, bare), usualTypes...)
}

// header tries a header with another value; "" is without the header.
func (s *search) header(name, value string, values ...any) {
	s.request(func(r *auth.Request) {
		if r.Header.Set(name, value); value == "" {
			r.Header.Del(name)
		}
	}, values...)
}

// without tries the request without some of its headers.
func (s *search) without(names []string, values ...any) {
	s.request(func(r *auth.Request) {
		for _, name := range names {
			r.Header.Del(name)
		}
	}, values...)
}

// otherHeaders returns the x-oss- headers that a signer does not add itself.
func (s *search) otherHeaders() (names []string) {
	for _, name := range slices.Sorted(maps.Keys(s.Request.Header)) {
		if strings.HasPrefix(name, "X-Oss-") && !slices.Contains([]string{"X-Oss-Date", "X-Oss-Security-Token", "X-Oss-Content-Sha256"}, name) {
			names = append(names, name)
		}
	}
	return names
}

// usualHeaders are those that are signed into URLs most, and their values.
var usualHeaders = map[string][]string{
	"X-Oss-Object-Acl":             {"private", "public-read", "public-read-write", "default"},
	"X-Oss-Storage-Class":          {"Standard", "IA", "Archive"},
	"X-Oss-Forbid-Overwrite":       {"true", "false"},
	"X-Oss-Acl":                    {"private", "public-read", "public-read-write"},
	"X-Oss-Server-Side-Encryption": {"AES256", "KMS"},
	"X-Oss-Content-Sha256":         {"UNSIGNED-PAYLOAD"},
}

// oneOrAll returns a list of each name alone, and one of all.
func oneOrAll(names []string) (sets [][]string) {
	for _, name := range names {
		sets = append(sets, []string{name})
	}
	if len(names) > 1 {
		sets = append(sets, names)
	}
	return sets
}
