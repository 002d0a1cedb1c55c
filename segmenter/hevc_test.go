package segmenter

import (
	"bytes"
	"strings"
	"testing"
)

// parameter sets of x265: 174x92 in 4:2:0 (the clip's), 1920x1080 in 4:2:2 of
// 10 bits, 640x362 in 4:4:4 with two temporal layers
const (
	hevcVPS90    = "40 01 0c 01 ff ff 01 60 00 00 03 00 90 00 00 03 00 00 03 00 1e 95 94 09"
	hevcSPS90    = "42 01 01 01 60 00 00 03 00 90 00 00 03 00 00 03 00 1e a0 16 20 61 d5 e5 95 96 49 32 bc 05 a0 20 00 00 03 00 20 00 00 03 03 21"
	hevcPPS90    = "44 01 c1 72 b4 62 40"
	hevcSPS1080  = "42 01 01 04 08 00 00 03 00 9d 08 00 00 03 00 00 78 b0 03 c0 80 10 e4 d9 65 66 92 4c af 01 68 08 00 00 03 00 08 00 00 03 00 c8 40"
	hevcSPSLayer = "42 01 02 04 08 00 00 03 00 9e 08 00 00 03 00 00 3f 00 00 90 00 a0 40 2e 3e 7c b2 b3 15 9a 49 32 bc 05 a0 20 00 00 03 00 20 00 00 03 03 21"

	hevcRecordHead = "01 01 60000000 900000000000 1e f000 fc fd f8 f8 0000 0f"
	hevcRecord     = hevcRecordHead + "03 a0 0001 0018" + hevcVPS90 + "a1 0001 002a" + hevcSPS90 + "a2 0001 0007" + hevcPPS90
)

func TestParseHEVCSPS(t *testing.T) {
	tests := []struct {
		name          string
		nal           string
		width, height int
		err           bool
	}{
		{"4:2:0, cropped", hevcSPS90, 174, 92, false},
		{"4:2:2, 10 bits", hevcSPS1080, 1920, 1080, false},
		{"4:4:4, two layers", hevcSPSLayer, 640, 362, false},
		{"not an SPS", hevcPPS90, 0, 0, true},
		{"empty", "42 01", 0, 0, true},
		{"header alone", "42", 0, 0, true},
		{"cut", hevcSPS90[:60], 0, 0, true},
		{"seven sub-layers without their levels", "42 01 0d 01 60 00 00 03 00 90 00 00 03 00 00 03 00 1e ff ff", 0, 0, true},
		// 16 bytes of profile, then ue: id 0, chroma 1, width 0
		{"no width", "42 01 01 01 60 00 00 03 00 90 00 00 03 00 00 03 00 1e ae 80", 0, 0, true},
		// id 0, chroma 1, and a width of 17 bits
		{"absurd width", "42 01 01 01 60 00 00 03 00 90 00 00 03 00 00 03 00 1e a0 00 08 00 10 5b 00", 0, 0, true},
		{"chroma format 4", "42 01 01 01 60 00 00 03 00 90 00 00 03 00 00 03 00 1e 94 02 c4 05 b0 00", 0, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseHEVCSPS(unhex(tt.nal))
			if (err != nil) != tt.err || got.width != tt.width || got.height != tt.height {
				t.Errorf("got %dx%d, %v, want %dx%d", got.width, got.height, err, tt.width, tt.height)
			}
		})
	}
}

func TestParseHVCC(t *testing.T) {
	sei := "a7 0001 0004 4e 01 05 00"
	tests := []struct {
		name          string
		record        string
		lengthSize    int
		vps, sps, pps int
		err           bool
	}{
		{"one of each", hevcRecord, 4, 1, 1, 1, false},
		{"lengths of 2 bytes", strings.Replace(hevcRecord, "0000 0f", "0000 0d", 1), 2, 1, 1, 1, false},
		{"no sets", hevcRecordHead + "00", 4, 0, 0, 0, false},
		{"SEI too", hevcRecordHead + "02 a0 0001 0018" + hevcVPS90 + sei, 4, 1, 0, 0, false},
		{"empty array", hevcRecordHead + "01 a0 0000", 4, 0, 0, 0, false},
		{"two PPS in another order", hevcRecordHead + "02 22 0002 0007" + hevcPPS90 + "0003 44 01 40" + "21 0001 002a" + hevcSPS90, 4, 0, 1, 2, false},
		{"set of a layer above", hevcRecordHead + "01 a0 0001 0003 40 09 0c", 4, 0, 0, 0, false},
		{"Annex B", "00 00 00 01" + hevcVPS90 + "00 00 01" + hevcSPS90 + "00 00 00 01" + hevcPPS90 + "00", 4, 1, 1, 1, false},
		{"empty", "", 0, 0, 0, 0, true},
		{"cut in the head", hevcRecordHead, 0, 0, 0, 0, true},
		{"version 2", "02" + hevcRecord[2:], 0, 0, 0, 0, true},
		{"array cut", hevcRecordHead + "01 a0 00", 0, 0, 0, 0, true},
		{"set cut", hevcRecord[:len(hevcRecord)-3], 0, 0, 0, 0, true},
		{"arrays missing", hevcRecordHead + "ff", 0, 0, 0, 0, true},
		{"65,535 sets announced", hevcRecordHead + "01 a0 ffff 0018" + hevcVPS90, 0, 0, 0, 0, true},
		{"PPS among the SPS", hevcRecordHead + "01 a1 0001 0007" + hevcPPS90, 0, 0, 0, 0, true},
		{"PPS with id 64", hevcRecordHead + "01 a2 0001 0004 44 01 02 08", 0, 0, 0, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := hevc.parseConfig(unhex(tt.record))
			s := &got.sets
			if (err != nil) != tt.err || got.lengthSize != tt.lengthSize || len(s.vps) != tt.vps || len(s.sps) != tt.sps || len(s.pps) != tt.pps {
				t.Errorf("got lengths of %d, %d VPS, %d SPS, %d PPS, %v", got.lengthSize, len(s.vps), len(s.sps), len(s.pps), err)
			}
			if complete := tt.vps*tt.sps*tt.pps > 0; err == nil && s.complete() != complete {
				t.Errorf("got complete %v", s.complete())
			}
		})
	}
	c, _ := hevc.parseConfig(unhex(hevcRecord))
	want := unhex("00 00 00 01 46 01 50 00 00 00 01" + hevcVPS90 + "00 00 00 01" + hevcSPS90 + "00 00 00 01" + hevcPPS90)
	if got := c.sets.prefix(); !bytes.Equal(got, want) {
		t.Errorf("prefix: got % x, want % x", got, want)
	}
}

func TestScanHEVC(t *testing.T) {
	tests := []struct {
		name string
		data string
		want accessUnit
	}{
		{"trailing picture", "00000003 02 01 d0", accessUnit{size: 7, picture: true}},
		{"leading picture", "00000003 12 01 d0", accessUnit{size: 7, picture: true}},
		{"BLA", "00000003 20 01 d0", accessUnit{size: 7, picture: true, random: true}},
		{"IDR", "00000003 26 01 d0", accessUnit{size: 7, picture: true, random: true}},
		{"CRA", "00000003 2a 01 d0", accessUnit{size: 7, picture: true, random: true}},
		{"reserved type", "00000003 2c 01 d0", accessUnit{size: 7}},
		{"left out", "00000003 46 01 50 00000003 40 01 0c 00000003 42 01 01 00000003 44 01 c1 00000002 48 01 00000002 4a 01 00000003 4c 01 ff 00000000 00000003 26 01 d0",
			accessUnit{size: 7, picture: true, random: true, sets: true}},
		{"SEI around", "00000003 4e 01 05 00000003 26 01 d0 00000003 50 01 84", accessUnit{size: 21, picture: true, random: true}},
		{"half a header", "00000001 26", accessUnit{}},
		{"layer above", "00000003 26 09 d0 00000003 27 01 d0", accessUnit{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := hevc.scan(unhex(tt.data), 4); got != tt.want || err != nil {
				t.Errorf("got %+v, %v, want %+v", got, err, tt.want)
			}
		})
	}
}
