package server

import (
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"osslive/auth"
	"osslive/rtmp"
	"osslive/rtmp/flv"
)

// TestStopWithManyPublishers: each of 200 open segments is in its list after Stop,
// on the disk, within the five seconds that Stop promises.
func TestStopWithManyPublishers(t *testing.T) {
	const publishers, media = 200, 4 * time.Second
	var log logBuffer
	data := t.TempDir()
	n := start(t, func(c *Config) {
		c.Data, c.RTMP = data, Off
		c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		c.Channels = nil
		for i := range publishers {
			c.Channels = append(c.Channels, Channel{Bucket: "demo", Name: fmt.Sprint("ch", i), FragDuration: 100, FragCount: 3})
		}
	})
	clip := opening(t, media)
	bytes := 0
	for _, tag := range clip {
		if tag.Type != flv.Script {
			bytes += len(tag.Data)
		}
	}
	var publishing sync.WaitGroup
	for i := range publishers {
		publishing.Go(func() {
			p := auth.Publish{Bucket: "demo", Channel: fmt.Sprint("ch", i)}
			q := auth.SignPublish(&p, n.Key, time.Now().Add(time.Hour))
			client, err := rtmp.Dial(t.Context(), "rtmp://"+n.Listen+"/demo/live/"+p.Channel+"?"+q.Encode())
			if err != nil {
				t.Error(err)
				return
			}
			t.Cleanup(func() { client.Close() })
			for _, tag := range clip {
				if err := client.WriteTag(tag); err != nil {
					t.Errorf("%s: %v", p.Channel, err)
					return
				}
			}
		})
	}
	publishing.Wait()
	// All has been sent, but a server reads in its time: of each open segment all
	// but the last piece is in its file.
	eventually(t, "what was sent in files", func() bool {
		return files(t, filepath.Join(data, "blobs"), int64(bytes-32<<10)) == publishers
	})

	began := time.Now()
	n.Stop()
	took := time.Since(began)
	if took > 5*time.Second {
		t.Errorf("Stop took %v, want at most 5 s", took)
	}
	n = start(t, func(c *Config) { c.Data, c.RTMP, c.Channels = data, Off, nil })
	shortest := media
	for i := range publishers {
		status, text := get(t, fmt.Sprintf("http://%s/demo/ch%d/playlist.m3u8", n.Listen, i))
		_, duration, _ := strings.Cut(text, "#EXTINF:")
		duration, _, _ = strings.Cut(duration, ",")
		seconds, err := strconv.ParseFloat(duration, 64)
		if status != http.StatusOK || err != nil || strings.Count(text, "#EXTINF:") != 1 {
			t.Errorf("ch%d: status %d, want one segment:\n%s", i, status, text)
			continue
		}
		shortest = min(shortest, time.Duration(seconds*float64(time.Second)))
	}
	if media-shortest > 2*time.Second {
		t.Errorf("the shortest list has %v of %v, want at most a group of pictures less", shortest, media)
	}
	if t.Failed() {
		t.Log(log.String())
	}
	t.Logf("stopped with %d publishers in %v; the shortest list has %v of %v", publishers, took.Round(time.Millisecond), shortest, media)
}

// files counts those in a folder that have so many bytes.
func files(t *testing.T, dir string, bytes int64) (n int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Size() >= bytes {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// opening returns the tags of the demo's clip up to a time.
func opening(t *testing.T, until time.Duration) (tags []flv.Tag) {
	t.Helper()
	file, err := os.Open("../cmd/osslive/clip/clip.flv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for r := flv.NewReader(file); ; {
		tag, err := r.ReadTag()
		if err != nil {
			t.Fatal(err)
		}
		if time.Duration(tag.Time)*time.Millisecond > until {
			return tags
		}
		tag.Data = append([]byte(nil), tag.Data...)
		tags = append(tags, tag)
	}
}
