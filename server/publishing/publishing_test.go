package publishing

import (
	"encoding/json"
	"net/url"
	"os/exec"
	"strings"
	"testing"
)

func TestURL(t *testing.T) {
	for _, c := range []struct{ bucket, channel, server, key string }{
		{"demo", "stream", "rtmp://127.0.0.1:9000/demo/live", "stream?Expires=1&Signature=a%2Bb%3D&x=%20"},
		{"demo", "live", "rtmp://127.0.0.1:9000/demo/live", "live?Expires=1&Signature=a%2Bb%3D&x=%20"},
		{"live", "a?b", "rtmp://127.0.0.1:9000/live/live", "a%3Fb?Expires=1&Signature=a%2Bb%3D&x=%20"},
		{"demo", "it's 直播", "rtmp://127.0.0.1:9000/demo/live", "it%27s%20%E7%9B%B4%E6%92%AD?Expires=1&Signature=a%2Bb%3D&x=%20"},
	} {
		publish := URL("127.0.0.1:9000", c.bucket, c.channel, url.Values{"Expires": {"1"}, "Signature": {"a+b="}, "x": {" "}})
		server, key := SplitOBS(publish)
		if server != c.server || key != c.key {
			t.Errorf("%s/%s: got %q and %q, want %q and %q", c.bucket, c.channel, server, key, c.server, c.key)
		}
		// What OBS makes of the two fields again is the URL.
		if server+"/"+key != publish {
			t.Errorf("%s/%s: the halves make %q, not %q", c.bucket, c.channel, server+"/"+key, publish)
		}
	}
}

func TestSplitWithoutQuery(t *testing.T) {
	for _, c := range []struct{ publish, server, key string }{
		{"rtmp://h/demo/live/ch", "rtmp://h/demo/live", "ch"},
		{"rtmp://h/live/ch?a=b/c", "rtmp://h/live", "ch?a=b/c"},
		{"ch", "", "ch"},
	} {
		if server, key := SplitOBS(c.publish); server != c.server || key != c.key {
			t.Errorf("%s: got %q and %q, want %q and %q", c.publish, server, key, c.server, c.key)
		}
	}
}

func TestKeyframeInterval(t *testing.T) {
	for frag := 1; frag <= 100; frag++ {
		if n := KeyframeInterval(frag); frag%n != 0 || n < 1 || n > 2 {
			t.Errorf("FragDuration %d: got a key frame every %d s, want a divisor of at most 2", frag, n)
		}
	}
}

var words = []string{
	"plain", "", " ", "it's", "$HOME", "`id`", "$(id)", `a"b`, `a\b`, "a;b", "a&b", "a|b", "<x>", "#x", "~", "*", "a,b", "@a", "{}",
	"a\nb", "'", "''", "‘’‚‛", "%PATH%", "!x", "rtmp://h/b/live/c?a=b&c=d%2F",
}

func TestQuoteSh(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no sh here")
	}
	for _, w := range words {
		out, err := exec.Command(sh, "-c", "printf %s "+Sh.Quote(w)).Output()
		if err != nil || string(out) != w {
			t.Errorf("sh makes %q of %s (%v), want %q", out, Sh.Quote(w), err, w)
		}
	}
}

func TestQuotePowerShell(t *testing.T) {
	for word, want := range map[string]string{
		"plain": "plain", "": "''", "a,b": "'a,b'", "it's": "'it''s'", "‘a’": "'‘‘a’’'", "a&b$c`d": "'a&b$c`d'", "a\"b": "'a\"b'",
	} {
		if got := PowerShell.Quote(word); got != want {
			t.Errorf("%q: got %s, want %s", word, got, want)
		}
	}
	for _, w := range words { // one word: every apostrophe inside is doubled
		q := PowerShell.Quote(w)
		if inner, ok := strings.CutPrefix(q, "'"); ok {
			inner = strings.TrimSuffix(inner, "'")
			for _, a := range "'‘’‚‛" {
				if strings.Count(inner, string(a)) != 2*strings.Count(w, string(a)) {
					t.Errorf("%q: %s has an apostrophe that ends it", w, q)
				}
			}
		}
	}
}

func TestLines(t *testing.T) {
	publish := URL("127.0.0.1:9000", "demo", "it's", url.Values{"Expires": {"1"}, "Signature": {"x"}})
	for _, shell := range []Shell{Sh, PowerShell} {
		for name, line := range map[string]string{"ffmpeg": FFmpeg(shell, publish, 5), "gst": GStreamer(shell, publish, 4)} {
			if strings.ContainsAny(line, "\n;") || strings.Count(line, "&") != strings.Count(publish, "&") {
				t.Errorf("%s: %s", name, line)
			}
		}
	}
	want := `ffmpeg -re -f lavfi -i testsrc2=size=1280x720:rate=30 -f lavfi -i sine -c:v libx264 -preset veryfast -pix_fmt yuv420p -g 30 -c:a aac -f flv ` +
		`'rtmp://127.0.0.1:9000/demo/live/it%27s?Expires=1&Signature=x'`
	if got := FFmpeg(Sh, publish, 5); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestProfile(t *testing.T) {
	publish := URL("127.0.0.1:9000", "demo", "a]\nx=1", url.Values{"Signature": {`q"`}})
	folder, files := Profile("demo/a]\nx=1", publish, 4)
	if folder != "osslive-demo_a__x_1" {
		t.Errorf("folder: got %q", folder)
	}
	texts := map[string]string{}
	for _, f := range files {
		texts[f.Name] = string(f.Text)
	}
	if got := texts["basic.ini"]; !strings.Contains(got, "\nName=osslive-demo_a__x_1\n") || !strings.Contains(got, "\nMode=Advanced\n") {
		t.Errorf("basic.ini: got\n%s", got)
	}
	var service struct {
		Type     string
		Settings struct{ Server, Key string }
	}
	if err := json.Unmarshal([]byte(texts["service.json"]), &service); err != nil {
		t.Fatal(err)
	}
	if service.Type != "rtmp_custom" || service.Settings.Server+"/"+service.Settings.Key != publish {
		t.Errorf("service.json: got %+v, want the halves of %s", service, publish)
	}
	var encoder struct {
		Keyint int `json:"keyint_sec"`
	}
	if err := json.Unmarshal([]byte(texts["streamEncoder.json"]), &encoder); err != nil || encoder.Keyint != 2 {
		t.Errorf("streamEncoder.json: a key frame every %d s, want 2 (%v)", encoder.Keyint, err)
	}
}
