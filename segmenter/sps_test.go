package segmenter

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// What x264 writes, with its NAL unit header, and what it stands for.
func TestParseSPS(t *testing.T) {
	tests := []struct {
		name          string
		nal           string
		width, height int
		err           bool
	}{
		{"High, cropped", spsHigh, 320, 180, false},
		{"Main", spsCrop, 1280, 720, false},
		{"fields, cropped", spsField, 1920, 1080, false},
		{"fields, 1088 lines cropped", "67 64 00 28 ac d9 40 78 04 4f de 02 20 00 00 03 00 20 00 00 06 43 e2 c5 b2 c0", 1920, 1080, false},
		{"Baseline, order of pictures of type 2", "67 42 c0 28 d9 00 78 02 27 e5 c0 44 00 00 03 00 04 00 00 03 00 ca 3c 60 c9 20", 1920, 1080, false},
		{"High 10", "67 6e 00 0b a6 cd 94 2c de af ff 01 fa 03 0f 10 00 00 03 00 10 00 00 03 03 20 f1 42 99 60", 174, 92, false},
		{"High 4:2:2, an odd number of lines", "67 7a 00 0b bc d9 42 cd ea 6f fc 0f a4 18 78 40 00 00 03 00 40 00 00 0c 83 c5 0a 65 80", 174, 91, false},
		{"High 4:2:2 of 10 bits", "67 7a 00 0b b6 cd 94 2c de a5 ff c0 7e 80 c3 c4 00 00 03 00 04 00 00 03 00 c8 3c 50 a6 58", 174, 92, false},
		{"High 4:4:4", "67 f4 00 0b 91 9b 28 59 bd cf ff 80 1b 80 2b 88 00 00 03 00 08 00 00 03 01 90 78 a1 4c b0", 174, 90, false},
		{"High 4:4:4 of 10 bits, odd", "67 f4 00 0b 90 d9 b2 85 9b d4 df f8 04 78 07 08 80 00 00 03 00 80 00 00 19 07 8a 14 cb", 175, 91, false},
		{"gray, odd", "67 64 00 0b f3 65 0b 37 a9 bf f0 08 f0 0e 16 c8 00 00 03 00 08 00 00 03 01 90 78 a1 4c b0", 175, 91, false},
		{"not an SPS", ppsHigh, 0, 0, true},
		{"empty", "67", 0, 0, true},
		{"cut", "67 64 00 0c ac d9", 0, 0, true},
		{"endless number", "67 64 00 0c 00 00 00 00 00 00 00 00", 0, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseSPS(unhex(tt.nal))
			if (err != nil) != tt.err || got.width != tt.width || got.height != tt.height {
				t.Errorf("got %dx%d, %v, want %dx%d", got.width, got.height, err, tt.width, tt.height)
			}
		})
	}
}

// What x264 does not write, bit by bit.
func TestParseSPSBits(t *testing.T) {
	sps := func(profile string, parts ...any) string {
		s := "01100111" + profile + "0000000000101000"
		for _, p := range parts {
			switch p := p.(type) {
			case int:
				b := fmt.Sprintf("%b", p+1) // unsigned Exp-Golomb
				s += strings.Repeat("0", len(b)-1) + b
			case string:
				s += p
			}
		}
		return s + "1"
	}
	const (
		high     = "01100100"
		baseline = "01000010"
	)
	// id; frame numbers; order of pictures 2, references, gaps
	head := []any{0, 0, 2, 1, "0"}
	size := func(mbs ...any) []any { return append(append([]any{}, head...), mbs...) }
	tests := []struct {
		name          string
		bits          string
		width, height int
		err           bool
	}{
		{"no cropping", sps(baseline, size(19, 11, "10 0")...), 320, 192, false},
		{"cropped by two and by twelve", sps(baseline, size(19, 11, "10 1", 0, 1, 0, 6)...), 318, 180, false},
		{"fields count twice", sps(baseline, size(19, 5, "001 1", 0, 0, 0, 3)...), 320, 180, false},
		{"cropped to nothing", sps(baseline, size(19, 11, "10 1", 80, 80, 0, 0)...), 0, 0, true},
		{"cropped by billions", sps(baseline, size(19, 11, "10 1", 1<<32-2, 1<<32-2, 0, 0)...), 0, 0, true},
		{"16384 wide", sps(baseline, size(1023, 1023, "10 0")...), 16384, 16384, false},
		{"wider", sps(baseline, size(1024, 11, "10 0")...), 0, 0, true},
		{"billions wide", sps(baseline, size(1<<32-2, 1<<32-2, "10 0")...), 0, 0, true},
		{"id 31", sps(baseline, 31, 0, 2, 1, "0", 19, 11, "10 0"), 320, 192, false},
		{"id 32", sps(baseline, 32, 0, 2, 1, "0", 19, 11, "10 0"), 0, 0, true},
		// pictures in an order of type 1: a cycle of two offsets
		{"order of type 1", sps(baseline, 0, 0, 1, "0", 0, 4, 2, 1, 2, 1, "0", 19, 11, "10 0"), 320, 192, false},
		{"order of type 1, endless cycle", sps(baseline, 0, 0, 1, "0", 0, 4, 256, 1, "0", 19, 11, "10 0"), 0, 0, true},
		// scaling lists: the first ends at once (delta -8), the others are absent
		{"scaling lists", sps(high, 0, 1, 0, 0, "0 1", "1", 16, "0000000", 0, 2, 1, "0", 19, 11, "10 0"), 320, 192, false},
		{"scaling lists of 4:4:4", sps(high, 0, 3, "0", 0, 0, "0 1", "1", 16, "00000000000", 0, 2, 1, "0", 19, 11, "10 1", 0, 1, 0, 1), 319, 191, false},
		{"planes apart", sps(high, 0, 3, "1", 0, 0, "0 0", 0, 2, 1, "0", 19, 11, "10 1", 0, 1, 0, 1), 319, 191, false},
		{"chroma format 4", sps(high, 0, 4, 0, 0, "0 0", 0, 2, 1, "0", 19, 11, "10 0"), 0, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseSPS(escape(pack(tt.bits)))
			if (err != nil) != tt.err || got.width != tt.width || got.height != tt.height {
				t.Errorf("got %dx%d, %v, want %dx%d", got.width, got.height, err, tt.width, tt.height)
			}
		})
	}
}

// pack turns zeros and ones into bytes.
func pack(s string) (b []byte) {
	n := 0
	for _, c := range strings.ReplaceAll(s, " ", "") {
		if n%8 == 0 {
			b = append(b, 0)
		}
		b[n/8] |= byte(c-'0') << (7 - n%8)
		n++
	}
	return b
}

// escape puts in emulation prevention bytes.
func escape(b []byte) []byte {
	return bytes.ReplaceAll(bytes.ReplaceAll(b, []byte{0, 0, 0}, []byte{0, 0, 3, 0}), []byte{0, 0, 1}, []byte{0, 0, 3, 1})
}
