package api

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestVODSpan: which segments a span selects, by the time in their names.
func TestVODSpan(t *testing.T) {
	w := newWorld(t)
	w.must("PUT", "/bucket", nil, "")
	w.must("PUT", "/bucket/ch?live", nil, channelXML)
	at := func(ms int64) segment { return segment{time.UnixMilli(ms), 4 * time.Second} }
	w.record("bucket", "ch", at(1_500_000_000_000), at(1_500_000_004_001), at(1_500_000_008_999), at(1_500_000_012_000))
	w.must("PUT", "/bucket/ch/1500000005000.ts", nil, "uploaded by hand")
	w.must("PUT", "/bucket/ch/notes.ts", nil, "no segment")
	w.must("PUT", "/bucket/ch2?live", nil, channelXML)
	w.record("bucket", "ch2", at(1_500_000_002_000))
	for _, c := range []struct {
		from, to int64
		want     string
	}{
		{1_500_000_000, 1_500_000_012, "1500000000000 1500000004001 1500000008999 1500000012000"},
		{1_500_000_001, 1_500_000_012, "1500000004001 1500000008999 1500000012000"},
		{1_500_000_000, 1_500_000_000, "1500000000000"},
		{1_500_000_000, 1_500_000_004, "1500000000000"},
		{1_500_000_004, 1_500_000_008, "1500000004001"},
		{1_500_000_009, 1_500_000_011, ""},
		{1_500_000_013, 1_500_000_100, ""},
	} {
		_, body := w.do("GET", fmt.Sprintf("/bucket/ch?vod&startTime=%d&endTime=%d", c.from, c.to), nil, "")
		var got []string
		for line := range strings.Lines(body) {
			if name, ok := strings.CutSuffix(strings.TrimSpace(line), ".ts"); ok {
				got = append(got, name)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%d to %d: %q, want %q", c.from, c.to, got, c.want)
		}
		if c.want == "" && !strings.Contains(body, "No ts file found in specified time span.") {
			t.Errorf("%d to %d: %s", c.from, c.to, body)
		}
	}
}

// TestVODStreams: a long list is written in small pieces, and the stored object
// is what GetVodPlaylist answers.
func TestVODStreams(t *testing.T) {
	w := newWorld(t)
	w.must("PUT", "/bucket", nil, "")
	w.must("PUT", "/bucket/ch?live", nil, channelXML)
	const n = 1500
	segments := make([]segment, n)
	for i := range segments {
		segments[i] = segment{time.UnixMilli(1_500_000_000_000 + int64(i)*5000), 5 * time.Second}
	}
	w.record("bucket", "ch", segments...)
	const span = "?vod&startTime=1500000000&endTime=1500086400"

	largest := &pieces{}
	rw := newResponse(largest, time.Now(), w.pace)
	w.ServeHTTP(rw, w.sign(w.request("GET", "/bucket/ch"+span, nil, nil)))
	text := largest.String()
	if got := strings.Count(text, "#EXTINF"); got != n || !strings.HasSuffix(text, "#EXT-X-ENDLIST\n") {
		t.Errorf("%d segments, want %d and an end:\n...%s", got, n, text[max(0, len(text)-200):])
	}
	const vodPiece = 4 << 10
	if largest.size > vodPiece+256 {
		t.Errorf("a piece of %d bytes, want about %d", largest.size, vodPiece)
	}

	w.must("POST", "/bucket/ch/vod.m3u8"+span, nil, "")
	if got := w.must("GET", "/bucket/ch/vod.m3u8", nil, ""); got != text {
		t.Errorf("the stored list has %d bytes and differs from the answered one of %d", len(got), len(text))
	}
}

// pieces is a ResponseWriter that remembers its largest Write.
type pieces struct {
	bytes.Buffer
	header http.Header
	size   int
}

func (p *pieces) Header() http.Header {
	if p.header == nil {
		p.header = http.Header{}
	}
	return p.header
}
func (p *pieces) WriteHeader(int) {}
func (p *pieces) Write(b []byte) (int, error) {
	p.size = max(p.size, len(b))
	return p.Buffer.Write(b)
}
