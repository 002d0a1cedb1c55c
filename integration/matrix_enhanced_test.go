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

var enhancedRows = []row{
	{"25 H.264 and AAC in enhanced RTMP", sameMedia(enhancedForms)},
	{"25 HEVC where it is allowed", hevcAllowed},
}

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
		{"FourCC, no composition time where it is 0", enhanced("hvc1", "mp4a", extended, true)},
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
		if kind != 39 { // what the encoder says about itself
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

// enhancedForms are those of Enhanced RTMP v2: a FourCC, more tracks, modifiers.
func enhancedForms(*testing.T, []pusher.Message) []form {
	return []form{
		{"FourCC", enhanced("avc1", "mp4a", extended, false)},
		{"FourCC, no composition time where it is 0", enhanced("avc1", "mp4a", extended, true)},
		{"one track", enhanced("avc1", "mp4a", oneTrack, false)},
		{"two tracks of one codec", enhanced("avc1", "mp4a", twoTracks, false)},
		{"two tracks of two codecs", enhanced("avc1", "mp4a", twoCodecs, true)},
		{"modifiers", enhanced("avc1", "mp4a", modified, false)},
		{"a second track beside the plain one", func(all []pusher.Message) []pusher.Message {
			second := []byte{0xa6, 0x01}
			second = append(append(second, "hvc1"...), 1, 1, 2, 3)
			return between(videoTag(second...), audioTag(0x95, 0x01, 'm', 'p', '4', 'a', 1, 9, 9))(all)
		}},
		{"colour metadata", between(videoTag(append([]byte{0x84}, "avc1\x02\x00\x09colorInfo"...)...), audioTag(0x94, 'm', 'p', '4', 'a', 0, 2))},
	}
}

// wrapping is how an enhanced message has its packet: behind the first four bits
// of a tag, with the packet type multi for one that has tracks.
type wrapping func(head, multi, packet byte, fourCC string, body []byte) []byte

// packet types that have tracks in them
const (
	videoTracks = 6
	audioTracks = 5
)

// enhanced rewrites tags in the form of Enhanced RTMP. With coded3 pictures that have no
// composition time are sent in the form without one.
func enhanced(videoCC, audioCC string, wrap wrapping, coded3 bool) func([]pusher.Message) []pusher.Message {
	return func(all []pusher.Message) []pusher.Message {
		for i, m := range all {
			switch {
			case m.Type == pusher.Video && m.Body[1] == 0:
				all[i].Body = wrap(0x80|m.Body[0]&0x70, videoTracks, 0, videoCC, m.Body[5:])
			case m.Type == pusher.Video && coded3 && string(m.Body[2:5]) == "\x00\x00\x00":
				all[i].Body = wrap(0x80|m.Body[0]&0x70, videoTracks, 3, videoCC, m.Body[5:])
			case m.Type == pusher.Video:
				all[i].Body = wrap(0x80|m.Body[0]&0x70, videoTracks, 1, videoCC, m.Body[2:])
			case m.Type == pusher.Audio:
				all[i].Body = wrap(0x90, audioTracks, m.Body[1], audioCC, m.Body[2:])
			}
		}
		return all
	}
}

func extended(head, _, packet byte, fourCC string, body []byte) []byte {
	return slices.Concat([]byte{head | packet}, []byte(fourCC), body)
}

func oneTrack(head, multi, packet byte, fourCC string, body []byte) []byte {
	return slices.Concat([]byte{head | multi, 0x00 | packet}, []byte(fourCC), []byte{0}, body)
}

func twoTracks(head, multi, packet byte, fourCC string, body []byte) []byte {
	n := len(body)
	return slices.Concat([]byte{head | multi, 0x10 | packet}, []byte(fourCC),
		[]byte{1, 0, 0, 3, 9, 9, 9}, []byte{0, byte(n >> 16), byte(n >> 8), byte(n)}, body)
}

func twoCodecs(head, multi, packet byte, fourCC string, body []byte) []byte {
	n := len(body)
	return slices.Concat([]byte{head | multi, 0x20 | packet}, []byte("xxxx"), []byte{7, 0, 0, 2, 9, 9},
		[]byte(fourCC), []byte{0, byte(n >> 16), byte(n >> 8), byte(n)}, body)
}

// modified has two modifiers: nanoseconds, and one of 300 bytes that nobody knows.
func modified(head, _, packet byte, fourCC string, body []byte) []byte {
	return slices.Concat([]byte{head | 7}, []byte{2, 0, 1, 2, 0x07}, []byte{255, 1, 43}, make([]byte, 300), []byte{0x50 | packet}, []byte(fourCC), body)
}
