package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"osslive/auth"
	"osslive/server/refusal"
)

// TestRefusalPages finds a refused request on its page, as text, and a refused publish on
// the page of its channel.
func TestRefusalPages(t *testing.T) {
	f := newFixture(t, func(c *Config) {
		c.Refusals = refusal.New(refusal.Config{Store: c.Store, Keys: auth.NewKeys(testKey)})
	})
	f.putChannel(t, "open", "lecture")
	const payload = `<script>alert("x")</script>`
	now := time.Now()
	r := &auth.Request{Method: http.MethodPut, Header: http.Header{}, Bucket: "open", Key: payload, Query: url.Values{}}
	auth.SignRequest(r, testKey, now)
	r.Header.Set("Content-Type", payload)
	_, err := auth.VerifyRequest(r, auth.NewKeys(testKey), now)
	f.Refusals.Add(refusal.Refusal{ID: "AB", Time: now, Code: "SignatureDoesNotMatch", Message: payload, Client: payload, Remote: "192.0.2.1:5",
		Bucket: "open", Name: payload, Err: err, Method: r.Method, Host: payload, RawPath: payload, Header: r.Header, Query: url.Values{payload: {payload}}})
	f.Refusals.Add(refusal.Refusal{ID: "CD", Time: now, Code: "AccessDenied", Message: "No signature.", Remote: "192.0.2.2:6",
		Bucket: "open", Name: "lecture", Path: []string{"open", "live", "lecture"}})

	page := f.get(t, "/refusals/AB", here)
	wantAll(t, "the page of a refusal", page, "SignatureDoesNotMatch", "192.0.2.1:5", "content-type, proved", "<mark>&lt;script&gt;", "&lt;script&gt;alert(")
	list := f.get(t, "/refusals", here)
	wantAll(t, "the list", list, `href="/refusals/AB"`, `href="/refusals/CD"`, "publish to open/lecture")
	wantAll(t, "the channel's page", f.get(t, "/channel/open/lecture", here), "Last refused publish", "AccessDenied", "No signature.", `href="/refusals/CD"`)
	if both := page + list; strings.Contains(both, payload) || strings.Contains(both, testKey.Secret) || strings.Contains(both, r.Header.Get("Authorization")[len("OSS test-id:"):]) {
		t.Errorf("a page has what must not be there:\n%s", both)
	}
	wantAll(t, "the text", f.get(t, "/refusals/ab.txt", here), "Cause (the signature proves it) [content-type]")
	wantAll(t, "the document", f.get(t, "/refusals/AB.json", here), `"cause": "content-type"`)

	if w := f.do(http.MethodGet, "/refusals/EF", here, nil); w.Code != http.StatusNotFound {
		t.Errorf("an unknown request ID: %d, want 404", w.Code)
	}
	for _, path := range []string{"/refusals", "/refusals.json", "/refusals/AB", "/refusals/AB.txt"} {
		if w := f.do(http.MethodGet, path, there, nil); w.Code != http.StatusForbidden {
			t.Errorf("%s from another machine: %d, want 403", path, w.Code)
		}
	}
	wantAll(t, "the list without a log", newFixture(t, nil).get(t, "/refusals", here), "Nothing was refused")
}
