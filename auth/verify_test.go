package auth

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	testNow  = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	testKey  = Key{ID: "ak", Secret: "topsecret"}
	testSTS  = Key{ID: "sts", Secret: "stssecret", Token: "ststoken"}
	testKeys = NewKeys(testKey, testSTS, Key{ID: "nosecret"})
)

func testRequest() *Request {
	return &Request{Method: "GET", Header: http.Header{}, Bucket: "b", Key: "k", Query: url.Values{"live": {""}}}
}

func testPublish() *Publish {
	return &Publish{Bucket: "b", Channel: "ch", Query: url.Values{"playlistName": {"p.m3u8"}}}
}

func TestSubresourcesAreSorted(t *testing.T) {
	for _, names := range [][]string{subresources[:], parameters[:]} {
		for i := 1; i < len(names); i++ {
			if names[i-1] >= names[i] {
				t.Errorf("%q stands before %q", names[i-1], names[i])
			}
		}
	}
}

func TestAnonymous(t *testing.T) {
	for name, q := range map[string]url.Values{
		"nothing":              nil,
		"parameters":           {"prefix": {"a"}, "acl": {""}},
		"Expires alone":        {"Expires": {"1"}},
		"token alone":          {"security-token": {"t"}},
		"other case":           {"signature": {"x"}, "osSAccessKeyId": {"y"}},
		"x-oss-date, no more":  {"x-oss-date": {"20260102T030405Z"}},
		"playlistName of RTMP": {"playlistName": {"p.m3u8"}},
	} {
		if id, err := VerifyRequest(&Request{Method: "GET", Query: q}, testKeys, testNow); err != nil || !id.Anonymous() || id.SignedURL() {
			t.Errorf("request, %s: got %+v, %v, want anonymous", name, id, err)
		}
		if id, err := VerifyPublish(&Publish{Bucket: "b", Channel: "c", Query: q}, testKeys, testNow); err != nil || !id.Anonymous() {
			t.Errorf("publish, %s: got %+v, %v, want anonymous", name, id, err)
		}
	}
}

// What looks like a credential must be verified or refused, never skipped.
func TestRecognise(t *testing.T) {
	const v4Header = "OSS4-HMAC-SHA256 Credential=ak/20260102/r/oss/aliyun_v4_request,Signature=00"
	v1Query := url.Values{"OSSAccessKeyId": {"ak"}, "Expires": {"9999999999"}, "Signature": {"x"}}
	v4Query := url.Values{"x-oss-signature-version": {"OSS4-HMAC-SHA256"}, "x-oss-credential": {"ak/x"}, "x-oss-signature": {"0"}}
	for _, c := range []struct {
		name   string
		header []string
		query  url.Values
		want   string // text of the error
	}{
		{"v4 header", []string{v4Header}, nil, "does not match"},
		{"v2 header", []string{"OSS2 AccessKeyId:ak,Signature:x"}, nil, "does not match"},
		{"v4 header without a space", []string{"OSS4-HMAC-SHA256"}, nil, "malformed"},
		{"v4 query", nil, v4Query, "lacks a parameter: x-oss-date"},
		{"v2 query", nil, url.Values{"x-oss-signature-version": {"OSS2"}}, "lacks a parameter: x-oss-access-key-id"},
		{"version unknown", nil, url.Values{"x-oss-signature-version": {"OSS9"}}, `"OSS9" is not supported`},
		{"version empty", nil, url.Values{"x-oss-signature-version": {""}}, "not supported"},
		{"version named as v1", nil, url.Values{"x-oss-signature-version": {"OSS"}}, "not supported"},
		{"version twice", nil, url.Values{"x-oss-signature-version": {"OSS2", "OSS2"}}, `repeated: "x-oss-signature-version"`},
		{"v4 signature alone", nil, url.Values{"x-oss-signature": {"0"}}, "not supported"},
		{"v4 credential alone", nil, url.Values{"x-oss-credential": {"0"}}, "not supported"},
		{"v2 key alone", nil, url.Values{"x-oss-access-key-id": {"0"}}, "not supported"},
		{"v1 and v4 in the query", nil, url.Values{"Signature": {"x"}, "x-oss-signature": {"0"}}, "more than one set"},
		{"v1 header and v1 query", []string{"OSS ak:x"}, v1Query, "more than one set"},
		{"v1 header and v4 query", []string{"OSS ak:x"}, v4Query, "more than one set"},
		{"v4 header and v1 query", []string{v4Header}, v1Query, "more than one set"},
		{"bad header and v1 query", []string{"Basic x"}, v1Query, "more than one set"},
		{"Authorization twice", []string{"OSS ak:x", "OSS ak:x"}, nil, `repeated: "Authorization"`},
		{"Authorization empty", []string{""}, nil, "malformed"},
		{"basic", []string{"Basic dXNlcjpwYXNz"}, nil, "malformed"},
		{"lower case", []string{"oss ak:x"}, nil, "malformed"},
		{"no space", []string{"OSSak:x"}, nil, "malformed"},
		{"no colon", []string{"OSS akx"}, nil, "malformed"},
		{"no key", []string{"OSS :x"}, nil, "malformed"},
		{"no signature", []string{"OSS ak:"}, nil, "malformed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &Request{Method: "PUT", Header: http.Header{"Date": {testNow.Format(http.TimeFormat)}}, Bucket: "b", Query: c.query}
			if c.header != nil {
				r.Header["Authorization"] = c.header
			}
			id, err := VerifyRequest(r, testKeys, testNow)
			checkError(t, id, err, c.want)
			if c.header == nil {
				id, err = VerifyPublish(&Publish{Bucket: "b", Channel: "c", Query: c.query}, testKeys, testNow)
				checkRefused(t, id, err)
			}
		})
	}
}

func checkRefused(t *testing.T, id Identity, err error) {
	t.Helper()
	if err == nil || id != (Identity{}) {
		t.Errorf("got %+v, %v, want no identity and an error", id, err)
	}
}

func checkError(t *testing.T, id Identity, err error, want string) {
	t.Helper()
	checkRefused(t, id, err)
	if err != nil && !strings.Contains(err.Error(), want) {
		t.Errorf("got error %q, want it to contain %q", err, want)
	}
}

func TestHeaderRefusals(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(r *Request)
		want   error
	}{
		{"unknown key", func(r *Request) { r.Header.Set("Authorization", "OSS who:AAAAAAAAAAAAAAAAAAAAAAAAAAA=") }, ErrUnknownKey},
		{"key without secret", func(r *Request) { SignRequest(r, Key{ID: "nosecret"}, testNow) }, ErrUnknownKey},
		{"no date", func(r *Request) { r.Header.Del("Date") }, ErrBadDate},
		{"bad date", func(r *Request) { r.Header.Set("Date", "today") }, ErrBadDate},
		{"bad x-oss-date", func(r *Request) { r.Header.Set("x-oss-date", "today") }, ErrBadDate},
		{"Date twice", func(r *Request) { r.Header.Add("Date", r.Header.Get("Date")) }, ErrRepeated},
		{"x-oss-date twice", func(r *Request) { r.Header["X-Oss-Date"] = []string{"a", "b"} }, ErrRepeated},
		{"sub-resource twice", func(r *Request) { r.Query.Add("live", "") }, ErrRepeated},
		{"x-oss- header twice", func(r *Request) { r.Header["X-Oss-Meta-A"] = []string{"a", "b"} }, ErrRepeated},
		{"Content-Type twice", func(r *Request) { r.Header["Content-Type"] = []string{"a", "b"} }, ErrRepeated},
		{"token without need", func(r *Request) { r.Header.Set("x-oss-security-token", "t") }, ErrBadToken},
		{"token missing", func(r *Request) { SignRequest(r, Key{ID: testSTS.ID, Secret: testSTS.Secret}, testNow) }, ErrBadToken},
		{"token wrong", func(r *Request) { SignRequest(r, Key{ID: testSTS.ID, Secret: testSTS.Secret, Token: "x"}, testNow) }, ErrBadToken},
		{"token in the query", func(r *Request) {
			r.Query.Set("security-token", testSTS.Token)
			SignRequest(r, Key{ID: testSTS.ID, Secret: testSTS.Secret}, testNow)
		}, ErrBadToken},
		{"token twice", func(r *Request) {
			SignRequest(r, testSTS, testNow)
			r.Header.Add("x-oss-security-token", testSTS.Token)
		}, ErrRepeated},
		{"bucket with a slash", func(r *Request) { r.Bucket, r.Key = "b/k", "" }, ErrMalformed},
		{"key without bucket", func(r *Request) { r.Bucket = "" }, ErrMalformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := testRequest()
			SignRequest(r, testKey, testNow)
			c.change(r)
			id, err := VerifyRequest(r, testKeys, testNow)
			checkRefused(t, id, err)
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestSkew(t *testing.T) {
	for _, s := range signers {
		if !s.inURL {
			t.Run(s.name, func(t *testing.T) { testSkew(t, s) })
		}
	}
}

func testSkew(t *testing.T, s signer) {
	for _, c := range []struct {
		skew time.Duration
		ok   bool
	}{
		{0, true},
		{14*time.Minute + 59*time.Second, true}, {-14*time.Minute - 59*time.Second, true},
		{15 * time.Minute, true}, {-15 * time.Minute, true},
		{15*time.Minute + time.Second, false}, {-15*time.Minute - time.Second, false},
		{290 * 365 * 24 * time.Hour, false}, {-290 * 365 * 24 * time.Hour, false},
	} {
		r := testRequest()
		r.Region = "r"
		at := testNow.Add(c.skew)
		s.sign(r, testKey, at)
		_, err := VerifyRequest(r, testKeys, testNow)
		if c.ok {
			if err != nil {
				t.Errorf("skew %v: %v", c.skew, err)
			}
			continue
		}
		var skew *SkewError
		if !errors.As(err, &skew) || !errors.Is(err, ErrSkewed) {
			t.Errorf("skew %v: got %v, want a SkewError", c.skew, err)
		} else if !skew.RequestTime.Equal(at) || !skew.ServerTime.Equal(testNow) {
			t.Errorf("skew %v: got times %v and %v, want %v and %v", c.skew, skew.RequestTime, skew.ServerTime, at, testNow)
		}
	}
}

func TestRequestDateForms(t *testing.T) {
	for _, date := range []string{"Fri, 02 Jan 2026 03:04:05 GMT", "20260102T030405Z"} {
		r := testRequest()
		r.Header.Set("x-oss-date", date)
		SignRequest(r, testKey, testNow.Add(24*time.Hour)) // a Date that does not count
		if _, err := VerifyRequest(r, testKeys, testNow); err != nil {
			t.Errorf("x-oss-date %s: %v", date, err)
		}
	}
}

// Signed URLs of HTTP and RTMP share their three parameters and the rules.
func TestURLRefusals(t *testing.T) {
	expires := testNow.Add(time.Hour)
	set := func(name string, values ...string) func(url.Values) {
		return func(q url.Values) { q[name] = values }
	}
	del := func(name string) func(url.Values) { return func(q url.Values) { q.Del(name) } }
	for _, c := range []struct {
		name   string
		change func(q url.Values)
		want   error
	}{
		{"no signature", del("Signature"), ErrMissingParam},
		{"no key", del("OSSAccessKeyId"), ErrMissingParam},
		{"no expiry", del("Expires"), ErrMissingParam},
		{"signature empty", set("Signature", ""), ErrMissingParam},
		{"key empty", set("OSSAccessKeyId", ""), ErrMissingParam},
		{"signature twice", func(q url.Values) { q.Add("Signature", q.Get("Signature")) }, ErrRepeated},
		{"key twice", set("OSSAccessKeyId", "ak", "ak"), ErrRepeated},
		{"expiry twice", set("Expires", "9999999999", "1"), ErrRepeated},
		{"token twice", set("security-token", "a", "a"), ErrRepeated},
		{"unknown key", set("OSSAccessKeyId", "who"), ErrUnknownKey},
		{"key without secret", set("OSSAccessKeyId", "nosecret"), ErrUnknownKey},
		{"key with a token", set("OSSAccessKeyId", "sts"), ErrBadToken},
		{"token without need", set("security-token", "t"), ErrBadToken},
		{"expired, before the key is looked at", func(q url.Values) { q.Set("Expires", "1"); q.Set("OSSAccessKeyId", "who") }, ErrExpired},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := testRequest()
			r.Query = SignURL(r, testKey, expires)
			c.change(r.Query)
			if _, err := VerifyRequest(r, testKeys, testNow); !errors.Is(err, c.want) {
				t.Errorf("request: got %v, want %v", err, c.want)
			}
			p := testPublish()
			p.Query = SignPublish(p, testKey, expires)
			c.change(p.Query)
			if _, err := VerifyPublish(p, testKeys, testNow); !errors.Is(err, c.want) {
				t.Errorf("publish: got %v, want %v", err, c.want)
			}
		})
	}
}

// Each text is signed rightly, so that only its form can be the reason.
func TestExpires(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	verdicts := 0
	for _, c := range []struct {
		expires string
		want    error
	}{
		{"1700000000", nil}, {"1700000001", nil}, {"9999999999", nil},
		{"1699999999", ErrExpired}, {"0", ErrExpired}, {"1", ErrExpired}, {"0000000001", ErrExpired}, {"170000000", ErrExpired},
		{"", ErrBadExpires}, {"-1", ErrBadExpires}, {"-1700000001", ErrBadExpires}, {"+1700000001", ErrBadExpires},
		{"01700000001", ErrBadExpires}, {"1700000001000", ErrBadExpires}, {"9223372036854775808", ErrBadExpires},
		{"9223372036854775807", ErrBadExpires}, {"18446744073709551616", ErrBadExpires}, {"1e9", ErrBadExpires},
		{"9e9", ErrBadExpires}, {"1700000001.0", ErrBadExpires}, {"1.7e9", ErrBadExpires}, {" 1700000001", ErrBadExpires},
		{"1700000001 ", ErrBadExpires}, {"1700000001\n", ErrBadExpires}, {"1_700_000_1", ErrBadExpires}, {"0x7fffffff", ErrBadExpires},
		{"１７０００", ErrBadExpires}, {"NaN", ErrBadExpires}, {"Inf", ErrBadExpires}, {"never", ErrBadExpires}, {"\x00", ErrBadExpires},
	} {
		r := testRequest()
		for name, query := range map[string]url.Values{"v1": signURLV1(r, testKey, c.expires), "v2": signURLV2(r, testKey, c.expires)} {
			signed := *r
			signed.Query = query
			if _, err := VerifyRequest(&signed, testKeys, now); !errors.Is(err, c.want) {
				t.Errorf("request, %s, Expires %q: got %v, want %v", name, c.expires, err, c.want)
			}
		}
		p := testPublish()
		verdicts += 3
		p.Query = signedQuery(p.Query, testKey, c.expires, p.stringToSign(c.expires, tokenSigned))
		if _, err := VerifyPublish(p, testKeys, now); !errors.Is(err, c.want) {
			t.Errorf("publish, Expires %q: got %v, want %v", c.expires, err, c.want)
		}
	}
	if !t.Failed() {
		t.Logf("P2: %d verdicts, wrong 0", verdicts)
	}
}

// Only the one base64 text of the right MAC is the signature.
func TestSignatureText(t *testing.T) {
	r := testRequest()
	SignRequest(r, testKey, testNow)
	_, right, _ := strings.Cut(r.Header.Get("Authorization"), ":")
	raw, err := base64.StdEncoding.DecodeString(right)
	if err != nil {
		t.Fatal(err)
	}
	// The last letter carries two bits that the MAC does not use.
	loose := right[:26] + string(base64Letter(right[26])) + "="
	if b, err := base64.StdEncoding.DecodeString(loose); err != nil || !slices.Equal(b, raw) {
		t.Fatalf("%s is no second text of %s", loose, right)
	}
	for name, signature := range map[string]string{
		"not base64":        strings.Repeat("!", 28),
		"zero":              base64.StdEncoding.EncodeToString(make([]byte, 20)),
		"short":             base64.StdEncoding.EncodeToString(raw[:19]),
		"long":              base64.StdEncoding.EncodeToString(append(raw[:20:20], 0)),
		"first half":        right[:14],
		"twice":             right + right,
		"without padding":   strings.TrimRight(right, "="),
		"raw":               string(raw),
		"hex":               fmt.Sprintf("%x", raw),
		"line end inside":   right[:14] + "\n" + right[14:],
		"28 with line ends": right[:24] + "\r\n\r\n",
		"space after":       right + " ",
		"unused bits set":   loose,
	} {
		t.Run(name, func(t *testing.T) {
			r.Header.Set("Authorization", "OSS ak:"+signature)
			id, err := VerifyRequest(r, testKeys, testNow)
			checkRefused(t, id, err)
			var mismatch *MismatchError
			if !errors.As(err, &mismatch) {
				t.Fatalf("got %v, want a MismatchError", err)
			}
			want := MismatchError{KeyID: "ak", Provided: signature, StringToSign: "GET\n\n\nFri, 02 Jan 2026 03:04:05 GMT\n/b/k?live"}
			if *mismatch != want {
				t.Errorf("got %+v, want %+v", *mismatch, want)
			}
		})
	}
}

// base64Letter returns the letter after c in the alphabet of base64.
func base64Letter(c byte) byte {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	return alphabet[strings.IndexByte(alphabet, c)+1]
}

// Two headers of one name are signed as one value with a comma, and each
// value without the space around it.
func TestCanonicalizedHeaders(t *testing.T) {
	r := testRequest()
	r.Header["X-Oss-Meta-B"] = []string{" two\t", "three"}
	r.Header["X-Oss-Meta-A-B"] = []string{"1"}
	r.Header["X-Oss-Meta-A"] = []string{""}
	r.Header["Content-Type"] = []string{"text/plain"}
	got := r.stringToSignV1("DATE")
	want := "GET\n\ntext/plain\nDATE\nx-oss-meta-a:\nx-oss-meta-a-b:1\nx-oss-meta-b:two,three\n/b/k?live"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestBareBucket: the C SDK signs /bucket for a bucket at an IP endpoint; for
// any other resource the slash counts.
func TestBareBucket(t *testing.T) {
	key, now := Key{ID: "ak", Secret: "sk"}, time.Unix(1472036288, 0)
	date := now.UTC().Format(http.TimeFormat)
	for _, c := range []struct {
		bucket, key, resource string
		ok                    bool
	}{
		{"b", "", "/b/?live", true},
		{"b", "", "/b?live", true},
		{"b", "", "/bb?live", false},
		{"b", "k", "/b/k?live", true},
		{"b", "k", "/bk?live", false},
		{"", "", "/?live", true},
		{"", "", "?live", false},
	} {
		signature := key.signV1("GET\n\n\n" + date + "\n" + c.resource)
		r := &Request{Method: "GET", Bucket: c.bucket, Key: c.key, Query: url.Values{"live": {""}},
			Header: http.Header{"Date": {date}, "Authorization": {"OSS ak:" + signature}}}
		if _, err := VerifyRequest(r, NewKeys(key), now); (err == nil) != c.ok {
			t.Errorf("%s/%s signed as %s: %v, want accepted %v", c.bucket, c.key, c.resource, err, c.ok)
		}
	}
}
