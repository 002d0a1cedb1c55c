package segmenter_test

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"osslive/rtmp/flv"
	"osslive/segmenter"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// parameter sets of x264 at 320x180, High profile
var (
	sps = unhex("67 64 00 0c ac d9 41 41 9f 9f 01 10 00 00 03 00 10 00 00 03 03 20 f1 42 99 60")
	pps = unhex("68 ef 8f cb")

	otherSPS = append(unhex("67 64 00 0d"), sps[4:]...) // another level
	otherPPS = unhex("68 ef 8f cf")
)

// avcC is a sequence header tag.
func avcC(at flv.Millis, sps, pps []byte) flv.Tag {
	b := unhex("17 00 000000 01 64 00 0c ff e1")
	b = append(b, byte(len(sps)>>8), byte(len(sps)))
	b = append(append(b, sps...), 1, 0, byte(len(pps)))
	return flv.Tag{Type: flv.Video, Time: at, Data: append(append(b, pps...), 0xfd, 0xf8, 0xf8, 0)}
}

// picture is a video tag with NAL units, flagged key if the last is an IDR slice.
func picture(at flv.Millis, ct int, nals ...[]byte) flv.Tag {
	b := []byte{0x27, 1, byte(ct >> 16), byte(ct >> 8), byte(ct)}
	if n := len(nals); n > 0 && nals[n-1][0]&0x1f == 5 {
		b[0] = 0x17
	}
	for _, nal := range nals {
		b = append(b, 0, 0, byte(len(nal)>>8), byte(len(nal)))
		b = append(b, nal...)
	}
	return flv.Tag{Type: flv.Video, Time: at, Data: b}
}

func idr(at flv.Millis) flv.Tag   { return picture(at, 0, unhex("65 88 84 21")) }
func inter(at flv.Millis) flv.Tag { return picture(at, 0, unhex("41 9a 12 34")) }

func asc(at flv.Millis, config string) flv.Tag {
	return flv.Tag{Type: flv.Audio, Time: at, Data: unhex("af 00" + config)}
}

const (
	mono44   = "12 08 56 e5 00"
	stereo48 = "11 90 56 e5 00"
)

func aac(at flv.Millis) flv.Tag {
	return flv.Tag{Type: flv.Audio, Time: at, Data: append(unhex("af 01"), bytes.Repeat([]byte{0x21}, 100)...)}
}

// gop is pictures from a keyframe at the time from up to the time to, every
// step ms.
func gop(from, to, step flv.Millis) []flv.Tag {
	tags := []flv.Tag{idr(from)}
	for at := from + step; at < to; at += step {
		tags = append(tags, inter(at))
	}
	return tags
}

// live is a stream of 25 pictures a second with a keyframe each second, and
// audio of 48 kHz, starting at from, for n seconds.
func live(from flv.Millis, n int) []flv.Tag {
	tags := []flv.Tag{avcC(from, sps, pps), asc(from, stereo48)}
	return append(tags, frames(from, n)...)
}

func frames(from flv.Millis, n int) (tags []flv.Tag) {
	sound := 0
	for i := range flv.Millis(25 * n) {
		if i%25 == 0 {
			tags = append(tags, idr(from+i*40))
		} else {
			tags = append(tags, inter(from+i*40))
		}
		for ; flv.Millis(sound*64/3) < (i+1)*40; sound++ {
			tags = append(tags, aac(from+flv.Millis(sound*64/3)))
		}
	}
	return tags
}

func join(parts ...[]flv.Tag) (tags []flv.Tag) {
	for _, p := range parts {
		tags = append(tags, p...)
	}
	return tags
}

func one(t ...flv.Tag) []flv.Tag { return t }

// inters is tags with no keyframe among the pictures.
func inters(tags []flv.Tag) []flv.Tag {
	out := slices.Clone(tags)
	for i, tag := range out {
		if tag.Type == flv.Video {
			out[i] = inter(tag.Time)
		}
	}
	return out
}

// ahead makes the audio's times greater by so many ms.
func ahead(by flv.Millis, parts ...[]flv.Tag) []flv.Tag {
	out := join(parts...)
	for i, tag := range out {
		if tag.Type == flv.Audio {
			out[i].Time += by
		}
	}
	return out
}

func shifted(by flv.Millis, tags []flv.Tag) []flv.Tag {
	out := make([]flv.Tag, len(tags))
	for i, tag := range tags {
		tag.Time += by
		out[i] = tag
	}
	return out
}

// only keeps tags of one type.
func only(typ flv.TagType, tags []flv.Tag) (out []flv.Tag) {
	for _, tag := range tags {
		if tag.Type == typ {
			out = append(out, tag)
		}
	}
	return out
}

// summary is one word a segment: its duration in ms; then K or F for how it
// starts, keyframe or not; D for discontinuity; f if it ended by force; v, vh and
// a for the tracks that the program map lists: H.264, HEVC, AAC.
func summary(t *testing.T, out *sink) string {
	t.Helper()
	r := out.check(t)
	var words []string
	for i, seg := range out.info {
		w := seg.Duration.Round(time.Millisecond).String()
		for _, f := range []struct {
			set  bool
			flag string
		}{{seg.Keyframe, " K"}, {!seg.Keyframe, " F"}, {seg.Discontinuity, "D"}, {seg.Forced, "f"},
			{r.Segments[i].HasVideo, "v"}, {r.Segments[i].HEVC, "h"}, {r.Segments[i].HasAudio, "a"}} {
			if f.set {
				w += f.flag
			}
		}
		words = append(words, w)
	}
	return strings.Join(words, ", ")
}

func TestStreams(t *testing.T) {
	second := segmenter.Config{FragDuration: time.Second}
	long := segmenter.Config{FragDuration: 100 * time.Second}
	two := segmenter.Config{FragDuration: 2 * time.Second}
	audioOnly := segmenter.Config{FragDuration: time.Second, AllowAudioOnly: true}
	config := one(avcC(0, sps, pps))
	tests := []struct {
		name string
		cfg  segmenter.Config
		tags []flv.Tag
		want string
	}{
		{"nothing", second, nil, ""},
		{"one picture", second, join(config, one(idr(0))), "40ms Kv"},
		{"GOP is target exactly", two, live(0, 6), "2s Kva, 2s Kva, 2s Kva"},
		{"GOP 50 ms short of target", two, join(config, gop(0, 1950, 50), gop(1950, 4000, 50)), "1.95s Kv, 2.05s Kv"},
		{"GOP 51 ms short of target", two, join(config, gop(0, 1949, 50), gop(1949, 4000, 50)), "4.049s Kv"},
		{"30000/1001 fps does not drift", two, fractional(600), "2.002s Kv, 2.002s Kv, 2.002s Kv, 2.002s Kv, 2.002s Kv, 2.002s Kv, 2.002s Kv, 2.002s Kv, 2.002s Kv, 2.003s Kv"},
		{"no keyframe", two, join(config, gop(0, 130_000, 500)), "1m0s Kfv, 1m0s Ffv, 10s Fv"},
		{"no keyframe, audio ahead", two, ahead(300, live(0, 1), inters(frames(1000, 61))), "1m0s Kfva, 2s Fva"},
		{"no keyframe, long target", long, join(config, gop(0, 202_000, 500)), "3m20s Kfv, 2s Fv"},
		{"size limit", segmenter.Config{FragDuration: 9 * time.Second, MaxBytes: 1500},
			join(config, gop(0, 400, 40)), "240ms Kfv, 160ms Fv"},

		{"pictures before the sequence header", second, join(gop(0, 400, 40), shifted(400, config), gop(400, 800, 40)), "400ms Kv"},
		{"pictures before the first keyframe", second, join(config, one(inter(0), inter(40)), gop(80, 480, 40)), "400ms Kv"},
		{"parameter sets in the first picture", second, join(one(flv.Tag{Type: flv.Video, Data: unhex("17 00 000000 01 64 00 0c ff e0 00")}, idr(0)),
			one(picture(40, 0, sps, pps, unhex("65 88"))), one(inter(80))), "80ms Kv"},
		{"parameter sets in a tag of their own", second, join(one(flv.Tag{Type: flv.Video, Data: unhex("17 00 000000 01 64 00 0c ff e0 00")}),
			one(picture(0, 0, sps, pps), idr(0), inter(40))), "80ms Kv"},
		{"configuration at 0, media late", second, join(config, gop(20_000_000, 20_000_400, 40)), "400ms Kv"},
		{"audio before the first keyframe is dropped", second, join(config, one(asc(0, mono44)), one(aac(0), aac(23), aac(800), aac(850)), gop(900, 1300, 40)), "400ms Kva"},
		{"audio before its configuration", second, join(config, one(aac(0)), gop(0, 400, 40)), "400ms Kv"},
		{"silence", second, join(config, one(asc(0, mono44), flv.Tag{Type: flv.Audio}), gop(0, 400, 40)), "400ms Kva"},
		{"audio is 2 s late", second, join(config, gop(0, 1000, 40), gop(1000, 2000, 40), one(asc(2000, mono44)), gop(2000, 3000, 40)), "1s Kva, 1s Kva, 1s Kva"},
		{"audio is 5 s late", second, join(config, gop(0, 5000, 40), one(asc(5000, mono44), aac(5000)), gop(5000, 6000, 40), one(aac(6000))), "5s Kv, 1s KDva"},
		{"audio is 4 s late in a long segment", long, join(config, gop(0, 2000, 40), gop(2000, 4000, 40), one(asc(4000, mono44), aac(4000)), gop(4000, 6000, 40), one(aac(6000)), gop(6000, 8000, 40)), "4s Kv, 4s KDva"},
		{"audio goes away", second, join(live(0, 1), only(flv.Video, frames(1000, 2))), "1s Kva, 1s Kva, 1s Kva"},
		{"audio pauses for longer than a jump", second, join(live(0, 1), only(flv.Video, frames(1000, 12)), frames(13000, 1)), strings.Repeat("1s Kva, ", 13) + "1s Kva"},
		{"SBR is signalled later", second, join(one(avcC(0, sps, pps), asc(0, "13 10")), frames(0, 2), one(asc(2000, "13 10 56 e5 98")), frames(2000, 2)),
			"1s Kva, 1s Kva, 1s Kva, 1s Kva"},
		{"video comes up to 9 s after its audio", second, join(live(0, 2), only(flv.Audio, shifted(2000, frames(0, 9))), only(flv.Video, shifted(2000, frames(0, 9)))),
			strings.Repeat("1s Kva, ", 10) + "1s Kva"},
		{"video comes up to 12 s after its audio", second, join(live(0, 2), only(flv.Audio, shifted(2000, frames(0, 12))), only(flv.Video, shifted(2000, frames(0, 12)))),
			strings.Repeat("1s Kva, ", 13) + "1s Kva"},
		{"video pauses for longer than a jump", second, join(live(0, 1), only(flv.Audio, frames(1000, 12)), frames(13000, 1)), "13s Kva, 1s Kva"},
		{"video stalls", second, join(live(0, 1), only(flv.Audio, frames(1000, 62)), frames(63000, 1)), "1m0.011s Kfva, 2.989s Fva, 1s Kva"},

		{"same configuration again", second, join(live(0, 1), live(1000, 1)), "1s Kva, 1s Kva"},
		{"new SPS in mid GOP", two, join(live(0, 1), one(avcC(1000, otherSPS, pps), inter(1000), inter(1040)), gop(1080, 1480, 40)), "1.08s Kva, 400ms KDva"},
		{"new PPS alone", two, join(live(0, 1), one(avcC(1000, sps, otherPPS)), frames(1000, 1)), "2s Kva"},
		{"new SPS in the picture", two, join(live(0, 1), one(picture(1000, 0, otherSPS, pps, unhex("65 88"))), frames(1040, 1)), "1s Kva, 1.04s KDva"},
		{"new PPS in an inter picture", two, join(live(0, 1), one(picture(1000, 0, otherPPS, unhex("41 9a"))), one(inter(1040))), "1.08s Kva"},
		{"new audio configuration", two, join(live(0, 1), one(asc(1000, mono44)), frames(1000, 1)), "1s Kva, 1s KDva"},
		{"new audio configuration in mid GOP", two, join(live(0, 1), one(inter(1000), asc(1020, mono44), aac(1020), inter(1040), inter(1080))), "1.04s Kfva, 80ms FDva"},

		{"jump forward by 1 h", two, join(live(0, 2), shifted(3_602_000, frames(0, 2))), "2s Kva, 2s KDva"},
		{"jump back by 30 s", two, join(live(60_000, 2), shifted(30_000, frames(0, 2))), "2s Kva, 2s KDva"},
		{"jump in mid GOP", two, join(live(0, 1), one(inter(1000), inter(3_601_040), inter(3_601_080)), gop(3_601_120, 3_601_520, 40)), "1.04s Kva, 400ms KDva"},
		{"jump of the audio first", two, join(live(0, 1), one(aac(3_601_000), inter(1000), idr(3_601_040), aac(3_601_021), inter(3_601_080))), "1.04s Kva, 80ms KDva"},
		{"another source", two, join(live(60_000, 2), one(avcC(0, otherSPS, pps), asc(0, mono44)), frames(0, 2)), "2s Kva, 2s KDva"},
		{"another source, its audio first", two, join(live(60_000, 2), one(asc(0, mono44), aac(0), aac(21), aac(43), aac(64)), frames(80, 2)), "2s Kva, 2s KDva"},
		{"another source, its audio first by far", two, join(live(60_000, 2), one(asc(0, mono44)), evenly(20, 64.0/3), frames(420, 2)), "2.007s Kfva, 2.42s FDva"},
		{"a single wild picture", two, join(live(0, 1), one(inter(900_000_000)), frames(1000, 1)), "1s Kva, 1s KDva"},
		{"jump back by a little over 1 s", two, join(live(0, 3), one(inter(1950)), gop(2000, 3000, 40)), "2s Kva, 1s Kva, 1s KDva"},
		{"pause of 9 s", two, join(live(0, 1), frames(10_000, 1)), "10s Kva, 1s Kva"},
		{"pause of 11 s", two, join(live(0, 1), frames(12_000, 1)), "1s Kva, 1s KDva"},
		{"step back by 200 ms", two, join(live(0, 1), frames(800, 2)), "2.8s Kva"},
		{"equal times", two, join(config, one(idr(0), inter(0), inter(0), inter(40), inter(40), inter(80))), "120ms Kv"},
		{"all times equal", second, join(config, one(idr(7), inter(7), idr(7), inter(7))), "1ms Kv"},
		{"wrap at 31 bits", two, masked(1<<31-1, live(1<<31-2000, 4)), "2s Kva, 2s Kva"},
		{"wrap at 32 bits", two, live(0xffffffff-1999, 4), "2s Kva, 2s Kva"},

		{"audio only", audioOnly, only(flv.Audio, live(0, 6)), "1.003s Fa, 1.002s Fa, 1.003s Fa, 1.003s Fa, 1.002s Fa, 1.003s Fa"},
		{"audio only, short", audioOnly, only(flv.Audio, live(0, 1)), "1.003s Fa"},
		{"audio only, 960 samples of 48 kHz", audioOnly, join(one(asc(0, "11 94")), evenly(150, 20)), "1s Fa, 1s Fa, 1s Fa"},
		{"audio only, HE-AAC of 24 kHz", audioOnly, join(one(asc(0, "2b 11 88 00")), evenly(75, 128.0/3)), "1.024s Fa, 1.024s Fa, 1.024s Fa, 128ms Fa"},
		{"audio only, 7.1", audioOnly, join(one(asc(0, "11 b8")), evenly(100, 64.0/3)), "1.003s Fa, 1.002s Fa, 128ms Fa"},
		{"video after audio only, behind it", audioOnly, join(only(flv.Audio, live(0, 4)), one(avcC(2900, sps, pps)), only(flv.Video, frames(2900, 3))), "1.003s Fa, 1.002s Fa, 1.003s Fa, 481ms Fa, 1.411s KDva, 1s Kva"},
		{"video after audio only, behind its segment", audioOnly, join(one(asc(0, stereo48)), evenly(147, 64.0/3), one(avcC(2900, sps, pps)), only(flv.Video, frames(2900, 2))), "1.003s Fa, 1.002s Fa, 1.003s Fa, 1ms Fa, 1.892s KDva"},
		{"video after audio only", audioOnly, join(only(flv.Audio, live(0, 4)), live(4000, 1)), "1.003s Fa, 1.002s Fa, 1.003s Fa, 992ms Fa, 1s KDva"},
	}
	segments := 0
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, _ := segment(t, tt.cfg, tt.tags)
			segments += len(out.data)
			if got := summary(t, out); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
	if !t.Failed() {
		t.Logf("R12: %d streams, %d segments, those that the checker rejects: 0", len(tests), segments)
	}
}

// evenly is n AAC frames, step ms apart.
func evenly(n int, step float64) (tags []flv.Tag) {
	for i := range n {
		tags = append(tags, aac(flv.Millis(float64(i)*step)))
	}
	return tags
}

// fractional is n pictures at 30000/1001 a second, a keyframe each 60.
func fractional(n int) []flv.Tag {
	tags := one(avcC(0, sps, pps))
	for i := range n {
		at := flv.Millis((i*1001 + 15) / 30)
		if i%60 == 0 {
			tags = append(tags, idr(at))
		} else {
			tags = append(tags, inter(at))
		}
	}
	return tags
}

func masked(mask flv.Millis, tags []flv.Tag) []flv.Tag {
	for i := range tags {
		tags[i].Time &= mask
	}
	return tags
}

// Audio that comes with ADTS headers in its tags, against the rule, is written
// as if it had come without.
func TestADTSInTags(t *testing.T) {
	raw := live(0, 2)
	headed := make([]flv.Tag, len(raw))
	for i, tag := range raw {
		if tag.Type == flv.Audio && tag.Data[1] == 1 {
			n := 7 + len(tag.Data) - 2
			header := []byte{0xff, 0xf1, 0x4c, 0x80 | byte(n>>11), byte(n >> 3), byte(n<<5) | 0x1f, 0xfc}
			tag.Data = slices.Concat(tag.Data[:2], header, tag.Data[2:])
		}
		headed[i] = tag
	}
	cfg := segmenter.Config{FragDuration: time.Second}
	want, _ := segment(t, cfg, raw)
	got, _ := segment(t, cfg, headed)
	if !reflect.DeepEqual(got.data, want.data) {
		t.Error("the segments differ")
	}
}

// The video jumps back and has no keyframe for twelve seconds, the audio goes
// on: with the keyframe both go on together.
func TestAudioAfterLongBreak(t *testing.T) {
	lame := only(flv.Video, frames(2000, 12))
	for i := range lame {
		lame[i] = inter(lame[i].Time - 1500)
	}
	sound := only(flv.Audio, frames(2000, 12))
	var mixed []flv.Tag
	for i := range sound {
		mixed = append(mixed, sound[i])
		if i < len(lame) {
			mixed = append(mixed, lame[i])
		}
	}
	out, _ := segment(t, segmenter.Config{FragDuration: 2 * time.Second}, join(live(0, 2), mixed, frames(14_000, 4)))
	if got, want := summary(t, out), "2s Kva, 2s KDva, 2s Kva"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	out.checkLead(t, 1000)
}

// checkLead fails t where audio is ahead of the pictures before it by more than so
// many milliseconds.
func (s *sink) checkLead(t *testing.T, most int64) {
	t.Helper()
	for i, seg := range s.check(t).Segments {
		if lead := seg.AudioLead / 90; lead > most {
			t.Errorf("segment %d: audio is %d ms ahead", i, lead)
		}
	}
}

// The clock of the video alone jumps, within a GOP, and the audio goes on by its
// own: with the next keyframe both are beside each other again.
func TestVideoJumpsAlone(t *testing.T) {
	for _, tt := range []struct {
		name string
		by   flv.Millis
	}{
		{"back", 1<<32 - 30_000},
		{"forward", 3_600_000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tags := live(60_000, 6)
			for i := range tags {
				if tags[i].Type == flv.Video && tags[i].Time >= 62_040 {
					tags[i].Time += tt.by
				}
			}
			out, _ := segment(t, segmenter.Config{FragDuration: 2 * time.Second}, tags)
			if got, want := summary(t, out), "2s Kva, 40ms Kva, 2s KDva, 1s Kva"; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			out.checkLead(t, 100)
		})
	}
}

// The video's clock steps back by less than near takes for a jump of the audio, and some
// audio by the old clock is still to come: it goes on where it was, and what comes by
// the new one is heard with its pictures.
func TestVideoStepsBackFirst(t *testing.T) {
	for _, back := range []flv.Millis{1500, 5000, 9000} {
		for _, at := range []flv.Millis{72_000, 72_400} { // at a keyframe, and within a GOP
			for _, late := range []flv.Millis{20, 40, 300, 560} { // ms of audio by the old clock
				tags := live(60_000, 20)
				for i := range tags {
					if moved := tags[i].Time >= at; moved && (tags[i].Type == flv.Video || tags[i].Time >= at+late) {
						tags[i].Time -= back
					}
				}
				out, _ := segment(t, segmenter.Config{FragDuration: 2 * time.Second}, tags)
				sound := 0
				for i, seg := range out.check(t).Segments {
					sound += seg.AudioFrames
					if apart := (seg.FirstAudio - seg.FirstDTS) / 90; apart < -100 || apart > 100 {
						t.Errorf("back by %d at %d, %d late: sound of segment %d is %d ms behind the picture", back, at, late, i, apart)
					}
				}
				if want := len(only(flv.Audio, tags)) - 1; sound < want*95/100 {
					t.Errorf("back by %d at %d, %d late: %d audio frames of %d", back, at, late, sound, want)
				}
			}
		}
	}
}

// The video stalls and the sound goes on, to the end or to a jump: a segment is as long
// as what is in it.
func TestSoundGoesOnAlone(t *testing.T) {
	stalled := join(live(0, 4), only(flv.Audio, shifted(4000, frames(0, 5))))
	for want, tags := range map[string][]flv.Tag{
		"2s Kva, 7.024s Kva":          stalled,
		"2s Kva, 7.024s Kva, 2s KDva": join(stalled, frames(3_600_000, 2)),
	} {
		out, _ := segment(t, segmenter.Config{FragDuration: 2 * time.Second}, tags)
		if got := summary(t, out); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// One message of another codec among thousands is a damaged one: the stream is what it
// would be without it.
func TestStrayCodec(t *testing.T) {
	clean, _ := segment(t, segmenter.Config{FragDuration: time.Second}, live(0, 4))
	for _, stray := range []struct {
		name string
		typ  flv.TagType
		data string
	}{
		{"G.711, by a flipped bit", flv.Audio, "7f 01 21 21"},
		{"a reserved format, by a flipped bit", flv.Audio, "bf 01 21 21"},
		{"Opus", flv.Audio, "91 4f707573 21"},
		{"unknown audio", flv.Audio, "91 78787878 21"},
		{"H.263", flv.Video, "22 01 000000 00000001 41"},
		{"AV1", flv.Video, "a1 61763031 00"},
		{"unknown video", flv.Video, "a1 78787878 00"},
		{"HEVC", flv.Video, "91 68766331 000000 00"},
	} {
		out, info := segment(t, segmenter.Config{FragDuration: time.Second}, join(live(0, 2), one(flv.Tag{Type: stray.typ, Time: 2000, Data: unhex(stray.data)}), frames(2000, 2)))
		if !reflect.DeepEqual(out.data, clean.data) || !reflect.DeepEqual(out.info, clean.info) {
			t.Errorf("%s: got %s, want the bytes of the stream without it", stray.name, summary(t, out))
		}
		if info.Audio.Dropped != "" {
			t.Errorf("%s: audio dropped: %s", stray.name, info.Audio.Dropped)
		}
	}
}

// Audio goes over to MP3, and back to AAC without another configuration.
func TestAnotherCodecForAWhile(t *testing.T) {
	mp3 := shifted(2000, frames(0, 2))
	for i := range mp3 {
		if mp3[i].Type == flv.Audio {
			mp3[i].Data = unhex("2f ff fb 90 64")
		}
	}
	out, info := segment(t, segmenter.Config{FragDuration: 2 * time.Second}, join(live(0, 2), mp3))
	if why := info.Audio.Dropped; !strings.Contains(why, "MP3") {
		t.Errorf("after MP3: audio dropped because of %q, want MP3", why)
	}
	before := out.check(t).Segments[0].AudioFrames

	out, info = segment(t, segmenter.Config{FragDuration: 2 * time.Second}, join(live(0, 2), mp3, frames(4000, 2)))
	report := out.check(t).Segments
	if last := report[len(report)-1].AudioFrames; last < before-1 || info.Audio.Dropped != "" {
		t.Errorf("AAC again: %d frames of %d, dropped %q", last, before, info.Audio.Dropped)
	}
}

// The clock of both jumps within a GOP. The keyframe that is waited for goes on where
// the pictures before the jump have ended, and so did the audio: what else of it is
// older than the keyframe has no time of its own.
func TestAudioOverAJump(t *testing.T) {
	for _, by := range []flv.Millis{3_600_000, 12_000, 1<<32 - 1500} {
		tags := live(60_000, 8)
		for i := range tags {
			if tags[i].Time >= 63_400 {
				tags[i].Time += by
			}
		}
		out, _ := segment(t, segmenter.Config{FragDuration: 2 * time.Second}, tags)
		if got, want := summary(t, out), "2s Kva, 1.4s Kva, 2s KDva, 2s Kva"; got != want {
			t.Errorf("by %d ms: got %s, want %s", int32(by), got, want)
		}
		out.checkLead(t, 100)
		const perFrame = 1024 * 1000 / 48000.
		for i, seg := range out.check(t).Segments {
			if ms := out.info[i].Duration.Milliseconds(); float64(seg.AudioFrames-2)*perFrame > float64(ms) {
				t.Errorf("by %d ms: segment %d of %d ms has %d audio frames of %.1f ms", int32(by), i, ms, seg.AudioFrames, perFrame)
			}
		}
	}
}

// A source whose audio is longer than its video, or shorter, begins anew again and
// again: in each run sound and picture are together as they were sent.
func TestSourceBeginsAnew(t *testing.T) {
	for _, ms := range []float64{1920, 1970, 2000, 2040} {
		source := join(only(flv.Video, frames(0, 2)), evenly(int(ms*3/64), 64.0/3))
		slices.SortStableFunc(source, func(a, b flv.Tag) int { return cmp.Compare(a.Time, b.Time) })
		tags := one(avcC(0, sps, pps), asc(0, stereo48))
		for range 6 {
			tags = append(tags, source...)
		}
		out, _ := segment(t, segmenter.Config{FragDuration: 2 * time.Second}, tags)
		report := out.check(t)
		if len(report.Segments) != 6 {
			t.Fatalf("audio of %v ms: got %s", ms, summary(t, out))
		}
		for i, seg := range report.Segments {
			if apart := seg.FirstAudio - seg.FirstDTS; apart != 0 || seg.AudioFrames != int(ms*3/64) {
				t.Errorf("audio of %v ms, run %d: sound is %d ms behind the picture, %d frames, want none, %d", ms, i, apart/90, seg.AudioFrames, int(ms*3/64))
			}
		}
	}
}

// Times that stand still do not keep a segment open: after twice the time of a
// forced cut, by the real clock, it ends, with or without keyframes.
func TestTimesStandStill(t *testing.T) {
	for _, tt := range []struct {
		name  string
		start []flv.Tag
		frame flv.Tag
	}{
		{"keyframes", one(avcC(0, sps, pps)), idr(0)},
		{"other pictures", one(avcC(0, sps, pps), idr(0)), inter(0)},
		{"audio alone", one(asc(0, stereo48)), aac(0)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var elapsed time.Duration
			var out sink
			s := segmenter.New(segmenter.Config{
				FragDuration: 5 * time.Second, AllowAudioOnly: true,
				Elapsed: func() time.Duration { return elapsed },
			}, &out)
			write := func(tag flv.Tag) {
				if err := s.WriteTag(tag); err != nil {
					t.Fatal(err)
				}
			}
			for _, tag := range tt.start {
				write(tag)
			}
			for ; elapsed < 30*time.Minute; elapsed += 40 * time.Millisecond {
				write(tt.frame)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			out.check(t)
			if got, want := len(out.info), 15; got != want {
				t.Errorf("got %d segments of half an hour, want %d", got, want)
			}
		})
	}
}
