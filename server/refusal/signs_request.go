package refusal

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"osslive/auth"
	"osslive/server/answer"
)

// formSigns show in the form of the URL and of the Authorization header.
var formSigns = []sign{
	{"signed-twice", func(q *question) bool { return q.is(auth.ErrTwoSources) && q.r.Header.Get("Authorization") != "" },
		`A signed URL was used together with an Authorization header ("%s").`,
		"Send a signed URL without Authorization. HTTP clients of applications often add their own to every request: use a plain one.", []value{scheme}},
	{"signed-twice", is(auth.ErrTwoSources), "The URL has parameters of more than one version of the signature.", "Sign the bare URL, not one that is signed already.", nil},
	{"s3-signature", (*question).s3, "The request is signed for S3, not for OSS.", "Use an SDK of OSS; osslive does not have the S3 interface.", nil},
	{"not-oss", func(q *question) bool {
		return q.notOSS() && strings.HasPrefix(scheme(q), "OSS") && q.Claim.Version == ""
	}, `The Authorization header begins with "%s".`,
		"It begins with OSS, OSS2 or OSS4-HMAC-SHA256, each followed by one space.", []value{scheme}},
	{"not-oss", func(q *question) bool { return q.notOSS() && q.Claim.Version != "" }, "The access key ID or the signature in the Authorization header is missing.",
		"Look whether the variables that hold ID and secret are set.", nil},
	{"not-oss", (*question).notOSS, `The Authorization header is one of another service ("%s").`, "Do not send it to OSS; a client library or a proxy may add it.", []value{scheme}},
	{"rtmp-version", func(q *question) bool {
		return q.r.Publish() && slices.ContainsFunc([]string{"x-oss-signature-version", "x-oss-signature", "x-oss-credential"}, q.r.Query.Has)
	}, "The publish URL is signed like an HTTP URL of version 2 or 4. RTMP has version 1 only.",
		"Let the SDK make it (sign_rtmp_url, SignRtmpURL, getRtmpUrl, generateRtmpUri), or sign with OSSAccessKeyId, Expires and Signature.", nil},
	{"line-break", is(answer.ErrLineBreak), "The publish URL has a line break in it, or a zero byte.",
		"Strip the URL, or the stream key, when it is read from a file or pasted: a line break at its end is invisible.", nil},

	{"publish-path", func(q *question) bool { return q.badPath() && q.hasPart("rtmp:", "rtmps:") }, `The path is "%s": a whole URL is inside another.`,
		"In OBS the server is the URL up to /live, and the stream key what follows: the channel and its query.", []value{path}},
	{"publish-path", func(q *question) bool { return q.badPath() && !q.hasPart("live") }, `The path is "%s": it lacks /live/.`,
		"Publish to rtmp://HOST/BUCKET/live/CHANNEL. In OBS the server ends with /live and the stream key is the channel with its query.", []value{path}},
	{"publish-path", func(q *question) bool { p := q.r.Path; return q.badPath() && len(p) > 1 && p[len(p)-1] == "live" }, `The path is "%s": it has no channel.`,
		"In OBS the stream key is the channel's name, followed by the query of the signed URL.", []value{path}},
	{"publish-path", func(q *question) bool {
		p, n := q.r.Path, len(q.r.Path)
		return q.badPath() && n > 3 && p[n-1] == p[n-2]
	},
		`The path is "%s": the channel is there twice, in the server and in the stream key.`,
		"In OBS the server ends with /live; the stream key is the rest of the URL: the channel and its query.", []value{path}},
	{"publish-path", (*question).badPath, `The path is "%s".`, "Publish to rtmp://HOST/BUCKET/live/CHANNEL, or rtmp://BUCKET.HOST/live/CHANNEL. In OBS the server ends with /live.", []value{path}},

	{"query-escaped", func(q *question) bool { return escape(q) != "" }, `The ampersands of the URL are escaped ("%s"): it was copied out of HTML or JSON.`,
		"Decode the HTML or JSON first; a bare & separates parameters.", []value{escape}},
	{"query-escaped", func(q *question) bool { return slices.ContainsFunc(q.queryValues(), hasCredential("&")) }, "The ampersands of the URL are percent-encoded, so that all its parameters are one.",
		"Encode the values of parameters only, not the & between them.", nil},
	{"query-cut", (*question).queryCut, "The query of the signed URL is incomplete: only %s arrived.",
		"Put the URL between quotes: a shell ends the command at the first &. Copy it whole; long URLs are cut by some programs.", []value{parameters}},
	{"key-decoded", (*question).questionMarks, "The URL has two question marks: the key has one that is not escaped, or the parameters were added twice.",
		"Percent-encode the key in the URL: a question mark is %3F. The parameters begin after one ? and are separated by &.", nil},
	{"query-separator", func(q *question) bool { return q.unsigned() && hasCredential("&")(q.DecodedPath()+path(q)) }, "The query of the URL begins with &.",
		"The first parameter follows a question mark, the others an &.", nil},
	{"query-missing", func(q *question) bool {
		return q.r.Publish() && q.unsigned() && len(q.r.Query) == 0 && len(q.r.Path) > 1
	},
		"The publish URL has no signature, and the bucket is not public-read-write.",
		"Take the whole signed URL. In OBS the stream key is the channel and everything after it: CHANNEL?OSSAccessKeyId=…&Expires=…&Signature=…. The URL that PutLiveChannel answers with is not signed: let the SDK sign it.", nil},
}

// timeSigns are about the clock, the end of URLs, and the credential of version 4.
var timeSigns = []sign{
	{"clock", func(q *question) bool { return q.skewed() && q.timeZone() }, "The date of the request is %s the server's: a time zone. The local time was sent as GMT.",
		"Make the Date header from UTC. Look at the machine's time zone too.", []value{skew}},
	{"clock", func(q *question) bool { return q.skewed() && q.skew().Abs() > 48*time.Hour }, "The date of the request is %s the server's; 15 minutes are allowed.",
		"Sign each request when it is sent. If it was, set the clock.", []value{skew}},
	{"clock", (*question).skewed, "The clock of the client is %s the server's; 15 minutes are allowed.", "Set the clock (NTP); containers and virtual machines that were suspended are often late.", []value{skew}},
	{"date-missing", is(auth.ErrBadDate), "The request has no date that can be read.",
		"Send Date: Wed, 24 Aug 2016 11:11:28 GMT, or x-oss-date: 20160824T111128Z for version 4. A browser cannot set Date.", nil},
	{"expires-milliseconds", func(q *question) bool { return q.is(auth.ErrBadExpires) && number(q) >= 1e11 }, `Expires is "%s": milliseconds, where seconds are wanted.`,
		"Divide by 1000: Date.now() and currentTimeMillis() count milliseconds. Mind whether the function wants a point in time or a number of seconds from now.", []value{expires}},
	{"expires-milliseconds", (*question).lifetimeInMilliseconds, `x-oss-expires is "%s": milliseconds, it seems; %s seconds are meant, and 604800 is the most.`,
		"Give the lifetime in seconds.", []value{expires, func(q *question) string { return fmt.Sprint(number(q) / 1000) }}},
	{"expires-relative", func(q *question) bool { return q.is(auth.ErrExpired) && number(q) < 1e9 && q.Claim.Version != "4" },
		"Expires is %s: a number of seconds from now, where a point in time is wanted.", "Expires is seconds since 1970: add the lifetime to the present time.", []value{expires}},
	{"expires-relative", func(q *question) bool { return q.is(auth.ErrBadLifetime) && number(q) >= 1e9 }, "x-oss-expires is %s: a point in time, where a number of seconds is wanted.",
		"In version 4 it counts from x-oss-date: 3600 for an hour.", []value{expires}},
	{"expires-too-long", is(auth.ErrBadLifetime), `x-oss-expires is "%s"; version 4 allows 1 to 604800 seconds, seven days.`, "Sign for a shorter time, and sign again.", []value{expires}},
	{"expires-format", is(auth.ErrBadExpires), `Expires is "%s", which is not a number of seconds since 1970.`, "Write it as decimal digits, as in Expires=1735689600.", []value{expires}},
	{"expired", is(auth.ErrExpired), "The signed URL has expired: at %s.",
		"Sign a new one, for longer; look at the clock of the machine that signs. A publish that runs goes on when its URL expires.", []value{end}},
	{"region", wrongCredential("Region"), "The credential of version 4 names no region.", "Give the client a region, as in cn-hangzhou.", nil},
	{"region", wrongCredential("SignDate"), "The day in the credential is not that of x-oss-date.", "Both are in UTC, and of the moment of signing.", nil},
	{"region", wrongCredential(""), "The credential of version 4 is not ID/DAY/REGION/oss/aliyun_v4_request.", "Let the SDK make it. An ID with a slash, or one that is empty, spoils it.", nil},
}

// scheme returns the first word of the Authorization header.
func scheme(q *question) string {
	s, _, _ := strings.Cut(q.r.Header.Get("Authorization"), " ")
	return cut(s, 20)
}

func (q *question) s3() bool {
	return strings.HasPrefix(scheme(q), "AWS") || q.r.Query.Has("AWSAccessKeyId") || q.r.Query.Has("X-Amz-Signature") || q.r.Query.Has("X-Amz-Credential")
}

// notOSS reports whether Authorization is malformed, and names no key.
func (q *question) notOSS() bool {
	s := scheme(q)
	return s != "" && !strings.HasPrefix(s, "AWS") && q.is(auth.ErrMalformed) && (q.Claim.Version == "" || q.Claim.KeyID == "" || q.Claim.Signature == "")
}

// badPath reports whether the path of a publish has not the form of a channel's.
func (q *question) badPath() bool { return q.is(answer.ErrPublishPath) && !q.r.Oversize }

func (q *question) hasPart(parts ...string) bool {
	return slices.ContainsFunc(q.r.Path, func(p string) bool { return slices.Contains(parts, p) })
}

// names returns the names of the parameters, sorted.
func (q *question) names() (names []string) {
	for name := range q.r.Query {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (q *question) queryValues() (values []string) {
	for _, name := range q.names() {
		values = append(values, q.r.Query.Get(name))
	}
	return values
}

// hasCredential returns a function that reports whether a text has a parameter of a
// signature, behind a separator.
func hasCredential(separator string) func(string) bool {
	return func(s string) bool {
		return slices.ContainsFunc(auth.CredentialParams(), func(p string) bool { return strings.Contains(s, separator+p+"=") })
	}
}

// escape returns what the query has in the place of an ampersand, "" for nothing.
func escape(q *question) string {
	for _, name := range q.names() {
		value := q.r.Query.Get(name)
		for _, escaped := range []string{"amp;", `\u0026`, "u0026", "%26", "&amp;"} {
			if strings.HasPrefix(name, escaped) || strings.Contains(value, escaped) && strings.Contains(value, "=") && name != "Signature" {
				return escaped
			}
		}
	}
	return ""
}

func (q *question) queryCut() bool {
	if !q.unsigned() || len(q.r.Query) == 0 || q.questionMarks() {
		return false
	}
	return q.r.Publish() || slices.ContainsFunc(auth.CredentialParams(), q.r.Query.Has)
}

// questionMarks reports whether the query has a question mark before a part of the
// signature: it began twice.
func (q *question) questionMarks() bool {
	return slices.ContainsFunc(q.names(), func(name string) bool { return strings.Contains(name, "?") }) ||
		slices.ContainsFunc(q.queryValues(), hasCredential("?"))
}

// skew is how far the date of the request is ahead of the server's, 0 if that is not
// why it was refused.
func (q *question) skew() time.Duration {
	var skew *auth.SkewError
	if !errors.As(q.r.Err, &skew) {
		return 0
	}
	return skew.RequestTime.Sub(skew.ServerTime).Round(time.Second)
}

func (q *question) skewed() bool { return q.skew() != 0 }

// timeZone reports whether the skew is that of the local time of a time zone.
func (q *question) timeZone() bool {
	d, half := q.skew().Abs(), 30*time.Minute
	return (d-d.Round(half)).Abs() < time.Minute && d <= 14*time.Hour+half
}

func skew(q *question) string {
	d, direction := q.skew(), " ahead of"
	if d < 0 {
		direction = " behind"
	}
	if d = d.Abs(); d > 48*time.Hour {
		return strconv.Itoa(int(d.Hours()/24)) + " days" + direction
	}
	return d.String() + direction
}

func expires(q *question) string {
	return cmp.Or(q.r.Query.Get("Expires"), q.r.Query.Get("x-oss-expires"))
}

// number is the expiry, not a number if it is none.
func number(q *question) float64 {
	n, err := strconv.ParseFloat(expires(q), 64)
	if err != nil {
		return math.NaN()
	}
	return n
}

// lifetimeInMilliseconds tells them from long lifetimes: 2592000 is thirty days.
func (q *question) lifetimeInMilliseconds() bool {
	n := number(q)
	return q.is(auth.ErrBadLifetime) && n > 604800 && n < 1e9 && math.Mod(n, 1000) == 0 && (math.Mod(n, 86400) != 0 || n >= 86400e3)
}

// end is when a signed URL expired.
func end(q *question) string {
	n, err := strconv.ParseInt(expires(q), 10, 64)
	if err != nil || q.Claim.Version == "4" {
		return expires(q) + " s after " + q.Claim.Date
	}
	at := time.Unix(n, 0).UTC()
	return at.Format(time.RFC3339) + ", " + q.r.Time.Sub(at).Round(time.Second).String() + " before it was used"
}

// wrongCredential is a condition: a part of the credential is wrong; any if part is "".
func wrongCredential(part string) func(*question) bool {
	return func(q *question) bool {
		var bad *auth.CredentialError
		return errors.As(q.r.Err, &bad) && (part == "" || bad.Part == part)
	}
}
