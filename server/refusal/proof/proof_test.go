package proof

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"osslive/auth"
)

var (
	key       = auth.Key{ID: "the-id", Secret: "the secret+/of key 10"}
	other     = auth.Key{ID: "another", Secret: "the other secret"}
	temporary = auth.Key{ID: "STS.x", Secret: "a third secret", Token: "tok+en"}
	now       = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
)

// signings are the ways to sign that edits are about.
var signings = map[string]func(r *auth.Request, k auth.Key){
	"1 header": func(r *auth.Request, k auth.Key) { auth.SignRequest(r, k, now) },
	"1 url":    func(r *auth.Request, k auth.Key) { r.Query = auth.SignURL(r, k, now.Add(time.Hour)) },
	"4 header": func(r *auth.Request, k auth.Key) { auth.SignRequestV4(r, k, now) },
	"4 host":   func(r *auth.Request, k auth.Key) { auth.SignRequestV4(r, k, now, "host") },
	"4 url":    func(r *auth.Request, k auth.Key) { r.Query = auth.SignURLV4(r, k, now, now.Add(time.Hour)) },
	"publish": func(r *auth.Request, k auth.Key) {
		r.Method = ""
		r.Query = auth.SignPublish(&auth.Publish{Bucket: r.Bucket, Channel: r.Key, Query: r.Query}, k, now.Add(time.Hour))
	},
}

// newCase is a case of r on a server with the buckets bucket-b, which has the object
// "an object" and the channel "ch", and bucket-c.
func newCase(r *auth.Request) *Case {
	c := New(r, auth.NewKeys(key, other, temporary))
	c.RawPath, c.Size, c.Region = "/"+r.Bucket+"/"+url.PathEscape(r.Key)+"?"+r.Query.Encode(), 500, "oss-cn-local"
	c.Hostname, _, _ = strings.Cut(r.Host, ":")
	if r.Method == "" {
		c.Path = []string{r.Bucket, "live", r.Key}
	}
	c.Buckets = func() []string { return []string{"bucket-b", "bucket-c"} }
	c.Channels = func(bucket string) []string { return map[string][]string{"bucket-b": {"ch"}}[bucket] }
	c.Objects = func() []string { return []string{"an object"} }
	c.Playlist = func() string { return "list.m3u8" }
	return c
}

// resign puts the signature of a changed text into r; for version 4 of a changed
// canonical request.
func resign(change func(text string) string) func(r *auth.Request) {
	return func(r *auth.Request) {
		t := TextOf(r)
		if t.Version == "1" {
			setSignature(r, ClaimOf(r), base64Of(hmacOf(sha1Of, key.Secret, change(t.String()))))
			return
		}
		sum := sha256.Sum256([]byte(change(t.String())))
		k := "aliyun_v4" + key.Secret
		for _, part := range append(strings.Split(t.Scope, "/"), "OSS4-HMAC-SHA256\n"+change(t.Timestamp)+"\n"+t.Scope+"\n"+hex.EncodeToString(sum[:])) {
			k = string(hmacOf(sha256Of, k, part))
		}
		setSignature(r, ClaimOf(r), hex.EncodeToString([]byte(k)))
	}
}

const sha1Of, sha256Of = false, true

func hmacOf(sha2 bool, key, text string) []byte {
	h := hmac.New(sha1.New, []byte(key))
	if sha2 {
		h = hmac.New(sha256.New, []byte(key))
	}
	h.Write([]byte(text))
	return h.Sum(nil)
}

func substitute(old, new string) func(string) string {
	return func(s string) string { return strings.Replace(s, old, new, 1) }
}

// become changes the signature that came.
func become(change func(signature string) string) func(r *auth.Request) {
	return func(r *auth.Request) { c := ClaimOf(r); setSignature(r, c, change(c.Signature)) }
}

func swap(oldnew ...string) func(r *auth.Request) {
	return become(strings.NewReplacer(oldnew...).Replace)
}

// example is a request that an edit explains.
type example struct {
	edit    string // its cause, and which of the edits with it
	how     string // to sign
	with    auth.Key
	prepare func(r *auth.Request) // before signing
	change  func(r *auth.Request) // after it
	also    string                // edits that explain it too, in order
}

// examples has one for each edit. Their requests are a GET of bucket-b/key, whose
// signature of version 1 in a URL has a + and a /.
var examples = []example{
	{edit: "plus-space/1", how: "1 url", change: swap("+", " "), also: "plus-space/2 signature-damaged/10"},
	{edit: "plus-space/2", how: "1 url", with: temporary, change: func(r *auth.Request) { r.Query.Set("security-token", "tok en") }, also: "sub-resource-signed/1"},
	{edit: "signature-encoded/1", how: "1 url", change: become(url.QueryEscape), also: "signature-damaged/10"},
	{edit: "signature-extra/1", how: "4 url", change: become(func(s string) string { return s + `">` }), also: "signature-damaged/10"},
	{edit: "signature-extra/2", how: "1 url", change: become(func(s string) string { return s + "?t=1" }), also: "signature-damaged/10"},
	{edit: "signature-case/1", how: "4 url", change: become(strings.ToUpper), also: "signature-damaged/8 signature-form/1"},
	{edit: "signature-form/1", how: "1 url", change: become(func(s string) string {
		b, _ := base64.StdEncoding.DecodeString(s)
		return hex.EncodeToString(b)
	})},
	{edit: "signature-damaged/1", how: "1 url", change: swap("+", "B", "/", "F", "=", "D"), also: "signature-damaged/10"},
	{edit: "signature-damaged/2", how: "1 url", change: swap("+", "2B", "/", "2F", "=", "3D"), also: "signature-damaged/10"},
	{edit: "signature-damaged/3", how: "1 url", change: swap("+", "%%2B", "/", "%%2F", "=", "%%3D"), also: "signature-damaged/10"},
	{edit: "signature-damaged/4", how: "1 url", change: swap("+", "", "/", "", "=", ""), also: "signature-damaged/10"},
	{edit: "signature-damaged/5", how: "1 url", change: swap("+", "&#43;", "/", "&#47;", "=", "&#61;"), also: "signature-damaged/10"},
	{edit: "signature-damaged/6", how: "1 url", change: swap("=", ""), also: "signature-truncated/1 signature-damaged/10"},
	{edit: "signature-damaged/7", how: "1 url", change: become(strings.ToLower)},
	{edit: "signature-damaged/8", how: "1 url", change: become(strings.ToUpper)},
	{edit: "signature-damaged/9", how: "1 url", change: become(func(s string) string { return s[:10] + "\n" + s[10:] })},
	{edit: "signature-truncated/1", how: "1 url", change: become(func(s string) string { return s[:20] })},
	{edit: "signature-damaged/10", how: "1 url", change: swap("+", "<plus>", "/", "<slash>")},

	{edit: "token-unsigned/1", how: "1 url", change: func(r *auth.Request) { r.Query.Set("security-token", "x") }, also: "sub-resource-signed/1"},
	{edit: "secret-whitespace/1", how: "1 header", with: auth.Key{ID: key.ID, Secret: key.Secret + "\n"}},
	{edit: "wrong-secret/1", how: "4 url", with: auth.Key{ID: key.ID, Secret: other.Secret}},
	{edit: "wrong-secret/2", how: "1 header", with: auth.Key{ID: key.ID, Secret: key.ID}},
	{edit: "wrong-secret/3", how: "1 header", with: auth.Key{ID: temporary.ID, Secret: temporary.Token, Token: temporary.Token}},
	{edit: "secret-encoded/1", how: "publish", with: auth.Key{ID: key.ID, Secret: url.QueryEscape(key.Secret)}},
	{edit: "secret-empty/1", how: "4 url", with: auth.Key{ID: key.ID}},

	{edit: "content-type/1", how: "1 url", change: header("Content-Type", "image/webp"), also: "content-type/2 content-md5/1 header-added/1"},
	{edit: "content-type/2", how: "1 url", prepare: header("Content-Type", "text/csv"), change: header("Content-Type", "")},
	{edit: "content-type/2", how: "4 url", prepare: header("Content-Type", "text/csv"), change: header("Content-Type", "text/html")},
	{edit: "content-md5/1", how: "1 url", change: header("Content-Md5", "1B2M2Y8AsgTpgAmY7PhCfg==")},
	{edit: "content-md5/1", how: "1 url", change: func(r *auth.Request) {
		header("Content-Md5", "1B2M2Y8AsgTpgAmY7PhCfg==")(r)
		header("Content-Type", "x/y")(r)
	}},
	{edit: "header-added/1", how: "1 url", change: func(r *auth.Request) { header("X-Oss-A", "1")(r); header("X-Oss-B", "2")(r) }, also: "headers-signed/1"},
	{edit: "header-missing/1", how: "1 url", prepare: header("X-Oss-Object-Acl", "private"), change: header("X-Oss-Object-Acl", "")},
	{edit: "method/1", how: "1 url", change: func(r *auth.Request) { r.Method = "HEAD" }},

	{edit: "key-decoded/1", how: "1 url", prepare: func(r *auth.Request) { r.Key = "a?b" }, change: func(r *auth.Request) {
		r.Key = "a"
		r.Query.Set("b?Expires", r.Query.Get("Expires"))
		r.Query.Del("Expires")
	}},
	{edit: "sub-resource-missing/1", how: "1 header", change: parameter("acl", ""), also: "parameter-added/1 sub-resource-signed/1"},
	{edit: "parameter-changed/1", how: "publish", prepare: parameter("playlistName", "list.m3u8"), change: parameter("playlistName", "my.m3u8")},
	{edit: "parameter-added/1", how: "4 url", change: parameter("t", "1"), also: "query-signed/1"},
	{edit: "parameter-removed/1", how: "4 url", prepare: parameter("vod", ""), change: func(r *auth.Request) { r.Query.Del("vod") }},
	{edit: "parameter-signed/1", how: "1 header", prepare: func(r *auth.Request) { r.Key = "key?marker=a&prefix=b" },
		change: func(r *auth.Request) { r.Key = "key"; parameter("marker", "a")(r); parameter("prefix", "b")(r) }, also: "resource-signed/2 sub-resource-signed/1"},
	{edit: "region/1", how: "4 header", change: func(r *auth.Request) {
		r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "cn-hangzhou", "cn-beijing", 1))
	}},

	{edit: "key-double-encoded/1", how: "1 url", prepare: named("a b"), change: named("a%20b")},
	{edit: "key-encoding/1", how: "1 url", prepare: named("a%20b"), change: named("a b"), also: "resource-signed/2"},
	{edit: "key-encoding/2", how: "1 url", prepare: named("a b"), change: named("a+b")},
	{edit: "key-slash/1", how: "1 url", prepare: named("/key"), change: named("key"), also: "resource-signed/2"},
	{edit: "bucket-in-endpoint/1", how: "1 header", prepare: named("x"), change: func(r *auth.Request) {
		r.Host = "bucket-b.bucket-b.oss.test"
		r.Bucket, r.Key = "bucket-b.bucket-b", "x"
	}, also: "other-target/1"},
	{edit: "bucket-in-endpoint/2", how: "1 header", prepare: target("vault", "a/b"), change: func(r *auth.Request) { r.Host = "vault.oss.test"; target("a", "b")(r) }},
	{edit: "host-changed/1", how: "1 url", prepare: target("bucket-c", "a/b"), change: target("a", "b")},
	{edit: "other-target/1", how: "4 url", change: target("bucket-c", "key")},
	{edit: "other-target/2", how: "1 url", prepare: target("", ""), also: "resource-signed/2", change: target("bucket-b", "key")},
	{edit: "other-target/3", how: "1 url", prepare: named(""), change: named("key"), also: "resource-signed/2"},
	{edit: "other-target/4", how: "1 url", prepare: target("vault", "x"), change: target("bucket-b", "vault/x"), also: "resource-signed/2"},
	{edit: "other-target/5", how: "1 url", prepare: named("an object"), change: named("key")},
	{edit: "other-target/6", how: "publish", prepare: named("ch"), change: named("key")},
	{edit: "other-protocol/1", how: "1 url", prepare: named("key/playlist.m3u8"), change: func(r *auth.Request) { r.Method, r.Key = "", "key" }},
	{edit: "other-protocol/2", how: "publish", change: func(r *auth.Request) { r.Method, r.Key = "GET", "key/playlist.m3u8" }},
	{edit: "host-signed/1", how: "4 host", prepare: func(r *auth.Request) { r.Host = "localhost" }, change: func(r *auth.Request) { r.Host = "proxy.test" }},
	{edit: "date-changed/1", how: "1 header", change: header("X-Oss-Date", "20260304T050600Z")},

	{edit: "resource-signed/1", how: "publish", change: resign(substitute("/bucket-b/key", "/bucket-b/live/key")), also: ""},
	{edit: "resource-signed/2", how: "1 header", change: resign(substitute("/bucket-b/key", "bucket-b/key"))},
	{edit: "resource-signed/3", how: "4 header", change: resign(substitute("/bucket-b/key", "/bucket-b%2Fkey"))},
	{edit: "sub-resource-signed/1", how: "1 url", prepare: parameter("acl", ""), change: resign(substitute("?acl", "?acl="))},
	{edit: "query-signed/1", how: "4 header", prepare: parameter("acl", ""), change: resign(substitute("\nacl\n", "\nacl=\n"))},
	{edit: "parameters-signed/1", how: "publish", prepare: parameter("playlistName", "a.m3u8"), change: resign(substitute("playlistName:", "PlaylistName:"))},
	{edit: "headers-signed/1", how: "1 header", prepare: header("X-Oss-Meta-A", "1"), change: resign(substitute("x-oss-meta-a:", "X-Oss-Meta-A: "))},
	{edit: "headers-signed/2", how: "4 header", prepare: header("X-Oss-Meta-A", "1"), change: resign(substitute("x-oss-date:20260304T050607Z\nx-oss-meta-a:1\n", "x-oss-meta-a:1\nx-oss-date:20260304T050607Z\n"))},
	{edit: "lines-signed/1", how: "publish", change: resign(func(s string) string { _, rest, _ := strings.Cut(s, "\n"); return rest })},
	{edit: "lines-signed/2", how: "1 header", change: resign(substitute("\n\n\n", "\n\n"))},
	{edit: "line-ends/1", how: "publish", change: resign(func(s string) string { return s + "\n" })},
	{edit: "date-changed/2", how: "1 header", change: resign(substitute("05:06:07", "05:06:09"))},
	{edit: "payload-signed/1", how: "4 header", change: resign(substitute("\n\nUNSIGNED", "\nhost\nUNSIGNED"))},
	{edit: "signing-key/1", how: "4 header", change: func(r *auth.Request) {
		t := New(r, auth.NewKeys(key)).text()
		t.algorithm = "AWS4-HMAC-SHA256"
		setSignature(r, ClaimOf(r), t.signature(key.Secret))
	}},
	{edit: "date-changed/3", how: "4 header", change: resign(substitute("T050607Z", "T050608Z"))},

	{edit: "expires-changed/1", how: "1 url", change: parameter("Expires", fmt.Sprint(now.Add(25*time.Hour).Unix()))},
}

func header(name, value string) func(r *auth.Request) {
	return func(r *auth.Request) {
		if r.Header.Set(name, value); value == "" {
			r.Header.Del(name)
		}
	}
}

func parameter(name, value string) func(r *auth.Request) {
	return func(r *auth.Request) { r.Query.Set(name, value) }
}

func named(key string) func(r *auth.Request) { return func(r *auth.Request) { r.Key = key } }

func target(bucket, key string) func(r *auth.Request) {
	return func(r *auth.Request) { r.Bucket, r.Key = bucket, key }
}

// Each edit has an example, which it explains and no other edit but those named; and
// the search names the first of them.
func TestEdits(t *testing.T) {
	ids, ordinal := make([]string, len(edits)), map[string]int{}
	for i, e := range edits {
		ordinal[e.cause]++
		ids[i] = fmt.Sprintf("%s/%d", e.cause, ordinal[e.cause])
		if !slices.ContainsFunc(examples, func(x example) bool { return x.edit == ids[i] }) {
			t.Errorf("%s has no example", ids[i])
		}
	}
	for _, x := range examples {
		t.Run(x.edit, func(t *testing.T) {
			r := &auth.Request{Method: "GET", Host: "127.0.0.1:9000", Header: http.Header{}, Bucket: "bucket-b", Key: "key", Query: url.Values{}, Region: "cn-hangzhou"}
			if x.prepare != nil {
				x.prepare(r)
			}
			if x.with.ID == "" {
				x.with = key
			}
			signings[x.how](r, x.with)
			if x.change != nil {
				x.change(r)
			}
			c := newCase(r)
			found := c.Find()
			if found == nil {
				t.Fatal("nothing explains it")
			}
			if first := edits[slices.Index(ids, x.edit)]; found.Cause != first.cause || found.Title != first.title || found.Fix != first.fix || found.Text == "" {
				t.Errorf("found %+v, want %s", found, x.edit)
			}
			if title := fmt.Sprintf(found.Title, found.Values...); strings.Contains(title, "%!") {
				t.Errorf("the values do not fit the title: %s", title)
			}
			var explains []string
			for i := range edits {
				s := &search{Case: c, left: maxWork, arrived: c.text(), edit: &edits[i]}
				if s.edit.when == nil || s.edit.when(s) {
					s.edit.undo(s)
				}
				if s.found != nil {
					explains = append(explains, ids[i])
				}
			}
			want := append([]string{x.edit}, strings.Fields(x.also)...)
			slices.Sort(explains)
			slices.Sort(want)
			if !slices.Equal(explains, want) {
				t.Errorf("explained by %v, want %v", explains, want)
			}
		})
	}
}

// A right signature under a text of which nothing is known is explained by nothing,
// and the work for it is bounded.
func TestNothingExplains(t *testing.T) {
	for how, sign := range signings {
		r := &auth.Request{Method: "PUT", Host: "h", Header: http.Header{}, Bucket: "bucket-b", Key: "key", Query: url.Values{"a": {"1"}}, Region: "r"}
		sign(r, auth.Key{ID: key.ID, Secret: "of no key"})
		if found := newCase(r).Find(); found != nil {
			t.Errorf("%s: found %+v", how, found)
		}
		s := &search{Case: newCase(r), left: 1000}
		for range 10 {
			s.secret(key.Secret)
		}
		if s.left >= 0 || s.spend(0) {
			t.Errorf("%s: work goes on beyond its bound", how)
		}
	}
}

// Many headers and parameters are tried in some of their orders.
func TestManyHeaders(t *testing.T) {
	for how, sign := range signings {
		r := &auth.Request{Method: "PUT", Host: "h", Header: http.Header{}, Bucket: "bucket-b", Key: "key", Query: url.Values{}, Region: "r"}
		for i := range 12 {
			r.Header.Set(fmt.Sprintf("X-Oss-Meta-%d", i), "v")
			r.Query.Set(fmt.Sprintf("x-oss-p%d", i), "v")
		}
		sign(r, auth.Key{ID: key.ID, Secret: "of no key"})
		if found := newCase(r).Find(); found != nil {
			t.Errorf("%s: found %+v", how, found)
		}
	}
}
