package segmenter

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"osslive/rtmp/flv"
	"osslive/segmenter/mpegts"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// sequence parameter sets of x264, and what was encoded
const (
	spsHigh  = "67 64 00 0c ac d9 41 41 9f 9f 01 10 00 00 03 00 10 00 00 03 03 20 f1 42 99 60" // 320x180
	ppsHigh  = "68 ef 8f cb"
	spsCrop  = "67 4d 40 1f ec a0 28 02 dd 80 88 00 00 03 00 08 00 00 03 01 90 78 c1 8c b0" // 1280x720 Main
	spsField = "67 4d 40 28 95 a0 1e 00 89 f9 70 11 00 00 03 00 01 00 00 03 00 32 8f 16 2e 48"
)

func TestParseAVCC(t *testing.T) {
	record := "01 64 00 0c ff e1 001a" + spsHigh + "01 0004" + ppsHigh
	tests := []struct {
		name       string
		record     string
		lengthSize int
		sps, pps   int
		err        bool
	}{
		{"ffmpeg", record + "fd f8 f8 00", 4, 1, 1, false},
		{"no trailer", record, 4, 1, 1, false},
		{"lengths of 1 byte", strings.Replace(record, "ff e1", "fc e1", 1), 1, 1, 1, false},
		{"lengths of 2 bytes", strings.Replace(record, "ff e1", "fd e1", 1), 2, 1, 1, false},
		{"no sets", "01 64 00 0c ff e0 00", 4, 0, 0, false},
		{"two PPS, one repeated", "01 64 00 0c ff e1 001a" + spsHigh + "03 0004" + ppsHigh + "0004" + ppsHigh + "0003 68 4e 8f", 4, 1, 2, false},
		{"Annex B", "00 00 00 01" + spsHigh + "00 00 00 01" + ppsHigh, 4, 1, 1, false},
		{"Annex B, short start codes", "00 00 01" + spsHigh + "00 00 01" + ppsHigh + "00 00", 4, 1, 1, false},
		{"empty", "", 0, 0, 0, true},
		{"version 2", "02" + record[2:], 0, 0, 0, true},
		{"SPS cut", "01 64 00 0c ff e1 001b" + spsHigh, 0, 0, 0, true},
		{"no PPS count", "01 64 00 0c ff e1 001a" + spsHigh, 0, 0, 0, true},
		{"PPS cut", record[:len(record)-3], 0, 0, 0, true},
		{"PPS where SPS should be", "01 64 00 0c ff e1 0004" + ppsHigh + "00", 0, 0, 0, true},
		{"empty SPS", "01 64 00 0c ff e1 0000 00", 0, 0, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := avc.parseConfig(unhex(tt.record))
			if (err != nil) != tt.err || got.lengthSize != tt.lengthSize || len(got.sets.sps) != tt.sps || len(got.sets.pps) != tt.pps {
				t.Errorf("got lengths of %d, %d SPS, %d PPS, %v", got.lengthSize, len(got.sets.sps), len(got.sets.pps), err)
			}
		})
	}
	c, _ := avc.parseConfig(unhex(record))
	want := unhex("00 00 00 01 09 f0 00 00 00 01" + spsHigh + "00 00 00 01" + ppsHigh)
	if got := c.sets.prefix(); !bytes.Equal(got, want) {
		t.Errorf("prefix: got % x, want % x", got, want)
	}
}

func TestScanAccessUnit(t *testing.T) {
	tests := []struct {
		name       string
		lengthSize int
		data       string
		want       accessUnit
		err        error
	}{
		{"empty", 4, "", accessUnit{}, nil},
		{"IDR", 4, "00000003 65 88 84", accessUnit{size: 7, picture: true, random: true}, nil},
		{"lengths of 1 byte", 1, "02 41 9a 02 41 9b", accessUnit{size: 12, picture: true}, nil},
		{"lengths of 2 bytes", 2, "0002 41 9a", accessUnit{size: 6, picture: true}, nil},
		{"lengths of 3 bytes", 3, "000002 41 9a", accessUnit{size: 6, picture: true}, nil},
		{"left out", 4, "00000002 09 f0 00000002 67 64 00000002 68 ef 00000001 0a 00000001 0b 00000002 0c ff 00000000 00000002 65 88",
			accessUnit{size: 6, picture: true, random: true, sets: true}, nil},
		{"SEI alone", 4, "00000003 06 05 01", accessUnit{size: 7}, nil},
		{"too long", 4, "00000004 65 88 84", accessUnit{}, errNAL},
		{"length cut", 4, "00000001 41 0000", accessUnit{}, errNAL},
		{"length of 4 GiB", 4, "ffffffff 41", accessUnit{}, errNAL},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := avc.scan(unhex(tt.data), tt.lengthSize)
			if got != tt.want || err != tt.err {
				t.Errorf("got %+v, %v, want %+v, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

func TestParameterSetLimits(t *testing.T) {
	p := parameterSets{codec: &avc}
	if err := p.put(append(unhex(ppsHigh), make([]byte, maxSetSize)...)); err != errSetLimit {
		t.Errorf("a large set: got %v, want %v", err, errSetLimit)
	}
	var err error
	for id := 0; id < 256 && err == nil; id++ {
		// ue(id) is the bits of id+1 after as many zeros, less one.
		v, n := uint64(id+1), 0
		for x := v; x > 1; x >>= 1 {
			n++
		}
		v <<= 64 - (2*n + 1)
		nal := append([]byte{0x68, byte(v >> 56), byte(v >> 48), byte(v >> 40)}, make([]byte, 1000)...)
		err = p.put(nal)
	}
	if err != errSetLimit || p.size > maxSetsSize {
		t.Errorf("many sets: got %v and %d bytes, want %v", err, p.size, errSetLimit)
	}
}

func TestParseASC(t *testing.T) {
	lc := func(index, rate, channels int) aacConfig {
		return aacConfig{objectType: 2, rateIndex: index, rate: rate, heard: rate, channels: channels, samples: 1024}
	}
	he := func(index, rate, channels int) aacConfig {
		c := lc(index, rate, channels)
		c.heard = 2 * rate
		return c
	}
	tests := []struct {
		name string
		asc  string
		want aacConfig
		err  string
	}{
		{"LC 44.1 kHz mono, SBR absent", "12 08 56 e5 00", lc(4, 44100, 1), ""},
		{"LC 48 kHz stereo, OBS", "11 90 56 e5 00", lc(3, 48000, 2), ""},
		{"LC 8 kHz mono", "15 88 56 e5 00", lc(11, 8000, 1), ""},
		{"LC 48 kHz 5.1", "11 b0 56 e5 00", lc(3, 48000, 6), ""},
		{"LC alone", "12 10", lc(4, 44100, 2), ""},
		{"7.1", "11 b8", lc(3, 48000, 7), ""},
		{"7.1, then SBR signalled for old decoders", "11 b8 56 e5 a0", lc(3, 48000, 7), ""},
		{"HE-AAC, signalled for old decoders", "13 10 56 e5 98", he(6, 24000, 2), ""},
		{"HE-AAC v2, signalled for old decoders", "13 08 56 e5 9d 48 80", he(6, 24000, 1), ""},
		{"HE-AAC, rate of the extension as a number", "2b 17 80 5d c0 08 00", he(6, 24000, 2), ""},
		{"HE-AAC of 960 samples", "2b 11 8a 00", aacConfig{2, 6, 24000, 48000, 2, 960}, ""},
		{"Main", "0a 10", aacConfig{1, 4, 44100, 44100, 2, 1024}, ""},
		{"LTP, 7.35 kHz", "26 10", aacConfig{4, 12, 7350, 7350, 2, 1024}, ""},
		{"LD", "ba 10", aacConfig{}, "object type 23"},
		{"xHE", "f9 46 40", aacConfig{}, "object type 42"},
		{"6.1", "11 d8", aacConfig{}, "channel configuration 11"},
		{"explicit HE-AAC cut", "2b 11", aacConfig{}, "malformed"},
		{"960 samples", "12 14", aacConfig{2, 4, 44100, 44100, 2, 960}, ""},
		{"HE-AAC, explicit", "2b 11 88 00", he(6, 24000, 2), ""},
		{"HE-AAC v2, explicit", "eb 09 88 00", he(6, 24000, 1), ""},
		{"rate as a number", "17 80 56 22 10", lc(4, 44100, 2), ""},
		{"rate near one", "17 80 55 f0 10", lc(4, 44000, 2), ""},
		{"rate far from any", "17 80 4e 20 10", aacConfig{}, "sample rate 40000"},
		{"program config", "12 00", aacConfig{}, "channel configuration 0"},
		{"ELD", "f8 e8 50 00", aacConfig{}, "object type 39"},
		{"empty", "", aacConfig{}, "malformed"},
		{"one byte", "12", aacConfig{}, "malformed"},
		{"reserved rate", "16 90", aacConfig{}, "malformed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseASC(unhex(tt.asc))
			if got != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("got %+v, %v, want %+v, %q", got, err, tt.want, tt.err)
			}
			var unsupported *UnsupportedError
			if want := tt.err != "" && tt.err != "malformed"; errors.As(err, &unsupported) != want {
				t.Errorf("got %T, unsupported is %v", err, want)
			}
		})
	}
}

// The header has the core's profile and rate, whatever doubles it.
func TestADTSHeader(t *testing.T) {
	for _, tt := range []struct{ name, asc, want string }{
		{"LC 48 kHz 5.1", "11 b0 56 e5 00", "ff f1 4d 80"},
		{"LC 48 kHz 7.1", "11 b8", "ff f1 4d c0"},
		{"LC 8 kHz mono", "15 88 56 e5 00", "ff f1 6c 40"},
		{"HE-AAC 48 kHz stereo", "2b 11 88 00", "ff f1 58 80"},
		{"HE-AAC v2 48 kHz", "eb 09 88 00", "ff f1 58 40"},
		{"Main 44.1 kHz stereo", "0a 10", "ff f1 10 80"},
	} {
		c, err := parseASC(unhex(tt.asc))
		if got := c.adts(); err != nil || !bytes.Equal(got[:4], unhex(tt.want)) {
			t.Errorf("%s: got % x, %v, want %s", tt.name, got[:4], err, tt.want)
		}
	}
}

func TestADTS(t *testing.T) {
	c, _ := parseASC(unhex("12 10"))
	for _, n := range []int{0, 1, 186, 2041, 8184} {
		got := appendADTS(nil, c.adts(), make([]byte, n))
		size := n + 7
		want := []byte{0xff, 0xf1, 0x50, 0x80 | byte(size>>11), byte(size >> 3), byte(size&7)<<5 | 0x1f, 0xfc}
		if len(got) != size || !bytes.Equal(got[:7], want) {
			t.Errorf("%d bytes: got % x, want % x", n, got[:7], want)
		}
		if raw := trimADTS(got); len(raw) != n {
			t.Errorf("%d bytes: got %d back", n, len(raw))
		}
	}
	if got := trimADTS(unhex("ff f0 50 80 01 5f fc 12 34 56")); !bytes.Equal(got, []byte{0x56}) {
		t.Errorf("header with a checksum: got % x, want 56", got)
	}
	if got := trimADTS(unhex("ff f1 50 80 01 1f fc")); len(got) != 7 {
		t.Errorf("header with another length: got %d bytes, want all 7", len(got))
	}
}

func TestCutRule(t *testing.T) {
	const s = mpegts.Second
	ms := func(n int) mpegts.Ticks { return fromMillis(int64(n)) }
	tests := []struct {
		name   string
		target time.Duration
		key    bool
		age    mpegts.Ticks
		want   bool
	}{
		{"keyframe at the target", 5 * time.Second, true, 5 * s, true},
		{"keyframe 50 ms early", 5 * time.Second, true, ms(4950), true},
		{"keyframe 51 ms early", 5 * time.Second, true, ms(4949), false},
		{"other frame at the target", 5 * time.Second, false, 5 * s, false},
		{"other frame just before a minute", 5 * time.Second, false, 60*s - 1, false},
		{"other frame after a minute", 5 * time.Second, false, 60 * s, true},
		{"30 s: a minute is twice that", 30 * time.Second, false, 60 * s, true},
		{"31 s: not before 62 s", 31 * time.Second, false, 62*s - 1, false},
		{"31 s: at 62 s", 31 * time.Second, false, 62 * s, true},
		{"100 s: at 200 s", 100 * time.Second, false, 200 * s, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := newCutRule(tt.target).decide(moment{picture: true, video: true, key: tt.key, age: tt.age}) != notYet; got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestClock(t *testing.T) {
	tests := []struct {
		name  string
		times []flv.Millis
		want  []int64 // ms
	}{
		{"starts anywhere", []flv.Millis{19_999_943, 19_999_983}, []int64{0, 40}},
		{"steps back", []flv.Millis{100, 80, 140}, []int64{0, -20, 40}},
		{"32 bits", []flv.Millis{0xfffffff0, 0xffffffff, 10}, []int64{0, 15, 26}},
		{"31 bits", []flv.Millis{0x7ffffff0, 0x7fffffff, 10}, []int64{0, 15, 26}},
		{"31 bits, interleaved", []flv.Millis{0x7ffffff0, 4, 0x7ffffffa, 10}, []int64{0, 20, 10, 26}},
		{"32 bits, interleaved", []flv.Millis{0xfffffff0, 4, 0xfffffffa, 10}, []int64{0, 20, 10, 26}},
		{"through half the range without a wrap", []flv.Millis{0x7ffffff0, 0x80000010}, []int64{0, 32}},
		{"hours back are hours back", []flv.Millis{10_000_000, 0}, []int64{0, -10_000_000}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var c clock
			var got []int64
			for _, at := range tt.times {
				got = append(got, int64(c.ticks(at))/90)
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// Durations of adjacent spans add up, whatever the frame rate.
func TestBetween(t *testing.T) {
	var sum time.Duration
	const frame = 1501.5 // 59.94 pictures a second
	for i := range 10_000 {
		sum += between(mpegts.Ticks(float64(i)*frame), mpegts.Ticks(float64(i+1)*frame))
	}
	if want := 166_833 * time.Millisecond; sum != want {
		t.Errorf("got %v, want %v", sum, want)
	}
	if got := between(5, 5); got != time.Millisecond {
		t.Errorf("nothing: got %v, want 1ms", got)
	}
}
