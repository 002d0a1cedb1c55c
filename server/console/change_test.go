package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"osslive/store"
)

func form(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

// TestChannelForms creates, disables, enables and deletes a channel with the forms.
func TestChannelForms(t *testing.T) {
	f := newFixture(t, nil)
	wantAll(t, "form", f.get(t, "/new", here), `value="open"`, `value="closed"`, `name="FragDuration"`)
	create := form("bucket", "open", "name", "a/b", "description", "", "FragDuration", "4", "FragCount", "6", "playlist", "p.m3u8")
	if w := f.do(http.MethodPost, "/new", here, create); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "ChannelName is &#34;a/b&#34;: a channel name has no slash.") {
		t.Errorf("a bad name: got %d %s", w.Code, w.Body)
	}
	create.Set("name", "a b")
	create.Set("description", "what it is")
	w := f.do(http.MethodPost, "/new", here, create)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/publish/open/a%20b" {
		t.Fatalf("create: got %d to %q %s", w.Code, w.Header().Get("Location"), w.Body)
	}
	c, err := f.Store.Channel(t.Context(), "open", "a b")
	if err != nil || c.Description != "what it is" || c.Target != (store.Target{FragDuration: 4, FragCount: 6, PlaylistName: "p.m3u8"}) {
		t.Errorf("created: got %+v, %v", c, err)
	}
	if w := f.do(http.MethodPost, "/new", here, create); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "already") {
		t.Errorf("the same again: got %d", w.Code)
	}
	const page = "/channel/open/a%20b"
	for _, status := range []string{store.Disabled, store.Enabled} {
		w := f.do(http.MethodPost, page+"/status", here, form("status", string(status)))
		if c, _ := f.Store.Channel(t.Context(), "open", "a b"); w.Code != http.StatusSeeOther || c.Status != status {
			t.Errorf("%s: got %d and status %s", status, w.Code, c.Status)
		}
	}
	if w := f.do(http.MethodPost, page+"/status", here, form("status", "off")); w.Code != http.StatusBadRequest {
		t.Errorf("unknown status: got %d", w.Code)
	}
	p := f.publish(t, "open", "a b")
	if w := f.do(http.MethodPost, page+"/delete", here, nil); w.Code != http.StatusConflict {
		t.Errorf("delete while live: got %d, want 409", w.Code)
	}
	if err := p.End(t.Context()); err != nil {
		t.Fatal(err)
	}
	if w := f.do(http.MethodPost, page+"/delete", here, nil); w.Code != http.StatusSeeOther {
		t.Errorf("delete: got %d", w.Code)
	}
	if w := f.do(http.MethodGet, page, here, nil); w.Code != http.StatusNotFound {
		t.Errorf("page of the deleted channel: got %d", w.Code)
	}
}

// TestVODForm creates a VOD playlist of a private channel, and sends forms with errors.
func TestVODForm(t *testing.T) {
	f := newFixture(t, nil)
	f.putChannel(t, "closed", "ch")
	p := f.publish(t, "closed", "ch")
	segment(t, p, store.Segment{Duration: 5 * time.Second, Keyframe: true}, 100)
	now := time.Now()
	make := form("from", now.Add(-time.Minute).Format(formTime), "to", now.Format(formTime), "name", "rec.m3u8")
	w := f.do(http.MethodPost, "/channel/closed/ch/vod", here, make)
	if next := w.Header().Get("Location"); w.Code != http.StatusSeeOther || next != "/play/closed?key=ch%2Frec.m3u8" {
		t.Fatalf("got %d to %q %s", w.Code, next, w.Body)
	}
	wantAll(t, "page of the list", f.get(t, "/play/closed?key=ch%2Frec.m3u8", here), `data-src="http://127.0.0.1:9000/closed/ch/rec.m3u8?`, "Signature=", "hls%2Fsign")
	wantAll(t, "page of the channel", f.get(t, "/channel/closed/ch", here), `href="/play/closed?key=ch/rec.m3u8"`)
	for name, change := range map[string][]string{
		"nothing recorded":  {"from", "2001-01-01T00:00:00", "to", "2001-01-01T01:00"},
		"reversed":          {"from", now.Add(time.Hour).Format(formTime)},
		"two days":          {"from", now.Add(-48 * time.Hour).Format(formTime)},
		"no time":           {"to", "yesterday"},
		"the live playlist": {"name", "playlist.m3u8"},
		"another suffix":    {"name", "rec.txt"},
		"a slash":           {"name", "a/b.m3u8"},
	} {
		bad := url.Values{}
		for field, values := range make {
			bad[field] = values
		}
		for i := 0; i < len(change); i += 2 {
			bad.Set(change[i], change[i+1])
		}
		if w := f.do(http.MethodPost, "/channel/closed/ch/vod", here, bad); w.Code != http.StatusBadRequest {
			t.Errorf("%s: got %d, want 400", name, w.Code)
		}
	}
}

// TestRestrictedPages checks that another machine needs the token for every page that
// signs, changes things or shows objects.
func TestRestrictedPages(t *testing.T) {
	f := newFixture(t, nil)
	f.putChannel(t, "open", "ch")
	requests := []struct {
		method, target string
		form           url.Values
	}{
		{"GET", "/new", nil},
		{"POST", "/new", form("bucket", "open", "name", "x", "FragDuration", "5", "FragCount", "3")},
		{"GET", "/publish/open/ch", nil},
		{"GET", "/publish/open/ch/obs.zip", nil},
		{"GET", "/play/open?key=x", nil},
		{"GET", "/objects/open", nil},
		{"GET", "/object/open?key=x", nil},
		{"GET", "/download/open?key=x", nil},
		{"POST", "/delete/open", form("key", "x")},
		{"POST", "/channel/open/ch/status", form("status", "disabled")},
		{"POST", "/channel/open/ch/vod", form("name", "x.m3u8")},
		{"POST", "/channel/open/ch/delete", nil},
	}
	for _, r := range requests {
		if w := f.do(r.method, r.target, there, r.form); w.Code != http.StatusForbidden {
			t.Errorf("%s %s without a token set: got %d, want 403", r.method, r.target, w.Code)
		}
	}
	f.Token = testToken
	f.handler = New(f.Config)
	for _, r := range requests {
		w := f.do(r.method, r.target, there, r.form)
		login := r.method == http.MethodGet && w.Code == http.StatusSeeOther && w.Header().Get("Location") == "/login"
		if w.Code != http.StatusForbidden && !login {
			t.Errorf("%s %s without the token: got %d, want 403 or the login", r.method, r.target, w.Code)
		}
	}
	if c, err := f.Store.Channel(t.Context(), "open", "ch"); err != nil || c.Status != store.Enabled {
		t.Fatalf("the channel has changed: %+v, %v", c, err)
	}
	known := there
	known.header = http.Header{TokenHeader: {testToken}}
	for _, r := range requests {
		if w := f.do(r.method, r.target, known, r.form); w.Code == http.StatusForbidden || w.Header().Get("Location") == "/login" {
			t.Errorf("%s %s with the token: got %d", r.method, r.target, w.Code)
		}
	}
}
