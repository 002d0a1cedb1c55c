package segmenter

import (
	"bytes"
	"slices"
	"testing"

	"osslive/rtmp/flv"
)

// A clock that counts up in steps of less than two minutes is followed through
// both kinds of wrap, from any start.
func FuzzClock(f *testing.F) {
	f.Add(uint32(0x7fffff00), uint16(40), false)
	f.Add(uint32(0xffffff00), uint16(60000), true)
	f.Fuzz(func(t *testing.T, start uint32, step uint16, narrow bool) {
		mask := uint32(0xffffffff)
		if narrow {
			mask >>= 1
		}
		var c clock
		for i := range int64(100) {
			wire := (start + uint32(i)*uint32(step)) & mask
			if got, want := c.ticks(flv.Millis(wire)), fromMillis(i*int64(step)); got != want {
				t.Fatalf("step %d: got %d, want %d", i, got, want)
			}
		}
	})
}

func FuzzSPS(f *testing.F)     { fuzzSPS(f, &avc, spsHigh, spsCrop, spsField, "67") }
func FuzzHEVCSPS(f *testing.F) { fuzzSPS(f, &hevc, hevcSPS90, hevcSPS1080, "42 01") }

func fuzzSPS(f *testing.F, c *codec, seeds ...string) {
	for _, s := range seeds {
		f.Add(unhex(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := c.parseSPS(b)
		if err == nil && (s.width < 1 || s.height < 1 || s.width > maxSide || s.height > maxSide) {
			t.Fatalf("got %+v", s)
		}
	})
}

func FuzzASC(f *testing.F) {
	for _, s := range []string{"12 08 56 e5 00", "2b 11 88 00", "17 80 56 22 10", "f8 e8 50 00"} {
		f.Add(unhex(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := parseASC(b)
		if err != nil {
			return
		}
		if c.objectType < 1 || c.objectType > 4 || c.rateIndex > 12 || c.rate < 1 || c.channels < 1 || c.channels > 7 {
			t.Fatalf("got %+v", c)
		}
	})
}

// What is taken for an ADTS header is one of the whole frame, and one that we
// have written comes off again.
func FuzzADTS(f *testing.F) {
	c, _ := parseASC(unhex("12 10"))
	f.Add(appendADTS(nil, c.adts(), []byte("raw")))
	f.Add(unhex("ff f0 50 80 01 5f fc 12 34 56"))
	f.Add(unhex("ff f0 50 80 01 1f fc 00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if raw := trimADTS(b); !bytes.HasSuffix(b, raw) || len(b)-len(raw) > adtsHeaderSize+2 {
			t.Fatalf("got % x of % x", raw, b)
		}
		if len(b) > maxADTS-adtsHeaderSize {
			return
		}
		if raw := trimADTS(appendADTS(nil, c.adts(), b)); !bytes.Equal(raw, b) {
			t.Fatalf("got % x back, want % x", raw, b)
		}
	})
}

func FuzzAVCC(f *testing.F) {
	fuzzConfig(f, &avc, "01 64 00 0c ff e1 001a"+spsHigh+"01 0004"+ppsHigh+"fd f8 f8 00",
		"00 00 00 01"+spsHigh+"00 00 01"+ppsHigh+"00")
}

func FuzzHVCC(f *testing.F) {
	fuzzConfig(f, &hevc, hevcRecord, "00 00 00 01"+hevcVPS90+"00 00 01"+hevcSPS90+"00 00 01"+hevcPPS90)
}

func fuzzConfig(f *testing.F, codec *codec, seeds ...string) {
	for _, s := range seeds {
		f.Add(unhex(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := codec.parseConfig(b)
		if err != nil {
			return
		}
		if c.lengthSize < 1 || c.lengthSize > 4 || c.sets.size > maxSetsSize {
			t.Fatalf("got %+v", c)
		}
		for _, s := range slices.Concat(c.sets.vps, c.sets.sps, c.sets.pps) {
			if len(s.nal) == 0 || !bytes.Contains(b, s.nal) {
				t.Fatalf("set % x is not in the record", s.nal)
			}
			if !c.sets.has(s.nal) {
				t.Fatalf("set % x is not among its own", s.nal)
			}
		}
	})
}

func FuzzAccessUnit(f *testing.F) {
	f.Add(unhex("00000002 09 f0 00000002 67 64 00000002 65 88"), 4, false)
	f.Add(unhex("02 41 9a 02 41 9b"), 1, false)
	f.Add(unhex("00000003 460150 00000004 26010203 00000004 02010203 00000001 02"), 4, true)
	f.Fuzz(func(t *testing.T, b []byte, lengthSize int, isHEVC bool) {
		codec := &avc
		if isHEVC {
			codec = &hevc
		}
		lengthSize = lengthSize&3 + 1
		u, err := codec.scan(b, lengthSize)
		if err != nil {
			return
		}
		size := 0
		for len(b) > 0 {
			nal, rest, err := cutNAL(b, lengthSize)
			if err != nil {
				t.Fatalf("a second walk fails: %v", err)
			}
			if len(rest) >= len(b) {
				t.Fatal("no progress")
			}
			if codec.role(nal).kept() {
				size += 4 + len(nal)
			}
			b = rest
		}
		if size != u.size {
			t.Fatalf("got size %d, want %d", u.size, size)
		}
	})
}
