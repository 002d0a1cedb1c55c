package integration

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"osslive/integration/pusher"
)

// One clip in all the forms that tags allow, and with what a publisher may put
// between: the segments have the same bytes.
var formRows = []row{
	{"24 forms of H.264 and AAC", sameMedia(avcForms)},
	{"26 AMF of every kind in metadata", sameMedia(dataForms)},
}

// form makes another form of the same media.
type form struct {
	name   string
	change func([]pusher.Message) []pusher.Message
}

// sameMedia sends a clip as it is and in each form, and expects the same segments.
func sameMedia(forms func(t *testing.T, source []pusher.Message) []form) func(t *testing.T, m *matrix) {
	return func(t *testing.T, m *matrix) {
		messages := tiny(t)
		base := m.take(t, 1)
		base.send(t, messages)
		want := base.recorded(t)
		base.valid(t, want, false)
		if shape(want) != "1.000, 1.000, 1.000" {
			t.Fatalf("the baseline has segments of %s", shape(want))
		}
		all := forms(t, messages)
		for _, f := range all {
			k := m.take(t, 1)
			k.send(t, f.change(slices.Clone(messages)))
			identical(t, f.name, k.recorded(t), want)
		}
		t.Logf("%d forms give the same segments", len(all))
	}
}

// tiny is a clip with B-frames whose NAL units fit into lengths of one byte.
// The encoder's own message is left out, which is longer.
func tiny(t *testing.T) []pusher.Message {
	t.Helper()
	source := clipRow{picture: "testsrc2=size=160x90:rate=25", seconds: "3", coding: "-bf 2 -crf 30 -x264-params slice-max-size=200:keyint=25:scenecut=0"}.clip(t)
	var all []pusher.Message
	for _, m := range withoutEnd(readClip(t, source)) {
		if m.Type == pusher.Video && !isConfig(m) {
			units := slices.DeleteFunc(nals(m.Body[5:], 4), func(nal []byte) bool { return nal[0]&0x1f == nalSEI })
			for _, nal := range units {
				if len(nal) > 255 {
					t.Fatalf("a NAL unit of %d bytes", len(nal))
				}
			}
			m.Body = slices.Concat(m.Body[:5], lengths(units, 4))
		}
		all = append(all, m)
	}
	return all
}

// NAL unit types of H.264
const (
	nalSEI    = 6
	nalAUD    = 9
	nalEndSeq = 10
	nalFiller = 12
)

// nals splits an access unit whose NAL units follow lengths of size bytes.
func nals(b []byte, size int) (units [][]byte) {
	for len(b) > 0 {
		n := 0
		for _, c := range b[:size] {
			n = n<<8 | int(c)
		}
		units, b = append(units, b[size:size+n]), b[size+n:]
	}
	return units
}

// lengths joins NAL units behind lengths of size bytes.
func lengths(units [][]byte, size int) (b []byte) {
	for _, nal := range units {
		var n [4]byte
		binary.BigEndian.PutUint32(n[:], uint32(len(nal)))
		b = append(append(b, n[4-size:]...), nal...)
	}
	return b
}

// avcRecord takes an AVCDecoderConfigurationRecord apart: one SPS and one PPS.
type avcRecord struct {
	head     []byte // version, profile, compatibility, level
	sps, pps []byte
	trailer  []byte
}

func parseRecord(t *testing.T, b []byte) (r avcRecord) {
	t.Helper()
	if len(b) < 8 || b[5] != 0xe1 {
		t.Fatalf("configuration % x: want one with one SPS", b)
	}
	r.head = b[:4]
	n := int(binary.BigEndian.Uint16(b[6:]))
	r.sps, b = b[8:8+n], b[8+n:]
	n = int(binary.BigEndian.Uint16(b[1:]))
	r.pps, r.trailer = b[3:3+n], b[3+n:]
	return r
}

func (r avcRecord) bytes(lengthSize int, sps, pps [][]byte, trailer []byte) []byte {
	b := append(slices.Clone(r.head), 0xfc|byte(lengthSize-1), 0xe0|byte(len(sps)))
	b = append(b, lengths(sps, 2)...)
	b = append(append(b, byte(len(pps))), lengths(pps, 2)...)
	return append(b, trailer...)
}

// each changes the pictures and the sequence header of video, both without their
// first five bytes.
func each(config func([]byte) []byte, picture func(body []byte, key bool) []byte) func([]pusher.Message) []pusher.Message {
	return func(all []pusher.Message) []pusher.Message {
		for i, m := range all {
			switch {
			case m.Type != pusher.Video:
			case isConfig(m):
				all[i].Body = slices.Concat(m.Body[:5], config(m.Body[5:]))
			default:
				all[i].Body = slices.Concat(m.Body[:5], picture(m.Body[5:], m.Body[0]>>4 == 1))
			}
		}
		return all
	}
}

func asIs(b []byte) []byte                { return b }
func pictureAsIs(b []byte, _ bool) []byte { return b }

// between puts messages in front of each of the clip's pictures.
func between(more ...pusher.Message) func([]pusher.Message) []pusher.Message {
	return func(all []pusher.Message) (out []pusher.Message) {
		for _, m := range all {
			if m.Type == pusher.Video && !isConfig(m) {
				for _, x := range more {
					x.Time, x.Stream = m.Time, 1
					out = append(out, x)
				}
			}
			out = append(out, m)
		}
		return out
	}
}

func videoTag(body ...byte) pusher.Message { return pusher.Message{Type: pusher.Video, Body: body} }

func audioTag(body ...byte) pusher.Message { return pusher.Message{Type: pusher.Audio, Body: body} }

// bodies changes the bodies of messages of a type.
func bodies(typ byte, change func([]byte) []byte) func([]pusher.Message) []pusher.Message {
	return func(all []pusher.Message) []pusher.Message {
		for i, m := range all {
			if m.Type == typ {
				all[i].Body = change(slices.Clone(m.Body))
			}
		}
		return all
	}
}

func avcForms(t *testing.T, source []pusher.Message) (all []form) {
	var r avcRecord
	for _, m := range source {
		if m.Type == pusher.Video && isConfig(m) {
			r = parseRecord(t, m.Body[5:])
		}
	}
	sps, pps := [][]byte{r.sps}, [][]byte{r.pps}
	for size := 1; size <= 3; size++ {
		all = append(all, form{fmt.Sprintf("lengths of %d bytes", size), each(
			func([]byte) []byte { return r.bytes(size, sps, pps, r.trailer) },
			func(b []byte, _ bool) []byte { return lengths(nals(b, 4), size) })})
	}
	prepend := func(units ...[]byte) func([]byte, bool) []byte {
		return func(b []byte, key bool) []byte {
			if !key {
				return b
			}
			return slices.Concat(lengths(units, 4), b)
		}
	}
	filler := append([]byte{nalFiller}, bytes.Repeat([]byte{0xff}, 40)...)
	return append(all,
		form{"no trailer in the configuration", each(func([]byte) []byte { return r.bytes(4, sps, pps, nil) }, pictureAsIs)},
		form{"no SPS and PPS there, but in the pictures", each(func([]byte) []byte { return r.bytes(4, nil, nil, nil) }, prepend(r.sps, r.pps))},
		form{"no PPS there, but in the pictures", each(func([]byte) []byte { return r.bytes(4, sps, nil, nil) }, prepend(r.pps))},
		form{"the same PPS three times", each(func([]byte) []byte { return r.bytes(4, sps, [][]byte{r.pps, r.pps, r.pps}, r.trailer) }, pictureAsIs)},
		form{"configuration in Annex B form", each(func([]byte) []byte {
			return slices.Concat([]byte{0, 0, 0, 1}, r.sps, []byte{0, 0, 1}, r.pps)
		}, pictureAsIs)},
		form{"delimiters, sets and fillers in the pictures", each(asIs, func(b []byte, key bool) []byte {
			units := [][]byte{{nalAUD, 0xf0}}
			if key {
				units = append(units, r.sps, r.pps)
			}
			units = append(append(units, nals(b, 4)...), filler, []byte{nalEndSeq}, nil)
			return lengths(units, 4)
		})},
		form{"sets in a message of their own", between(videoTag(append([]byte{0x17, 1, 0, 0, 0}, lengths([][]byte{r.sps, r.pps}, 4)...)...))},
		form{"end of sequence in the middle", between(videoTag(0x17, 2, 0, 0, 0))},
		form{"access units without a NAL unit", between(videoTag(0x27, 1, 0, 0, 0), videoTag(0x27, 1, 0, 0, 0, 0, 0, 0, 0), videoTag(append([]byte{0x27, 1, 0, 0, 0}, lengths([][]byte{{nalAUD, 0xf0}}, 4)...)...))},
		form{"a NAL unit longer than its message", between(videoTag(0x27, 1, 0, 0, 0, 0, 0, 0, 99, 0x41, 0x9a))},
		form{"messages cut in their header", between(videoTag(), videoTag(0x27), videoTag(0x27, 1, 0), audioTag(), audioTag(0xaf))},
		form{"video commands and unknown packet types", between(videoTag(0x57, 0), videoTag(0x57), videoTag(0x27, 9, 0, 0, 0, 1), audioTag(0xaf, 7, 1))},
		form{"keyframes flagged as generated", bodies(pusher.Video, flag(1, 4))},
		form{"keyframes flagged as others", bodies(pusher.Video, flag(1, 2))},
		form{"others flagged as disposable", bodies(pusher.Video, flag(2, 3))},
		form{"composition time below 0", bodies(pusher.Video, composition(-40))},
		form{"composition time of an hour", bodies(pusher.Video, composition(3_600_000))},
		form{"AAC with ADTS headers", bodies(pusher.Audio, withADTS)},
		form{"AAC configuration without a trailer", bodies(pusher.Audio, func(b []byte) []byte {
			if b[1] == 0 {
				return b[:4]
			}
			return b
		})},
		form{"meaningless bits of audio", bodies(pusher.Audio, func(b []byte) []byte {
			b[0] = 0xa0
			return b
		})},
		form{"shared objects, unknown types, acknowledgements", between(pusher.Message{Type: 16, Body: []byte{1}}, pusher.Message{Type: 19, Body: []byte{2, 0, 0}},
			pusher.Message{Type: 77, Body: make([]byte, 3000)}, pusher.Message{Type: 3, Body: []byte{0, 1, 0, 0}})},
		form{"media on message stream 0", func(all []pusher.Message) []pusher.Message {
			for i := range all {
				all[i].Stream = 0
			}
			return all
		}},
		form{"media on message stream 5", func(all []pusher.Message) []pusher.Message {
			for i := range all {
				all[i].Stream = 5
			}
			return all
		}},
	)
}

// flag changes the frame type of pictures.
func flag(from, to byte) func([]byte) []byte {
	return func(b []byte) []byte {
		if b[1] == 1 && b[0]>>4 == from {
			b[0] = to<<4 | b[0]&0xf
		}
		return b
	}
}

// composition gives a composition time to pictures whose own is 0.
func composition(ms int32) func([]byte) []byte {
	return func(b []byte) []byte {
		if b[1] == 1 && string(b[2:5]) == "\x00\x00\x00" {
			b[2], b[3], b[4] = byte(ms>>16), byte(ms>>8), byte(ms)
		}
		return b
	}
}

// withADTS puts the header in front of raw AAC that some encoders send: LC, 44.1 kHz, mono.
func withADTS(b []byte) []byte {
	if b[1] == 0 {
		return b
	}
	n := len(b) - 2 + 7
	return slices.Concat(b[:2], []byte{0xff, 0xf1, 0x50, 0x40 | byte(n>>11), byte(n >> 3), byte(n)<<5 | 0x1f, 0xfc}, b[2:])
}

// dataForms put data messages between pictures: whatever is in them, media goes on.
func dataForms(*testing.T, []pusher.Message) (all []form) {
	deep := pusher.AMF(slices.Concat(bytes.Repeat([]byte{3, 0, 1, 'a'}, 1000), []byte{5}))
	for _, d := range []struct {
		name string
		body []byte
	}{
		{"nothing", nil},
		{"a plain object", pusher.AppendAMF(nil, "@setDataFrame", "onMetaData", pusher.Object{{Name: "width", Value: 1}})},
		{"a string alone", pusher.AppendAMF(nil, "onMetaData")},
		{"a long string", pusher.AppendAMF(nil, "onTextData", strings.Repeat("x", 60_000))},
		{"a long string in its long form", slices.Concat(pusher.AppendAMF(nil, "onTextData"), []byte{12, 0, 0, 0xea, 0x60}, make([]byte, 60_000))},
		{"a long string that is cut", slices.Concat(pusher.AppendAMF(nil, "onTextData"), []byte{12, 0xff, 0xff, 0xff, 0xff, 'a'})},
		{"a strict array", pusher.AppendAMF(nil, "onCuePoint", pusher.StrictArray{1, "a", nil, pusher.StrictArray{}})},
		{"a strict array of 4 G", slices.Concat(pusher.AppendAMF(nil, "onMetaData"), []byte{10, 0xff, 0xff, 0xff, 0xff, 5})},
		{"an ECMA array of 4 G", slices.Concat(pusher.AppendAMF(nil, "onMetaData"), []byte{8, 0xff, 0xff, 0xff, 0xff, 0, 0, 9})},
		{"1000 objects deep", pusher.AppendAMF(nil, "onMetaData", deep)},
		{"no end of an object", slices.Concat(pusher.AppendAMF(nil, "onMetaData"), []byte{3, 0, 1, 'a', 5})},
		{"a name that is cut", []byte{2, 0, 9, 'o'}},
		{"a marker that there is not", []byte{2, 0, 1, 'o', 0xee}},
	} {
		all = append(all, form{d.name, between(pusher.Message{Type: pusher.Data, Body: d.body}, pusher.Message{Type: 15, Body: append([]byte{0}, d.body...)})})
	}
	return all
}
