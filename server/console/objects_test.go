package console

import (
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	"osslive/auth"
	"osslive/store"
)

func (f *fixture) put(t *testing.T, o store.Object, body string) {
	t.Helper()
	if _, err := f.Store.PutObject(t.Context(), o, strings.NewReader(body), store.PutOptions{Length: -1}); err != nil {
		t.Fatalf("put %q: %v", o.Key, err)
	}
}

// TestObjectList pages through a bucket and a folder, and deletes an object.
func TestObjectList(t *testing.T) {
	f := newFixture(t, nil)
	for i := range objectsShown + 5 {
		f.put(t, store.Object{Bucket: "closed", Key: fmt.Sprintf("a/%04d", i)}, "x")
	}
	f.put(t, store.Object{Bucket: "closed", Key: "b&c=d?.txt"}, "some bytes")
	wantAll(t, "bucket", f.get(t, "/objects/closed", here), `href="/objects/closed?prefix=a%2f"`, `href="/object/closed?key=b%26c%3dd%3f.txt"`, "10 B")
	folder := f.get(t, "/objects/closed?prefix=a%2F", here)
	wantAll(t, "folder", folder, "a%2f0000", "a%2f0199", "after=a%2f0199", "Up")
	if strings.Contains(folder, "a%2f0200") {
		t.Error("the first page has more than it should")
	}
	wantAll(t, "second page", f.get(t, "/objects/closed?prefix=a%2F&after=a%2F0199", here), "a%2f0200", "a%2f0204")
	w := f.do(http.MethodPost, "/delete/closed", here, form("key", "a/0000"))
	if next := w.Header().Get("Location"); w.Code != http.StatusSeeOther || next != "/objects/closed?prefix=a%2F" {
		t.Errorf("delete: got %d to %q", w.Code, next)
	}
	if w := f.do(http.MethodGet, "/object/closed?key=a%2F0000", here, nil); w.Code != http.StatusNotFound {
		t.Errorf("the deleted object: got %d", w.Code)
	}
}

func TestObjectPage(t *testing.T) {
	f := newFixture(t, nil)
	f.put(t, store.Object{Bucket: "closed", Key: "k", ContentType: "text/<html>", ACL: store.Private,
		Headers: map[string]string{"Cache-Control": "no-cache"}, Meta: map[string]string{"author": `<b>"me"</b>`}}, "bytes")
	page := f.get(t, "/object/closed?key=k", here)
	wantAll(t, "page", page, "text/&lt;html&gt;", "x-oss-meta-author", "&lt;b&gt;&#34;me&#34;&lt;/b&gt;", "no-cache", "private", "5 bytes", "Signature=")
	link, _, _ := strings.Cut(page[strings.Index(page, `href="http://127.0.0.1:9000/closed/k?`)+6:], `"`)
	u, err := url.Parse(strings.ReplaceAll(link, "&amp;", "&"))
	if err != nil {
		t.Fatal(err)
	}
	r := auth.Request{Method: http.MethodGet, Header: http.Header{}, Bucket: "closed", Key: "k", Query: u.Query()}
	if who, err := auth.VerifyRequest(&r, auth.NewKeys(testKey), f.Now()); err != nil || who.Anonymous() {
		t.Errorf("the link %s: %v", link, err)
	}
	f.put(t, store.Object{Bucket: "open", Key: "k"}, "bytes")
	if page := f.get(t, "/object/open?key=k", here); strings.Contains(page, "Signature=") {
		t.Error("the link to a public object is signed")
	}
}

// TestDownloadIsAttachment checks that a download is a file to save, whatever type and
// name the object has.
func TestDownloadIsAttachment(t *testing.T) {
	f := newFixture(t, nil)
	const body = "<script>alert(1)</script>"
	for _, o := range []store.Object{
		{Key: "page.html", ContentType: "text/html"},
		{Key: "picture.svg", ContentType: "image/svg+xml"},
		{Key: "page.xhtml", ContentType: "application/xhtml+xml"},
		{Key: "style.css", ContentType: "text/css"},
		{Key: "code.js", ContentType: "text/javascript"},
		{Key: "paper.pdf", ContentType: "application/pdf"},
		{Key: "data.xml", ContentType: "text/xml"},
		{Key: "mail.eml", ContentType: "message/rfc822"},
		{Key: "none", ContentType: ""},
		{Key: "inline.html", ContentType: "text/html", Headers: map[string]string{"Content-Disposition": "inline"}},
		{Key: `a/"quoted"; filename=x.html`, ContentType: "text/html"},
		{Key: "a/new\r\nline.html", ContentType: "text/html"},
		{Key: "a/直播.html", ContentType: "text/html"},
	} {
		o.Bucket = "open"
		f.put(t, o, body)
		w := f.do(http.MethodGet, "/download/open?key="+url.QueryEscape(o.Key), here, nil)
		h := w.Header()
		if w.Code != http.StatusOK || w.Body.String() != body {
			t.Errorf("%q: got %d %q", o.Key, w.Code, w.Body)
		}
		if h.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") ||
			h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Content-Security-Policy") != "sandbox; default-src 'none'" {
			t.Errorf("%q: got %v", o.Key, h)
		}
		d := h.Get("Content-Disposition")
		_, params, err := mime.ParseMediaType(d)
		if strings.ContainsAny(d, "\r\n") || err != nil || params["filename"] != path.Base(o.Key) {
			t.Errorf("%q: Content-Disposition %q names %q, %v", o.Key, d, params["filename"], err)
		}
	}
	if got, want := attachment("直播.html"), "attachment; filename*=utf-8''%E7%9B%B4%E6%92%AD.html"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
