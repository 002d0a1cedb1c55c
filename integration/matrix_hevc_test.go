package integration

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"osslive/integration/pusher"
)

var hevcRows = []row{{"25 HEVC where it is allowed", hevcAllowed}}

// hevcAllowed carries HEVC in every form of Enhanced RTMP and with the codec ID
// of older SDKs: the same segments, whose pictures are those of the source.
func hevcAllowed(t *testing.T, m *matrix) {
	source := filepath.Join(t.TempDir(), "x.hevc")
	run(t, time.Minute, tool(t, "ffmpeg"), "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25", "-t", "3",
		"-pix_fmt", "yuv420p", "-c:v", "libx265", "-preset", "ultrafast",
		"-x265-params", "keyint=25:min-keyint=25:scenecut=0:bframes=0:aud=1:repeat-headers=1:log-level=error", "-f", "hevc", source)
	plain := hevcTags(t, source)
	server := serve(t, "memory", "hevc", "--allow-hevc")
	c := server.client("hevc")
	var want []tsSegment
	for i, f := range []form{
		{"FourCC", enhanced("hvc1", "mp4a", extended, false)},
		{"FourCC, frames without composition time", enhanced("hvc1", "mp4a", extended, true)},
		{"one track", enhanced("hvc1", "mp4a", oneTrack, false)},
		{"two tracks of one codec", enhanced("hvc1", "mp4a", twoTracks, false)},
		{"two tracks of two codecs", enhanced("hvc1", "mp4a", twoCodecs, false)},
		{"modifiers", enhanced("hvc1", "mp4a", modified, false)},
		{"codec ID 12", func(all []pusher.Message) []pusher.Message { return all }},
	} {
		k := takeOn(t, c, fmt.Sprintf("ch-%d", i), 1)
		k.send(t, f.change(slices.Clone(plain)))
		segments := k.recorded(t)
		if want == nil {
			want = segments
			media := k.valid(t, segments, false)
			if !media.hevc || shape(segments) != "1.000, 1.000, 1.000" {
				t.Errorf("HEVC: %v, segments are %s, want 3 of 1 s with HEVC", media.hevc, shape(segments))
			}
			same(t, "frame", played(t, k.vod(t)), frames(t, source))
			playAlone(t, segments)
		}
		identical(t, f.name, segments, want)
	}
}

// hevcTags makes tags with codec ID 12 of an Annex B stream at 25 pictures a
// second, whose access units each start with a delimiter.
func hevcTags(t *testing.T, path string) []pusher.Message {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var units [][][]byte // by access unit
	sets := map[byte][]byte{}
	for _, nal := range bytes.Split(bytes.ReplaceAll(b, []byte{0, 0, 0, 1}, []byte{0, 0, 1}), []byte{0, 0, 1})[1:] {
		kind := nal[0] >> 1 & 0x3f
		if kind == 35 {
			units = append(units, nil)
		}
		if 32 <= kind && kind <= 34 {
			sets[kind] = nal
		}
		if 39 != kind { // what the encoder says about itself
			units[len(units)-1] = append(units[len(units)-1], nal)
		}
	}
	// HEVCDecoderConfigurationRecord, ISO/IEC 14496-15 §8.3.3.1; the profile stands in the SPS.
	profile := bytes.ReplaceAll(sets[33], []byte{0, 0, 3}, []byte{0, 0})[3:15]
	record := slices.Concat([]byte{1}, profile, []byte{0xf0, 0, 0xfc, 0xfd, 0xf8, 0xf8, 0, 0, 0x0f, 3})
	for _, kind := range []byte{32, 33, 34} {
		record = slices.Concat(record, []byte{0x80 | kind, 0, 1}, lengths([][]byte{sets[kind]}, 2))
	}
	all := []pusher.Message{{Type: pusher.Video, Stream: 1, Body: append([]byte{0x1c, 0, 0, 0, 0}, record...)}}
	for i, unit := range units {
		head := byte(0x2c)
		if slices.ContainsFunc(unit, func(nal []byte) bool { kind := nal[0] >> 1 & 0x3f; return 16 <= kind && kind <= 21 }) {
			head = 0x1c
		}
		all = append(all, pusher.Message{Type: pusher.Video, Stream: 1, Time: uint32(40 * i),
			Body: append([]byte{head, 1, 0, 0, 0}, lengths(unit, 4)...)})
	}
	return all
}
