package segmenter_test

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"osslive/rtmp/flv"
	"osslive/segmenter"
)

// hevcUnit is an access unit of the clip; times in ms.
type hevcUnit struct {
	pts, dts int64
	nals     [][]byte
}

func hevcType(nal []byte) byte { return nal[0] >> 1 & 0x3f }

// readHEVC demultiplexes a transport stream that ffmpeg has made: the PES packets with
// stream_id 0xE0 (ISO/IEC 13818-1 §2.4.3).
func readHEVC(t testing.TB, name string) (units []hevcUnit) {
	t.Helper()
	stream, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	pid, pes := -1, []byte(nil)
	add := func() {
		if pes == nil {
			return
		}
		stamp := func(b []byte) int64 {
			return (int64(b[0]>>1&7)<<30 | int64(b[1])<<22 | int64(b[2]>>1)<<15 | int64(b[3])<<7 | int64(b[4]>>1)) / 90
		}
		u := hevcUnit{pts: stamp(pes[9:]), dts: stamp(pes[9:])}
		if pes[7]&0x40 != 0 {
			u.dts = stamp(pes[14:])
		}
		for _, nal := range bytes.Split(pes[9+int(pes[8]):], []byte{0, 0, 1})[1:] {
			u.nals = append(u.nals, bytes.TrimRight(nal, "\x00"))
		}
		units = append(units, u)
	}
	for packet := range slices.Chunk(stream, 188) {
		payload := packet[4:]
		if packet[3]&0x20 != 0 { // adaptation field
			payload = payload[1+int(payload[0]):]
		}
		starts := packet[1]&0x40 != 0
		if starts && bytes.HasPrefix(payload, []byte{0, 0, 1, 0xe0}) {
			pid = int(packet[1]&0x1f)<<8 | int(packet[2])
		}
		if int(packet[1]&0x1f)<<8|int(packet[2]) != pid {
			continue
		}
		if starts {
			add()
			pes = nil
		}
		pes = append(pes, payload...)
	}
	add()
	return units
}

// hvcC is a sequence header's body.
func hvcC(sets ...[]byte) []byte {
	b := unhex("01 01 60000000 900000000000 1e f000 fc fd f8 f8 0000 0f")
	b = append(b, byte(len(sets)))
	for _, nal := range sets {
		b = append(b, 0x80|hevcType(nal), 0, 1, byte(len(nal)>>8), byte(len(nal)))
		b = append(b, nal...)
	}
	return b
}

// hevcForm is a way to put HEVC into video tags.
type hevcForm struct {
	name   string
	config string // before the sequence header, which has 111 bytes
	frame  func(key bool, ct int64) []byte
}

func timed(b []byte, ct int64) []byte { return append(b, byte(ct>>16), byte(ct>>8), byte(ct)) }

var hevcForms = []hevcForm{
	{"Enhanced RTMP", "\x90hvc1", func(key bool, ct int64) []byte {
		kind := byte(0xa0)
		if key {
			kind = 0x90
		}
		if ct == 0 {
			return append([]byte{kind | 3}, "hvc1"...)
		}
		return timed(append([]byte{kind | 1}, "hvc1"...), ct)
	}},
	{"codec ID 12", "\x1c\x00\x00\x00\x00", func(key bool, ct int64) []byte {
		if key {
			return timed([]byte{0x1c, 1}, ct)
		}
		return timed([]byte{0x2c, 1}, ct)
	}},
	{"first of many tracks, with modifiers", "\x97\x02abc\x06\x10hvc1\x01\x00\x00\x01x\x00\x00\x00\x6f", func(key bool, ct int64) []byte {
		kind := byte(0xa6)
		if key {
			kind = 0x96
		}
		return timed([]byte{kind, 0x01, 'h', 'v', 'c', '1', 0}, ct)
	}},
}

// tags are those of units. With inBand the sets are not in the sequence header
// but stay where the encoder had them.
func (form hevcForm) tags(units []hevcUnit, inBand bool) []flv.Tag {
	var sets [][]byte
	for _, nal := range units[0].nals {
		if typ := hevcType(nal); !inBand && 32 <= typ && typ <= 34 {
			sets = append(sets, nal)
		}
	}
	tags := one(flv.Tag{Type: flv.Video, Data: append([]byte(form.config), hvcC(sets...)...)})
	for _, u := range units {
		last := hevcType(u.nals[len(u.nals)-1])
		b := form.frame(16 <= last && last <= 21, u.pts-u.dts)
		for _, nal := range u.nals {
			if typ := hevcType(nal); !inBand && 32 <= typ && typ <= 35 {
				continue
			}
			b = append(b, byte(len(nal)>>24), byte(len(nal)>>16), byte(len(nal)>>8), byte(len(nal)))
			b = append(b, nal...)
		}
		tags = append(tags, flv.Tag{Type: flv.Video, Time: flv.Millis(u.dts), Data: b})
	}
	return tags
}

// A decoder gets from the segments the pictures that x265 made, whatever form
// of tags they came in.
func TestHEVC(t *testing.T) {
	const file = "testdata/hevc.ts"
	units := readHEVC(t, file)
	video := []string{"-map", "0:v", "-fps_mode", "passthrough", "-f", "framemd5", "-"}
	for _, form := range hevcForms {
		for _, inBand := range []bool{false, true} {
			if inBand && form.name != "codec ID 12" {
				continue
			}
			name := form.name
			if inBand {
				name += ", sets in the pictures"
			}
			t.Run(name, func(t *testing.T) {
				out, info := segment(t, segmenter.Config{FragDuration: 900 * time.Millisecond, AllowHEVC: true}, form.tags(units, inBand))
				r := out.check(t)
				if want := []int64{920, 1080, 920, 1080}; !equal(out.durations(), want) {
					t.Errorf("got durations %v, want %v", out.durations(), want)
				}
				pictures := 0
				for i, seg := range r.Segments {
					if pictures += seg.Pictures; !seg.HEVC || !seg.Keyframe {
						t.Errorf("segment %d: got %+v", i, seg)
					}
				}
				if want := 100; pictures != want || len(units) != want {
					t.Errorf("got %d pictures of %d, want %d", pictures, len(units), want)
				}
				if v := info.Video; v.Codec != "HEVC" || v.Width != 174 || v.Height != 92 || v.FrameRate < 24.9 || v.FrameRate > 25.1 {
					t.Errorf("got %+v", v)
				}

				want := sums(ffmpeg(t, nil, append([]string{"-i", file}, video...)...))
				got := sums(ffmpeg(t, slices.Concat(out.data...), append([]string{"-f", "mpegts", "-i", "pipe:"}, video...)...))
				if !slices.Equal(got, want) {
					t.Errorf("pictures: got %d, %q\nwant %d, %q", len(got), got, len(want), want)
				}
				for i, b := range out.data {
					if got := ffmpeg(t, b, "-xerror", "-f", "mpegts", "-i", "pipe:", "-f", "null", "-"); got != "" {
						t.Errorf("segment %d alone: ffmpeg says %q", i, got)
					}
				}
			})
		}
	}
}

// sets of the clip; others with another level, and another chroma offset
var (
	hevcVPS      = unhex("40 01 0c 01 ff ff 01 60 00 00 03 00 90 00 00 03 00 00 03 00 1e 95 94 09")
	hevcSPS      = unhex("42 01 01 01 60 00 00 03 00 90 00 00 03 00 00 03 00 1e a0 16 20 61 d5 e5 95 96 49 32 bc 05 a0 20 00 00 03 00 20 00 00 03 03 21")
	hevcPPS      = unhex("44 01 c1 72 b4 62 40")
	otherHEVCSPS = slices.Concat(hevcSPS[:17], []byte{0x1f}, hevcSPS[18:])
	otherHEVCPPS = unhex("44 01 c1 72 b4 62 48")
)

func hevcConfig(at flv.Millis, sets ...[]byte) flv.Tag {
	return flv.Tag{Type: flv.Video, Time: at, Data: append([]byte("\x90hvc1"), hvcC(sets...)...)}
}

// hevcPicture has the frame type that the sender claims.
func hevcPicture(at flv.Millis, kind byte, nals ...[]byte) flv.Tag {
	b := append([]byte{0x83 | kind<<4}, "hvc1"...)
	for _, nal := range nals {
		b = append(append(b, 0, 0, 0, byte(len(nal))), nal...)
	}
	return flv.Tag{Type: flv.Video, Time: at, Data: b}
}

func hevcGOP(from flv.Millis, n int) []flv.Tag {
	tags := one(hevcPicture(from, 1, unhex("28 01 af")))
	for i := 1; i < n; i++ {
		tags = append(tags, hevcPicture(from+flv.Millis(i)*40, 2, unhex("02 01 d0")))
	}
	return tags
}

func TestHEVCStreams(t *testing.T) {
	two := segmenter.Config{FragDuration: 2 * time.Second, AllowHEVC: true}
	config := one(hevcConfig(0, hevcVPS, hevcSPS, hevcPPS))
	sets := func(nals ...[]byte) []flv.Tag { return one(hevcPicture(1000, 1, append(nals, unhex("2a 01 af"))...)) }
	tests := []struct {
		name string
		tags []flv.Tag
		want string
	}{
		{"two GOPs", join(config, hevcGOP(0, 50), hevcGOP(2000, 10)), "2s Kvh, 400ms Kvh"},
		{"with audio", join(config, one(asc(0, stereo48)), hevcGOP(0, 50), one(aac(2000)), hevcGOP(2000, 10)), "2s Kvha, 400ms Kvha"},
		{"a keyframe that the tag calls none", join(config, hevcGOP(0, 50), one(hevcPicture(2000, 2, unhex("2a 01 af")))), "2s Kvh, 40ms Kvh"},
		{"a picture that the tag calls a keyframe", join(config, hevcGOP(0, 50), one(hevcPicture(2000, 1, unhex("02 01 af")))), "2.04s Kvh"},
		{"starts at the first keyframe", join(config, one(hevcPicture(0, 1, unhex("02 01 d0"))), hevcGOP(40, 10)), "400ms Kvh"},
		{"no VPS", join(one(hevcConfig(0, hevcSPS, hevcPPS)), hevcGOP(0, 10), one(hevcPicture(400, 1, hevcVPS, unhex("2a 01 af")))), "40ms Kvh"},
		{"same configuration again", join(config, hevcGOP(0, 25), config, hevcGOP(1000, 10)), "1.4s Kvh"},
		{"new SPS", join(config, hevcGOP(0, 25), one(hevcConfig(0, hevcVPS, otherHEVCSPS, hevcPPS)), hevcGOP(1000, 10)), "1s Kvh, 400ms KDvh"},
		{"new SPS in the picture", join(config, hevcGOP(0, 25), sets(otherHEVCSPS)), "1s Kvh, 40ms KDvh"},
		{"new PPS in the picture", join(config, hevcGOP(0, 25), sets(otherHEVCPPS)), "1.04s Kvh"},
		{"all sets again in the picture", join(config, hevcGOP(0, 25), sets(hevcVPS, hevcSPS, hevcPPS)), "1.04s Kvh"},

		{"H.264, then HEVC", join(live(0, 1), one(hevcConfig(0, hevcVPS, hevcSPS, hevcPPS)), hevcGOP(1000, 10)), "1s Kva, 400ms KDvha"},
		{"HEVC, then H.264", join(config, hevcGOP(0, 25), one(avcC(0, sps, pps)), gop(1000, 1400, 40)), "1s Kvh, 400ms KDv"},
		{"HEVC header early", join(live(0, 1), config, frames(1000, 1), hevcGOP(2000, 10)), "2s Kva, 400ms KDvha"},
		{"HEVC without a keyframe", join(live(0, 1), config, hevcGOP(1000, 5)[1:], frames(1200, 1)), "2.203s Kva"},
		{"HEVC without a header", join(live(0, 1), hevcGOP(1000, 5), frames(1200, 1)), "2.2s Kva"},
		{"back to H.264 with its header", join(live(0, 1), config, hevcGOP(1000, 25), live(2000, 1)), "1s Kva, 1s KDvha, 1s KDva"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, _ := segment(t, two, tt.tags)
			if got := summary(t, out); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// With HEVC allowed, a refusal names both.
func TestRefusalNamesHEVC(t *testing.T) {
	s := segmenter.New(segmenter.Config{FragDuration: time.Second, AllowHEVC: true}, &sink{})
	err := s.WriteTag(flv.Tag{Type: flv.Video, Data: []byte("\x90av01cfg")})
	if err == nil || !strings.Contains(err.Error(), "AV1 is not supported by LiveChannel: choose H.264 (AVC) or HEVC") {
		t.Errorf("got %v", err)
	}
}
