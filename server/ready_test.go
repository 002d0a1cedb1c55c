package server

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"osslive/server/console"
	"osslive/server/door/doortest"
)

// TestReady: not ready says why, and the log says it once, however often it is
// asked.
func TestReady(t *testing.T) {
	var log bytes.Buffer
	n := start(t, func(c *Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	failing := error(nil)
	n.ready.checks = append(n.ready.checks, func(context.Context) error { return failing })
	ask := func(status int, text string) {
		t.Helper()
		for range 3 {
			if got, body := get(t, "http://"+n.Admin+"/health/ready"); got != status || strings.TrimSpace(body) != text {
				t.Errorf("got %d %q, want %d %q", got, body, status, text)
			}
		}
	}
	ask(http.StatusOK, "ok")
	failing = errors.New("the disk is read-only")
	ask(http.StatusServiceUnavailable, "the disk is read-only")
	failing = nil
	ask(http.StatusOK, "ok")
	n.ended("API", errors.New("too bad"))
	ask(http.StatusServiceUnavailable, "the API listener has ended: too bad; restart osslive")
	if got := strings.Count(log.String(), `msg="not ready"`); got != 2 {
		t.Errorf("%d lines in the log, want 2:\n%s", got, log.String())
	}
	if _, text := get(t, "http://"+n.Admin+"/metrics"); !strings.Contains(text, "\nosslive_ready 0\n") {
		t.Error("osslive_ready is not 0")
	}
}

// TestState: the gauges of a server with a disk and a certificate.
func TestState(t *testing.T) {
	certFile, keyFile, _ := doortest.WritePair(t, t.TempDir(), 1)
	n := start(t, func(c *Config) {
		c.Data, c.TLSCert, c.TLSKey, c.Version = t.TempDir(), certFile, keyFile, "1.2.3"
	})
	if err := ask(connect(t, n.Listen)); err != nil {
		t.Fatal(err)
	}
	_, text := get(t, "http://"+n.Admin+"/metrics")
	for _, want := range []string{
		`osslive_build_info{version="1.2.3"} 1`, "osslive_ready 1", `osslive_connections{protocol="http"} 1`, `osslive_connections{protocol="rtmp"} 0`,
		"osslive_disk_free_bytes ", "osslive_disk_reserve_bytes ", "osslive_certificate_end_seconds ",
	} {
		if !strings.Contains(text, "\n"+want) {
			t.Errorf("no %s in the metrics", want)
		}
	}
	for _, never := range []string{"osslive_disk_free_bytes 0\n", "osslive_disk_reserve_bytes 0\n"} {
		if strings.Contains(text, never) {
			t.Errorf("the metrics have %s", never)
		}
	}
}

// TestPprof: only where it was asked for, and never the command line.
func TestPprof(t *testing.T) {
	for _, c := range []struct {
		on   bool
		path string
		want int
	}{
		{false, "/debug/pprof/", http.StatusNotFound},
		{true, "/debug/pprof/", http.StatusOK},
		{true, "/debug/pprof/heap", http.StatusOK},
		{true, "/debug/pprof/cmdline", http.StatusNotFound},
	} {
		n := start(t, func(config *Config) { config.Pprof = c.on })
		if got, _ := get(t, "http://"+n.Admin+c.path); got != c.want {
			t.Errorf("%s with pprof %v: got %d, want %d", c.path, c.on, got, c.want)
		}
	}
	const token = "a-token-of-some-length"
	n := start(t, func(c *Config) { c.Pprof, c.AdminToken, c.AdminHosts = true, token, []string{"metrics.example.com"} })
	for given, want := range map[string]int{"": http.StatusForbidden, "guessed": http.StatusForbidden, token: http.StatusOK} {
		r, err := http.NewRequest("GET", "http://"+n.Admin+"/debug/pprof/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = "metrics.example.com" // as from another machine
		r.Header.Set(console.TokenHeader, given)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("from elsewhere with token %q: got %d, want %d", given, answer.StatusCode, want)
		}
	}
}

// TestAccessLogger: with one of its own, requests and publishes are in it, each
// with the ID that the client saw, and the log has the rest.
func TestAccessLogger(t *testing.T) {
	var access, log logBuffer
	n := start(t, func(c *Config) {
		c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))
		c.Access = slog.New(slog.NewJSONHandler(&access, nil))
	})
	r, err := http.Get("http://" + n.Listen + "/demo/none")
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	push(t, publishURL(n, n.Listen))
	for _, want := range []string{`"request_id":"` + r.Header.Get("x-oss-request-id"), `"publish started"`, `"publish ended"`} {
		eventually(t, want+" in the access log", func() bool { return strings.Contains(access.String(), want) })
	}
	if log.String() != "" {
		t.Errorf("the log has %s", log.String())
	}
	if strings.Contains(access.String(), "Signature") {
		t.Errorf("the access log has a signature: %s", access.String())
	}
}

// logBuffer is a log that the test reads while it is written.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
