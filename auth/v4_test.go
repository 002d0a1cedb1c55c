package auth

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const testCredential = "ak/20260102/r/oss/aliyun_v4_request"

// The stages of the case that the documentation's readers compute by hand.
func TestV4Stages(t *testing.T) {
	r := &Request{Method: "PUT", Header: http.Header{}, Bucket: "examplebucket", Key: "test-channel", Query: url.Values{"live": {""}}, Region: "cn-hangzhou"}
	SignRequestV4(r, Key{ID: "ak", Secret: "sk"}, time.Date(2023, 12, 16, 16, 20, 57, 0, time.UTC))
	for name, c := range map[string]struct{ got, want string }{
		"canonical request": {r.canonicalV4(nil), "PUT\n/examplebucket/test-channel\nlive\n" +
			"x-oss-content-sha256:UNSIGNED-PAYLOAD\nx-oss-date:20231216T162057Z\n\n\nUNSIGNED-PAYLOAD"},
		"Authorization": {r.Header.Get("Authorization"), "OSS4-HMAC-SHA256 Credential=ak/20231216/cn-hangzhou/oss/aliyun_v4_request," +
			"Signature=d265252d7d400819cc7450ca23fcd82aaa1ad1789e62aa4d7067e9e0b1f65d19"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", name, c.got, c.want)
		}
	}
	suite := &Request{Method: "PUT", Bucket: "bucket", Key: "1234+-/123/1.txt",
		Header: http.Header{"X-Oss-Head1": {"value"}, "Content-Type": {"text/plain"}, "X-Oss-Date": {"20231216T162057Z"}, "X-Oss-Content-Sha256": {"UNSIGNED-PAYLOAD"}},
		Query:  url.Values{"param1": {"value1"}, "+param1": {"value3"}, "|param1": {"value4"}, "+param2": {""}, "|param2": {""}, "param2": {""}}}
	scope := newScopeV4(Key{ID: "ak"}, "cn-hangzhou", "20231216T162057Z")
	got := scope.stringToSign(suite.canonicalV4(nil))
	want := "OSS4-HMAC-SHA256\n20231216T162057Z\n20231216/cn-hangzhou/oss/aliyun_v4_request\nf4613657f1b108998e8dbd10a1aa5da621dc2c6e02c9ddec0f163664848704c4"
	if got != want {
		t.Errorf("string-to-sign: got %q, want %q", got, want)
	}
}

func TestV4MismatchShowsBothTexts(t *testing.T) {
	r := testRequest()
	SignRequestV4(r, testKey, testNow)
	r.Header.Set("Authorization", "OSS4-HMAC-SHA256 Credential="+testCredential+",Signature=0")
	_, err := VerifyRequest(r, testKeys, testNow)
	var got *MismatchError
	if !errors.As(err, &got) {
		t.Fatalf("got %v, want a MismatchError", err)
	}
	scope := newScopeV4(testKey, "r", "20260102T030405Z")
	canonical := r.canonicalV4(nil)
	want := MismatchError{KeyID: "ak", Provided: "0", StringToSign: scope.stringToSign(canonical), CanonicalRequest: canonical}
	if *got != want {
		t.Errorf("got %+v, want %+v", *got, want)
	}
}

// Each request is signed rightly for its region and date; what is changed is
// the reason for the refusal.
func TestV4HeaderRefusals(t *testing.T) {
	authorization := func(s string) func(*Request) {
		return func(r *Request) {
			_, signature, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
			r.Header.Set("Authorization", "OSS4-HMAC-SHA256 "+strings.ReplaceAll(s, "SIG", signature))
		}
	}
	credential := func(s string) func(*Request) { return authorization("Credential=" + s + ",Signature=SIG") }
	mismatch := new(MismatchError)
	for _, c := range []struct {
		name   string
		change func(r *Request)
		want   error
		text   string
	}{
		{"nothing", func(*Request) {}, nil, ""},
		{"spaces, other order", authorization("Signature=SIG, Credential=" + testCredential), nil, ""},
		{"no credential", authorization("Signature=SIG"), ErrMalformed, "want OSS4"},
		{"no signature", authorization("Credential=" + testCredential), ErrMalformed, "want OSS4"},
		{"signature empty", authorization("Credential=" + testCredential + ",Signature="), ErrMalformed, "want OSS4"},
		{"no members", authorization(""), ErrMalformed, ""},
		{"unknown member", authorization("Credential=" + testCredential + ",Signature=SIG,Extra=1"), ErrMalformed, `"Extra"`},
		{"member in lower case", authorization("credential=" + testCredential + ",Signature=SIG"), ErrMalformed, `"credential"`},
		{"empty member", authorization("Credential=" + testCredential + ",,Signature=SIG"), ErrMalformed, ""},
		{"trailing comma", authorization("Credential=" + testCredential + ",Signature=SIG,"), ErrMalformed, ""},
		{"credential twice", authorization("Credential=" + testCredential + ",Credential=" + testCredential + ",Signature=SIG"), ErrRepeated, ""},
		{"signature twice", authorization("Credential=" + testCredential + ",Signature=SIG,Signature=SIG"), ErrRepeated, ""},
		{"colon for equals sign", authorization("Credential:" + testCredential + ",Signature:SIG"), ErrMalformed, ""},

		{"four parts", credential("ak/20260102/r/oss"), ErrMalformed, "five parts"},
		{"six parts", credential(testCredential + "/x"), ErrMalformed, "five parts"},
		{"no key", credential("/20260102/r/oss/aliyun_v4_request"), ErrMalformed, "AccessKeyId"},
		{"unknown key", credential("who/20260102/r/oss/aliyun_v4_request"), ErrUnknownKey, ""},
		{"key without secret", credential("nosecret/20260102/r/oss/aliyun_v4_request"), ErrUnknownKey, ""},
		{"other date", credential("ak/20260103/r/oss/aliyun_v4_request"), ErrMalformed, "SignDate"},
		{"date with dashes", credential("ak/2026-01-02/r/oss/aliyun_v4_request"), ErrMalformed, "SignDate"},
		{"no region", credential("ak/20260102//oss/aliyun_v4_request"), ErrMalformed, "Region"},
		{"other region than signed", credential("ak/20260102/s/oss/aliyun_v4_request"), mismatch, ""},
		{"other region than the server's", func(r *Request) { r.Region = "s" }, ErrMalformed, "Region"},
		{"the server's region", func(r *Request) { r.Region = "r" }, nil, ""},
		{"wrong product", credential("ak/20260102/r/s3/aliyun_v4_request"), ErrMalformed, "Product"},
		{"cloud box", credential("ak/20260102/r/oss-cloudbox/aliyun_v4_request"), ErrMalformed, "Product"},
		{"wrong request", credential("ak/20260102/r/oss/aws4_request"), ErrMalformed, "Request"},

		{"no date", func(r *Request) { r.Header.Del("x-oss-date") }, ErrBadDate, ""},
		{"x-oss-date in the form of Date", func(r *Request) { r.Header.Set("x-oss-date", testNow.Format(http.TimeFormat)) }, ErrBadDate, ""},
		{"Date in the form of x-oss-date", func(r *Request) { r.Header.Set("Date", "20260102T030405Z"); r.Header.Del("x-oss-date") }, ErrBadDate, ""},
		{"x-oss-date with a fraction", func(r *Request) { r.Header.Set("x-oss-date", "20260102T030405.5Z") }, ErrBadDate, ""},
		{"x-oss-date twice", func(r *Request) { r.Header.Add("x-oss-date", "20260102T030405Z") }, ErrRepeated, ""},
		{"other x-oss-date", func(r *Request) { r.Header.Set("x-oss-date", "20260102T030406Z") }, mismatch, ""},
		{"other Date, which does not count", func(r *Request) { r.Header.Set("Date", "x") }, nil, ""},

		{"payload unknown", func(r *Request) { r.Header.Set("x-oss-content-sha256", "STREAMING-OSS4-HMAC-SHA256-PAYLOAD") }, ErrPayload, ""},
		{"payload in upper case", func(r *Request) { r.Header.Set("x-oss-content-sha256", strings.Repeat("AB", 32)) }, ErrPayload, ""},
		{"payload too short", func(r *Request) { r.Header.Set("x-oss-content-sha256", strings.Repeat("ab", 31)) }, ErrPayload, ""},
		{"payload claimed after signing", func(r *Request) { r.Header.Set("x-oss-content-sha256", strings.Repeat("ab", 32)) }, mismatch, ""},
		{"payload header removed", func(r *Request) { r.Header.Del("x-oss-content-sha256") }, mismatch, ""},

		{"any parameter twice", func(r *Request) { r.Query["prefix"] = []string{"a", "a"} }, ErrRepeated, ""},
		{"Content-Type added", func(r *Request) { r.Header.Set("Content-Type", "text/plain") }, mismatch, ""},
		{"Content-MD5 added", func(r *Request) { r.Header.Set("Content-MD5", "x") }, mismatch, ""},
		{"x-oss- header added", func(r *Request) { r.Header.Set("x-oss-acl", "public-read-write") }, mismatch, ""},
		{"x-oss- header twice", func(r *Request) { r.Header["X-Oss-Meta-A"] = []string{"a", "b"} }, ErrRepeated, ""},
		{"bucket with a slash", func(r *Request) { r.Bucket, r.Key = "b/k", "" }, ErrMalformed, ""},
		{"key without bucket", func(r *Request) { r.Bucket = "" }, ErrMalformed, ""},

		{"token without need", func(r *Request) { r.Header.Set("x-oss-security-token", "t") }, ErrBadToken, ""},
		{"token missing", func(r *Request) { r.Region = "r"; SignRequestV4(r, Key{ID: "sts", Secret: testSTS.Secret}, testNow) }, ErrBadToken, ""},
		{"token in the query", func(r *Request) {
			r.Region = "r"
			r.Query.Set("x-oss-security-token", testSTS.Token)
			SignRequestV4(r, Key{ID: "sts", Secret: testSTS.Secret}, testNow)
		}, ErrBadToken, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := testRequest()
			r.Region = "r"
			SignRequestV4(r, testKey, testNow)
			r.Region = ""
			c.change(r)
			id, err := VerifyRequest(r, testKeys, testNow)
			checkVersion(t, id, err, c.want, c.text)
		})
	}
}

// checkVersion wants the error, or any *MismatchError if want is one.
func checkVersion(t *testing.T, id Identity, err, want error, text string) {
	t.Helper()
	if want == nil {
		if err != nil || id.Anonymous() {
			t.Errorf("got %+v, %v, want an identity", id, err)
		}
		return
	}
	checkRefused(t, id, err)
	var mismatch *MismatchError
	isMismatch := errors.As(want, &mismatch)
	if errors.As(err, &mismatch) != isMismatch || !isMismatch && !errors.Is(err, want) || err != nil && !strings.Contains(err.Error(), text) {
		t.Errorf("got error %v, want %v with %q", err, want, text)
	}
}

func TestV4CredentialError(t *testing.T) {
	r := testRequest()
	r.Region = "r"
	SignRequestV4(r, testKey, testNow)
	r.Region = "cn-local"
	_, err := VerifyRequest(r, testKeys, testNow)
	var credential *CredentialError
	if !errors.As(err, &credential) || credential.Part != "Region" || !errors.Is(err, ErrMalformed) {
		t.Errorf("got %v, want a CredentialError of Region that is an ErrMalformed", err)
	}
}

func TestV4Payload(t *testing.T) {
	const hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	for header, want := range map[string]string{"": "", "UNSIGNED-PAYLOAD": "", hash: hash} {
		for _, s := range signers {
			r := testRequest()
			if header != "" {
				r.Header.Set("x-oss-content-sha256", header)
			}
			r.Region = "r"
			s.sign(r, testKey, testNow)
			id, err := VerifyRequest(r, testKeys, testNow)
			want := want
			if !strings.HasPrefix(s.name, "v4") {
				want = "" // there it is a header like any other
			}
			if err != nil || id.PayloadSHA256() != want {
				t.Errorf("%s, payload %q: got %q, %v, want %q", s.name, header, id.PayloadSHA256(), err, want)
			}
		}
	}
}

func TestV4URLRefusals(t *testing.T) {
	set := func(name string, values ...string) func(*Request) {
		return func(r *Request) { r.Query[name] = values }
	}
	mismatch := new(MismatchError)
	for _, c := range []struct {
		name   string
		change func(r *Request)
		want   error
	}{
		{"nothing", func(*Request) {}, nil},
		{"no credential", set("x-oss-credential"), ErrMissingParam},
		{"no date", set("x-oss-date"), ErrMissingParam},
		{"no expiry", set("x-oss-expires"), ErrMissingParam},
		{"no signature", set("x-oss-signature"), ErrMissingParam},
		{"signature empty", set("x-oss-signature", ""), ErrMissingParam},
		{"credential twice", set("x-oss-credential", testCredential, testCredential), ErrRepeated},
		{"date twice", set("x-oss-date", "20260102T030405Z", "20260102T030405Z"), ErrRepeated},
		{"expiry twice", set("x-oss-expires", "60", "60"), ErrRepeated},
		{"signature twice", set("x-oss-signature", "a", "a"), ErrRepeated},
		{"token twice", set("x-oss-security-token", "a", "a"), ErrRepeated},
		{"any parameter twice", set("prefix", "a", "a"), ErrRepeated},
		{"additional headers twice", set("x-oss-additional-headers", "", ""), ErrRepeated},
		{"bad date", set("x-oss-date", "2026-01-02T03:04:05Z"), ErrBadDate},
		{"scope of another day", set("x-oss-date", "20260103T030405Z"), ErrMalformed},
		{"other date", set("x-oss-date", "20260102T030400Z"), mismatch},
		{"other expiry", set("x-oss-expires", "61"), mismatch},
		{"bad credential", set("x-oss-credential", "ak"), ErrMalformed},
		{"other region", set("x-oss-credential", "ak/20260102/s/oss/aliyun_v4_request"), mismatch},
		{"unknown key", set("x-oss-credential", "who/20260102/r/oss/aliyun_v4_request"), ErrUnknownKey},
		{"the server's region is another", func(r *Request) { r.Region = "s" }, ErrMalformed},
		{"additional header that is not there", set("x-oss-additional-headers", "range"), ErrMalformed},
		{"parameter added", set("x-oss-process", "hls/sign"), mismatch},
		{"unsigned parameter of version 1 added", set("prefix", "a"), mismatch},
		{"Content-Type added", func(r *Request) { r.Header.Set("Content-Type", "text/plain") }, mismatch},
		{"x-oss- header added", func(r *Request) { r.Header.Set("x-oss-object-acl", "public-read") }, mismatch},
		{"payload unknown", func(r *Request) { r.Header.Set("x-oss-content-sha256", "x") }, ErrPayload},
		{"Range added", func(r *Request) { r.Header.Set("Range", "bytes=0-1") }, nil},
		{"token without need", set("x-oss-security-token", "t"), ErrBadToken},
		{"token of version 1", set("security-token", "t"), mismatch},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := testRequest()
			r.Region = "r"
			r.Query = SignURLV4(r, testKey, testNow, testNow.Add(time.Minute))
			r.Region = ""
			c.change(r)
			id, err := VerifyRequest(r, testKeys, testNow)
			checkVersion(t, id, err, c.want, "")
		})
	}
}

// Each text is signed rightly, so that only its form or the time can be the
// reason.
func TestV4Lifetime(t *testing.T) {
	for _, c := range []struct {
		lifetime string
		after    time.Duration // from the date to the use
		want     error
	}{
		{"1", 0, nil}, {"1", time.Second, nil}, {"1", 2 * time.Second, ErrExpired},
		{"604800", 604800 * time.Second, nil}, {"604800", 604801 * time.Second, ErrExpired},
		{"3600", -15 * time.Minute, nil}, {"3600", -15*time.Minute - time.Second, ErrSkewed},
		{"3600", 30 * 365 * 24 * time.Hour, ErrExpired}, {"3600", -30 * 365 * 24 * time.Hour, ErrSkewed},
		{"0", 0, ErrBadLifetime}, {"604801", 0, ErrBadLifetime}, {"-1", 0, ErrBadLifetime}, {"+1", 0, ErrBadLifetime},
		{"", 0, ErrMissingParam}, {"1e3", 0, ErrBadLifetime}, {"1.0", 0, ErrBadLifetime}, {" 1", 0, ErrBadLifetime},
		{"0x10", 0, ErrBadLifetime}, {"1_0", 0, ErrBadLifetime}, {"4294967297", 0, ErrBadLifetime},
		{"18446744073709551617", 0, ErrBadLifetime}, {"1767323045", 0, ErrBadLifetime}, {"never", 0, ErrBadLifetime},
	} {
		r := testRequest()
		r.Region = "r"
		r.Query = signURLV4(r, testKey, testNow.Format(timestampLayout), c.lifetime)
		if _, err := VerifyRequest(r, testKeys, testNow.Add(c.after)); !errors.Is(err, c.want) {
			t.Errorf("x-oss-expires %q, %v after its date: got %v, want %v", c.lifetime, c.after, err, c.want)
		}
	}
}

// Only the one hexadecimal text of the right MAC is the signature.
func TestV4SignatureText(t *testing.T) {
	r := testRequest()
	r.Region = "r"
	SignRequestV4(r, testKey, testNow)
	head, right, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
	for name, signature := range map[string]string{
		"upper case": strings.ToUpper(right), "short": right[:63], "shorter": right[:62], "long": right + "0", "longer": right + "00",
		"space inside": right[:32] + " " + right[32:], "0x": "0x" + right[2:], "zero": strings.Repeat("0", 64), "twice": right + right,
	} {
		r.Header.Set("Authorization", head+"Signature="+signature)
		id, err := VerifyRequest(r, testKeys, testNow)
		checkVersion(t, id, err, new(MismatchError), "")
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestAdditionalHeaders(t *testing.T) {
	for _, c := range []struct {
		list string
		want string // sorted, or the text of the error
		ok   bool
	}{
		{"", "", true},
		{"range", "range", true},
		{"range;host", "host;range", true},
		{"content-type;range", "content-type;range", true},
		{"x-oss-meta-a", "x-oss-meta-a", true},
		{"range;range", "repeated", false},
		{"Range", "not in the request", false},
		{"if-match", "not in the request", false},
		{"range;", "not in the request", false},
		{";", "not in the request", false},
		{" range", "not in the request", false},
		{"range,host", "not in the request", false},
	} {
		r := &Request{Host: "h", Header: http.Header{"Range": {"x"}, "Content-Type": {"t"}, "X-Oss-Meta-A": {"m"}}}
		names, err := r.additionalHeaders(c.list)
		got := strings.Join(names, ";")
		if err != nil {
			got = err.Error()
		}
		if (err == nil) != c.ok || !strings.Contains(got, c.want) || c.ok && got != c.want {
			t.Errorf("%q: got %q, want %q", c.list, got, c.want)
		}
	}
	if _, err := (&Request{}).additionalHeaders("host"); err == nil {
		t.Error("host is accepted of a request without one")
	}
}

func TestCanonicalQuery(t *testing.T) {
	for want, q := range map[string]url.Values{
		"":                            nil,
		"a":                           {"a": {""}},
		"a=%2F%20%2B~":                {"a": {"/ +~"}},
		"a=1&a-b=2&a.b=3&aB=5&a_b=4":  {"a": {"1"}, "a-b": {"2"}, "a.b": {"3"}, "a_b": {"4"}, "aB": {"5"}},
		"%E6%92%AD=%3D%26&Z&z":        {"播": {"=&"}, "Z": {""}, "z": {""}},
		"x-oss-signature-version=OSS": {"x-oss-signature-version": {"OSS"}, "x-oss-signature": {"x"}},
	} {
		if got := canonicalQuery(q); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
