package hls

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// live is a window of three after five segments of two sessions.
func live() *Playlist {
	return &Playlist{Sequence: 11, DiscontinuitySequence: 1, TargetDuration: 6, Segments: []Segment{
		{URI: "1543895716266.ts", Duration: ms(5840)},
		{URI: "1543895722106.ts", Duration: ms(4999)},
		{URI: "1543895799000.ts", Duration: ms(5000), Discontinuity: true},
	}}
}

func TestGolden(t *testing.T) {
	tests := []struct {
		name string
		list Playlist
	}{
		{"live", *live()},
		{"live-first", Playlist{TargetDuration: 7, Segments: []Segment{{URI: "1543895706266.ts", Duration: ms(7120)}}}},
		// The sample of the PostVodPlaylist API page: rounded, not rounded up.
		{"vod", Playlist{TargetDuration: TargetDuration(ms(13320)), Ended: true, Segments: []Segment{
			{URI: "1543895706266.ts", Duration: ms(7120)},
			{URI: "1543895706323.ts", Duration: ms(5840)},
			{URI: "1543895706356.ts", Duration: ms(6400)},
			{URI: "1543895706389.ts", Duration: ms(5520)},
			{URI: "1543895706428.ts", Duration: ms(13320)},
		}}},
		{"escaped", Playlist{TargetDuration: 2, Segments: []Segment{
			{URI: "直播/a b.ts", Duration: ms(999)},
			{URI: "#EXT-X-ENDLIST", Duration: ms(1)},
			{URI: "a\nb\r.ts?x=1&y", Duration: 0},
			{URI: "http://evil/100%.ts", Duration: 1499600 * time.Microsecond},
		}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.list.AppendText(nil)
			file := "testdata/" + tt.name + ".m3u8"
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestTargetDuration(t *testing.T) {
	for _, tt := range []struct {
		d    time.Duration
		want int
	}{
		{0, 1}, {ms(400), 1}, {ms(1499), 1}, {ms(1500), 2}, {1499600 * time.Microsecond, 2}, {ms(13320), 13}, {60 * time.Second, 60},
	} {
		if got := TargetDuration(tt.d); got != tt.want {
			t.Errorf("%v: got %d, want %d", tt.d, got, tt.want)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	w := live()
	b := make([]byte, 0, 1024)
	if n := testing.AllocsPerRun(100, func() {
		b = w.AppendText(b[:0])
	}); n != 0 {
		t.Errorf("got %v allocations, want 0", n)
	}
}

// Whatever a name holds, every line is a tag we know or the one URI of its
// segment, and names come back from it.
func FuzzPlaylist(f *testing.F) {
	f.Add("1543895706266.ts", "a/b.ts", int64(5e9), int64(1), uint64(7), uint64(0), 5)
	f.Add("#EXT-X-ENDLIST\n", "\r\nhttp://evil/x.ts\n#EXTINF:1,", int64(-1), int64(1<<62), uint64(1<<63), uint64(2), -1)
	f.Add("\xff\x00 ", "直播", int64(999499999), int64(999500000), uint64(0), uint64(1), 0)
	f.Fuzz(checkLines)
}

// checkLines holds the text of a playlist to that.
func checkLines(t *testing.T, first, second string, d1, d2 int64, sequence, discontinuities uint64, target int) {
	p := Playlist{Sequence: sequence, DiscontinuitySequence: discontinuities, TargetDuration: target, Ended: target%2 == 0,
		Segments: []Segment{{first, time.Duration(d1), true}, {second, time.Duration(d2), false}}}
	text := string(p.AppendText(nil))
	if !strings.HasSuffix(text, "\n") {
		t.Fatalf("no line end: %q", text)
	}
	var uris []string
	expectURI := false
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if expectURI {
			uris = append(uris, line)
			expectURI = false
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		var want string
		switch name {
		case "#EXTM3U":
			if want = line; i != 0 {
				t.Fatalf("line %d is %q", i, line)
			}
		case "#EXT-X-DISCONTINUITY", "#EXT-X-ENDLIST":
			want = name
		case "#EXT-X-VERSION", "#EXT-X-MEDIA-SEQUENCE", "#EXT-X-DISCONTINUITY-SEQUENCE", "#EXT-X-TARGETDURATION":
			n, err := strconv.ParseUint(value, 10, 64)
			if err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			want = fmt.Sprintf("%s:%d", name, n)
		case "#EXTINF":
			var s, ms uint64
			if _, err := fmt.Sscanf(value, "%d.%03d,", &s, &ms); err != nil || s+ms == 0 {
				t.Fatalf("%q: %v", line, err)
			}
			want = fmt.Sprintf("#EXTINF:%d.%03d,", s, ms)
			expectURI = true
		}
		if line != want {
			t.Fatalf("got line %q, want %q", line, want)
		}
	}
	for i, name := range []string{first, second} {
		if i >= len(uris) || unescape(uris[i]) != name {
			t.Fatalf("got URIs %q, want %q escaped", uris, []string{first, second})
		}
		for _, c := range []byte(uris[i]) {
			if c <= ' ' || c >= 0x7f || c == '#' || c == ':' || c == '?' || c == '\\' {
				t.Fatalf("URI %q holds %q", uris[i], c)
			}
		}
	}
}

// TestHostileNames is L1: names of any bytes never make a line of their own.
func TestHostileNames(t *testing.T) {
	n := 20_000
	if os.Getenv("OSSLIVE_SOAK") != "" {
		n = 2_000_000
	}
	r := rand.New(rand.NewPCG(1, 1))
	parts := []string{"\n", "\r\n", "\r", "\x00", "\u2028", "#EXTINF:1,", "#EXT-X-ENDLIST", "http://evil/", "../", " ", "%0a", "a.ts", "\xff", "直播", "\\", "?", "\v"}
	name := func() string {
		var b strings.Builder
		for range 1 + r.IntN(5) {
			b.WriteString(parts[r.IntN(len(parts))])
			b.WriteByte(byte(r.Uint32()))
		}
		return b.String()
	}
	for range n {
		checkLines(t, name(), name(), r.Int64(), -r.Int64(), r.Uint64(), r.Uint64(), r.IntN(100))
	}
	t.Logf("L1: %d playlists of hostile names, foreign lines 0", n)
}

func unescape(s string) string {
	var b []byte
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			n, _ := strconv.ParseUint(s[i+1:i+3], 16, 8)
			b, i = append(b, byte(n)), i+2
			continue
		}
		b = append(b, s[i])
	}
	return string(b)
}

func BenchmarkAppendText(b *testing.B) {
	w := live()
	text := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		text = w.AppendText(text[:0])
	}
}
