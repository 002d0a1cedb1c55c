package refusal

import (
	"slices"
	"strings"

	"osslive/auth"
)

// Mistakes that the form of a URL shows.

func lineBreak(q *question) (Cause, bool) {
	if strings.Contains(q.r.Message, "line break") {
		return q.perhaps("The publish URL has a line break in it, or a zero byte.", "Strip the URL, or the stream key, when it is read from a file or pasted: a line break at its end is not seen.")
	}
	return no()
}

func publishPath(q *question) (Cause, bool) {
	p := q.r.Path
	if !strings.Contains(q.r.Message, "must end in") || q.r.Oversize || len(p) == 3 && (p[0] == "live" || p[1] == "live") || len(p) == 2 && p[0] == "live" {
		return no()
	}
	joined := q.quote("/" + strings.Join(p, "/"))
	switch n := len(p); {
	case slices.ContainsFunc(p, func(s string) bool { return s == "rtmp:" || s == "rtmps:" }):
		return q.perhaps("The path is %s: a whole URL is inside another.", "In OBS the server is the URL up to /live, and the stream key what follows: the channel and its query.", joined)
	case !slices.Contains(p, "live"):
		return q.perhaps("The path is %s: it lacks /live/.", "Publish to rtmp://HOST/BUCKET/live/CHANNEL. In OBS the server ends with /live and the stream key is the channel with its query.", joined)
	case n > 1 && p[n-1] == "live":
		return q.perhaps("The path is %s: it has no channel.", "In OBS the stream key is the channel's name, followed by the query of the signed URL.", joined)
	case n > 3 && p[n-1] == p[n-2]:
		return q.perhaps("The path is %s: the channel is there twice, in the server and in the stream key.",
			"In OBS the server ends with /live; the stream key is the rest of the URL: the channel and its query.", joined)
	}
	return q.perhaps("The path is %s.", "Publish to rtmp://HOST/BUCKET/live/CHANNEL, or rtmp://BUCKET.HOST/live/CHANNEL. In OBS the server ends with /live.", joined)
}

// names are those of the parameters, sorted.
func (q *question) names() []string {
	names := []string{}
	for name := range q.r.Query {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// unsigned tells whether something of a signature is missing.
func (q *question) unsigned() bool {
	return q.is(auth.ErrMissingParam) || q.claim.version == "" && q.r.Code == "AccessDenied" && q.r.Header.Get("Authorization") == ""
}

func queryEscaped(q *question) (Cause, bool) {
	for _, name := range q.names() {
		value := q.r.Query.Get(name)
		for _, escaped := range []string{"amp;", `\u0026`, "u0026", "%26", "&amp;"} {
			if strings.HasPrefix(name, escaped) || strings.Contains(value, escaped) && strings.Contains(value, "=") && name != "Signature" {
				return q.perhaps("The ampersands of the URL are escaped (%s): it was copied out of HTML or JSON.",
					"Decode the HTML or JSON first; between parameters stands a bare &.", q.quote(escaped))
			}
		}
		if containsAny(value, "&", credentials) {
			return q.perhaps("The ampersands of the URL are percent-encoded, so that all its parameters are one.", "Encode the values of parameters only, not the & between them.")
		}
	}
	return no()
}

func queryCut(q *question) (Cause, bool) {
	if !q.unsigned() || len(q.r.Query) == 0 || q.questionMarks() {
		return no()
	}
	known := func(n string) bool { return slices.Contains(credentials, n) || q.r.Publish() && n == "playlistName" }
	if !q.r.Publish() && !slices.ContainsFunc(q.names(), known) {
		return no()
	}
	return q.perhaps("The query of the signed URL is incomplete: only %s arrived.",
		"Put the URL between quotes: a shell ends the command at the first &. Copy it whole; long URLs are cut by some programs.", strings.Join(q.names(), ", "))
}

// questionMarks tells whether the query has a question mark before a part of the
// signature: it began twice.
func (q *question) questionMarks() bool {
	for _, name := range q.names() {
		if strings.Contains(name, "?") || containsAny(q.r.Query.Get(name), "?", credentials) {
			return true
		}
	}
	return false
}

// containsAny looks in s for one of the parameters, behind a separator.
func containsAny(s, separator string, parameters []string) bool {
	return slices.ContainsFunc(parameters, func(p string) bool { return strings.Contains(s, separator+p+"=") })
}

func parameterWithQuestionMark(q *question) (Cause, bool) {
	if q.questionMarks() {
		return q.perhaps("The URL has two question marks: the key has one that is not escaped, or the parameters were added twice.",
			"Percent-encode the key in the URL: a question mark is %3F. The parameters begin after one ? and are separated by &.")
	}
	return no()
}

func queryWithoutQuestionMark(q *question) (Cause, bool) {
	if q.unsigned() && containsAny(q.decodedPath()+"/"+strings.Join(q.r.Path, "/"), "&", credentials) {
		return q.perhaps("The query of the URL begins with &.", "The first parameter follows a question mark, the others an &.")
	}
	return no()
}

func queryMissing(q *question) (Cause, bool) {
	if q.r.Publish() && q.unsigned() && len(q.r.Query) == 0 && !q.r.Oversize && len(q.r.Path) > 1 {
		return q.perhaps("The publish URL has no signature, and the bucket is not public-read-write.",
			"Take the whole signed URL. In OBS the stream key is the channel and everything after it: CHANNEL?OSSAccessKeyId=…&Expires=…&Signature=…. The URL that PutLiveChannel answers with is not signed: let the SDK sign it.")
	}
	return no()
}
