package readers

import (
	"bytes"
	"osslive/hls"
	"strings"
	"testing"
	"time"

	"github.com/grafov/m3u8"
)

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// TestPlaylists: another implementation reads the lists as they were meant.
func TestPlaylists(t *testing.T) {
	tests := []struct {
		name string
		list hls.Playlist
	}{
		{"live", hls.Playlist{Sequence: 11, DiscontinuitySequence: 1, TargetDuration: 6, Segments: []hls.Segment{
			{URI: "1543895716266.ts", Duration: ms(5840)},
			{URI: "1543895722106.ts", Duration: ms(4999)},
			{URI: "1543895799000.ts", Duration: ms(5000), Discontinuity: true},
		}}},
		{"live-first", hls.Playlist{TargetDuration: 7, Segments: []hls.Segment{{URI: "1543895706266.ts", Duration: ms(7120)}}}},
		// The sample of the PostVodPlaylist API page: rounded, not rounded up.
		{"vod", hls.Playlist{TargetDuration: hls.TargetDuration(ms(13320)), Ended: true, Segments: []hls.Segment{
			{URI: "1543895706266.ts", Duration: ms(7120)},
			{URI: "1543895706323.ts", Duration: ms(5840)},
			{URI: "1543895706356.ts", Duration: ms(6400)},
			{URI: "1543895706389.ts", Duration: ms(5520)},
			{URI: "1543895706428.ts", Duration: ms(13320)},
		}}},
		{"escaped", hls.Playlist{TargetDuration: 2, Segments: []hls.Segment{
			{URI: "直播/a b.ts", Duration: ms(999)},
			{URI: "#EXT-X-ENDLIST", Duration: ms(1)},
			{URI: "a\nb\r.ts?x=1&y", Duration: 0},
			{URI: "http://evil/100%.ts", Duration: 1499600 * time.Microsecond},
		}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { parse(t, &tt.list, tt.list.AppendText(nil)) })
	}
}

// parse reads a playlist back with another implementation.
func parse(t *testing.T, p *hls.Playlist, text []byte) {
	t.Helper()
	list, kind, err := m3u8.Decode(*bytes.NewBuffer(text), true)
	if err != nil || kind != m3u8.MEDIA {
		t.Fatalf("m3u8: got kind %v, %v\n%s", kind, err, text)
	}
	m := list.(*m3u8.MediaPlaylist)
	if m.SeqNo != p.Sequence || m.DiscontinuitySeq != p.DiscontinuitySequence || m.Closed != p.Ended || int(m.Count()) != len(p.Segments) {
		t.Errorf("m3u8: got sequence %d, discontinuities %d, ended %v, %d segments; want %+v",
			m.SeqNo, m.DiscontinuitySeq, m.Closed, m.Count(), p)
		return
	}
	for i, want := range p.Segments {
		got := m.Segments[i]
		if got.Discontinuity != want.Discontinuity {
			t.Errorf("m3u8: segment %d: got discontinuity %v", i, got.Discontinuity)
		}
		d := time.Duration(got.Duration*1e3+0.5) * time.Millisecond
		if d-want.Duration > time.Millisecond || want.Duration-d > time.Millisecond {
			t.Errorf("m3u8: segment %d: got duration %v, want %v", i, d, want.Duration)
		}
		if strings.TrimRight(want.URI, "0123456789.ts") == "" && got.URI != want.URI {
			t.Errorf("m3u8: segment %d: got URI %q, want %q", i, got.URI, want.URI)
		}
	}
}
