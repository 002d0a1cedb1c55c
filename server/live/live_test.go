package live

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"osslive/auth"
	"osslive/rtmp"
	"osslive/rtmp/flv"
	"osslive/segmenter/mpegts/mpegtstest"
	"osslive/server/address"
	"osslive/server/answer"
	"osslive/server/metrics"
	"osslive/store"
	"osslive/store/boltkv"
	"osslive/store/fileblobs"
	"osslive/store/memstore"
	"osslive/store/seam"
)

var key = auth.Key{ID: "ak", Secret: "sk"}

// world is a Handler on a real store with the channels demo/ch and open/ch; the
// second needs no signature.
type world struct {
	*Handler
	t *testing.T
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldOf(t, func(*store.Config) {})
}

// newWorldOn has segments and objects on what the function makes of a real disk.
func newWorldOn(t *testing.T, disk func(seam.Blobs) seam.Blobs) *world {
	t.Helper()
	return newWorldOf(t, func(c *store.Config) { c.Blobs = disk(c.Blobs) })
}

// newWorldOf has the store that change makes of one on a real disk.
func newWorldOf(t *testing.T, change func(*store.Config)) *world {
	t.Helper()
	dir := t.TempDir()
	kv, err := boltkv.Open(dir+"/records.db", boltkv.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kv.Close() })
	blobs, err := fileblobs.Open(dir+"/blobs", fileblobs.Options{Relaxed: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { blobs.Close() })
	c := store.Config{KV: kv, Leases: memstore.NewLeases(), Blobs: blobs, Now: time.Now}
	change(&c)
	s := store.New(c)
	if _, err := s.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	for bucket, acl := range map[string]store.ACL{"demo": store.Private, "open": store.PublicReadWrite} {
		if _, err := s.PutBucket(t.Context(), bucket, acl); err != nil {
			t.Fatal(err)
		}
		c := store.Channel{Bucket: bucket, Name: "ch", Target: store.Target{FragDuration: 2, FragCount: 3}}
		if _, err := s.PutChannel(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	return &world{t: t, Handler: New(Config{
		Store: s, Keys: auth.NewKeys(key), Now: time.Now,
		Logger: slog.New(slog.DiscardHandler), Metrics: metrics.New(prometheus.NewRegistry()),
		Domains: address.Domains{Base: []string{"oss.example.com"}, CNAMEs: map[string]string{"live.example.org": "demo"}},
	})}
}

// request is a publish signed for a channel; kicked takes what Kick is given.
func (w *world) request(bucket, channel string, kicked chan<- error) *rtmp.PublishRequest {
	p := auth.Publish{Bucket: bucket, Channel: channel}
	return &rtmp.PublishRequest{
		Host: "127.0.0.1", Path: []string{bucket, "live", channel},
		Query:      auth.SignPublish(&p, key, time.Now().Add(time.Hour)),
		RemoteAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1},
		Kick: func(err error) {
			select {
			case kicked <- err:
			default:
			}
		},
	}
}

func (w *world) publish(r *rtmp.PublishRequest) rtmp.Stream {
	w.t.Helper()
	s, err := w.Publish(w.t.Context(), r)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// tags are those of the demo's clip: 16 s with a key frame each 2 s.
func tags(t testing.TB) []flv.Tag {
	t.Helper()
	data, err := os.ReadFile("../../cmd/osslive/clip/clip.flv")
	if err != nil {
		t.Fatal(err)
	}
	var all []flv.Tag
	for r := flv.NewReader(bytes.NewReader(data)); ; {
		tag, err := r.ReadTag()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		tag.Data = bytes.Clone(tag.Data)
		all = append(all, tag)
	}
}

func (w *world) send(s rtmp.Stream, tags []flv.Tag) {
	w.t.Helper()
	for _, tag := range tags {
		if err := s.WriteTag(tag); err != nil {
			w.t.Fatal(err)
		}
	}
}

// read returns an object's bytes, or "" if there is no such object.
func (w *world) read(object string) string {
	w.t.Helper()
	for {
		o, err := w.config.Store.Object(w.t.Context(), "demo", object)
		if errors.Is(err, store.ErrNoSuchKey) {
			return ""
		}
		if err != nil {
			w.t.Fatal(err)
		}
		r, err := w.config.Store.OpenObject(w.t.Context(), o, 0, -1)
		if errors.Is(err, store.ErrNoSuchKey) {
			continue // overwritten meanwhile
		}
		if err != nil {
			w.t.Fatal(err)
		}
		defer r.Close()
		data, err := io.ReadAll(r)
		if err != nil {
			w.t.Fatal(err)
		}
		return string(data)
	}
}

// entries are the lines of a playlist without the names of segments.
func entries(playlist string) string {
	var b strings.Builder
	for line := range strings.Lines(playlist) {
		if strings.HasPrefix(line, "#") {
			b.WriteString(line)
		}
	}
	return b.String()
}

func TestPlaylistGoesOn(t *testing.T) {
	w := newWorld(t)
	clip := tags(t)
	push := func() string {
		s := w.publish(w.request("demo", "ch", nil))
		w.send(s, clip)
		s.Close(nil)
		return w.read("ch/playlist.m3u8")
	}

	first := push()
	want := "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-MEDIA-SEQUENCE:5\n#EXT-X-TARGETDURATION:2\n" + strings.Repeat("#EXTINF:2.000,\n", 3)
	if got := entries(first); got != want {
		t.Errorf("after one push:\n%s\nwant\n%s", got, want)
	}
	var segments [][]byte
	for line := range strings.Lines(first) {
		if !strings.HasPrefix(line, "#") {
			segments = append(segments, []byte(w.read("ch/"+strings.TrimSpace(line))))
		}
	}
	mpegtstest.Check(t, segments...)

	// The second push is cut short: the discontinuity is still in the window.
	s := w.publish(w.request("demo", "ch", nil))
	w.send(s, until(clip, 3000))
	s.Close(io.ErrUnexpectedEOF)
	got := entries(w.read("ch/playlist.m3u8"))
	want = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-TARGETDURATION:2\n" +
		"#EXTINF:2.000,\n#EXT-X-DISCONTINUITY\n#EXTINF:2.000,\n#EXTINF:1."
	if !strings.HasPrefix(got, want) {
		t.Errorf("after a second push:\n%s\nwant\n%s…", got, want)
	}

	history, err := w.config.Store.History(t.Context(), "demo", "ch")
	if err != nil || len(history) != 2 {
		t.Errorf("history: %v, %v; want two records", history, err)
	}
}

// Players have what the list had before, though all of it was deleted since.
func TestPlaylistGoesOnAfterDeletion(t *testing.T) {
	w := newWorld(t)
	push := func() string {
		s := w.publish(w.request("demo", "ch", nil))
		w.send(s, until(tags(t), 3000))
		s.Close(nil)
		return w.read("ch/playlist.m3u8")
	}
	for line := range strings.Lines(push()) {
		if !strings.HasPrefix(line, "#") {
			if err := w.config.Store.DeleteObject(t.Context(), "demo", "ch/"+strings.TrimSpace(line)); err != nil {
				t.Fatal(err)
			}
		}
	}
	got := entries(push())
	want := "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-MEDIA-SEQUENCE:2\n#EXT-X-TARGETDURATION:2\n#EXT-X-DISCONTINUITY\n#EXTINF:2.000,\n#EXTINF:1."
	if !strings.HasPrefix(got, want) {
		t.Errorf("got\n%s\nwant\n%s…", got, want)
	}
}

func until(tags []flv.Tag, end flv.Millis) []flv.Tag {
	for i, tag := range tags {
		if tag.Time > end {
			return tags[:i]
		}
	}
	return tags
}

func TestAnotherPlaylistName(t *testing.T) {
	w := newWorld(t)
	clip := tags(t)
	for _, name := range []string{"", "other.m3u8"} {
		r := w.request("demo", "ch", nil)
		if name != "" {
			p := auth.Publish{Bucket: "demo", Channel: "ch", Query: url.Values{"playlistName": {name}}}
			r.Query = auth.SignPublish(&p, key, time.Now().Add(time.Hour))
		}
		s := w.publish(r)
		w.send(s, clip)
		s.Close(nil)
	}
	if first := w.read("ch/playlist.m3u8"); !strings.Contains(first, "MEDIA-SEQUENCE:5\n") {
		t.Errorf("the channel's own playlist should be as its push left it:\n%s", first)
	}
	// The sequence is the channel's: 8 segments before, 5 that slid out.
	if other := w.read("ch/other.m3u8"); !strings.Contains(other, "MEDIA-SEQUENCE:13\n") || strings.Contains(other, "DISCONTINUITY\n") {
		t.Errorf("a playlist of another name begins with an empty window:\n%s", other)
	}
}

func TestEndList(t *testing.T) {
	w := newWorld(t)
	w.config.EndList = true
	s := w.publish(w.request("demo", "ch", nil))
	w.send(s, until(tags(t), 5000))
	s.Close(nil)
	if text := w.read("ch/playlist.m3u8"); strings.Count(text, "#EXT-X-ENDLIST") != 1 || !strings.HasSuffix(text, "#EXT-X-ENDLIST\n") {
		t.Errorf("no end in\n%s", text)
	}
	s = w.publish(w.request("demo", "ch", nil))
	w.send(s, until(tags(t), 5000))
	defer s.Close(nil)
	eventually(t, "a list that goes on", func() bool {
		text := w.read("ch/playlist.m3u8")
		return strings.Contains(text, "#EXT-X-DISCONTINUITY\n") && !strings.Contains(text, "ENDLIST")
	})
}

// TestEndListAfterJump: a clock that jumps ends the segment; nothing that can be kept
// follows it, and the list ends all the same.
func TestEndListAfterJump(t *testing.T) {
	w := newWorld(t)
	w.config.EndList = true
	s := w.publish(w.request("demo", "ch", nil))
	all := tags(t)
	before := until(all, 5500)
	w.send(s, before)
	sent := 0
	for _, tag := range all[len(before):] {
		if tag.Type == flv.Video && tag.Data[0]>>4 != 1 && sent < 3 {
			tag.Time += 300_000
			w.send(s, []flv.Tag{tag})
			sent++
		}
	}
	eventually(t, "the segment before the jump", func() bool { return strings.Count(w.read("ch/playlist.m3u8"), "#EXTINF") >= 2 })
	s.Close(nil)
	if text := w.read("ch/playlist.m3u8"); sent != 3 || !strings.HasSuffix(text, "#EXT-X-ENDLIST\n") {
		t.Errorf("after %d tags that jumped: no end in\n%s", sent, text)
	}
}

// slowDisk needs a time to make a blob durable.
type slowDisk struct {
	seam.Blobs
	commit time.Duration
}

type slowBlob struct {
	seam.BlobWriter
	commit time.Duration
}

func (d slowDisk) Create(ctx context.Context) (seam.BlobWriter, error) {
	w, err := d.Blobs.Create(ctx)
	return slowBlob{w, d.commit}, err
}

func (b slowBlob) Commit() error {
	time.Sleep(b.commit)
	return b.BlobWriter.Commit()
}

// TestEndOnSlowDisk: the channel is the publisher's until the disk has all of it.
func TestEndOnSlowDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorldOn(t, func(disk seam.Blobs) seam.Blobs { return slowDisk{disk, 6 * time.Second} })
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go w.Run(ctx)
		log := &noted{text: "publish cut off"}
		w.config.Logger = slog.New(slog.NewTextHandler(log, nil))
		s := w.publish(w.request("demo", "ch", nil))
		w.send(s, until(tags(t), 9000))
		began, closed := time.Now(), make(chan struct{})
		go func() {
			defer close(closed)
			s.Close(nil)
		}()
		synctest.Wait()
		if _, err := w.Publish(ctx, w.request("demo", "ch", nil)); err == nil || !strings.Contains(err.Error(), "ChannelStillLive") {
			t.Errorf("publish before all is recorded: %v, want ChannelStillLive", err)
		}
		<-closed
		took := time.Since(began)
		history, err := w.config.Store.History(ctx, "demo", "ch")
		if err != nil {
			t.Fatal(err)
		}
		if took < 12*time.Second || len(history) != 1 || history[0].End.Before(began.Add(took)) {
			t.Errorf("ended after %v, history %+v, want one that ends then", took, history)
		}
		w.publish(w.request("demo", "ch", nil)).Close(nil)
		t.Logf("recorded %v after the end", took)
		if list := w.read("ch/playlist.m3u8"); !strings.Contains(list, "MEDIA-SEQUENCE:2\n") || strings.Count(list, "#EXTINF") != 3 {
			t.Errorf("want the last three of five segments:\n%s", list)
		}
		if n := log.lines.Load(); n != 0 {
			t.Errorf("%d lines say that the publish was cut off", n)
		}
	})
}

// TestEndOnHungDisk: a disk that does nothing holds the channel for a minute, no
// longer, however many segments wait for it.
func TestEndOnHungDisk(t *testing.T) {
	for _, end := range []flv.Millis{3000, 6500} { // there is room for the last segment in the queue, and there is none
		synctest.Test(t, func(t *testing.T) {
			w := newWorldOn(t, func(disk seam.Blobs) seam.Blobs { return slowDisk{disk, time.Hour} })
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			go w.Run(ctx)
			s := w.publish(w.request("demo", "ch", nil))
			w.send(s, until(tags(t), end))
			began := time.Now()
			s.Close(nil)
			if took := time.Since(began); took < closeLimit || took > closeLimit+endLimit {
				t.Errorf("until %v: the end took %v, want %v", end, took, closeLimit)
			}
			w.publish(w.request("demo", "ch", nil)).Close(nil)
			time.Sleep(4 * time.Hour) // the disk's
		})
	}
}

// hungKV is a database that answers no call of the kind that hangs: "commit" or "get".
type hungKV struct {
	seam.KV
	hangs atomic.Value
}

func (kv *hungKV) wait(ctx context.Context, call string) error {
	if kv.hangs.Load() != call {
		return nil
	}
	<-ctx.Done()
	return ctx.Err()
}

func (kv *hungKV) Get(ctx context.Context, key string) (seam.Record, error) {
	if err := kv.wait(ctx, "get"); err != nil {
		return seam.Record{}, err
	}
	return kv.KV.Get(ctx, key)
}

func (kv *hungKV) Commit(ctx context.Context, ops ...seam.Op) error {
	if err := kv.wait(ctx, "commit"); err != nil {
		return err
	}
	return kv.KV.Commit(ctx, ops...)
}

// TestHungStore: a database that does not answer ends the publish after a minute,
// when a segment begins as when it is committed, and the next publisher gets in.
func TestHungStore(t *testing.T) {
	for _, call := range []string{"get", "commit"} {
		t.Run(call, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				kv := &hungKV{}
				w := newWorldOf(t, func(c *store.Config) { kv.KV, c.KV = c.KV, kv })
				kicked := make(chan error, 1)
				s := w.publish(w.request("demo", "ch", kicked))
				kv.hangs.Store(call)
				began := time.Now()
				var err error
				for _, tag := range until(tags(t), 3000) {
					if err = s.WriteTag(tag); err != nil {
						break
					}
				}
				if err == nil {
					err = <-kicked
				}
				var refusal *rtmp.RejectError
				if took := time.Since(began); took != closeLimit || !errors.As(err, &refusal) || refusal.Code != rtmp.CodeRejected {
					t.Errorf("after %v: %v, want the publish rejected after %v", took, err, closeLimit)
				}
				kv.hangs.Store("")
				s.Close(err)
				s = w.publish(w.request("demo", "ch", nil))
				w.send(s, until(tags(t), 3000))
				s.Close(nil)
				if list := w.read("ch/playlist.m3u8"); strings.Count(list, "#EXTINF") != 2 {
					t.Errorf("want the two segments of the second publish:\n%s", list)
				}
			})
		})
	}
}

// brokenDisk panics.
type brokenDisk struct{ seam.Blobs }

type brokenBlob struct{ seam.BlobWriter }

func (d brokenDisk) Create(ctx context.Context) (seam.BlobWriter, error) {
	w, err := d.Blobs.Create(ctx)
	return brokenBlob{w}, err
}

func (b brokenBlob) Write([]byte) (int, error) { panic("a defect") }

// TestPanicEndsSession: the channel is free after a panic, and one more in Close.
func TestPanicEndsSession(t *testing.T) {
	w := newWorldOn(t, func(disk seam.Blobs) seam.Blobs { return brokenDisk{disk} })
	s := w.publish(w.request("demo", "ch", nil))
	panics := func(f func()) (did bool) {
		defer func() { did = recover() != nil }()
		f()
		return
	}
	first := panics(func() { w.send(s, until(tags(t), 3000)) })
	second := panics(func() { s.Close(io.ErrUnexpectedEOF) })
	if !first || !second {
		t.Errorf("panics: %v, %v, want both", first, second)
	}
	if n := len(w.live()); n != 0 {
		t.Errorf("%d sessions are renewed, want 0", n)
	}
	w.publish(w.request("demo", "ch", nil)).Close(nil)
}

func TestDisabledWhileLive(t *testing.T) {
	w := newWorld(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go w.Run(ctx)
	log := &noted{text: "publish cut off"}
	w.config.Logger = slog.New(slog.NewTextHandler(log, nil))
	kicked := make(chan error, 1)
	s := w.publish(w.request("demo", "ch", kicked))
	w.send(s, until(tags(t), 3000))
	if err := w.config.Store.SetChannelStatus(ctx, "demo", "ch", store.Disabled); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	select {
	case err := <-kicked:
		if !strings.Contains(err.Error(), "LiveChannelDisabled") {
			t.Errorf("kicked with %v, want LiveChannelDisabled", err)
		}
		t.Logf("P6: cut off after %v", time.Since(began).Round(time.Millisecond))
	case <-time.After(2 * time.Second):
		t.Fatal("not cut off within 2 s")
	}
	s.(*session).kick(store.ErrChannelDisabled) // as each renewal would, until the connection is closed
	if n := log.lines.Load(); n != 1 {
		t.Errorf("%d lines tell of the end, want 1", n)
	}
	s.Close(nil)
	if _, err := w.Publish(ctx, w.request("demo", "ch", nil)); err == nil || !strings.Contains(err.Error(), "LiveChannelDisabled") {
		t.Errorf("publish again: %v, want LiveChannelDisabled", err)
	}
}

func TestStat(t *testing.T) {
	w := newWorld(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go w.Run(ctx)
	s := w.publish(w.request("demo", "ch", nil))
	defer s.Close(nil)
	state := func() store.ChannelState {
		state, err := w.config.Store.ChannelStat(ctx, "demo", "ch")
		if err != nil {
			t.Fatal(err)
		}
		return state
	}
	if now := state(); now.Status != "Live" || now.Stat.Video != nil || now.Stat.Audio != nil {
		t.Errorf("before media: %+v, want Live without tracks", now)
	}
	w.send(s, tags(t))
	eventually(t, "statistics", func() bool {
		v, a := state().Stat.Video, state().Stat.Audio
		return v != nil && a != nil && v.Codec == "H264" && v.Width == 640 && v.Height == 360 && v.FrameRate == 25 && v.Bandwidth > 0 &&
			a.Codec == "AAC" && a.SampleRate == 48000 && a.Bandwidth > 0
	})
}

func TestWholeRate(t *testing.T) {
	for measured, want := range map[float64]int{
		0: 0, 1: 1, 23.976: 23, 24: 24, 25: 25, 29.97: 29, 30: 30, 47.952: 47, 59.94: 59, 60: 60,
		24.985: 25, 29.98: 30, 59.96: 60, 29.95: 29, 14.9: 14,
	} {
		if got := wholeRate(measured); got != want {
			t.Errorf("%g pictures per second: got %d, want %d", measured, got, want)
		}
	}
}

// noted counts what is logged with a text.
type noted struct {
	text  string
	lines atomic.Int64
}

func (n *noted) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte(n.text)) {
		n.lines.Add(1)
	}
	return len(line), nil
}

// TestDroppedAudioIsLogged also where the publish is over before anybody looks.
func TestDroppedAudioIsTold(t *testing.T) {
	w := newWorld(t)
	log := &noted{text: "audio dropped"}
	w.config.Logger = slog.New(slog.NewTextHandler(log, nil))
	s := w.publish(w.request("demo", "ch", nil))
	w.send(s, []flv.Tag{{Type: flv.Audio, Data: []byte{0x2f, 0xff, 0xfb, 0x90, 0x64}}}) // MP3
	if err := s.(*session).renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	state, err := w.config.Store.ChannelStat(t.Context(), "demo", "ch")
	if err != nil || state.Stat.Audio == nil || !strings.Contains(state.Stat.Audio.Dropped, "choose AAC") {
		t.Errorf("statistics %+v, %v, want why there is no sound", state.Stat, err)
	}
	s.Close(nil)
	if n := log.lines.Load(); n != 1 {
		t.Errorf("%d lines about the audio, want 1", n)
	}
}

// TestStreamRefused sends what cannot be carried; what came before stays whole.
func TestStreamRefused(t *testing.T) {
	w := newWorld(t)
	s := w.publish(w.request("demo", "ch", nil))
	w.send(s, until(tags(t), 3000))
	var err error
	for range 50 { // one alone may be a damaged picture
		if err == nil {
			err = s.WriteTag(flv.Tag{Type: flv.Video, Time: 3040, Data: []byte{0x12, 0, 0, 0}}) // Sorenson H.263
		}
	}
	var refusal *rtmp.RejectError
	if !errors.As(err, &refusal) || refusal.Code != rtmp.CodeRejected || !strings.Contains(refusal.Description, "H.264") {
		t.Errorf("H.263 video: %v, want a refusal that names H.264", err)
	}
	s.Close(err)
	if text := w.read("ch/playlist.m3u8"); strings.Count(text, "#EXTINF") != 2 {
		t.Errorf("what came before should be two segments:\n%s", text)
	}
}

// TestHEVC: refused with the flag's name, or carried and shown as HEVC.
func TestHEVC(t *testing.T) {
	set := func(typ byte, s string) string {
		nal, _ := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
		return string([]byte{typ, 0, 1, 0, byte(len(nal))}) + string(nal)
	}
	// An HEVCDecoderConfigurationRecord of x265, 174x92, and pictures.
	header := "\x90hvc1\x01\x01\x60" + strings.Repeat("\x00", 18) + "\x0f\x03" +
		set(0xa0, "40 01 0c 01 ff ff 01 60 00 00 03 00 90 00 00 03 00 00 03 00 1e 95 94 09") +
		set(0xa1, "42 01 01 01 60 00 00 03 00 90 00 00 03 00 00 03 00 1e a0 16 20 61 d5 e5 95 96 49 32 bc 05 a0 20 00 00 03 00 20 00 00 03 03 21") +
		set(0xa2, "44 01 c1 72 b4 62 40")
	hevc := []flv.Tag{{Type: flv.Video, Data: []byte(header)}}
	for at := range flv.Millis(5) {
		hevc = append(hevc, flv.Tag{Type: flv.Video, Time: at * 1000, Data: []byte("\x93hvc1\x00\x00\x00\x03\x26\x01\xaf")})
	}

	w := newWorld(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go w.Run(ctx)
	s := w.publish(w.request("demo", "ch", nil))
	err := s.WriteTag(hevc[0])
	var refusal *rtmp.RejectError
	if !errors.As(err, &refusal) || !strings.Contains(refusal.Description, "HEVC") || !strings.Contains(refusal.Description, "H.264") ||
		!strings.Contains(refusal.Description, "--allow-hevc") {
		t.Errorf("got %v, want a refusal that names HEVC, H.264 and the flag", err)
	}
	s.Close(err)

	w.config.AllowHEVC = true
	s = w.publish(w.request("demo", "ch", nil))
	w.send(s, hevc)
	eventually(t, "statistics", func() bool {
		state, err := w.config.Store.ChannelStat(t.Context(), "demo", "ch")
		if err != nil {
			t.Fatal(err)
		}
		v := state.Stat.Video
		return v != nil && v.Codec == "HEVC" && v.Width == 174 && v.Height == 92
	})
	s.Close(nil)
	if text := w.read("ch/playlist.m3u8"); strings.Count(text, "#EXTINF") != 3 {
		t.Errorf("got\n%s\nwant three segments", text)
	}
}

// TestRefusalCodes holds every refusal to the codes that OBS and librtmp know
// as failures, with others they hang; and to the words of package answer.
func TestRefusalCodes(t *testing.T) {
	for _, err := range []error{
		store.ErrNoSuchBucket, store.ErrNoSuchChannel, store.ErrChannelDisabled, store.ErrChannelLive, store.ErrSessionLost, seam.ErrFull,
		answer.ErrUnsigned, answer.ErrPublishPath, answer.ErrAmbiguous, answer.ErrLineBreak,
		auth.ErrExpired, auth.ErrUnknownKey, auth.ErrBadToken, auth.ErrTokenExpired, auth.ErrMissingParam, auth.ErrTwoSources, auth.ErrBadExpires,
	} {
		got := answerFor(fmt.Errorf("publish: %w", err)).reject("0123456789ABCDEF01234567")
		if got.Code != rtmp.CodeBadName && got.Code != rtmp.CodeDenied && got.Code != rtmp.CodeRejected {
			t.Errorf("%v: status %q", err, got.Code)
		}
		row := answer.Of(err)
		if want := row.Code + ": " + cmp.Or(row.Publish, row.Message) + " (RequestId 0123456789ABCDEF01234567)"; got.Description != want {
			t.Errorf("%v: %q, want %q", err, got.Description, want)
		}
	}
	for _, err := range []error{errors.New("secret detail"), store.ErrNoSuchKey, seam.ErrConflict} {
		if got := answerFor(err).reject("ID"); got.Code != rtmp.CodeRejected || strings.Contains(got.Description, "secret") || !strings.HasPrefix(got.Description, "InternalError") {
			t.Errorf("%v, which no publisher is to know: %+v", err, got)
		}
	}
}

// TestResult: the label of a publish's end is the code that its client got.
func TestResult(t *testing.T) {
	for _, tt := range []struct {
		cause error
		want  string
	}{
		{nil, "ended"},
		{answerFor(store.ErrChannelDisabled).reject("ID"), rtmp.CodeBadName},
		{&rtmp.LimitError{Limit: "Idle"}, rtmp.CodeRejected},
		{&rtmp.ProtocolError{}, rtmp.CodeRejected},
		{&rtmp.PanicError{}, rtmp.CodeRejected},
		{rtmp.ErrServerClosed, rtmp.CodeRejected},
	} {
		if got := result(tt.cause); got != tt.want {
			t.Errorf("%v: got %s, want %s", tt.cause, got, tt.want)
		}
	}
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
