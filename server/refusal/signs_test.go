package refusal

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"osslive/auth"
	"osslive/server/answer"
	"osslive/store"
)

// signExample is a refusal in which a sign shows. The fields are those of a Refusal;
// a publish has a path, and every other refusal a method.
type signExample struct {
	sign          string // its cause, and which of the signs with it
	err           error
	code          string
	path          string // of a publish
	query         string
	authorization string
	header        http.Header
	host          string
	bucket, name  string
}

var (
	mismatch = &auth.MismatchError{KeyID: key.ID}
	v1Query  = "OSSAccessKeyId=the-id&Expires=1&Signature="
)

func skewOf(d time.Duration) error {
	return &auth.SkewError{RequestTime: now.Add(d), ServerTime: now}
}

func invalid(field, value string) error { return &store.InvalidError{Field: field, Value: value} }

// signExamples has one for each sign.
var signExamples = []signExample{
	{sign: "key-whitespace/1", err: auth.ErrUnknownKey, authorization: "OSS the-id :x"},
	{sign: "key-swapped/1", err: auth.ErrUnknownKey, query: "Signature=x&OSSAccessKeyId=" + url.QueryEscape(key.Secret)},

	{sign: "signed-twice/1", err: auth.ErrTwoSources, authorization: "Bearer x", query: "Signature=x"},
	{sign: "signed-twice/2", err: auth.ErrTwoSources, query: "Signature=x&x-oss-signature=y"},
	{sign: "s3-signature/1", err: auth.ErrMalformed, authorization: "AWS4-HMAC-SHA256 Credential=x"},
	{sign: "not-oss/1", err: auth.ErrMalformed, authorization: "OSS5 x"},
	{sign: "not-oss/2", err: auth.ErrMalformed, authorization: "OSS :"},
	{sign: "not-oss/3", err: auth.ErrMalformed, authorization: "Bearer x"},
	{sign: "rtmp-version/1", err: &auth.UnsupportedError{}, path: "b/live/c", query: "x-oss-signature=x"},
	{sign: "line-break/1", err: fmt.Errorf("%w: x", answer.ErrLineBreak), path: "b"},
	{sign: "publish-path/1", err: answer.ErrPublishPath, path: "live/rtmp:/h/live/c"},
	{sign: "publish-path/2", err: answer.ErrPublishPath, path: "bucket/channel"},
	{sign: "publish-path/3", err: answer.ErrPublishPath, path: "bucket/live"},
	{sign: "publish-path/4", err: answer.ErrPublishPath, path: "b/live/c/c"},
	{sign: "publish-path/5", err: answer.ErrPublishPath, path: "live/b/c/d"},
	{sign: "query-escaped/1", err: auth.ErrMissingParam, query: "OSSAccessKeyId=x&amp%3BExpires=1"},
	{sign: "query-escaped/2", err: auth.ErrMissingParam, query: "OSSAccessKeyId=x%26Expires=1"},
	{sign: "query-cut/1", err: auth.ErrMissingParam, query: "OSSAccessKeyId=x"},
	{sign: "key-decoded/1", err: auth.ErrMissingParam, query: "a?Expires=1"},
	{sign: "query-separator/1", err: answer.ErrUnsigned, code: "AccessDenied", path: "b/live/c&Expires=1"},
	{sign: "query-missing/1", err: answer.ErrUnsigned, code: "AccessDenied", path: "b/live/c"},

	{sign: "clock/1", err: skewOf(8 * time.Hour)},
	{sign: "clock/2", err: skewOf(-72 * time.Hour)},
	{sign: "clock/3", err: skewOf(20 * time.Minute)},
	{sign: "date-missing/1", err: auth.ErrBadDate},
	{sign: "expires-milliseconds/1", err: auth.ErrBadExpires, query: "Expires=1700000000000"},
	{sign: "expires-milliseconds/2", err: auth.ErrBadLifetime, query: "x-oss-expires=3600000"},
	{sign: "expires-relative/1", err: auth.ErrExpired, query: "Signature=x&Expires=3600"},
	{sign: "expires-relative/2", err: auth.ErrBadLifetime, query: "x-oss-expires=1700000000"},
	{sign: "expires-too-long/1", err: auth.ErrBadLifetime, query: "x-oss-expires=2592000"},
	{sign: "expires-format/1", err: auth.ErrBadExpires, query: "Expires=tomorrow"},
	{sign: "expired/1", err: auth.ErrExpired, query: "Signature=x&Expires=1700000000"},
	{sign: "region/1", err: &auth.CredentialError{Part: "Region"}},
	{sign: "region/2", err: &auth.CredentialError{Part: "SignDate"}},
	{sign: "region/3", err: &auth.CredentialError{}},

	{sign: "key-swapped/2", err: auth.ErrUnknownKey, authorization: "OSS abcdefghijABCDEFGHIJ0123456789:x"},
	{sign: "token-missing/1", err: auth.ErrUnknownKey, authorization: "OSS STS.x:y"},
	{sign: "key-case/1", err: auth.ErrUnknownKey, authorization: "OSS THE-ID:x"},
	{sign: "default-key/1", err: auth.ErrUnknownKey, authorization: "OSS osslive:x"},
	{sign: "unknown-key/1", err: auth.ErrUnknownKey, authorization: "OSS nobody:x"},
	{sign: "token-expired/1", err: auth.ErrTokenExpired},
	{sign: "plus-space/1", err: auth.ErrBadToken, authorization: "OSS x:y", header: http.Header{"X-Oss-Security-Token": {"a b"}}},
	{sign: "token-not-wanted/1", err: auth.ErrBadToken, authorization: "OSS the-id:y"},
	{sign: "token-wrong/1", err: auth.ErrBadToken, authorization: "OSS x:y"},
	{sign: "repeated/1", err: answer.ErrRepeated.With("ArgumentName", "a")},

	{sign: "signature-truncated/1", err: mismatch, query: v1Query + "abc"},
	{sign: "signature-form/1", err: mismatch, query: v1Query + strings.Repeat("aB", 20)},
	{sign: "signature-case/1", err: mismatch, query: v1Query + strings.Repeat("a", 28)},
	{sign: "header-missing/1", err: fmt.Errorf("%w range", auth.ErrMissingHeader)},
	{sign: "body-hash/1", err: answer.ErrBodyHash},
	{sign: "content-md5/1", code: "InvalidDigest"},

	{sign: "host-unknown/1", err: store.ErrNoSuchBucket, host: "bucket-b.oss.test", bucket: "a"},
	{sign: "no-such-bucket/1", err: store.ErrNoSuchBucket, bucket: "bucket-d"},
	{sign: "key-double-encoded/1", err: store.ErrNoSuchChannel, bucket: "bucket-b", name: "channel%2Dof-bucket-b"},
	{sign: "no-such-channel/1", err: store.ErrNoSuchChannel, bucket: "bucket-c", name: "channel-of-bucket-b"},
	{sign: "no-such-channel/2", err: store.ErrNoSuchChannel, path: "live/chanel-of-bucket-b"},
	{sign: "disabled/1", err: store.ErrChannelDisabled},
	{sign: "busy/1", err: store.ErrChannelLive, path: "b/live/c"},
	{sign: "busy/2", err: store.ErrChannelLive},
	{sign: "busy/3", err: store.ErrSessionLost},
	{sign: "key-double-encoded/2", err: store.ErrNoSuchKey, bucket: "bucket-b", name: "%6bey"},
	{sign: "bucket-in-key/1", err: store.ErrNoSuchKey, bucket: "bucket-b", name: "bucket-b/key"},
	{sign: "never-published/1", err: store.ErrNoSuchKey, bucket: "bucket-b", name: "channel-of-bucket-b/playlist.m3u8"},
	{sign: "never-published/2", err: store.ErrNoSuchKey, bucket: "bucket-c", name: "channel-of-bucket-c/list.m3u8"},
	{sign: "key-slash/1", err: invalid("Key", "/a"), name: "/a"},
	{sign: "no-such-key/1", err: store.ErrNoSuchKey, bucket: "bucket-b", name: "kye"},
	{sign: "bucket-name/1", err: invalid("BucketName", "X"), bucket: "X"},
	{sign: "acl/1", err: answer.ErrObjectACL},
	{sign: "anonymous/1", err: answer.ErrAnonymous},
	{sign: "malformed-xml/1", code: "MalformedXML"},
	{sign: "milliseconds/1", err: invalid("startTime", "1700000000000")},
	{sign: "invalid-value/1", err: invalid("FragDuration", "0")},
	{sign: "no-segments/1", err: answer.ErrNoSegments, query: "startTime=1&endTime=2"},
	{sign: "not-implemented/1", code: "NotImplemented"},

	{sign: "content-md5/2", err: mismatch, query: v1Query + "aBcdefghijklmnopqrstuvwxyz0=", header: http.Header{"Content-Md5": {"x"}}},
	{sign: "header-missing/2", err: mismatch, query: v1Query + "aBcdefghijklmnopqrstuvwxyz0="},
	{sign: "wrong-secret/1", err: mismatch, authorization: "OSS the-id:aBcdefghijklmnopqrstuvwxyz0="},
	{sign: "request-changed/1", err: mismatch, authorization: "OSS the-id:aBcdefghijklmnopqrstuvwxyz0="},
}

// Each sign has an example, in whose explanation it stands, with its values.
func TestSigns(t *testing.T) {
	all, ordinal := map[string]sign{}, map[string]int{}
	for _, s := range slices.Concat(certain, signs, usual) {
		ordinal[s.cause]++
		id := fmt.Sprintf("%s/%d", s.cause, ordinal[s.cause])
		all[id] = s
		if !slices.ContainsFunc(signExamples, func(x signExample) bool { return x.sign == id }) {
			t.Errorf("%s has no example", id)
		}
	}
	l := newLog(t)
	o := store.Object{Bucket: "bucket-b", Key: "channel-of-bucket-b/list.m3u8"}
	if _, err := l.config.Store.PutObject(t.Context(), o, strings.NewReader("x"), store.PutOptions{Length: 1}); err != nil {
		t.Fatal(err)
	}
	for _, x := range signExamples {
		query, err := url.ParseQuery(x.query)
		if err != nil {
			t.Fatal(err)
		}
		r := Refusal{ID: x.sign, Time: now, Code: x.code, Message: "the message", Err: x.err, Host: x.host, Bucket: x.bucket, Name: x.name, Query: query}
		if x.path != "" {
			r.Path = strings.Split(x.path, "/")
		} else {
			r.Method, r.RawPath, r.Header = "PUT", "/"+x.bucket+"/"+x.name, x.header.Clone()
			if r.Header == nil {
				r.Header = http.Header{}
			}
			if x.authorization != "" {
				r.Header.Set("Authorization", x.authorization)
			}
		}
		r.ID = strings.ToUpper(x.sign)
		l.Add(r)
		e := l.Explain(t.Context(), r.ID)
		want, known := all[x.sign]
		i := slices.IndexFunc(e.Causes, func(c Cause) bool { return c.ID == want.cause })
		if !known || i < 0 {
			t.Errorf("%s: got %+v", x.sign, e.Causes)
			continue
		}
		// What stands before the first value tells the signs of one cause apart.
		title, _, _ := strings.Cut(want.title, "%s")
		if got := e.Causes[i]; !strings.HasPrefix(got.Title, title) || got.Fix != want.fix || strings.Contains(got.Title, "%!") {
			t.Errorf("%s: got %+v", x.sign, got)
		}
		showsNothing(t, e, &auth.Request{Method: r.Method, Query: url.Values{"x": {"y"}}}, key)
	}
}

// No decision depends on the words of an answer.
func TestMessageDecidesNothing(t *testing.T) {
	l := newLog(t)
	for i, message := range []string{"acl", "Anonymous", "given twice", "SHA-256", "No ts file", "line break", "must end in", "additional header"} {
		id := fmt.Sprint("M", i)
		l.Add(Refusal{ID: id, Method: "GET", Code: "AccessDenied", Message: message, Header: http.Header{}})
		if e := l.Explain(t.Context(), id); len(e.Causes) != 1 || e.Causes[0].ID != "as-answered" {
			t.Errorf("%q: got %+v", message, e.Causes)
		}
	}
}
