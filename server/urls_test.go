package server

import (
	"context"
	"encoding/xml"
	"net"
	"net/http"
	"testing"
)

// TestURLsInAnswers: form and authority are those the caller can reach.
func TestURLsInAnswers(t *testing.T) {
	const path = "/bucket/ch?live"
	local := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 7), Port: 9000}
	for _, c := range []struct {
		name, public, host, target string
		publish, play, endpoint    string
	}{
		{"IP", "", "127.0.0.1:9000", path, "rtmp://127.0.0.1:9000/bucket/live/ch", "http://127.0.0.1:9000/bucket/ch/playlist.m3u8", "127.0.0.1:9000"},
		{"IPv6", "", "[::1]:9000", path, "rtmp://[::1]:9000/bucket/live/ch", "http://[::1]:9000/bucket/ch/playlist.m3u8", "[::1]:9000"},
		{"localhost", "", "localhost:9000", path, "rtmp://localhost:9000/bucket/live/ch", "http://localhost:9000/bucket/ch/playlist.m3u8", "localhost:9000"},
		{"label of localhost", "", "bucket.localhost:9000", "/ch?live", "rtmp://bucket.localhost:9000/live/ch", "http://bucket.localhost:9000/ch/playlist.m3u8", "localhost:9000"},
		{"label of a base domain", "", "bucket.oss.example.com", "/ch?live", "rtmp://bucket.oss.example.com/live/ch", "http://bucket.oss.example.com/ch/playlist.m3u8", "oss.example.com"},
		{"base domain", "", "oss.example.com:9000", path, "rtmp://oss.example.com:9000/bucket/live/ch", "http://oss.example.com:9000/bucket/ch/playlist.m3u8", "oss.example.com:9000"},
		{"cloud host", "", "bucket.oss-cn-hangzhou.aliyuncs.com", "/ch?live", "rtmp://192.0.2.7:9000/bucket/live/ch", "http://192.0.2.7:9000/bucket/ch/playlist.m3u8", "192.0.2.7:9000"},
		{"cloud host through a proxy setting", "", "proxy", "http://bucket.oss-cn-hangzhou.aliyuncs.com/ch?live", "rtmp://192.0.2.7:9000/bucket/live/ch", "http://192.0.2.7:9000/bucket/ch/playlist.m3u8", "192.0.2.7:9000"},
		{"cloud endpoint", "", "OSS-cn-hangzhou.Aliyuncs.com.", path, "rtmp://192.0.2.7:9000/bucket/live/ch", "http://192.0.2.7:9000/bucket/ch/playlist.m3u8", "192.0.2.7:9000"},
		{"unspecified", "", "0.0.0.0:9000", path, "rtmp://192.0.2.7:9000/bucket/live/ch", "http://192.0.2.7:9000/bucket/ch/playlist.m3u8", "192.0.2.7:9000"},
		{"unspecified IPv6", "", "[::]:9000", path, "rtmp://192.0.2.7:9000/bucket/live/ch", "http://192.0.2.7:9000/bucket/ch/playlist.m3u8", "192.0.2.7:9000"},
		{"no host", "", "", path, "rtmp://192.0.2.7:9000/bucket/live/ch", "http://192.0.2.7:9000/bucket/ch/playlist.m3u8", "192.0.2.7:9000"},
		{"configured", "https://media.example.org", "127.0.0.1:9000", path, "rtmp://media.example.org/bucket/live/ch", "https://media.example.org/bucket/ch/playlist.m3u8", "media.example.org"},
		{"configured, label", "http://media.example.org:8080/", "bucket.localhost", "/ch?live", "rtmp://media.example.org:8080/bucket/live/ch", "http://media.example.org:8080/bucket/ch/playlist.m3u8", "media.example.org:8080"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, func(config *Config) { config.PublicURL = c.public })
			w.must("PUT", "/bucket", nil, "")
			header := http.Header{
				"Host":              {c.host},
				"X-Forwarded-Host":  {"evil.example.org"},
				"X-Forwarded-Proto": {"https"},
				"Forwarded":         {"host=evil.example.org"},
			}
			send := func(method, target, body string, v any) {
				r := w.sign(w.request(method, target, header.Clone(), []byte(body)))
				r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(local)))
				res, text := w.read(w.serve(r))
				if res.StatusCode != 200 {
					t.Fatalf("%s %s: %s\n%s", method, target, res.Status, text)
				}
				if err := xml.Unmarshal([]byte(text), v); err != nil {
					t.Fatal(err)
				}
			}
			var created struct {
				Publish string `xml:"PublishUrls>Url"`
				Play    string `xml:"PlayUrls>Url"`
			}
			send("PUT", c.target, channelXML, &created)
			if created.Publish != c.publish || created.Play != c.play {
				t.Errorf("got %s %s, want %s %s", created.Publish, created.Play, c.publish, c.play)
			}
			var info struct {
				Endpoint string `xml:"Bucket>ExtranetEndpoint"`
			}
			target := "/bucket?bucketInfo"
			if c.target != path {
				target = "/?bucketInfo"
			}
			if c.host == "proxy" {
				target = "http://bucket.oss-cn-hangzhou.aliyuncs.com/?bucketInfo"
			}
			send("GET", target, "", &info)
			if info.Endpoint != c.endpoint {
				t.Errorf("endpoint %s, want %s", info.Endpoint, c.endpoint)
			}
		})
	}
}
