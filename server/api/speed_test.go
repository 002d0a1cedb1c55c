package api

import (
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"osslive/store"
	"osslive/store/boltkv"
	"osslive/store/fileblobs"
	"osslive/store/memstore"
)

// discard is a ResponseWriter that drops what it gets.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}

func (d *discard) SetReadDeadline(time.Time) error  { return nil }
func (d *discard) SetWriteDeadline(time.Time) error { return nil }

// What our side of a request costs; net/http's is left out.
func BenchmarkRequest(b *testing.B) {
	kv, err := boltkv.Open(filepath.Join(b.TempDir(), "meta.db"), boltkv.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { kv.Close() })
	blobs, err := fileblobs.Open(filepath.Join(b.TempDir(), "blobs"), fileblobs.Options{Relaxed: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { blobs.Close() })
	w := newWorld(b, func(c *Config) {
		c.Store = store.New(store.Config{KV: kv, Leases: memstore.NewLeases(), Blobs: blobs, Now: time.Now})
		c.Access = slog.New(slog.DiscardHandler)
	})
	put := func(path, body string) {
		if answer, text := w.do("PUT", path, http.Header{"X-Oss-Acl": {"public-read"}}, body); answer.StatusCode != http.StatusOK {
			b.Fatalf("PUT %s: %s", path, text)
		}
	}
	put("/bucket", "")
	put("/bucket/pl.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n1.ts\n")
	put("/bucket/large", strings.Repeat("x", 1<<20))
	for name, path := range map[string]string{"playlist": "/bucket/pl.m3u8", "1MiB": "/bucket/large"} {
		b.Run(name, func(b *testing.B) {
			r := w.request("GET", path, nil, nil)
			b.ReportAllocs()
			for b.Loop() {
				w.ServeHTTP(&discard{http.Header{}}, r)
			}
		})
	}
	b.Run("put", func(b *testing.B) {
		body := strings.Repeat("x", 1<<10)
		r := w.sign(w.request("PUT", "/bucket/key", nil, []byte(body)))
		b.ReportAllocs()
		for b.Loop() {
			r.Body = io.NopCloser(strings.NewReader(body))
			w.ServeHTTP(&discard{http.Header{}}, r)
		}
	})
}
