package api

import (
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const channelXML = "<LiveChannelConfiguration><Target><Type>HLS</Type></Target></LiveChannelConfiguration>"

// hostileXML are bodies that are not one plain document.
var hostileXML = map[string]string{
	"empty":                 "",
	"text":                  "hello",
	"only a declaration":    `<?xml version="1.0"?>`,
	"not closed":            "<LiveChannelConfiguration><Target>",
	"closed wrongly":        "<LiveChannelConfiguration><Target></LiveChannelConfiguration></Target>",
	"closed twice":          channelXML + "</x>",
	"two documents":         channelXML + channelXML,
	"text behind":           channelXML + "x",
	"text before":           "x" + channelXML,
	"attribute twice open":  `<LiveChannelConfiguration a="1><Target/></LiveChannelConfiguration>`,
	"wrong root":            "<LiveChannel><Target><Type>HLS</Type></Target></LiveChannel>",
	"root in lower case":    strings.ToLower(channelXML),
	"element twice":         "<LiveChannelConfiguration><Status>enabled</Status><Status>disabled</Status><Target><Type>HLS</Type></Target></LiveChannelConfiguration>",
	"target twice":          "<LiveChannelConfiguration><Target><Type>HLS</Type></Target><Target><Type>HLS</Type></Target></LiveChannelConfiguration>",
	"doctype":               `<!DOCTYPE x>` + channelXML,
	"entity":                `<!DOCTYPE x [<!ENTITY e "HLS">]><LiveChannelConfiguration><Target><Type>&e;</Type></Target></LiveChannelConfiguration>`,
	"external entity":       `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><LiveChannelConfiguration><Target><Type>&e;</Type></Target></LiveChannelConfiguration>`,
	"external parameter":    `<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1/"> %p;]>` + channelXML,
	"billion laughs":        `<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]><LiveChannelConfiguration>&c;</LiveChannelConfiguration>`,
	"undefined entity":      "<LiveChannelConfiguration><Description>&nbsp;</Description><Target><Type>HLS</Type></Target></LiveChannelConfiguration>",
	"notation inside":       "<LiveChannelConfiguration><!ELEMENT x><Target><Type>HLS</Type></Target></LiveChannelConfiguration>",
	"unescaped less-than":   "<LiveChannelConfiguration><Description>a < b</Description><Target><Type>HLS</Type></Target></LiveChannelConfiguration>",
	"latin-1 declared":      `<?xml version="1.0" encoding="ISO-8859-1"?>` + channelXML,
	"utf-16":                "\xff\xfe<\x00a\x00/\x00>\x00",
	"invalid utf-8":         "<LiveChannelConfiguration><Description>\xff</Description><Target><Type>HLS</Type></Target></LiveChannelConfiguration>",
	"control character":     "<LiveChannelConfiguration><Description>\x01</Description><Target><Type>HLS</Type></Target></LiveChannelConfiguration>",
	"reference to NUL":      "<LiveChannelConfiguration><Description>&#0;</Description><Target><Type>HLS</Type></Target></LiveChannelConfiguration>",
	"too deep":              strings.Repeat("<LiveChannelConfiguration>", 33) + strings.Repeat("</LiveChannelConfiguration>", 33),
	"far too deep":          strings.Repeat("<a>", 15_000),
	"deep in an unknown":    "<LiveChannelConfiguration>" + strings.Repeat("<a>", 40) + strings.Repeat("</a>", 40) + "</LiveChannelConfiguration>",
	"JSON":                  `{"Target": {"Type": "HLS"}}`,
	"byte order mark twice": "\ufeff\ufeff" + channelXML,
}

func TestHostileXML(t *testing.T) {
	w := newWorld(t)
	w.must("PUT", "/bucket", nil, "")
	for _, route := range []string{"PUT /bucket/ch?live", "POST /bucket?delete", "PUT /other-bucket"} {
		method, target, _ := strings.Cut(route, " ")
		for name, body := range hostileXML {
			if body == "" && target == "/other-bucket" {
				continue // the body of PutBucket may be absent
			}
			res, got := w.do(method, target, nil, body)
			if res.StatusCode != 400 || code(got) != "MalformedXML" || res.Header.Get("x-oss-ec") != "0031-00000001" {
				t.Errorf("%s, %s: %s %s, want 400 MalformedXML", route, name, res.Status, code(got))
			}
		}
	}
	if res, body := w.do("PUT", "/bucket/ch?live", nil, "<a>"+strings.Repeat(" ", maxConfigBody)); res.StatusCode != 400 || code(body) != "InvalidArgument" {
		t.Errorf("large body: %s %s, want 400 InvalidArgument", res.Status, code(body))
	}
	if res, _ := w.do("GET", "/bucket/ch?live", nil, ""); res.StatusCode != 404 {
		t.Errorf("a refused body made a channel: %s", res.Status)
	}
}

func TestLenientXML(t *testing.T) {
	w := newWorld(t)
	w.must("PUT", "/bucket", nil, "")
	for name, body := range map[string]string{
		"plain":            channelXML,
		"declaration":      `<?xml version="1.0" encoding="utf-8" standalone="yes"?>` + "\r\n" + channelXML + "\n\n",
		"byte order mark":  "\ufeff" + channelXML,
		"comments":         "<!-- a -->" + strings.ReplaceAll(channelXML, "<Type>", "<!-- b --><Type>") + "<!-- c -->",
		"unknown elements": "<LiveChannelConfiguration><New><Status>x</Status></New><Target><Type>HLS</Type><PornRec/></Target></LiveChannelConfiguration>",
		"namespace":        `<LiveChannelConfiguration xmlns="http://doc.oss-cn-hangzhou.aliyuncs.com"><Target><Type>HLS</Type></Target></LiveChannelConfiguration>`,
		"other order":      "<LiveChannelConfiguration><Target><PlaylistName>a.m3u8</PlaylistName><FragCount>1</FragCount><FragDuration>2</FragDuration><Type>HLS</Type></Target><Status>disabled</Status></LiveChannelConfiguration>",
		"spaces":           "<LiveChannelConfiguration><Status> enabled\n</Status><Target><Type> HLS </Type></Target></LiveChannelConfiguration>",
		"empty elements":   "<LiveChannelConfiguration><Description/><Status/><Target><Type>HLS</Type><FragDuration/><FragCount></FragCount><PlaylistName/></Target></LiveChannelConfiguration>",
		"31 levels":        "<LiveChannelConfiguration>" + strings.Repeat("<a>", 31) + strings.Repeat("</a>", 31) + "<Target><Type>HLS</Type></Target></LiveChannelConfiguration>",
	} {
		if res, got := w.do("PUT", "/bucket/ch?live", nil, body); res.StatusCode != 200 {
			t.Errorf("%s: %s\n%s", name, res.Status, got)
		}
	}
}

func FuzzDecodeXML(f *testing.F) {
	f.Add(channelXML)
	for _, body := range hostileXML {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		var decoded channelBody
		if err := decodeXML(strings.NewReader(body), maxConfigBody, &decoded); err != nil {
			return
		}
		if strings.Contains(body, "<!DOCTYPE") && !strings.Contains(body, "<!--") && !strings.Contains(body, "<![CDATA[") && !strings.Contains(body, "<?") {
			t.Errorf("accepted a DOCTYPE: %q", body)
		}
		if _, err := decoded.channel("bucket", "ch"); err != nil {
			if got := describe(&request{}, err); got.Code != "InvalidArgument" {
				t.Errorf("%q: %+v", body, got)
			}
		}
	})
}

func FuzzEncodeXML(f *testing.F) {
	f.Add("couldn't <&> \"x\" \n\t\r &#39; &#xA; \x00")
	f.Fuzz(func(t *testing.T, text string) {
		b, err := encodeXML(errorDocument{Code: "X", Message: text, Details: []detail{{"Key", text}}})
		if err != nil {
			t.Fatal(err)
		}
		var got struct{ Message, Key string }
		if err := xml.Unmarshal(b, &got); err != nil {
			t.Fatalf("%q: %v\n%s", text, err, b)
		}
		var want []rune
		for _, c := range text { // a byte that is not UTF-8 is U+FFFD already
			if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0xfffe || c == 0xffff {
				c = '\ufffd'
			}
			want = append(want, c)
		}
		if got.Message != string(want) || got.Key != string(want) {
			t.Errorf("%q came back as %q and %q", text, got.Message, got.Key)
		}
	})
}

func TestXMLTime(t *testing.T) {
	zone := time.FixedZone("", 8*3600)
	for _, c := range []struct {
		at   time.Time
		want string
	}{
		{time.Date(2016, 8, 25, 6, 25, 15, 0, time.UTC), "2016-08-25T06:25:15.000Z"},
		{time.Date(2016, 8, 25, 6, 25, 15, 999_999_999, time.UTC), "2016-08-25T06:25:15.000Z"},
		{time.Date(2016, 8, 25, 6, 25, 15, 0, zone), "2016-08-24T22:25:15.000Z"},
	} {
		if got := xmlTime(c.at); got != c.want {
			t.Errorf("xmlTime(%v) = %s, want %s", c.at, got, c.want)
		}
	}
}

// TestConfigurationDigest: a Content-MD5 counts for every body, and an empty body
// in chunks is none.
func TestConfigurationDigest(t *testing.T) {
	w := newWorld(t)
	empty := httptest.NewRequest("PUT", "/bucket", io.MultiReader()) // no length: chunked
	if res, body := w.read(w.serve(w.sign(empty))); res.StatusCode != 200 {
		t.Errorf("PutBucket with an empty chunked body: %s %s", res.Status, body)
	}
	wrong := http.Header{"Content-Md5": {"1B2M2Y8AsgTpgAmY7PhCfg=="}} // of nothing
	res, body := w.do("PUT", "/bucket/ch?live", wrong, channelXML)
	if res.StatusCode != 400 || code(body) != "InvalidDigest" {
		t.Errorf("PutLiveChannel with a wrong Content-MD5: %s %s", res.Status, body)
	}
	if res, _ := w.do("GET", "/bucket/ch?live", nil, ""); res.StatusCode != 404 {
		t.Errorf("the channel is there all the same: %s", res.Status)
	}
}
