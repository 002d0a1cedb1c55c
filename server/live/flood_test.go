package live

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"osslive/rtmp"
	"osslive/rtmp/flv"
	"osslive/store"
)

// lines is a log's output.
type lines struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(p)
}

func (l *lines) all() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.String()
}

// TestRefusalLines: a flood that does not stop has five lines and one summary a
// second.
func TestRefusalLines(t *testing.T) {
	var l limiter
	began := time.Now()
	lines, summaries, counted := 0, 0, 0
	for i := range 100_000 { // ten seconds of it; summary is asked for twice a second
		now := began.Add(time.Duration(i) * 100 * time.Microsecond)
		if l.allow(now, "reason") {
			lines++
		}
		if i%5000 == 4999 {
			if others, last := l.summary(now); others > 0 && last == "reason" {
				summaries++
				counted += others
			}
		}
	}
	t.Logf("P9: 100,000 refusals in 10 s: %d lines, %d summaries of %d others", lines, summaries, counted)
	if lines != 50 || summaries < 9 || summaries > 11 || counted > 100_000-lines || counted < 85_000 {
		t.Error("want 50 lines, and about 10 summaries of all others")
	}
}

// TestManyGuesses: 10,000 wrong signatures from many sources cost few lines of
// log, a summary among them, and no publisher with a right one waits.
func TestManyGuesses(t *testing.T) {
	const count = 10_000
	w := newWorld(t)
	var log lines
	w.config.Logger = slog.New(slog.NewTextHandler(&log, nil))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go w.Run(ctx)

	began := time.Now()
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for i := worker; i < count; i += 8 {
				r := w.request("demo", "ch", nil)
				r.Query.Set("Signature", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=")
				r.RemoteAddr = &net.TCPAddr{IP: net.IPv4(10, 0, byte(i>>8), byte(i)), Port: 1}
				if _, err := w.Publish(ctx, r); err == nil {
					t.Error("a wrong signature was accepted")
				}
			}
		})
	}
	all.Wait()
	took := time.Since(began)
	began = time.Now()
	s := w.publish(w.request("demo", "ch", nil))
	good := time.Since(began)
	s.Close(nil)
	eventually(t, "the summary", func() bool { return strings.Contains(log.all(), "more publishes refused") })
	refused := strings.Count(log.all(), "refused")
	// Five lines and a summary each second that it takes.
	t.Logf("P9: %d failures in %v: %d lines of log; a right signature took %v", count, took.Round(time.Millisecond), refused, good.Round(time.Millisecond))
	if limit := 6 * (int(took.Seconds()) + 3); refused > limit {
		t.Errorf("%d lines, want at most %d", refused, limit)
	}
}

// TestUnsignedWhileLive: a publish without a signature ends when the bucket no longer
// allows it; a signed one goes on.
func TestUnsignedWhileLive(t *testing.T) {
	w := newWorld(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	if _, err := w.config.Store.PutChannel(ctx, store.Channel{Bucket: "open", Name: "signed", Target: store.Target{FragDuration: 2, FragCount: 3}}); err != nil {
		t.Fatal(err)
	}
	go w.Run(ctx)
	kicked, spared := make(chan error, 1), make(chan error, 1)
	unsigned := w.request("open", "ch", kicked)
	unsigned.Query = nil
	s := w.publish(unsigned)
	defer w.publish(w.request("open", "signed", spared)).Close(nil)
	w.send(s, until(tags(t), 3000))
	if _, err := w.config.Store.PutBucket(ctx, "open", store.PublicRead); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	var refusal *rtmp.RejectError
	select {
	case err := <-kicked:
		if !errors.As(err, &refusal) || refusal.Code != rtmp.CodeDenied {
			t.Errorf("kicked with %v, want it denied", err)
		}
		t.Logf("P6: cut off after %v", time.Since(began).Round(time.Millisecond))
	case <-time.After(2 * time.Second):
		t.Fatal("not cut off within 2 s")
	}
	s.Close(refusal)
	if err := s.WriteTag(flv.Tag{Type: flv.Video}); err == nil {
		t.Error("a closed stream takes tags")
	}
	select {
	case err := <-spared:
		t.Errorf("the signed publisher was cut off: %v", err)
	default:
	}
}
