package segmenter_test

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"osslive/rtmp/flv"
	"osslive/segmenter"
)

// script turns bytes into tags: an operation, a step of time, and what the
// operation takes.
func script(b []byte) (tags []flv.Tag) {
	var now flv.Millis
	byteAt := func() (c byte) {
		if len(b) > 0 {
			c, b = b[0], b[1:]
		}
		return c
	}
	// raw has no zeros: a start code inside a NAL unit is the sender's lie,
	// which passes through.
	raw := func() []byte {
		n := min(int(byteAt()), len(b))
		p := bytes.ReplaceAll(b[:n], []byte{0}, []byte{1})
		b = b[n:]
		return p
	}
	for len(b) > 0 && len(tags) < 2000 {
		op := byteAt()
		switch step := byteAt(); {
		case step < 200:
			now += flv.Millis(step)
		case step < 220:
			now -= flv.Millis(step-200) * 50
		case step < 240:
			now += flv.Millis(step-220) * 700
		case step < 250:
			now -= flv.Millis(step-240) * 3000
		default:
			now += 1 << (26 + step - 250)
		}
		switch op % 20 {
		case 0:
			tags = append(tags, avcC(now, sps, pps))
		case 1:
			tags = append(tags, avcC(now, otherSPS, otherPPS))
		case 2, 3:
			tags = append(tags, idr(now))
		case 4, 5:
			tags = append(tags, inter(now))
		case 6:
			tags = append(tags, picture(now, int(int8(byteAt()))*100, append([]byte{0x41}, raw()...)))
		case 7:
			tags = append(tags, picture(now, 40, otherSPS, otherPPS, []byte{0x65, 0x88}))
		case 8:
			tags = append(tags, picture(now, 0, []byte{9, 0xf0}, otherPPS, []byte{6, 5, 1}, nil, []byte{12, 0xff}, []byte{0x41, 0x9a}))
		case 9:
			tags = append(tags, asc(now, mono44))
		case 10:
			tags = append(tags, asc(now, stereo48))
		case 11, 12:
			tags = append(tags, aac(now))
		case 13:
			tags = append(tags, flv.Tag{Type: flv.Audio, Time: now, Data: append([]byte{0xaf, byteAt() & 1}, raw()...)})
		case 14:
			tags = append(tags, flv.Tag{Type: flv.Video, Time: now, Data: append([]byte{0x17, byteAt() & 1, 0, 0, 0}, raw()...)})
		case 15:
			tags = append(tags, flv.Tag{Type: flv.TagType(8 + op>>4&1), Time: now, Data: raw()})
		case 16:
			tags = append(tags, hevcConfig(now, hevcVPS, hevcSPS, hevcPPS))
		case 17:
			tags = append(tags, hevcPicture(now, 1, [][]byte{hevcVPS, otherHEVCSPS, otherHEVCPPS}[byteAt()%3], []byte{0x2a, 1, 0xaf}))
		case 18:
			tags = append(tags, hevcPicture(now, 1+byteAt()&1, []byte{byteAt()&0x3f<<1 | 1, 1}, []byte{0x02, 1, 0xd0}))
		case 19:
			tags = append(tags, hevcPicture(now, 1, append([]byte{0x26, 1}, raw()...)))
		}
	}
	return tags
}

// checkAny runs any tags and checks what must always hold. It returns how many
// segments came out.
func checkAny(t *testing.T, cfg segmenter.Config, tags []flv.Tag) int {
	t.Helper()
	var out sink
	s := segmenter.New(cfg, &out)
	for _, tag := range tags {
		before := bytes.Clone(tag.Data)
		err := s.WriteTag(tag)
		if !bytes.Equal(tag.Data, before) {
			t.Fatal("the tag's data was changed")
		}
		if err != nil {
			if err.Error() == "" {
				t.Fatal("error without a text")
			}
			break
		}
	}
	s.Close()
	out.check(t)
	if t.Failed() {
		for i, tag := range tags {
			t.Logf("%d: %v %d % x", i, tag.Type, tag.Time, tag.Data[:min(24, len(tag.Data))])
		}
		t.FailNow()
	}
	return len(out.data)
}

func FuzzSegmenter(f *testing.F) {
	f.Add([]byte{0, 0, 9, 0, 2, 40, 4, 40, 11, 23, 4, 40, 2, 40}, false)
	f.Add([]byte{10, 0, 11, 20, 12, 20, 11, 21, 0, 0, 3, 0, 11, 21}, true)
	f.Add([]byte{0, 0, 10, 0, 3, 0, 11, 20, 4, 255, 11, 0, 3, 40, 11, 20, 1, 0, 3, 10, 9, 0, 11, 20, 7, 100}, false)
	f.Add([]byte{16, 0, 9, 0, 17, 40, 0, 18, 40, 1, 12, 11, 23, 17, 40, 1, 0, 40, 3, 40, 17, 40, 2}, false)
	f.Add([]byte{14, 0, 0, 6, 1, 100, 0, 12, 255, 225, 8, 30, 2, 3}, false)
	f.Fuzz(func(t *testing.T, b []byte, audioOnly bool) {
		checkAny(t, segmenter.Config{FragDuration: time.Second, AllowAudioOnly: audioOnly, AllowHEVC: true, MaxBytes: 64 << 10}, script(b))
	})
}

// Whatever the times are, the output is a valid stream.
func TestRandomStreams(t *testing.T) {
	n, segments, tags := counts(3000, 1_000_000), 0, 0
	if testing.Short() {
		n = 300
	}
	for seed := range n {
		r := rand.New(rand.NewPCG(uint64(seed), 1))
		b := make([]byte, 40+r.IntN(400))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		// Every other stream starts well.
		if seed%2 == 0 {
			copy(b, []byte{0, 0, 10, 0, 3, 0})
		}
		all := script(b)
		tags += len(all)
		segments += checkAny(t, segmenter.Config{FragDuration: time.Second, AllowAudioOnly: seed%3 == 0, AllowHEVC: true}, all)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	t.Logf("R13: %d streams of %d tags with random times gave %d segments; durations or times that cannot be: 0", n, tags, segments)
}
