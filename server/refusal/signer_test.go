package refusal

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"osslive/auth"
	"osslive/server/refusal/proof"
)

// resign signs r as a signer does who writes the text otherwise: for version 4 the
// canonical request.
func resign(t *testing.T, r *auth.Request, change func(text string) string) {
	t.Helper()
	text := proof.TextOf(r)
	if text == nil {
		t.Fatal("no text to sign")
	}
	if text.Version == "1" {
		h := hmac.New(sha1.New, []byte(key.Secret))
		h.Write([]byte(change(text.String())))
		setSignature(r, base64.StdEncoding.EncodeToString(h.Sum(nil)))
		return
	}
	sum := sha256.Sum256([]byte(change(text.String())))
	signed := strings.Join([]string{"OSS4-HMAC-SHA256", change(text.Timestamp), text.Scope, hex.EncodeToString(sum[:])}, "\n")
	k := []byte("aliyun_v4" + key.Secret)
	for _, part := range append(strings.Split(text.Scope, "/"), signed) {
		h := hmac.New(sha256.New, k)
		h.Write([]byte(part))
		k = h.Sum(nil)
	}
	setSignature(r, hex.EncodeToString(k))
}

func replace(old, new string) func(string) string {
	return func(s string) string { return strings.Replace(s, old, new, 1) }
}

// What a signer of one's own writes otherwise is found by the text alone.
func TestSigners(t *testing.T) {
	for _, tt := range []struct {
		cause, how string
		change     func(text string) string
	}{
		{"resource-signed", "publish", replace("/bucket-b/a-key", "/bucket-b/live/a-key")},
		{"resource-signed", "publish", replace("/bucket-b/a-key", "/a-key")},
		{"resource-signed", "publish", replace("/bucket-b/a-key", "/live/a-key")},
		{"resource-signed", "publish", replace("/bucket-b/a-key", "rtmp://127.0.0.1:9000/bucket-b/live/a-key")},
		{"resource-signed", "1 header", replace("/bucket-b/a-key", "bucket-b/a-key")},
		{"resource-signed", "1 url", replace("/bucket-b/a-key", "http://127.0.0.1:9000/bucket-b/a-key")},
		{"resource-signed", "4 header", replace("/bucket-b/a-key", "/a-key")},
		{"resource-signed", "4 url", replace("/bucket-b/a-key", "/bucket-b%2Fa-key")},
		{"parameters-signed", "publish", replace("playlistName:list.m3u8\n", "playlistName:list.m3u8")},
		{"parameters-signed", "publish", replace("playlistName:", "playlistName=")},
		{"lines-signed", "publish", func(s string) string { _, rest, _ := strings.Cut(s, "\n"); return rest }},
		{"lines-signed", "publish", func(s string) string { return "PUT\n\n\n" + s }},
		{"lines-signed", "1 header", replace("\n\n\n", "\n\n")},
		{"line-ends", "1 header", func(s string) string { return s + "\n" }},
		{"line-ends", "1 url", func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }},
		{"line-ends", "publish", func(s string) string { return strings.ReplaceAll(s, "\n", `\n`) }},
		{"headers-signed", "1 header", replace("x-oss-meta-a:1\nx-oss-meta-b:2\n", "x-oss-meta-b:2\nx-oss-meta-a:1\n")},
		{"headers-signed", "1 url", func(s string) string {
			return strings.NewReplacer("x-oss-meta-a", "X-Oss-Meta-A", "x-oss-meta-b", "X-Oss-Meta-B").Replace(s)
		}},
		{"headers-signed", "1 header", func(s string) string { return regexp.MustCompile(`(x-oss-meta-.):`).ReplaceAllString(s, "$1: ") }},
		{"headers-signed", "1 header", replace("x-oss-meta-b:2\n", "x-oss-meta-b:2")},
		{"headers-signed", "4 header", replace("x-oss-content-sha256:UNSIGNED-PAYLOAD\n", "")},
		{"headers-signed", "4 header", replace("\n\n\nUNSIGNED", "\n\nUNSIGNED")},
		{"payload-signed", "4 header", replace("\n\nUNSIGNED", "\nhost\nUNSIGNED")},
		{"payload-signed", "4 url", replace("UNSIGNED-PAYLOAD", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")},
		{"query-signed", "4 url", func(s string) string {
			lines := strings.Split(s, "\n")
			if len(lines) < 3 {
				return s
			}
			return strings.Join(slices.Replace(lines, 2, 3, ""), "\n")
		}},
		{"date-changed", "1 header", replace("05:06:07", "05:06:05")},
		{"date-changed", "1 header", replace("05:06:07", "13:06:07")},
		{"date-changed", "4 header", replace("T050607Z", "T050609Z")},
	} {
		l, r := newLog(t), request("GET", "a-key", nil)
		if tt.how == "publish" {
			r.Query.Set("playlistName", "list.m3u8")
		} else if strings.Contains(tt.cause, "headers") {
			r.Header["X-Oss-Meta-A"], r.Header["X-Oss-Meta-B"] = []string{"1"}, []string{"2"}
		}
		signings[tt.how](r, key)
		resign(t, r, tt.change)
		e := refuse(t, l, r)
		if e.Causes[0].ID != tt.cause || !e.Causes[0].Proof {
			t.Errorf("%s %s, %+v: got %+v", tt.cause, tt.how, e.Server, e.Causes)
		}
		showsNothing(t, e, r, key)
	}
}

// A signature that was right is known under what became of it.
func TestDamagedSignatures(t *testing.T) {
	escapes := regexp.MustCompile(`%[0-9*]`)
	for what, change := range map[string]func(s string) string{
		"batch":       func(s string) string { return escapes.ReplaceAllString(url.QueryEscape(s), "") },
		"no escapes":  func(s string) string { return strings.NewReplacer("+", "", "/", "", "=", "").Replace(s) },
		"no percent":  func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "%", "") },
		"for URLs":    func(s string) string { return strings.NewReplacer("+", "-", "/", "_").Replace(s) },
		"HTML":        func(s string) string { return strings.NewReplacer("+", "&#43;", "/", "&#x2F;").Replace(s) },
		"no padding":  func(s string) string { return strings.TrimRight(s, "=") },
		"lower case":  strings.ToLower,
		"line break":  func(s string) string { return s[:10] + "\n" + s[10:] },
		"cut":         func(s string) string { return s[:20] },
		"hexadecimal": func(s string) string { b, _ := base64.StdEncoding.DecodeString(s); return hex.EncodeToString(b) },
	} {
		for _, how := range []string{"1 header", "1 url", "publish"} {
			if what == "line break" && how == "publish" {
				continue // is refused for itself
			}
			for i := range 200 { // until the signature has a + and a /
				r := request("GET", "key"+strings.Repeat("y", i), nil)
				signings[how](r, key)
				c := claimOf(r)
				if !strings.Contains(c.Signature, "+") || !strings.Contains(c.Signature, "/") {
					continue
				}
				setSignature(r, change(c.Signature))
				e := refuse(t, newLog(t), r)
				if !strings.HasPrefix(e.Causes[0].ID, "signature-") || !e.Causes[0].Proof {
					t.Errorf("%s, %s: got %+v", what, how, e.Causes)
				}
				showsNothing(t, e, r, key)
				break
			}
		}
	}
}

// Thirty days are no milliseconds.
func TestLifetimeTooLong(t *testing.T) {
	for lifetime, want := range map[string]string{"2592000": "expires-too-long", "31536000": "expires-too-long", "3600000": "expires-milliseconds", "900000": "expires-milliseconds", "604801": "expires-too-long"} {
		r := request("GET", "key", nil)
		signings["4 url"](r, key)
		r.Query.Set("x-oss-expires", lifetime)
		if e := refuse(t, newLog(t), r); e.Causes[0].ID != want {
			t.Errorf("x-oss-expires=%s: got %s, want %s", lifetime, e.Causes[0].ID, want)
		}
	}
}
