package integration

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A checker that never complains proves nothing: segments of ffmpeg's own HLS
// muxer pass it, and each fault put into them is found.
func TestCheckerFindsFaults(t *testing.T) {
	ffmpeg := tool(t, "ffmpeg")
	good := ffmpegSegments(t, ffmpeg)
	if c := checkTS(good); len(c.findings) > 0 {
		t.Fatalf("ffmpeg's segments: %s", strings.Join(c.findings, "\n"))
	}
	video := func(s []tsSegment, n, nth int) int { // offset of the nth packet of PID 0x100 in segment n
		for at := 0; ; at += tsPacket {
			if s[n].Data[at+1]&0x1f == 1 && s[n].Data[at+2] == 0 {
				if nth--; nth < 0 {
					return at
				}
			}
		}
	}
	for _, fault := range []struct {
		name string
		make func([]tsSegment)
		want string
	}{
		{"a packet lost", func(s []tsSegment) {
			at := video(s, 1, 5)
			s[1].Data = slices.Delete(s[1].Data, at, at+tsPacket)
		}, "continuity counter"},
		{"a segment lost", func(s []tsSegment) { s[1].Data = s[2].Data }, "continuity counter"},
		{"no PAT", func(s []tsSegment) { s[2].Data = s[2].Data[tsPacket:] }, "first packet"},
		{"no PMT", func(s []tsSegment) { s[2].Data = slices.Delete(s[2].Data, tsPacket, 2*tsPacket) }, "second packet"},
		{"PMT damaged", func(s []tsSegment) { s[1].Data[tsPacket+5+9] ^= 1 }, "CRC"},
		{"cut short", func(s []tsSegment) { s[1].Data = s[1].Data[:len(s[1].Data)-100] }, "not whole packets"},
		{"out of sync", func(s []tsSegment) { s[1].Data[4*tsPacket] = 0 }, "sync byte"},
		{"EXTINF wrong", func(s []tsSegment) { s[1].Duration += 50 * time.Millisecond }, "EXTINF"},
		{"clock runs ahead", func(s []tsSegment) { s[1].Data[video(s, 1, 0)+6] += 1 }, "PCR"},
		{"time repeated", func(s []tsSegment) { s[1].Data, s[1].Duration = s[0].Data, s[0].Duration }, "DTS"},
		{"no random access mark", func(s []tsSegment) { s[1].Data[video(s, 1, 0)+5] &^= 0x40 }, "random_access_indicator"},
		{"no delimiter", func(s []tsSegment) {
			at := video(s, 1, 0)
			nal := bytes.Index(s[1].Data[at:], []byte{0, 0, 1, 9})
			s[1].Data[at+nal+3] = 6
		}, "delimiter"},
		{"a parameter set twice", func(s []tsSegment) { // SEI and PPS, of a size
			at := video(s, 1, 0)
			pps := bytes.Index(s[1].Data[at:], []byte{0, 0, 1, 0x68})
			sps := bytes.Index(s[1].Data[at:], []byte{0, 0, 1, 0x67})
			copy(s[1].Data[at+sps+3:at+pps], slices.Concat(s[1].Data[at+pps+3:at+pps+7], make([]byte, 100)))
		}, "twice"},
		{"no parameter sets", func(s []tsSegment) {
			at := video(s, 1, 0)
			nal := bytes.Index(s[1].Data[at:], []byte{0, 0, 1, 0x67})
			s[1].Data[at+nal+3] = 6
		}, "before the IDR"},
	} {
		t.Run(fault.name, func(t *testing.T) {
			bad := make([]tsSegment, len(good))
			for i, s := range good {
				s.Data = slices.Clone(s.Data)
				bad[i] = s
			}
			fault.make(bad)
			if found := strings.Join(checkTS(bad).findings, "\n"); !strings.Contains(found, fault.want) {
				t.Errorf("got findings %q, want one with %q", found, fault.want)
			}
		})
	}
}

func ffmpegSegments(t *testing.T, ffmpeg string) []tsSegment {
	t.Helper()
	dir := t.TempDir()
	list := filepath.Join(dir, "list.m3u8")
	run(t, time.Minute, ffmpeg, "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25",
		"-f", "lavfi", "-i", "sine", "-t", "6", "-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-pix_fmt", "yuv420p",
		"-g", "50", "-sc_threshold", "0", "-c:a", "aac", "-f", "hls", "-hls_time", "2", "-hls_list_size", "0", list)
	text, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	var segments []tsSegment
	for _, s := range parsePlaylist(t, text).Segments {
		data, err := os.ReadFile(filepath.Join(dir, s.URI))
		if err != nil {
			t.Fatal(err)
		}
		segments = append(segments, tsSegment{s, withoutPID(data, 0x11)})
	}
	return segments
}

// withoutPID drops ffmpeg's service description, which comes before the PAT.
func withoutPID(data []byte, pid byte) (rest []byte) {
	for p := range slices.Chunk(data, tsPacket) {
		if p[1]&0x1f != 0 || p[2] != pid {
			rest = append(rest, p...)
		}
	}
	return rest
}
