package segmenter_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"slices"
	"testing"
	"time"

	"osslive/rtmp/flv"
	"osslive/segmenter"
	"osslive/segmenter/mpegts"
	"osslive/segmenter/mpegts/mpegtstest"
)

// sink collects segments in memory.
type sink struct {
	data [][]byte
	info []segmenter.Segment
	open bytes.Buffer
	most int // largest piece

	opaque bool // what is in the NAL units is not looked at
}

func (s *sink) Open() (io.Writer, error) {
	s.open = bytes.Buffer{}
	return s, nil
}

func (s *sink) Write(b []byte) (int, error) {
	s.most = max(s.most, len(b))
	return s.open.Write(b)
}

func (s *sink) Finish(seg segmenter.Segment) error {
	s.data = append(s.data, s.open.Bytes())
	s.info = append(s.info, seg)
	return nil
}

// check runs the independent reader over the segments and compares what it
// measures with what the segmenter said.
func (s *sink) check(t *testing.T) mpegtstest.Report {
	t.Helper()
	inspect := mpegtstest.Inspect
	if s.opaque {
		inspect = mpegtstest.InspectTransport
	}
	r, err := inspect(s.data...)
	if err != nil {
		t.Errorf("MPEG-TS:\n%v", err)
	}
	if s.most > 64<<10 {
		t.Errorf("got a piece of %d bytes, want at most 64 KiB", s.most)
	}
	for i, seg := range s.info {
		if seg.Duration < time.Millisecond || seg.Duration%time.Millisecond != 0 {
			t.Errorf("segment %d: got duration %v, want whole milliseconds", i, seg.Duration)
		}
		if seg.Bytes != int64(len(s.data[i])) {
			t.Errorf("segment %d: got %d bytes, want %d", i, seg.Bytes, len(s.data[i]))
		}
		m := r.Segments[i]
		if seg.Keyframe != (m.Keyframe && m.VideoFirst) && m.HasVideo {
			t.Errorf("segment %d: got keyframe %v, measured %+v", i, seg.Keyframe, m)
		}
		if seg.Discontinuity != (m.Discontinuity && i > 0) {
			t.Errorf("segment %d: got discontinuity %v, measured %v", i, seg.Discontinuity, m.Discontinuity)
		}
		if i+1 < len(s.info) && !s.info[i+1].Discontinuity {
			want := time.Duration(r.Segments[i+1].FirstDTS-m.FirstDTS) * time.Second / 90000
			if d := seg.Duration - want; d > time.Millisecond || d < -time.Millisecond {
				t.Errorf("segment %d: got duration %v, measured %v", i, seg.Duration, want)
			}
		}
	}
	return r
}

// durations are in milliseconds.
func (s *sink) durations() (ms []int64) {
	for _, seg := range s.info {
		ms = append(ms, seg.Duration.Milliseconds())
	}
	return ms
}

// readClip returns all tags of a file.
func readClip(t testing.TB, name string) []flv.Tag {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	r := flv.NewReader(bytes.NewReader(b))
	var tags []flv.Tag
	for {
		tag, err := r.ReadTag()
		if err == io.EOF {
			return tags
		}
		if err != nil {
			t.Fatal(err)
		}
		tag.Data = bytes.Clone(tag.Data)
		tags = append(tags, tag)
	}
}

// segment runs tags through a segmenter to the end.
func segment(t testing.TB, cfg segmenter.Config, tags []flv.Tag) (*sink, segmenter.StreamInfo) {
	t.Helper()
	var out sink
	s := segmenter.New(cfg, &out)
	for i, tag := range tags {
		if err := s.WriteTag(tag); err != nil {
			t.Fatalf("tag %d: %v", i, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return &out, s.Info()
}

func TestClips(t *testing.T) {
	h264 := func(w, h int, rate float64, keyInterval time.Duration) segmenter.VideoInfo {
		return segmenter.VideoInfo{Codec: "H264", Width: w, Height: h, FrameRate: rate, KeyInterval: keyInterval}
	}
	tests := []struct {
		file      string
		target    time.Duration
		durations []int64
		pictures  int
		audio     int
		info      segmenter.StreamInfo
	}{
		{"bframes", 2 * time.Second, []int64{2000, 2000, 2000}, 150, 260,
			segmenter.StreamInfo{Video: h264(160, 90, 25, 2*time.Second), Audio: segmenter.AudioInfo{Codec: "AAC", SampleRate: 44100, Channels: 1}}},
		{"slices", time.Second, []int64{1001, 1001, 1001, 1002}, 120, 189,
			segmenter.StreamInfo{Video: h264(176, 144, 30, 1001*time.Millisecond), Audio: segmenter.AudioInfo{Codec: "AAC", SampleRate: 48000, Channels: 2}}},
		{"interlaced", time.Second, []int64{1000, 1000, 1000}, 75, 0,
			segmenter.StreamInfo{Video: h264(174, 92, 25, time.Second)}},
		{"slow", 4 * time.Second, []int64{4000, 2000}, 6, 47,
			segmenter.StreamInfo{Video: h264(160, 90, 1, 2*time.Second), Audio: segmenter.AudioInfo{Codec: "AAC", SampleRate: 8000, Channels: 1}}},
		{"surround", time.Second, []int64{1000, 1000}, 50, 95,
			segmenter.StreamInfo{Video: h264(160, 90, 25, time.Second), Audio: segmenter.AudioInfo{Codec: "AAC", SampleRate: 48000, Channels: 6}}},
		{"mp3", 2 * time.Second, []int64{2000}, 50, 0,
			segmenter.StreamInfo{Video: h264(160, 90, 25, time.Second), Audio: segmenter.AudioInfo{Codec: "MP3",
				Dropped: "audio codec MP3 is not supported by LiveChannel, audio is dropped: choose AAC"}}},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			out, info := segment(t, segmenter.Config{FragDuration: tt.target}, readClip(t, "testdata/"+tt.file+".flv"))
			r := out.check(t)
			if got := out.durations(); !equal(got, tt.durations) {
				t.Errorf("got durations %v, want %v", got, tt.durations)
			}
			pictures, audio := 0, 0
			for i, seg := range r.Segments {
				pictures += seg.Pictures
				audio += seg.AudioFrames
				if !seg.VideoFirst || !seg.Keyframe {
					t.Errorf("segment %d does not start with a keyframe", i)
				}
				if seg.HasAudio != (tt.audio > 0) {
					t.Errorf("segment %d: got audio %v", i, seg.HasAudio)
				}
			}
			if pictures != tt.pictures || audio != tt.audio {
				t.Errorf("got %d pictures, %d audio frames, want %d, %d", pictures, audio, tt.pictures, tt.audio)
			}
			if first := r.Segments[0].FirstDTS; first != 126000 {
				t.Errorf("got first DTS %d, want 126000", first)
			}
			if info.Video.Bandwidth == 0 {
				t.Error("no video bandwidth")
			}
			info.Video.Bandwidth, info.Audio.Bandwidth = 0, 0
			info.Video.FrameRate = float64(int(info.Video.FrameRate + 0.5))
			if info != tt.info {
				t.Errorf("got %+v, want %+v", info, tt.info)
			}
		})
	}
}

func equal(a, b []int64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// A picture after a pause takes the clock far ahead: audio from before it stands
// before the packets that do that.
func TestClockDoesNotPassAudio(t *testing.T) {
	out, _ := segment(t, segmenter.Config{FragDuration: 100 * time.Second},
		join(one(avcC(0, sps, pps), asc(0, mono44), idr(0), aac(2), idr(9000), aac(9002), idr(18000))))
	out.check(t)
	ts, clock, audio := out.data[0], int64(0), 0
	for p := range slices.Chunk(ts, mpegts.PacketSize) {
		pid := binary.BigEndian.Uint16(p[1:]) & 0x1fff
		switch {
		case p[3]&0x20 != 0 && p[4] > 0 && p[5]&0x10 != 0:
			clock = int64(binary.BigEndian.Uint32(p[6:]))<<1 | int64(p[10]>>7)
		case pid == 0x101 && p[1]&0x40 != 0:
			pes := p[4:]
			if p[3]&0x20 != 0 {
				pes = p[5+p[4]:]
			}
			pts := int64(pes[9]>>1&7)<<30 | int64(pes[10])<<22 | int64(pes[11]>>1)<<15 | int64(pes[12])<<7 | int64(pes[13]>>1)
			if audio++; clock > pts {
				t.Errorf("the clock is at %d before audio of %d", clock, pts)
			}
		}
	}
	if audio != 2 {
		t.Errorf("got %d audio packets, want 2", audio)
	}
}
