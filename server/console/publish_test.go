package console

import (
	"archive/zip"
	"bytes"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"osslive/auth"
	"osslive/store"
)

// TestPublishURL checks that the URL on a page has a valid signature for as many hours
// as the form asks for.
func TestPublishURL(t *testing.T) {
	f := newFixture(t, nil)
	for _, name := range []string{"ch", `it's "a" <b>&c`, "直播 100%"} {
		f.putChannel(t, "open", name)
		page := f.get(t, "/publish/open/"+url.PathEscape(name)+"?hours=2", here)
		shown := html.UnescapeString(regexp.MustCompile(`id="url">([^<]*)<`).FindStringSubmatch(page)[1])
		u, err := url.Parse(shown)
		if err != nil || u.Host != "127.0.0.1:9000" || u.Path != "/open/live/"+name {
			t.Fatalf("%s: got %s, %v", name, shown, err)
		}
		p := auth.Publish{Bucket: "open", Channel: name, Query: u.Query()}
		for after, want := range map[time.Duration]bool{0: true, 119 * time.Minute: true, 121 * time.Minute: false} {
			_, err := auth.VerifyPublish(&p, auth.NewKeys(testKey), time.Now().Add(after))
			if (err == nil) != want {
				t.Errorf("%s: %v from now: %v, want right to be %v", name, after, err, want)
			}
		}
		server := html.UnescapeString(regexp.MustCompile(`id="server" readonly value="([^"]*)"`).FindStringSubmatch(page)[1])
		key := html.UnescapeString(regexp.MustCompile(`id="key" readonly value="([^"]*)"`).FindStringSubmatch(page)[1])
		if server+"/"+key != shown || !strings.HasSuffix(server, "/live") {
			t.Errorf("%s: OBS has %q and %q, want the halves of %q", name, server, key, shown)
		}
		wantAll(t, "page", page, "gst-launch-1.0", "PowerShell", "QR code")
	}
	for _, hours := range []string{"0", "-1", "x", "1e3", "99999999"} {
		if w := f.do(http.MethodGet, "/publish/open/ch?hours="+hours, here, nil); w.Code != http.StatusBadRequest {
			t.Errorf("%s hours: got %d, want 400", hours, w.Code)
		}
	}
}

func TestOBSProfileDownload(t *testing.T) {
	f := newFixture(t, nil)
	if _, err := f.Store.PutChannel(t.Context(), store.Channel{Bucket: "open", Name: "a\"b..;"}); err != nil {
		t.Fatal(err)
	}
	w := f.do(http.MethodGet, "/publish/open/"+url.PathEscape("a\"b..;")+"/obs.zip", here, nil)
	if got, want := w.Header().Get("Content-Disposition"), `attachment; filename="osslive-open-a_b___.zip"`; got != want {
		t.Errorf("Content-Disposition: got %s, want %s", got, want)
	}
	z, err := zip.NewReader(bytes.NewReader(w.Body.Bytes()), int64(w.Body.Len()))
	if err != nil {
		t.Fatal(err)
	}
	names := ""
	for _, file := range z.File {
		names += file.Name + " "
		r, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(r); err != nil || len(text) == 0 {
			t.Errorf("%s: %d bytes, %v", file.Name, len(text), err)
		}
	}
	if want := "osslive-open-a_b___/basic.ini osslive-open-a_b___/service.json osslive-open-a_b___/streamEncoder.json "; names != want {
		t.Errorf("got %s, want %s", names, want)
	}
}

// TestAPIHostHasPort: the default ports of HTTP and RTMP differ, so the URL has a port.
func TestAPIHostHasPort(t *testing.T) {
	for public, want := range map[string]string{
		"": "127.0.0.1:9000", "http://oss.example.com": "oss.example.com:80", "https://oss.example.com": "oss.example.com:443",
		"http://oss.example.com:8080": "oss.example.com:8080", "http://[2001:db8::1]": "[2001:db8::1]:80",
	} {
		k := &console{config: Config{Listen: "0.0.0.0:9000", PublicURL: public}}
		if got := k.apiHost(&http.Request{Host: "127.0.0.1:9001"}); got != want {
			t.Errorf("--public-url %q: got %s, want %s", public, got, want)
		}
	}
}
