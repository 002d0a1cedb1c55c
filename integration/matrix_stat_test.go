package integration

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"testing"
	"time"
)

// What GetLiveChannelStat says of a stream is what ffprobe finds in the same seconds.
var statRows = []row{
	statRow("stat: baseline", clipRow{seconds: "20", coding: "-g 50 -bf 2"}),
	statRow("stat: 29.97 fps", clipRow{rate: "30000/1001", coding: gop(60)}),
	statRow("stat: 59.94 fps", clipRow{rate: "60000/1001", coding: gop(120)}),
	statRow("stat: 1 fps", clipRow{rate: "1", seconds: "20", coding: gop(5)}),
	statRow("stat: variable frame rate", clipRow{coding: "-g 25 -vf select='not(mod(n,3))+gt(n,50)' -vsync vfr"}),
	statRow("stat: cropped, 1918×1078", clipRow{picture: "testsrc2=size=1918x1078:rate=25", seconds: "3", coding: gop(25) + " -preset ultrafast"}),
	statRow("stat: 4:4:4, 321×181", clipRow{picture: "testsrc2=size=320x180:rate=25,scale=321:181", coding: gop(50) + " -pix_fmt yuv444p"}),
	statRow("stat: 4:2:2, 322×181", clipRow{picture: "testsrc2=size=320x180:rate=25,scale=322:181", coding: gop(50) + " -pix_fmt yuv422p"}),
	statRow("stat: High 10", clipRow{coding: gop(50) + " -pix_fmt yuv420p10le"}),
	statRow("stat: interlaced, 1920×1080", clipRow{picture: "testsrc2=size=1920x1080:rate=25", seconds: "3", coding: gop(25) + " -preset ultrafast -flags +ilme+ildct -x264-params tff=1"}),
	statRow("stat: Baseline", clipRow{coding: gop(50) + " -profile:v baseline"}),
	statRow("stat: AAC 8 kHz mono", clipRow{coding: gop(50), sound: "-c:a aac -ar 8000 -ac 1"}),
	statRow("stat: AAC 48 kHz 5.1", clipRow{coding: gop(50), sound: "-c:a aac -ar 48000 -af pan=5.1|c0=c0|c1=c0|c2=c0|c3=c0|c4=c0|c5=c0"}),
	statRow("stat: video only", clipRow{coding: gop(50) + " -an"}),
}

// statRow sends a clip and asks before the end of the publish.
func statRow(name string, r clipRow) row {
	return row{name, func(t *testing.T, m *matrix) {
		source := r.clip(t)
		want := probe(t, source)
		k := m.take(t, 2)
		c := k.open(t)
		send(t, c, withoutEnd(readClip(t, source)))
		var got channelStat
		eventually(t, 10*time.Second, "all is known of the stream", func() error {
			got = k.c.stat(t, k.channel)
			if got.Video == nil || got.Video.FrameRate == 0 || want.audio.codec != "" && (got.Audio == nil || got.Audio.Bandwidth == 0) {
				return fmt.Errorf("%+v, %+v", got.Video, got.Audio)
			}
			return want.near(got)
		})
		if err := c.Finish(); err != nil {
			t.Error(err)
		}
		t.Logf("%+v, %+v", *got.Video, got.Audio)
	}}
}

// probed is what ffprobe finds in a file: its tracks, and their rates in the last
// seconds.
type probed struct{ video, audio probedTrack }

type probedTrack struct {
	codec         string
	width, height int
	rate          int     // Hz
	frames, bytes float64 // per second
}

func probe(t *testing.T, path string) (p probed) {
	t.Helper()
	out, _ := run(t, time.Minute, tool(t, "ffprobe"), "-v", "error", "-of", "json", path,
		"-show_entries", "stream=index,codec_type,codec_name,width,height,sample_rate:packet=stream_index,dts_time,size")
	var found struct {
		Streams []struct {
			Index, Width, Height int
			CodecType            string `json:"codec_type"`
			CodecName            string `json:"codec_name"`
			SampleRate           string `json:"sample_rate"`
		}
		Packets []struct {
			Stream int    `json:"stream_index"`
			Time   string `json:"dts_time"`
			Size   string
		}
	}
	if err := json.Unmarshal([]byte(out), &found); err != nil {
		t.Fatal(err)
	}
	for _, s := range found.Streams {
		track := &p.video
		if s.CodecType == "audio" {
			track = &p.audio
		}
		track.codec, track.width, track.height = map[string]string{"h264": "H264", "aac": "AAC"}[s.CodecName], s.Width, s.Height
		track.rate, _ = strconv.Atoi(s.SampleRate)
		var times, sizes []float64
		for _, packet := range found.Packets {
			if packet.Stream == s.Index {
				at, _ := strconv.ParseFloat(packet.Time, 64)
				size, _ := strconv.ParseFloat(packet.Size, 64)
				times, sizes = append(times, at), append(sizes, size)
			}
		}
		track.frames, track.bytes = lately(times, sizes)
	}
	return p
}

// lately returns the rates of the last four spans that are over. A span is over
// with the first packet a second after its own first.
func lately(times, sizes []float64) (frames, bytes float64) {
	starts := []int{0}
	for i := range times {
		if times[i]-times[starts[len(starts)-1]] >= 0.9995 { // times are in milliseconds
			starts = append(starts, i)
		}
	}
	from, to := starts[max(0, len(starts)-5)], starts[len(starts)-1]
	for i := from; i < to; i++ {
		bytes += sizes[i]
	}
	span := times[to] - times[from]
	return float64(to-from) / span, bytes / span
}

// near says what differs: sizes, rates of samples and codecs not at all, nor whole
// pictures a second, which times in milliseconds make a little fewer, bytes by at most
// 2 %.
func (p probed) near(s channelStat) error {
	v := s.Video
	if v.Codec != p.video.codec || v.Width != p.video.width || v.Height != p.video.height ||
		v.FrameRate != int(p.video.frames*1.0003) || !within(v.Bandwidth, p.video.bytes) {
		return fmt.Errorf("video %+v, ffprobe has %+v", *v, p.video)
	}
	if p.audio.codec == "" {
		if s.Audio != nil && s.Audio.Codec != "" {
			return fmt.Errorf("audio %+v, ffprobe has none", *s.Audio)
		}
		return nil
	}
	if a := s.Audio; a.Codec != p.audio.codec || a.SampleRate != p.audio.rate || !within(a.Bandwidth, p.audio.bytes) {
		return fmt.Errorf("audio %+v, ffprobe has %+v", *a, p.audio)
	}
	return nil
}

func within(got int, want float64) bool { return math.Abs(float64(got)-want) <= 0.02*want }
