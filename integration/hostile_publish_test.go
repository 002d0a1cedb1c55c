package integration

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"osslive/integration/pusher"
)

// TestHostilePublishes is P1: whoever may not publish is refused in the answer to
// publish, and of the media sent right behind it nothing is written.
func TestHostilePublishes(t *testing.T) {
	source := readClip(t, small(t))
	s := serve(t, t.TempDir(), "readable", "--bucket", "closed:private", "--bucket", "open:public-read-write")
	hour := time.Now().Add(time.Hour)
	refusals, accepted, written := 0, 0, int64(0)
	for _, bucket := range []string{"closed", "readable", "open"} {
		c := s.client(bucket)
		for name, url := range map[string]string{
			"unsigned": unsignedPublishURL(s.HTTP, bucket, "ch"),
			"wrong":    credentials{owner.ID, "guess"}.publishURL(s.HTTP, bucket, "ch", hour, nil),
			"signed":   owner.publishURL(s.HTTP, bucket, "ch", hour, nil),
			"expired":  owner.publishURL(s.HTTP, bucket, "ch", time.Now().Add(-time.Minute), nil),
			"foreign":  strings.Replace(owner.publishURL(s.HTTP, bucket, "other", hour, nil), "/other?", "/ch?", 1),
			"repeated": owner.publishURL(s.HTTP, bucket, "ch", hour, nil) + "&Expires=9999999999",
		} {
			c.putChannel(t, "ch", 1, 3)
			err := publishEagerly(t, url, source)
			want := name == "signed" || name == "unsigned" && bucket == "open"
			if (err == nil) != want {
				t.Errorf("%s into %s: got %v, want accepted %v", name, bucket, err, want)
			}
			c.waitStatus(t, "ch", "Idle", 5*time.Second)
			objects := c.list(t, "")
			if want {
				accepted++
				if len(objects) == 0 {
					t.Errorf("%s into %s: nothing was recorded", name, bucket)
				}
				for _, o := range objects {
					c.must(t, "DELETE", o.Key, nil, nil)
				}
				continue
			}
			refusals++
			var refused *pusher.Refused
			if !errors.As(err, &refused) || !strings.HasPrefix(refused.Code, "NetStream.Publish.") {
				t.Errorf("%s into %s: got %v, want a refusal of the publish", name, bucket, err)
			}
			for _, o := range objects {
				written += o.Size
			}
		}
	}
	t.Logf("P1: %d publishes refused, %d accepted; bytes written for refused ones: %d", refusals, accepted, written)
	if written != 0 {
		t.Errorf("%d bytes were written for publishes that were refused", written)
	}
}

// publishEagerly sends two seconds of media together with the publish command, as
// somebody who does not care for the answer, and ends the publish.
func publishEagerly(t *testing.T, url string, source []pusher.Message) error {
	t.Helper()
	host, app, name, err := pusher.Split(url)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pusher.Dial(t.Context(), host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.Connect(app, "rtmp://"+host+"/"+app); err != nil {
		t.Fatal(err)
	}
	conn.Stream = 1
	body := pusher.AppendAMF(nil, "publish", 5, nil, name, "live")
	b := conn.Append(nil, pusher.CommandID, pusher.Message{Type: pusher.Command, Stream: 1, Body: body})
	for _, m := range source[:150] {
		b = conn.Append(b, pusher.ID(m.Type), m)
	}
	go conn.Write(b) // fails when the server has refused
	if err := conn.Await("NetStream.Publish.Start"); err != nil {
		return err
	}
	return conn.Finish()
}

// TestHostileMetadata is R16: bombs of metadata, and control characters wherever a
// publisher can put a text, leave memory flat and no output with them in it.
func TestHostileMetadata(t *testing.T) {
	source := readClip(t, small(t))
	seconds := counts(3, 60)
	s := serve(t, t.TempDir(), "metadata", "--log-level", "debug")
	c := s.client("metadata")
	c.putChannel(t, "ch", 1, 3)
	conn := connectHostile(t, c, "ch")
	defer conn.Close()
	if err := conn.Send(source[:200]...); err != nil {
		t.Fatal(err)
	}
	grown := s.watchMemory(t)
	for range seconds * 100 {
		if err := conn.Send(metadata(60 << 10)); err != nil {
			t.Fatal(err)
		}
	}
	use := grown()

	// What a publisher said shows up in none of these as it was.
	raw, outputs := 0, 0
	look := func(where string, text []byte) {
		outputs++
		for _, b := range text {
			if b < 0x20 && b != '\n' && b != '\t' && b != '\r' || b == 0x7f {
				raw++
			}
		}
		for _, hostile := range []string{"\x1b", "\nFORGED", "\r\n#EXTINF:"} {
			if bytes.Contains(text, []byte(hostile)) {
				t.Errorf("%s has %q", where, hostile)
			}
		}
	}
	for _, comp := range []string{"stat", "history", ""} {
		query := values("live", "")
		if comp != "" {
			query.Set("comp", comp)
		}
		look("?live&comp="+comp, c.must(t, "GET", "ch", query, nil))
	}
	look("the list of channels", c.must(t, "GET", "", values("live", ""), nil))
	for _, url := range []string{c.url("ch/playlist.m3u8"), "http://" + s.Admin + "/", "http://" + s.Admin + "/metrics", "http://" + s.Admin + "/health/ready"} {
		text, _, err := get(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		look(url, text)
	}
	if _, err := conn.Write(conn.Append(nil, pusher.DataID, metadata(1<<20))); err != nil {
		t.Fatal(err)
	}
	var refused *pusher.Refused
	if err := conn.Ended(); !errors.As(err, &refused) || !strings.HasPrefix(refused.Description, "LimitExceeded") {
		t.Errorf("1 MiB of metadata: got %v, want LimitExceeded", err)
	}
	c.waitStatus(t, "ch", "Idle", 5*time.Second)
	look("?live&comp=history, later", c.must(t, "GET", "ch", values("live", "", "comp", "history"), nil))
	look("the log", []byte(s.proc.output()))
	t.Logf("R16: %d MiB of metadata: %v; raw control bytes in %d outputs: %d", seconds*100*60>>10, use, outputs, raw)
	if raw != 0 {
		t.Errorf("%d raw control bytes", raw)
	}
	use.atMost(t, mayGrow)
}

// connectHostile publishes as a client whose name is an attack on terminals, logs
// and playlists.
func connectHostile(t *testing.T, c *client, channel string) *pusher.Conn {
	t.Helper()
	host, app, name, err := pusher.Split(owner.publishURL(c.host, c.bucket, channel, time.Now().Add(time.Hour), nil))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pusher.Dial(t.Context(), host)
	if err != nil {
		t.Fatal(err)
	}
	id, err := conn.Call(0, "connect", pusher.Object{{Name: "app", Value: app}, {Name: "tcUrl", Value: "rtmp://" + host + "/" + app},
		{Name: "flashVer", Value: "\x1b]0;owned\x07\nFORGED level=ERROR\r\n#EXTINF:1,\x00<script>"}})
	if err == nil && id == 1 {
		err = conn.Publish(name)
	}
	if err == nil {
		_, err = conn.Write(conn.SetSize(nil, 4096))
	}
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// TestHostileGuessing is P9 on the wire: guesses add few lines to the log, and a
// publisher with a right signature does not wait for them.
func TestHostileGuessing(t *testing.T) {
	guessers, length := counts(20, 200), time.Duration(counts(3, 30))*time.Second
	s := serve(t, t.TempDir(), "guess")
	c := s.client("guess")
	c.putChannel(t, "ch", 1, 3)
	alone := publishTime(t, c, s.HTTP, "ch")
	before := strings.Count(s.proc.output(), "refused")
	const cpu = "process_cpu_seconds_total"
	used := s.metric(t, cpu)
	deadline := time.Now().Add(length)
	var mu sync.Mutex
	tries, slowest := 0, time.Duration(0)
	var all sync.WaitGroup
	for range guessers {
		all.Go(func() {
			for time.Now().Before(deadline) {
				began := time.Now()
				_, err := pusher.Open(t.Context(), credentials{owner.ID, "guess"}.publishURL(s.HTTP, "guess", "ch", time.Now().Add(time.Hour), nil))
				var refused *pusher.Refused
				if !errors.As(err, &refused) {
					t.Errorf("a guess: got %v, want a refusal", err)
				}
				mu.Lock()
				tries++
				slowest = max(slowest, time.Since(began))
				mu.Unlock()
			}
		})
	}
	among := publishTime(t, c, s.HTTP, "ch")
	all.Wait()
	used = s.metric(t, cpu) - used
	// Those of the last second are counted in a line that comes later.
	lines := strings.Count(s.proc.output(), "refused") - before
	t.Logf("P9: %d guessers: %d guesses in %v, the slowest answer after %v; %d lines of log, CPU %.0f %%; a right signature is accepted in %.1f ms, alone in %.1f ms",
		guessers, tries, length, slowest.Round(time.Millisecond), lines, 100*used/length.Seconds(), ms(among), ms(alone))
	// Five refusals, five explanations and a summary a second.
	if limit := int(length.Seconds()+3) * 12; lines > limit {
		t.Errorf("%d lines of log in %v, want at most %d", lines, length, limit)
	}
	if among > alone+2*time.Second {
		t.Error(fmt.Errorf("a right signature took %v, alone %v", among, alone))
	}
}
