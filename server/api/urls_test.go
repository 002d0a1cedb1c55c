package api

import (
	"context"
	"encoding/xml"
	"net"
	"net/http"
	"strings"
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
		{"cloud host of the Node SDK, bucket in the path too", "", "bucket.oss-cn-hangzhou.aliyuncs.com:9000", "/bucket/ch?live", "rtmp://192.0.2.7:9000/bucket/live/ch", "http://192.0.2.7:9000/bucket/ch/playlist.m3u8", "192.0.2.7:9000"},
		{"configured CNAME", "", "media.example.org:9000", "/ch?live", "rtmp://media.example.org:9000/live/ch", "http://media.example.org:9000/ch/playlist.m3u8", "192.0.2.7:9000"},
		{"CNAME that only the signature tells", "", "films.example.org", "/ch?live", "rtmp://films.example.org/bucket/live/ch", "http://films.example.org/bucket/ch/playlist.m3u8", "films.example.org"},
		{"unknown host, path style", "", "films.example.org", path, "rtmp://films.example.org/bucket/live/ch", "http://films.example.org/bucket/ch/playlist.m3u8", "films.example.org"},
		{"likely endpoint", "", "bucket.oss.example.net:9000", "/ch?live", "rtmp://bucket.oss.example.net:9000/live/ch", "http://bucket.oss.example.net:9000/ch/playlist.m3u8", "oss.example.net:9000"},

		// Whoever has osslive for a proxy reaches any host by HTTP, but none by RTMP.
		{"proxied cloud host", "", "proxy", "http://bucket.oss-cn-hangzhou.aliyuncs.com/ch?live", "rtmp://192.0.2.7:9000/bucket/live/ch", "http://bucket.oss-cn-hangzhou.aliyuncs.com/ch/playlist.m3u8", "oss-cn-hangzhou.aliyuncs.com"},
		{"proxied cloud endpoint", "", "proxy", "http://oss-cn-hangzhou.aliyuncs.com/bucket/ch?live", "rtmp://192.0.2.7:9000/bucket/live/ch", "http://oss-cn-hangzhou.aliyuncs.com/bucket/ch/playlist.m3u8", "oss-cn-hangzhou.aliyuncs.com"},
		{"proxied address", "", "proxy", "http://127.0.0.1:9000/bucket/ch?live", "rtmp://192.0.2.7:9000/bucket/live/ch", "http://127.0.0.1:9000/bucket/ch/playlist.m3u8", "127.0.0.1:9000"},
		{"proxied unspecified", "", "proxy", "http://0.0.0.0/bucket/ch?live", "rtmp://192.0.2.7:9000/bucket/live/ch", "http://192.0.2.7:9000/bucket/ch/playlist.m3u8", "192.0.2.7:9000"},
		{"proxied, configured", "http://media.example.net", "proxy", "http://bucket.oss-cn-hangzhou.aliyuncs.com/ch?live", "rtmp://media.example.net/bucket/live/ch", "http://media.example.net/bucket/ch/playlist.m3u8", "media.example.net"},
		{"cloud endpoint", "", "OSS-cn-hangzhou.Aliyuncs.com.", path, "rtmp://192.0.2.7:9000/bucket/live/ch", "http://192.0.2.7:9000/bucket/ch/playlist.m3u8", "192.0.2.7:9000"},
		{"unspecified", "", "0.0.0.0:9000", path, "rtmp://192.0.2.7:9000/bucket/live/ch", "http://192.0.2.7:9000/bucket/ch/playlist.m3u8", "192.0.2.7:9000"},
		{"unspecified, mapped", "", "[::ffff:0.0.0.0]:9000", path, "rtmp://192.0.2.7:9000/bucket/live/ch", "http://192.0.2.7:9000/bucket/ch/playlist.m3u8", "192.0.2.7:9000"},
		{"unspecified, short", "", "0:9000", path, "rtmp://192.0.2.7:9000/bucket/live/ch", "http://192.0.2.7:9000/bucket/ch/playlist.m3u8", "192.0.2.7:9000"},
		{"unspecified IPv6", "", "[::]:9000", path, "rtmp://192.0.2.7:9000/bucket/live/ch", "http://192.0.2.7:9000/bucket/ch/playlist.m3u8", "192.0.2.7:9000"},
		{"no host", "", "", path, "rtmp://192.0.2.7:9000/bucket/live/ch", "http://192.0.2.7:9000/bucket/ch/playlist.m3u8", "192.0.2.7:9000"},
		{"configured", "https://media.example.org", "127.0.0.1:9000", path, "rtmp://media.example.org/bucket/live/ch", "https://media.example.org/bucket/ch/playlist.m3u8", "media.example.org"},
		{"configured, label", "http://media.example.org:8080/", "bucket.localhost", "/ch?live", "rtmp://media.example.org:8080/bucket/live/ch", "http://media.example.org:8080/bucket/ch/playlist.m3u8", "media.example.org:8080"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, func(config *Config) {
				config.PublicURL = c.public
				config.Domains.CNAMEs = map[string]string{"media.example.org": "bucket"}
			})
			w.must("PUT", "/bucket", nil, "")
			header := http.Header{
				"Host":              {c.host},
				"X-Forwarded-Host":  {"evil.example.org"},
				"X-Forwarded-Proto": {"https"},
				"Forwarded":         {"host=evil.example.org"},
			}
			send := func(method, key, uri, body string, v any) {
				r := w.request(method, uri, header.Clone(), []byte(body))
				found, err := resolveTarget(r.Host, r.RequestURI, w.config.Domains)
				if err != nil {
					t.Fatal(err)
				}
				w.signAs(r, target{bucket: "bucket", key: key}, found.query)
				r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(local)))
				res, text := w.read(w.serve(r))
				if res.StatusCode != 200 {
					t.Fatalf("%s %s: %s\n%s", method, uri, res.Status, text)
				}
				if err := xml.Unmarshal([]byte(text), v); err != nil {
					t.Fatal(err)
				}
			}
			var created struct {
				Publish string `xml:"PublishUrls>Url"`
				Play    string `xml:"PlayUrls>Url"`
			}
			send("PUT", "ch", c.target, channelXML, &created)
			if created.Publish != c.publish || created.Play != c.play {
				t.Errorf("got %s %s, want %s %s", created.Publish, created.Play, c.publish, c.play)
			}
			var info struct {
				Endpoint string `xml:"Bucket>ExtranetEndpoint"`
			}
			send("GET", "", strings.TrimSuffix(c.target, "ch?live")+"?bucketInfo", "", &info)
			if info.Endpoint != c.endpoint {
				t.Errorf("endpoint %s, want %s", info.Endpoint, c.endpoint)
			}
		})
	}
}
