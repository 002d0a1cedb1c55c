package segmenter_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"osslive/rtmp/flv"
	"osslive/segmenter"
	"osslive/segmenter/mpegts"
	"osslive/segmenter/mpegts/mpegtstest"
)

func repeat(n int, t flv.Tag) []flv.Tag { return slices.Repeat([]flv.Tag{t}, n) }

// Streams that cannot be carried end with an error that says what to do, and
// keep what was good before.
func TestRefusals(t *testing.T) {
	video := func(s string) flv.Tag { return flv.Tag{Type: flv.Video, Data: unhex(s)} }
	overrun := video("27 01 000000 00 00 00 09 41")
	tests := []struct {
		name     string
		tags     []flv.Tag
		step     time.Duration // of real time, each tag
		want     string
		segments int
	}{
		{"HEVC", one(video("90 68766331 00")), 0, "HEVC is not supported by LiveChannel: choose H.264 (AVC) as the encoder", 0},
		{"HEVC with ID 12", one(video("1c 00 000000 01")), 0, "HEVC is not supported", 0},
		{"HEVC in the first track", one(video("96 00 68766331 00 01")), 0, "HEVC is not supported", 0},
		{"AV1", one(video("90 61763031 00")), 0, "AV1 is not supported", 0},
		{"VP9", one(video("90 76703039 00")), 0, "VP9 is not supported", 0},
		{"VP8", one(video("90 76703038 00")), 0, "VP8 is not supported", 0},
		{"VVC", one(video("90 76766331 00")), 0, "VVC is not supported", 0},
		{"H.263", one(video("12 00 00")), 0, "H263 is not supported", 0},
		{"Screen Video", one(video("13 00 00")), 0, "Screen Video is not supported", 0},
		{"VP6", one(video("14 00 00")), 0, "VP6 is not supported", 0},
		{"unknown FourCC", one(video("90 78787878 00")), 0, `"xxxx" is not supported`, 0},
		{"HEVC in another track", join(live(0, 1), one(video("96 00 68766331 01 01"))), 0, "", 1},
		{"colour metadata", join(live(0, 1), one(video("84 68766331 02"), video("84 02"))), 0, "", 1},
		{"AV1 in MPEG-2 TS", join(live(0, 1), one(video("95 61763031 00"))), 0, "", 1},
		{"HEVC in mid stream", join(live(0, 1), repeat(50, video("91 68766331 000000 00"))), 0, "HEVC is not supported", 1},
		{"HEVC's sequence header in mid stream", join(live(0, 1), one(video("90 68766331 01"))), 0, "HEVC is not supported", 1},
		{"49 malformed pictures", join(live(0, 1), repeat(49, overrun)), 0, "", 1},
		{"50 malformed pictures", join(live(0, 1), repeat(50, overrun)), 0, "50 malformed video messages in a row: NAL unit exceeds", 1},
		{"99 malformed pictures with a good one between", join(live(0, 1), repeat(49, overrun), one(inter(1000)), repeat(49, overrun)), 0, "", 1},
		{"50 malformed audio messages, good pictures between", join(live(0, 1), interleave(50, flv.Tag{Type: flv.Audio, Data: []byte{0xaf}}, inter(1000))), 0,
			"50 malformed audio messages in a row", 1},
		{"malformed sequence headers", repeat(50, video("17 00 000000 01 64 00 0c ff e1 00 ff 67")), 0, "malformed AVCDecoderConfigurationRecord", 0},
		{"audio alone for 9 s", join(one(asc(0, mono44)), repeat(90, aac(0))), 100 * time.Millisecond, "", 0},
		{"audio alone for 10 s", join(one(asc(0, mono44)), repeat(102, aac(0))), 100 * time.Millisecond, "must contain H.264 video", 0},
		{"9 s of audio at once", join(one(asc(0, stereo48)), repeat(425, aac(0))), 0, "", 0},
		{"10 s of audio at once", join(one(asc(0, stereo48)), repeat(470, aac(0))), 0, "must contain H.264 video", 0},
		{"no sequence header for 10 s", repeat(102, idr(0)), 100 * time.Millisecond, "without a sequence header", 0},
		{"no keyframe for 59 s", join(one(avcC(0, sps, pps)), repeat(590, inter(0))), 100 * time.Millisecond, "", 0},
		{"no keyframe for 60 s", join(one(avcC(0, sps, pps)), repeat(602, inter(0))), 100 * time.Millisecond, "set a keyframe interval", 0},
		{"camera paused for 60 s after a jump", join(live(0, 1), one(inter(3_600_000)), repeat(602, aac(3_600_000)), one(inter(3_660_000))), 100 * time.Millisecond, "", 1},
		{"no keyframe for 60 s after a jump", join(live(0, 1), repeat(602, inter(3_600_000))), 100 * time.Millisecond, "set a keyframe interval", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var elapsed time.Duration
			var out sink
			s := segmenter.New(segmenter.Config{FragDuration: time.Second, Elapsed: func() time.Duration { return elapsed }}, &out)
			var err error
			for _, tag := range tt.tags {
				if err = s.WriteTag(tag); err != nil {
					break
				}
				elapsed += tt.step
			}
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if err != nil {
				if again := s.WriteTag(idr(0)); again != err {
					t.Errorf("got %v again, want %v", again, err)
				}
			}
			s.Close()
			out.check(t)
			if len(out.data) != tt.segments {
				t.Errorf("got %d segments, want %d", len(out.data), tt.segments)
			}
		})
	}
}

func interleave(n int, a, b flv.Tag) (tags []flv.Tag) {
	for range n {
		tags = append(tags, a, b)
	}
	return tags
}

// A configuration that cannot be read costs the audio until there is another, and
// that is told and counted.
func TestMalformedAudioConfig(t *testing.T) {
	for _, config := range []string{"16 88", ""} {
		var out sink
		s := segmenter.New(segmenter.Config{FragDuration: time.Second}, &out)
		write := func(tags []flv.Tag) {
			for _, tag := range tags {
				if err := s.WriteTag(tag); err != nil {
					t.Fatal(err)
				}
			}
		}
		write(join(one(avcC(0, sps, pps), asc(0, config)), frames(0, 2)))
		if got := s.Info().Audio.Dropped; !strings.Contains(got, "malformed AudioSpecificConfig") || s.Malformed() != 1 {
			t.Errorf("config %q: audio dropped because %q, %d malformed", config, got, s.Malformed())
		}
		write(join(one(asc(2000, stereo48)), frames(2000, 1), frames(3000, 1)))
		if got := s.Info().Audio.Dropped; got != "" {
			t.Errorf("config %q, then a good one: audio dropped because %q", config, got)
		}
		s.Close()
		if got, want := summary(t, &out), "1s Kv, 1s Kv, 1s KDva, 1s Kva"; got != want {
			t.Errorf("config %q: got %s, want %s", config, got, want)
		}
	}
}

// A parameter set that cannot be read costs no picture that decodes without it.
func TestBrokenSetBesidePicture(t *testing.T) {
	cutSPS := unhex("67 64 00")
	tags := one(avcC(0, sps, pps))
	for second := range flv.Millis(6) {
		tags = append(tags, picture(second*1000, 0, cutSPS, unhex("65 88 84 21")))
		for i := range flv.Millis(24) {
			tags = append(tags, inter(second*1000+(i+1)*40))
		}
	}
	var out sink
	s := segmenter.New(segmenter.Config{FragDuration: time.Second}, &out)
	for _, tag := range tags {
		if err := s.WriteTag(tag); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	if got, want := summary(t, &out), "1s Kv, 1s Kv, 1s Kv, 1s Kv, 1s Kv, 1s Kv"; got != want || s.Malformed() != 6 {
		t.Errorf("got %s, %d malformed, want %s, 6", got, s.Malformed(), want)
	}
	pictures := 0
	for _, seg := range out.check(t).Segments {
		pictures += seg.Pictures
	}
	if pictures != 150 {
		t.Errorf("got %d pictures, want 150", pictures)
	}
}

// Close says why there is no segment.
func TestCloseWithoutSegment(t *testing.T) {
	for _, tt := range []struct {
		tags []flv.Tag
		want error
	}{
		{only(flv.Audio, live(0, 1)), segmenter.ErrNoVideo},
		{one(idr(0)), segmenter.ErrNoConfig},
		{one(avcC(0, sps, pps), inter(0)), segmenter.ErrNoKeyframe},
		{nil, nil},
	} {
		s := segmenter.New(segmenter.Config{FragDuration: time.Second}, &sink{})
		for _, tag := range tt.tags {
			if err := s.WriteTag(tag); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != tt.want {
			t.Errorf("got %v, want %v", err, tt.want)
		}
		if err := s.Close(); err != nil {
			t.Errorf("second Close: got %v", err)
		}
		if err := s.WriteTag(idr(0)); err == nil {
			t.Error("a closed segmenter takes tags")
		}
	}
}

// Without audio, the first segment opens after a second of real time, three of
// media, or 4 MiB.
func TestSecondTrackWait(t *testing.T) {
	big := func(at flv.Millis) flv.Tag { return picture(at, 0, append([]byte{0x65}, make([]byte, 60_000)...)) }
	tests := []struct {
		name string
		tag  func(i int) flv.Tag
		step time.Duration
		want int // tags until the segment is opened
	}{
		{"real time", func(i int) flv.Tag { return idr(0) }, 100 * time.Millisecond, 11},
		{"media", func(i int) flv.Tag { return idr(flv.Millis(i * 100)) }, 0, 31},
		{"bytes", func(i int) flv.Tag { return big(flv.Millis(i)) }, 0, 70},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var elapsed time.Duration
			w := &opened{}
			s := segmenter.New(segmenter.Config{FragDuration: time.Hour, Elapsed: func() time.Duration { return elapsed }}, w)
			s.WriteTag(avcC(0, sps, pps))
			n := 0
			for ; !w.opened && n < 1000; n++ {
				if err := s.WriteTag(tt.tag(n)); err != nil {
					t.Fatal(err)
				}
				elapsed += tt.step
			}
			if n != tt.want {
				t.Errorf("opened after %d tags, want %d", n, tt.want)
			}
		})
	}
}

// opened notes that a segment was opened.
type opened struct{ opened bool }

func (o *opened) Open() (io.Writer, error)       { o.opened = true; return io.Discard, nil }
func (o *opened) Finish(segmenter.Segment) error { return nil }

// An error of the sink ends the stream, and Close does not finish the segment.
func TestSinkErrors(t *testing.T) {
	broken := errors.New("disk full")
	for _, when := range []string{"open", "write", "finish"} {
		t.Run(when, func(t *testing.T) {
			out := &failing{when: when, err: broken}
			s := segmenter.New(segmenter.Config{FragDuration: time.Second}, out)
			var err error
			for _, tag := range live(0, 3) {
				if err = s.WriteTag(tag); err != nil {
					break
				}
			}
			if !errors.Is(err, broken) {
				t.Errorf("got %v, want %v", err, broken)
			}
			if err := s.Close(); err != nil {
				t.Errorf("Close: got %v", err)
			}
			if out.finished {
				t.Error("the broken segment was finished")
			}
		})
	}
}

type failing struct {
	when     string
	err      error
	finished bool
}

func (f *failing) Open() (io.Writer, error) {
	if f.when == "open" {
		return nil, f.err
	}
	return f, nil
}

func (f *failing) Write(b []byte) (int, error) {
	if f.when == "write" {
		return 0, f.err
	}
	return len(b), nil
}

func (f *failing) Finish(segmenter.Segment) error {
	if f.when == "finish" {
		return f.err
	}
	f.finished = true
	return nil
}

// tail keeps the last 30 segments and the sum of all durations.
type tail struct {
	sink
	total time.Duration
}

func (s *tail) Finish(seg segmenter.Segment) error {
	s.total += seg.Duration
	err := s.sink.Finish(seg)
	if n := len(s.data) - 30; n > 0 {
		s.data, s.info = s.data[n:], s.info[n:]
	}
	return err
}

// An accelerated stream of 27 hours crosses the 33 bits of a time stamp.
func TestTimeStampWrap(t *testing.T) {
	var out tail
	s := segmenter.New(segmenter.Config{FragDuration: 100 * time.Second}, &out)
	if err := s.WriteTag(avcC(0, sps, pps)); err != nil {
		t.Fatal(err)
	}
	const length, step = 27 * 3600 * 1000, 9000
	for at := flv.Millis(0); at < length; at += step {
		if err := s.WriteTag(idr(at)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	r := out.check(t)
	for i, seg := range out.info {
		if seg.Discontinuity {
			t.Errorf("segment %d is a discontinuity", i)
		}
	}
	if want := 27 * time.Hour; out.total != want {
		t.Errorf("got %v, want %v", out.total, want)
	}
	if first, last := r.Segments[0].FirstDTS, r.Segments[len(r.Segments)-1].LastDTS; first >= 1<<33 || last < 1<<33 {
		t.Errorf("got DTS from %d to %d, want them around %d", first, last, 1<<33)
	}
}

// The independent reader sees what is wrong with a segment.
func TestInspectFindsFaults(t *testing.T) {
	out, _ := segment(t, segmenter.Config{FragDuration: time.Second}, live(0, 2))
	const packet = mpegts.PacketSize
	tests := []struct {
		name  string
		spoil func(b []byte) []byte
		want  string
	}{
		{"cut", func(b []byte) []byte { return b[:len(b)-1] }, "no multiple of 188"},
		{"sync", func(b []byte) []byte { b[packet*5] = 0; return b }, "sync byte"},
		{"no PAT", func(b []byte) []byte { return b[packet:] }, "want the PAT"},
		{"CRC", func(b []byte) []byte { b[packet+20] ^= 1; return b }, "checksum"},
		{"lost packet", func(b []byte) []byte { return slices.Delete(b, packet*4, packet*5) }, "continuity counter"},
		{"repeated picture", func(b []byte) []byte { return slices.Concat(b[:packet*3], b[packet*2:]) }, "DTS"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := mpegtstest.Inspect(out.data[0], tt.spoil(slices.Clone(out.data[1])))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// Info may be asked for while tags are written.
func TestInfoConcurrently(t *testing.T) {
	s := segmenter.New(segmenter.Config{FragDuration: time.Second}, &sink{})
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				s.Info()
			}
		}
	}()
	for _, tag := range live(0, 5) {
		if err := s.WriteTag(tag); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	<-done
	got := s.Info()
	if got.Video.FrameRate != 25 || got.Video.Width != 320 || got.Audio.SampleRate != 48000 || got.Audio.Bandwidth == 0 {
		t.Errorf("got %+v", got)
	}
}

// Nor is anything of AAC said of the codec that has come in its place.
func TestInfoOfDroppedAudio(t *testing.T) {
	s := segmenter.New(segmenter.Config{FragDuration: time.Second}, &sink{})
	mp3 := flv.Tag{Type: flv.Audio, Time: 5000, Data: []byte{0x2f, 1, 2, 3}}
	for _, tag := range join(live(0, 5), repeat(60, mp3), only(flv.Video, shifted(5000, frames(0, 2)))) {
		if err := s.WriteTag(tag); err != nil {
			t.Fatal(err)
		}
	}
	if a := s.Info().Audio; a.Codec != "MP3" || a.Bandwidth != 0 || a.Dropped == "" {
		t.Errorf("got %+v", a)
	}
	s.Close()
}

// What is said of a track that has stopped is not what it had before.
func TestInfoOfStoppedTrack(t *testing.T) {
	for _, stopped := range []flv.TagType{flv.Video, flv.Audio} {
		s := segmenter.New(segmenter.Config{FragDuration: time.Second}, &sink{})
		write := func(tags []flv.Tag) segmenter.StreamInfo {
			for _, tag := range tags {
				if err := s.WriteTag(tag); err != nil {
					t.Fatal(err)
				}
			}
			return s.Info()
		}
		goesOn := flv.Audio + flv.Video - stopped
		before := write(live(0, 5))
		after := write(only(goesOn, shifted(5000, frames(0, 6))))
		if before.Video.Bandwidth == 0 || before.Video.FrameRate == 0 || before.Audio.Bandwidth == 0 {
			t.Errorf("with both: got %+v", before)
		}
		if video := after.Video.Bandwidth > 0; video != (goesOn == flv.Video) || (after.Video.FrameRate > 0) != video || (after.Audio.Bandwidth > 0) == video {
			t.Errorf("tag type %d stopped 6 s ago: got %+v", stopped, after)
		}
		again := write(shifted(11000, frames(0, 3)))
		if again.Video.Bandwidth == 0 || again.Audio.Bandwidth == 0 {
			t.Errorf("tag type %d is there again: got %+v", stopped, again)
		}
		s.Close()
	}
}
