package integration

import (
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Every refusal reaches the person at the encoder: ffmpeg prints the reason
// and ends at once, and nothing of the attempt is left in the bucket.
func refusals(t *testing.T, _ *matrix) {
	source := small(t)
	s := serve(t, t.TempDir(), "media")
	c := s.client("media")
	c.putChannel(t, "ch", 1, 3)
	c.putChannel(t, "off", 1, 3)
	c.setStatus(t, "off", "disabled")

	hour := time.Now().Add(time.Hour)
	for _, tt := range []struct{ name, url, reason string }{
		{"wrong signature", credentials{owner.ID, "guessed"}.publishURL(s.HTTP, "media", "ch", hour, nil), "SignatureDoesNotMatch"},
		{"expired", owner.publishURL(s.HTTP, "media", "ch", time.Now().Add(-time.Minute), nil), "Request has expired"},
		{"unsigned", unsignedPublishURL(s.HTTP, "media", "ch"), "AccessDenied"},
		{"unknown key", credentials{"nobody", "x"}.publishURL(s.HTTP, "media", "ch", hour, nil), "InvalidAccessKeyId"},
		{"unknown bucket", owner.publishURL(s.HTTP, "nobucket", "ch", hour, nil), "NoSuchBucket"},
		{"unknown channel", owner.publishURL(s.HTTP, "media", "nochannel", hour, nil), "NoSuchLiveChannel"},
		{"disabled", owner.publishURL(s.HTTP, "media", "off", hour, nil), "LiveChannelDisabled"},
		{"a line break after the URL", owner.publishURL(s.HTTP, "media", "ch", hour, nil) + "\n", "line break or a zero byte (RequestId "},
		{"on the RTMP port", unsignedPublishURL(s.RTMP, "media", "ch"), "AccessDenied"},
		{"not the key that signed another parameter",
			owner.publishURL(s.HTTP, "media", "ch", hour, map[string]string{"playlistName": "list.m3u8"}) + "&extra=1", "SignatureDoesNotMatch"},
	} {
		t.Run(tt.name, func(t *testing.T) { refused(t, source, tt.url, tt.reason) })
	}
	if objects := c.list(t, ""); len(objects) != 0 {
		t.Errorf("objects after refusals only: got %v, want none", objects)
	}
	for _, channel := range []string{"ch", "off"} {
		if h := c.history(t, channel); len(h) != 0 {
			t.Errorf("history of %s after refusals only: got %v, want none", channel, h)
		}
	}
}

// refused pushes, and expects ffmpeg to print the reason and to end within 2 s,
// over what this machine takes to start ffmpeg at all.
func refused(t *testing.T, source, url, reason string) {
	t.Helper()
	began := time.Now()
	if err := exec.Command("ffmpeg", "-version").Run(); err != nil {
		t.Fatal(err)
	}
	limit := 5*time.Second + time.Since(began)
	began = time.Now()
	p := push(t, source, url)
	err, gone := p.wait(10 * time.Second)
	took := time.Since(began)
	switch said := p.output(); {
	case !gone:
		t.Fatalf("ffmpeg still runs after %v, want a refusal with %q", took, reason)
	case err == nil:
		t.Errorf("ffmpeg ended well, want a refusal with %q", reason)
	case !strings.Contains(said, reason):
		t.Errorf("ffmpeg prints %q, want %q in it", said, reason)
	case took > limit:
		t.Errorf("ffmpeg took %v to end, want under %v", took, limit)
	default:
		t.Logf("%v: %s", took.Round(time.Millisecond), strings.TrimSpace(said))
	}
}
