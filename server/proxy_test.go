package server

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"osslive/auth"
)

// TestProxy uses the server as a program's HTTP_PROXY: real endpoints, no name
// server.
func TestProxy(t *testing.T) {
	n := start(t, nil)
	proxy := &url.URL{Scheme: "http", Host: n.Listen}
	client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxy)}, Timeout: 10 * time.Second}
	do := func(method, host, bucket, key, body string) (*http.Response, string) {
		t.Helper()
		query := auth.SignURL(&auth.Request{Method: method, Bucket: bucket, Key: key, Query: url.Values{}}, n.Key, time.Now().Add(time.Hour))
		r, err := http.NewRequest(method, "http://"+host+"/"+key+"?"+query.Encode(), strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res, string(text)
	}
	const host = "random-bucket.oss-cn-hangzhou.aliyuncs.com"
	for _, c := range []struct{ method, host, bucket, key, body, want string }{
		{"PUT", host, "random-bucket", "", "", ""},
		{"PUT", host, "random-bucket", "a/b", "hello", ""},
		{"GET", host, "random-bucket", "a/b", "", "hello"},
		{"GET", "oss-cn-hangzhou.aliyuncs.com", "", "", "", "<Name>random-bucket</Name>"},
	} {
		if res, text := do(c.method, c.host, c.bucket, c.key, c.body); res.StatusCode != http.StatusOK || !strings.Contains(text, c.want) {
			t.Errorf("%s http://%s/%s: %s, want %q\n%s", c.method, c.host, c.key, res.Status, c.want, text)
		}
	}

	// TLS through the proxy is refused at once, in words that some clients show.
	_, err := client.Get("https://" + host + "/a/b")
	if err == nil || !strings.Contains(err.Error(), "Not Implemented") {
		t.Errorf("https: %v, want Not Implemented", err)
	}
}

// TestCNAME reaches a bucket by a name of its own.
func TestCNAME(t *testing.T) {
	n := start(t, func(c *Config) { c.CNAMEs = []CNAME{{"Media.example.org", "demo"}} })
	for host, want := range map[string]string{
		"media.example.org":       "<Code>NoSuchKey</Code>",
		"MEDIA.example.org.:9000": "<Code>NoSuchKey</Code>",
		"127.0.0.1":               "<Code>NoSuchBucket</Code>",
	} {
		r, err := http.NewRequest("GET", "http://"+n.Listen+"/key", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: %s %v, want %s\n%s", host, res.Status, err, want, text)
		}
	}
}

// TestHostOnTheWire sends what no client library would.
func TestHostOnTheWire(t *testing.T) {
	n := start(t, func(c *Config) { c.Buckets = append(c.Buckets, Bucket{"films", "public-read"}) })
	for _, c := range []struct{ name, request, want string }{
		{"no host", "GET /demo/k HTTP/1.1\r\n\r\n", "400 Bad Request"},
		{"two hosts", "GET /k HTTP/1.1\r\nHost: demo.localhost\r\nHost: films.localhost\r\n\r\n", "400 Bad Request"},
		{"no host, HTTP/1.0", "GET /demo/k HTTP/1.0\r\n\r\n", "<Key>k</Key>"},
		{"absolute, and another host", "GET http://127.0.0.1/nowhere/k HTTP/1.1\r\nHost: demo.localhost\r\n\r\n", "<BucketName>nowhere</BucketName>"},
		{"absolute, and no host", "GET http://demo.localhost/nowhere/k HTTP/1.1\r\n\r\n", "400 Bad Request"},
		{"host with a path", "GET /k HTTP/1.1\r\nHost: demo.localhost/films\r\n\r\n", "400 Bad Request"},
		{"host with a space", "GET /k HTTP/1.1\r\nHost: demo.localhost films\r\n\r\n", "400 Bad Request"},
		{"host of another protocol", "GET /k HTTP/1.1\r\nHost: http://demo.localhost\r\n\r\n", "400 Bad Request"},
		{"forwarded", "GET /demo/k HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-Host: films.localhost\r\n\r\n", "<HostId>127.0.0.1</HostId>"},
	} {
		conn, err := net.Dial("tcp", n.Listen)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(10 * time.Second))
		request := strings.Replace(c.request, "\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1)
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		if answer, err := io.ReadAll(conn); err != nil || !strings.Contains(string(answer), c.want) {
			t.Errorf("%s: %v, want %s in\n%s", c.name, err, c.want, answer)
		}
	}
}
