package server

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"osslive/auth"
	"osslive/rtmp"
)

const forged = "forged"

// TestNothingHelpsToSign sends good, forged and late requests, and looks for the
// secret and the right signature in all that the server says and logs.
func TestNothingHelpsToSign(t *testing.T) {
	var log bytes.Buffer
	key := auth.Key{ID: "watched", Secret: "the-secret-nobody-may-see"}
	n := start(t, func(c *Config) {
		c.Keys = []auth.Key{key}
		c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	minted := auth.MintToken(key, time.Now().Add(time.Hour))
	told := map[string]string{} // what the server said, by what it was asked
	hidden := map[string]string{
		"the secret":             key.Secret,
		"the temporary secret":   minted.Secret,
		"the secret in base64":   base64.StdEncoding.EncodeToString([]byte(key.Secret)),
		"the secret in hex":      hex.EncodeToString([]byte(key.Secret)),
		"the secret, byte-spelt": spelt([]byte(key.Secret)),
	}

	for _, k := range []auth.Key{key, minted} {
		for name, sign := range signers {
			for _, when := range []struct {
				name   string
				at     time.Time
				forge  bool
				status int
			}{
				{"good", time.Now(), false, http.StatusNotFound},
				{"forged", time.Now(), true, http.StatusForbidden},
				{"late", time.Now().Add(-40 * time.Minute), false, http.StatusForbidden},
			} {
				for _, method := range []string{"GET", "HEAD"} {
					asked := fmt.Sprintf("%s %s, %s, by %s", when.name, method, name, k.ID)
					r := &auth.Request{Method: method, Header: http.Header{}, Bucket: "demo", Key: "none", Query: url.Values{}, Region: "oss-cn-local"}
					r.Query = sign(r, k, when.at)
					signature := takeSignature(r, when.forge)
					hidden["the signature of "+asked] = signature
					status, text := send(t, n, r)
					if status != when.status {
						t.Errorf("%s: status %d, want %d\n%s", asked, status, when.status, text)
					}
					told[asked] = text
				}
			}
		}
		q := auth.SignPublish(&auth.Publish{Bucket: "demo", Channel: "ch"}, k, time.Now().Add(time.Hour))
		target := "rtmp://" + n.RTMP + "/demo/live/ch?"
		hidden["the signature of a publish by "+k.ID] = q.Get("Signature")
		good := q.Encode()
		q.Set("Signature", strings.Repeat("A", 27)+"=")
		if _, err := rtmp.Dial(t.Context(), target+q.Encode()); err == nil {
			t.Error("a forged publish was accepted")
		} else {
			told["a forged publish by "+k.ID] = err.Error()
		}
		eventually(t, "a good publish", func() bool { // the last one may not have ended yet
			client, err := rtmp.Dial(t.Context(), target+good)
			return err == nil && client.Close() == nil
		})
	}
	for _, path := range []string{"/", "/channel/demo/ch", "/metrics", "/health/ready"} {
		_, told["admin "+path] = get(t, "http://"+n.Admin+path)
	}
	explained := 0
	_, list := get(t, "http://"+n.Admin+"/refusals.json")
	told["the list of refusals"] = list
	for _, id := range regexp.MustCompile(`"requestId": "([0-9A-F]{24})"`).FindAllStringSubmatch(list, -1) {
		explained++
		for _, form := range []string{"", ".txt", ".json"} {
			_, told["the explanation of "+id[1]+form] = get(t, "http://"+n.Admin+"/refusals/"+id[1]+form)
		}
	}
	if explained < 20 {
		t.Errorf("%d refusals are explained, want one for each that was made", explained)
	}
	n.Stop()
	told["the log"] = log.String()
	if !strings.Contains(told["the log"], "caller=watched") || !strings.Contains(told["forged GET, version 1 in the header, by watched"], "StringToSign") {
		t.Errorf("the log or a refusal says too little for this test to find anything:\n%s", told["the log"])
	}

	hits := strings.Count(told["the log"], minted.Token) // its caller may read it in the StringToSign
	if hits > 0 {
		t.Errorf("the log has the token:\n%s", told["the log"])
	}
	for asked, text := range told {
		for what, s := range hidden {
			for _, form := range []string{s, url.QueryEscape(s), spelt([]byte(s))} {
				if strings.Contains(text, form) {
					hits++
					t.Errorf("%s: answered with %s:\n%s", asked, what, text)
				}
			}
		}
	}
	t.Logf("%d texts searched for %d that must not be there: %d hits", len(told), len(hidden), hits)
}

// signers put a signature into the header, or return the query that has one.
var signers = map[string]func(r *auth.Request, k auth.Key, at time.Time) url.Values{
	"version 1 in the header": func(r *auth.Request, k auth.Key, at time.Time) url.Values {
		auth.SignRequest(r, k, at)
		return r.Query
	},
	"version 1 in the URL": func(r *auth.Request, k auth.Key, at time.Time) url.Values {
		return auth.SignURL(r, k, at.Add(30*time.Minute))
	},
	"version 4 in the header": func(r *auth.Request, k auth.Key, at time.Time) url.Values {
		auth.SignRequestV4(r, k, at)
		return r.Query
	},
	"version 4 in the URL": func(r *auth.Request, k auth.Key, at time.Time) url.Values {
		return auth.SignURLV4(r, k, at, at.Add(30*time.Minute))
	},
}

// takeSignature returns the signature of r, and puts another in its place if asked to.
func takeSignature(r *auth.Request, forge bool) (signature string) {
	for _, name := range []string{"Signature", "x-oss-signature"} {
		if signature = r.Query.Get(name); signature != "" {
			if forge {
				r.Query.Set(name, forged)
			}
			return signature
		}
	}
	text := r.Header.Get("Authorization")
	at := max(strings.LastIndex(text, ":"), strings.LastIndex(text, "=")) + 1
	if !strings.HasPrefix(text, "OSS4") { // base64 may end in =
		at = strings.LastIndex(text, ":") + 1
	}
	if forge {
		r.Header.Set("Authorization", text[:at]+forged)
	}
	return text[at:]
}

// send returns the whole answer to r, with the error document that the answer to
// a HEAD has in a header.
func send(t *testing.T, n *Server, r *auth.Request) (status int, text string) {
	t.Helper()
	request, err := http.NewRequest(r.Method, "http://"+n.Listen+"/"+r.Bucket+"/"+r.Key+"?"+r.Query.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header = r.Header
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	dump, err := httputil.DumpResponse(answer, true)
	if err != nil {
		t.Fatal(err)
	}
	document, err := base64.StdEncoding.DecodeString(answer.Header.Get("x-oss-err"))
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(dump) + string(document)
}

// spelt is how StringToSignBytes spells bytes.
func spelt(b []byte) string { return strings.ToUpper(fmt.Sprintf("% x", b)) }
