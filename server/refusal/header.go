package refusal

import (
	"maps"
	"mime"
	"path"
	"slices"
	"strings"

	"osslive/auth"
)

// Mistakes about headers and the method.

// usualTypes are those that programs set without being told to.
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

func contentType(q *question) (Cause, bool) {
	came := q.request.Header.Get("Content-Type")
	candidates := []string{""}
	if bare, _, found := strings.Cut(came, ";"); found {
		candidates = append(candidates, bare)
	}
	for _, charset := range []string{"; charset=utf-8", ";charset=utf-8", ";charset=UTF-8", "; charset=UTF-8"} {
		candidates = append(candidates, came+charset)
	}
	byName := mime.TypeByExtension(path.Ext(q.request.Key))
	bare, _, _ := strings.Cut(byName, ";")
	for _, signed := range append(append(candidates, byName, bare), usualTypes...) {
		if signed == came || q.r.Publish() || !q.proves(func(r *auth.Request) { set(r, "Content-Type", signed) }) {
			continue
		}
		switch {
		case signed == "":
			return q.yes("The request has Content-Type: %s, which was not signed: the client or a proxy added it.",
				"Sign with this Content-Type (give it to the function that signs), or send none.", came)
		case came == "":
			return q.yes("Content-Type: %s was signed, and the request has none.", "Send the Content-Type that was signed, or sign without one.", signed)
		}
		return q.yes("Content-Type: %s was signed, and the request has %s.", "Send exactly the Content-Type that was signed: parameters such as charset count.", signed, came)
	}
	return no()
}

func set(r *auth.Request, name, value string) {
	if r.Header.Set(name, value); value == "" {
		r.Header.Del(name)
	}
}

func contentMD5Added(q *question) (Cause, bool) {
	came := q.request.Header.Get("Content-Md5")
	if came != "" && q.proves(func(r *auth.Request) { r.Header.Del("Content-Md5") }) {
		return q.yes("The request has a Content-MD5 that was not signed: the client or a proxy added it.", "Sign with the Content-MD5, or send none.")
	}
	if came != "" && q.proves(func(r *auth.Request) { r.Header.Del("Content-Md5"); r.Header.Del("Content-Type") }) {
		return q.yes("The request has a Content-MD5 and a Content-Type that were not signed: the client or a proxy added them.", "Sign with both, or send neither.")
	}
	return no()
}

// ours are the x-oss- headers that every signer signs who sends them.
var ours = []string{"X-Oss-Date", "X-Oss-Security-Token", "X-Oss-Content-Sha256"}

func headerAdded(q *question) (Cause, bool) {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(q.request.Header)) {
		if strings.HasPrefix(name, "X-Oss-") && !slices.Contains(ours, name) {
			names = append(names, name)
		}
	}
	for _, dropped := range append(singly(names), names, append(slices.Clone(names), "Content-Type")) {
		if len(dropped) > 0 && len(names) > 0 && q.proves(func(r *auth.Request) {
			for _, name := range dropped {
				r.Header.Del(name)
			}
		}) {
			return q.yes("The request has headers that were not signed: %s. The client, a proxy or a CDN added them.",
				"Sign with these headers (every header that begins with x-oss- is signed), or do not send them.", strings.ToLower(strings.Join(dropped, ", ")))
		}
	}
	return no()
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

func headerMissing(q *question) (Cause, bool) {
	if q.r.Publish() {
		return no()
	}
	for _, name := range slices.Sorted(maps.Keys(usualHeaders)) {
		if q.request.Header.Get(name) != "" {
			continue
		}
		for _, value := range usualHeaders[name] {
			if q.proves(func(r *auth.Request) { r.Header.Set(name, value) }) {
				return q.yes("The header %s: %s was signed, and the request does not have it.",
					"Send every header that was signed, with the same value.", strings.ToLower(name), value)
			}
		}
	}
	return no()
}

func otherMethod(q *question) (Cause, bool) {
	for _, method := range []string{"GET", "PUT", "POST", "HEAD", "DELETE", "OPTIONS", strings.ToLower(q.request.Method)} {
		if !q.r.Publish() && method != q.request.Method && q.proves(func(r *auth.Request) { r.Method = method }) {
			return q.yes("The URL was signed for %s, and used with %s.", "Sign one URL for each method; the method is part of the signature. (curl -I, players and CDNs may ask with HEAD first.)", method, q.request.Method)
		}
	}
	return no()
}
