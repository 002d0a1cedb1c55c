package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"osslive/auth"
	"osslive/rtmp"
	"osslive/rtmp/flv"
	"osslive/segmenter/mpegts/mpegtstest"
)

// start runs a server on free ports, and stops it when the test ends.
func start(t *testing.T, change func(*Config)) *Server {
	t.Helper()
	c := Config{
		Listen: "127.0.0.1:0", RTMP: "127.0.0.1:0", Admin: "127.0.0.1:0", Data: Memory, Region: "oss-cn-local",
		Buckets:  []Bucket{{Name: "demo", ACL: "public-read"}},
		Channels: []Channel{{Bucket: "demo", Name: "ch", FragDuration: 2, FragCount: 3}},
	}
	if change != nil {
		change(&c)
	}
	n, err := Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Stop)
	return n
}

// publishURL signs a publish of demo/ch at the given authority.
func publishURL(n *Server, authority string) string {
	p := auth.Publish{Bucket: "demo", Channel: "ch"}
	q := auth.SignPublish(&p, n.Key, time.Now().Add(time.Hour))
	return "rtmp://" + authority + "/demo/live/ch?" + q.Encode()
}

// push sends the demo's clip as fast as the server takes it.
func push(t *testing.T, target string) {
	t.Helper()
	client, err := rtmp.Dial(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	clip, err := os.Open("../cmd/osslive/clip/clip.flv")
	if err != nil {
		t.Fatal(err)
	}
	defer clip.Close()
	for r := flv.NewReader(clip); ; {
		tag, err := r.ReadTag()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = client.WriteTag(tag)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, address string) (int, string) {
	t.Helper()
	r, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(body)
}

// eventually asks until the answer is true.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-ctx.Done():
			t.Fatalf("never saw %s", what)
		case <-tick.C:
		}
	}
}

// TestPublishAndPlay pushes to both ports and reads what a player would.
func TestPublishAndPlay(t *testing.T) {
	n := start(t, nil)
	playlist := "http://" + n.Listen + "/demo/ch/playlist.m3u8"
	for run, port := range []string{n.Listen, n.RTMP} {
		push(t, publishURL(n, port))
		// 16 s in segments of 2 s; two pushes.
		last := []string{"#EXT-X-MEDIA-SEQUENCE:5\n", "#EXT-X-MEDIA-SEQUENCE:13\n"}[run]
		var text string
		eventually(t, "the last segment of the push in the playlist", func() bool {
			_, text = get(t, playlist)
			return strings.Contains(text, last)
		})
		var segments [][]byte
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "#") {
				continue
			}
			status, data := get(t, "http://"+n.Listen+"/demo/ch/"+strings.TrimSpace(line))
			if status != http.StatusOK {
				t.Fatalf("segment %q: status %d", line, status)
			}
			segments = append(segments, []byte(data))
		}
		if len(segments) != 3 {
			t.Fatalf("playlist has %d segments, want 3:\n%s", len(segments), text)
		}
		mpegtstest.Check(t, segments...)
	}
	eventually(t, "both publishes counted", func() bool {
		_, metrics := get(t, "http://"+n.Admin+"/metrics")
		return strings.Contains(metrics, `osslive_publishes_total{result="ended"} 2`) && !strings.Contains(metrics, "osslive_ingest_bytes_total 0\n")
	})
}

func TestRefusals(t *testing.T) {
	n := start(t, nil)
	good, err := url.Parse(publishURL(n, n.RTMP))
	if err != nil {
		t.Fatal(err)
	}
	with := func(change func(u *url.URL, q url.Values)) string {
		u, q := *good, good.Query()
		change(&u, q)
		u.RawQuery = q.Encode()
		return u.String()
	}
	for _, c := range []struct{ name, url, code, want string }{
		{"unsigned", with(func(u *url.URL, q url.Values) { clear(q) }), denied, "AccessDenied: No signature"},
		{"wrong signature", with(func(u *url.URL, q url.Values) { q.Set("Signature", strings.Repeat("A", 27)+"=") }), denied, "SignatureDoesNotMatch"},
		{"cut signature", with(func(u *url.URL, q url.Values) { q.Set("Signature", "abc") }), denied, "has 3 characters"},
		{"expired", with(func(u *url.URL, q url.Values) { q.Set("Expires", "1000000000") }), denied, "Request has expired"},
		{"unknown key", with(func(u *url.URL, q url.Values) { q.Set("OSSAccessKeyId", "nobody") }), denied, "InvalidAccessKeyId"},
		{"no such bucket", with(func(u *url.URL, q url.Values) { u.Path = "/none/live/ch" }), badName, "NoSuchBucket"},
		{"signed for another channel", with(func(u *url.URL, q url.Values) { u.Path = "/demo/live/other" }), denied, "SignatureDoesNotMatch"},
		{"no channel", with(func(u *url.URL, q url.Values) { u.Path = "/live" }), badName, "must end in BUCKET/live/CHANNEL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			client, err := rtmp.Dial(t.Context(), c.url)
			if err == nil {
				client.Close()
				t.Fatal("accepted")
			}
			var refusal *rtmp.RejectError
			if !errors.As(err, &refusal) || refusal.Code != c.code || !strings.Contains(refusal.Description, c.want) {
				t.Errorf("got %v, want %s with %q", err, c.code, c.want)
			}
		})
	}
}

const (
	badName = "NetStream.Publish.BadName"
	denied  = "NetStream.Publish.Denied"
)

// TestBusy sees a second publisher refused and the first go on.
func TestBusy(t *testing.T) {
	n := start(t, nil)
	first, err := rtmp.Dial(t.Context(), publishURL(n, n.Listen))
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if second, err := rtmp.Dial(t.Context(), publishURL(n, n.Listen)); err == nil {
		second.Close()
		t.Fatal("second publisher accepted")
	} else if !strings.Contains(err.Error(), "ChannelStillLive") {
		t.Errorf("second publisher: %v", err)
	}
	if err := first.WriteTag(flv.Tag{Type: flv.Script}); err != nil {
		t.Errorf("first publisher: %v", err)
	}
}

// TestShapes publishes by URLs that name the bucket in other places.
func TestShapes(t *testing.T) {
	n := start(t, nil)
	u, err := url.Parse(publishURL(n, n.RTMP))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/demo/live/ch", "/live/demo/ch", "/live/ch", "/demo%2Flive%2Fch"} {
		t.Run(path, func(t *testing.T) {
			client, err := rtmp.Dial(t.Context(), "rtmp://"+u.Host+path+"?"+u.RawQuery)
			if err != nil {
				t.Fatal(err)
			}
			if err := client.Close(); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the channel free again", func() bool {
				c, err := rtmp.Dial(t.Context(), u.String())
				if err != nil {
					return false
				}
				return c.Close() == nil
			})
		})
	}
}

func TestAdmin(t *testing.T) {
	n := start(t, nil)
	for path, want := range map[string]string{
		"/health/live":     "ok",
		"/health/ready":    "ok",
		"/metrics":         "osslive_live_publishers 0",
		"/":                `<a href="/channel/demo/ch">`,
		"/channel/demo/ch": "http://" + n.Listen + "/demo/ch/playlist.m3u8",
	} {
		if status, body := get(t, "http://"+n.Admin+path); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: status %d, without %q:\n%s", path, status, want, body)
		}
	}
	r, err := http.NewRequest(http.MethodGet, "http://"+n.Admin+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "rebound.example.org"
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusForbidden {
		t.Errorf("foreign Host: status %d, want 403", answer.StatusCode)
	}
}

func TestBadSettings(t *testing.T) {
	file := t.TempDir() + "/file"
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	n := start(t, nil)
	for _, c := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"no port", func(c *Config) { c.Listen = "localhost" }, `--listen "localhost"`},
		{"taken", func(c *Config) { c.Admin = n.Admin }, "--admin"},
		{"exposed", func(c *Config) { c.Listen = "0.0.0.0:0" }, "built-in key pair is public"},
		{"bucket name", func(c *Config) { c.Buckets[0].Name = "X" }, `--bucket "X:public-read"`},
		{"acl", func(c *Config) { c.Buckets[0].ACL = "open" }, `--bucket "demo:open"`},
		{"data is a file", func(c *Config) { c.Data = file }, file},
		{"retain", func(c *Config) { c.Retain = -1 }, "--retain"},
		{"cname", func(c *Config) { c.CNAMEs = []CNAME{{"http://media.example.org", "demo"}} }, "--cname"},
		{"cname of an impossible bucket", func(c *Config) { c.CNAMEs = []CNAME{{"media.example.org", "X"}} }, `--cname "media.example.org=X"`},
		{"cname of two buckets", func(c *Config) { c.CNAMEs = []CNAME{{"m.example.org", "demo"}, {"M.example.org.", "films"}} }, "the first is demo"},
		{"public url of no host", func(c *Config) { c.PublicURL = "http://0.0.0.0:9000" }, "nobody can connect"},
		{"base domain", func(c *Config) { c.BaseDomains = []string{"a b"} }, `--base-domain "a b"`},
		{"public url", func(c *Config) { c.PublicURL = "host:9000" }, "--public-url"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := Config{Listen: "127.0.0.1:0", RTMP: Off, Admin: Off, Data: Memory, Buckets: []Bucket{{"demo", "public-read"}}}
			c.change(&cfg)
			n, err := Start(t.Context(), cfg)
			if err == nil {
				n.Stop()
				t.Fatal("started")
			}
			var setting *ConfigError
			if !errors.As(err, &setting) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want a *ConfigError with %q", err, c.want)
			}
		})
	}
}

// TestStop sees the last segment of a publish recorded by Stop.
func TestStop(t *testing.T) {
	data := t.TempDir()
	n := start(t, func(c *Config) { c.Data = data })
	client, err := rtmp.Dial(t.Context(), publishURL(n, n.Listen))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	clip, err := os.ReadFile("../cmd/osslive/clip/clip.flv")
	if err != nil {
		t.Fatal(err)
	}
	r := flv.NewReader(bytes.NewReader(clip))
	for sent := flv.Millis(0); sent < 5000; {
		tag, err := r.ReadTag()
		if err == nil {
			err = client.WriteTag(tag)
		}
		if err != nil {
			t.Fatal(err)
		}
		sent = tag.Time
	}
	eventually(t, "two whole segments", func() bool {
		_, text := get(t, "http://"+n.Listen+"/demo/ch/playlist.m3u8")
		return strings.Count(text, "#EXTINF") == 2
	})
	began := time.Now()
	n.Stop()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("Stop took %v, want at most 5 s", took)
	}
	again := start(t, func(c *Config) { c.Data = data })
	if _, text := get(t, "http://"+again.Listen+"/demo/ch/playlist.m3u8"); strings.Count(text, "#EXTINF") != 3 {
		t.Errorf("after Stop the playlist should list the open segment as well:\n%s", text)
	}
}
