package integration

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"osslive/integration/pusher"
)

// payloads call alert if a page takes them for more than text.
var payloads = []string{
	`<script>alert(1)</script>`,
	`"><script>alert(2)</script>`,
	`'><script>alert(3)</script>`,
	`</title><script>alert(4)</script>`,
	`</textarea><script>alert(5)</script>`,
	`</style><script>alert(6)</script>`,
	`<img src=x onerror=alert(7)>`,
	`"><img src=x onerror=alert(8)>`,
	`<svg onload=alert(9)>`,
	`</svg><img src=x onerror=alert(10)>`,
	`<body onload=alert(11)>`,
	`" onmouseover="alert(12)`,
	`' onmouseover='alert(13)`,
	`" autofocus onfocus="alert(14)`,
	`<details open ontoggle=alert(15)>`,
	`<video src=x onerror=alert(16)>`,
	`<iframe srcdoc="<script>parent.alert(17)</script>">`,
	`<object data="javascript:alert(18)">`,
	`<base href="javascript:alert(19)">`,
	`<meta http-equiv="refresh" content="0;url=javascript:alert(20)">`,
	`<a href="javascript:alert(21)">x</a>`,
	`javascript:alert(22)`,
	`{{alert(23)}}`,
	`${alert(24)}`,
	`';alert(25);'`,
	`");alert(26);("`,
	"<script\n>alert(27)</script>",
	`<noscript><p title="</noscript><img src=x onerror=alert(28)>">`,
	`<style>@keyframes x{}</style><b style="animation-name:x" onanimationstart=alert(29)>`,
	"\u2028<script>alert(30)</script>",
}

// TestConsolePayloads checks that names, descriptions, metadata, user agents and stream
// names are text on every page that shows them.
func TestConsolePayloads(t *testing.T) {
	s := serve(t, t.TempDir(), "media", "--allow-audio-only")
	c := s.client("media")
	pages := []string{"/", "/refusals", "/new", "/snippets?bucket=media", "/objects/media"}
	for i, p := range payloads {
		pages = append(pages, plant(t, s, c, i, p)...)
	}
	pages = append(pages, refusalPages(t, s)...)

	node := start(t, playwright(t, "payloads.js", append([]string{"http://" + s.Admin}, pages...)...))
	if _, gone := node.wait(4 * time.Minute); !gone {
		t.Fatalf("the browser is still busy\n%s", node.output())
	}
	trap := false
	for line := range strings.Lines(node.output()) {
		switch {
		case strings.HasPrefix(line, "RAN ") && strings.HasSuffix(line, "/login trap\n"):
			trap = true
		case strings.HasPrefix(line, "RAN "), strings.HasPrefix(line, "LEFT "):
			t.Error(strings.TrimSpace(line))
		}
	}
	if !trap || !strings.Contains(node.output(), fmt.Sprintf("PAGES %d\n", len(pages))) {
		t.Errorf("the browser missed a page, or did not notice the script of the trap:\n%s", node.output())
	}
	t.Logf("%d payloads on %d pages", len(payloads), len(pages))
}

// plant puts a payload into every text that a client can set, and returns the pages that
// show it.
func plant(t testing.TB, s *server, c *client, i int, payload string) (pages []string) {
	t.Helper()
	// A channel's name has no slash and no control character, and 63 bytes.
	name := strings.NewReplacer("/", "⁄", "\n", " ").Replace(payload)
	name = strings.ToValidUTF8(name[:min(len(name), 63)], "")
	description := strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(payload)
	c.must(t, "PUT", name, values("live", ""), []byte(`<LiveChannelConfiguration><Description>`+description+
		`</Description><Target><Type>HLS</Type></Target></LiveChannelConfiguration>`))
	key := payload + "/" + payload + ".m3u8"
	put(t, c, key, map[string]string{"Content-Type": header(payload), "x-oss-meta-note": header(payload), "Cache-Control": header(payload)})

	// A refused request has the payload as user agent, path and access key ID.
	req, err := http.NewRequest(http.MethodGet, "http://"+s.HTTP+"/media/"+url.PathEscape(payload), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("User-Agent", header(payload))
	req.Header.Set("Authorization", "OSS "+header(payload)+":AAAAAAAAAAAAAAAAAAAAAAAAAAA=")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode < 400 {
		t.Errorf("%q as a key's ID: got %d", payload, resp.StatusCode)
	}

	// A refused publish has the payload as flashVer and in its query; one in ten is signed.
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	conn, err := pusher.Dial(ctx, s.HTTP)
	if err != nil {
		t.Fatal(err)
	}
	app := "media/live"
	_, err = conn.Call(0, "connect", pusher.Object{{Name: "app", Value: app}, {Name: "flashVer", Value: payload}, {Name: "tcUrl", Value: "rtmp://" + s.HTTP + "/" + app}})
	if err != nil {
		t.Fatal(err)
	}
	query := "?playlistName=" + url.QueryEscape(payload)
	if i%10 == 0 {
		query = "?OSSAccessKeyId=" + url.QueryEscape(payload) + "&Expires=9999999999&Signature=AAAAAAAAAAAAAAAAAAAAAAAAAAA%3D"
	}
	var refused *pusher.Refused
	if err := conn.Publish(url.PathEscape(name) + query); !errors.As(err, &refused) {
		t.Errorf("publish to %q: got %v, want a refusal", name, err)
	}

	escaped := url.QueryEscape(key)
	pages = []string{
		"/channel/media/" + url.PathEscape(name), "/publish/media/" + url.PathEscape(name),
		"/objects/media?prefix=" + url.QueryEscape(payload+"/"), "/object/media?key=" + escaped,
	}
	if i%3 == 0 {
		pages = append(pages, "/play/media?key="+escaped, "/object/media?key="+url.QueryEscape(payload)) // there is no such object
	}
	if i%10 == 0 {
		pages = append(pages, "/channel/"+url.PathEscape(name)+"/x", "/publish/media/"+url.PathEscape(name)+"?hours="+url.QueryEscape(payload))
	}
	return pages
}

// header returns payload as the value of a header: other bytes than ASCII become spaces.
func header(payload string) string {
	return strings.TrimSpace(strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' {
			return ' '
		}
		return c
	}, payload))
}

// put uploads an object with headers that are signed.
func put(t testing.TB, c *client, key string, headers map[string]string) {
	t.Helper()
	u := url.URL{Scheme: "http", Host: c.host, Path: "/" + c.bucket + "/" + key}
	req, err := http.NewRequest(http.MethodPut, u.String(), strings.NewReader("#EXTM3U\n"))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	req.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	text := "PUT\n\n" + req.Header.Get("Content-Type") + "\n" + req.Header.Get("Date") + "\n" +
		"x-oss-meta-note:" + strings.TrimSpace(req.Header.Get("x-oss-meta-note")) + "\n/" + c.bucket + "/" + key
	req.Header.Set("Authorization", "OSS "+c.key.ID+":"+c.key.signature(text))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("put %q: got %d", key, resp.StatusCode)
	}
}

// refusalPages returns the pages of all refusals.
func refusalPages(t testing.TB, s *server) (pages []string) {
	t.Helper()
	text, status, err := get(t.Context(), "http://"+s.Admin+"/refusals.txt")
	if err != nil || status != 200 {
		t.Fatalf("refusals: got %d, %v", status, err)
	}
	for line := range strings.Lines(string(text)) {
		if id, _, found := strings.Cut(line, " "); found {
			pages = append(pages, "/refusals/"+id)
		}
	}
	if len(pages) < 2*len(payloads) {
		t.Errorf("got %d refusals, want two for each payload:\n%s", len(pages), text)
	}
	return pages
}
