package integration

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"osslive/integration/pusher"
)

// What ffmpeg can encode, sent by ffmpeg as fast as it goes.
var mediaRows = []row{
	clipRow{name: "01 baseline", frag: 2, seconds: "20", coding: "-g 50 -bf 2"}.row(),
	clipRow{name: "02 B-pyramid", frag: 2, coding: "-bf 3 -x264-params b-pyramid=normal:keyint=50"}.row(),
	clipRow{name: "03 GOP is FragDuration", frag: 2, coding: gop(50), want: "2.000, 2.000, 2.000, 2.000"}.row(),
	clipRow{name: "03 GOP is FragDuration at 29.97 fps", frag: 2, rate: "30000/1001", coding: gop(60), want: "2.002, 2.002, 2.002, 2.002"}.row(),
	clipRow{name: "04 endless GOP", frag: 2, seconds: "130", coding: gop(9999), want: "60.000, 60.000, 10.000", inter: true}.row(),
	clipRow{name: "05 intra refresh", frag: 2, coding: "-x264-params intra-refresh=1:keyint=50", inter: true}.row(),
	clipRow{name: "06 open GOP", frag: 2, coding: "-x264-params open-gop=1:keyint=25:bframes=3", open: true}.row(),
	clipRow{name: "08 video only", frag: 2, coding: gop(50) + " -an", want: "2.000, 2.000, 2.000, 2.000", silent: true}.row(),
	clipRow{name: "11 AAC 8 kHz mono", frag: 2, coding: gop(50), sound: "-c:a aac -ar 8000 -ac 1"}.row(),
	clipRow{name: "11 AAC 5.1", frag: 2, coding: gop(50), sound: "-c:a aac -ar 48000 -af pan=5.1|c0=c0|c1=c0|c2=c0|c3=c0|c4=c0|c5=c0"}.row(),
	clipRow{name: "12 parameter sets and delimiters in band, 8 slices", frag: 2, coding: "-x264-params keyint=50:slices=8:aud=1:repeat-headers=1"}.row(),
	clipRow{name: "13 High 4:4:4", frag: 2, coding: gop(50) + " -pix_fmt yuv444p"}.row(),
	clipRow{name: "13 High 10", frag: 2, coding: gop(50) + " -pix_fmt yuv420p10le"}.row(),
	clipRow{name: "13 interlaced", frag: 2, coding: gop(50) + " -flags +ilme+ildct -x264-params tff=1"}.row(),
	clipRow{name: "14 variable frame rate", frag: 2, coding: "-g 25 -vf select='not(mod(n,3))+gt(n,50)' -vsync vfr"}.row(),
	clipRow{name: "14 1 fps", frag: 5, rate: "1", seconds: "20", coding: gop(5), want: "5.000, 5.000, 5.000, 5.000"}.row(),
	clipRow{name: "14 59.94 fps", frag: 2, rate: "60000/1001", coding: gop(120), want: "2.002, 2.002, 2.002, 2.002"}.row(),
	clipRow{name: "15 frames of 3 MB", frag: 1, picture: "nullsrc=size=1920x1080:rate=2,geq=random(1)*255:128:128", seconds: "3",
		coding: "-preset ultrafast -qp 1 -g 1", want: "1.000, 1.000, 1.000"}.row(),
	{"07 audio only, allowed", audioOnly},
	{"07 audio only, refused", audioOnlyRefused},
	{"09 MP3, G.711, Speex", otherAudio},
	{"10 H.263", otherVideo},
	{"16 times beyond 24 bits", timesFromFFmpeg("0", "16775", "20000")},
	{"17 31 bits wrap", timesFromFFmpeg("0", "2147481")},
	{"31 OBS", fromOBS},
	{"01 baseline in a browser", inBrowser},
}

func gop(n int) string { return fmt.Sprintf("-g %d -keyint_min %[1]d -sc_threshold 0", n) }

// clipRow is a row made of one clip.
type clipRow struct {
	name    string
	frag    int    // FragDuration, s
	picture string // a filter of ffmpeg; "" is a moving picture of 320×180 in rate
	rate    string // pictures per second; "" is 25
	seconds string // of the clip; "" is 8
	coding  string // options for video, after those that all have
	sound   string // options for audio
	want    string // the segments; "" expects each but the last to reach frag

	inter  bool // segments begin with pictures that do not stand alone
	open   bool // and are followed by ones that need the segment before
	silent bool // has no audio
}

func (r clipRow) row() row { return row{r.name, r.run} }

func (r clipRow) clip(t *testing.T) string {
	if r.picture == "" {
		if r.rate == "" {
			r.rate = "25"
		}
		r.picture = "testsrc2=size=320x180:rate=" + r.rate
	}
	if r.seconds == "" {
		r.seconds = "8"
	}
	if r.sound == "" {
		r.sound = "-c:a aac -b:a 64k"
	}
	options := "-c:v libx264 -preset veryfast -pix_fmt yuv420p " + r.coding + " " + r.sound
	return clip(t, r.picture, r.seconds, strings.Fields(options)...)
}

func (r clipRow) run(t *testing.T, m *matrix) {
	source := r.clip(t)
	k := m.take(t, r.frag)
	burst(t, source, k.url()).finish(t, time.Minute)
	segments := k.recorded(t)
	k.valid(t, segments, r.inter)
	if r.want != "" && shape(segments) != r.want {
		t.Errorf("segments are %s, want %s", shape(segments), r.want)
	}
	for i, s := range segments {
		if s.Discontinuity {
			t.Errorf("segment %d: a discontinuity", i)
		}
		if short := s.Duration < time.Duration(r.frag)*time.Second-50*time.Millisecond; short && i < len(segments)-1 {
			t.Errorf("segment %d has %v, want at least FragDuration", i, s.Duration)
		}
	}
	if !r.inter && !r.open {
		playAlone(t, segments) // C2
	}
	vod := k.vod(t)
	same(t, "frame", played(t, vod), frames(t, source)) // C1 and C6
	if !r.silent {
		same(t, "audio packet", audioPackets(t, vod), audioPackets(t, source))
	}
	r.length(t, vod, segments, source)
	t.Logf("%d segments: %s", len(segments), shape(segments))
}

// length expects the durations to add up to those of the source, and ffprobe to
// read as many pictures, the first of them a keyframe: C5.
func (r clipRow) length(t *testing.T, vod string, segments []tsSegment, source string) {
	t.Helper()
	var times []uint32
	for _, m := range readClip(t, source) {
		if m.Type == pusher.Video && m.Body[1] == 1 {
			times = append(times, m.Time)
		}
	}
	n := len(times)
	one := time.Duration(times[n-1]-times[n-2]) * time.Millisecond
	want := time.Duration(times[n-1]-times[0])*time.Millisecond + one
	var sum time.Duration
	for _, s := range segments {
		sum += s.Duration
	}
	if sum < want-one || sum > want+one {
		t.Errorf("all EXTINF add up to %v, want the %v of the source", sum, want)
	}
	out, _ := run(t, time.Minute, tool(t, "ffprobe"), "-v", "error", "-select_streams", "v", "-show_entries", "packet=flags", "-of", "csv=p=0", vod)
	flags := strings.Fields(out)
	if len(flags) != n || !strings.HasPrefix(flags[0], "K") {
		t.Errorf("ffprobe reads %d pictures, the first with flags %s; want %d and K", len(flags), flags[0], n)
	}
}

// valid checks segments by themselves and as the playlist had them: C3, C4, C7 and
// the durations of C5.
func (k *take) valid(t *testing.T, segments []tsSegment, inter bool) *tsChecker {
	t.Helper()
	eventually(t, 5*time.Second, "the player saw the last segment", func() error {
		if live := k.w.latest().Segments; len(live) == 0 || live[len(live)-1] != segments[len(segments)-1].entry {
			return errNotYet
		}
		return nil
	})
	k.w.close()
	for _, f := range k.w.findings {
		t.Errorf("playlist: %s", f)
	}
	media := &tsChecker{inter: inter}
	media.check(segments)
	for _, f := range media.findings {
		t.Errorf("segment %s", f)
	}
	return media
}

// vod writes the playlist of all that is recorded and returns its URL.
func (k *take) vod(t *testing.T) string {
	t.Helper()
	return k.c.postVOD(t, k.channel, "vod.m3u8", time.Now().Add(-time.Hour), time.Now().Add(time.Minute))
}

func audioOnly(t *testing.T, m *matrix) {
	s := serve(t, "memory", "sound", "--allow-audio-only")
	k := takeOn(t, s.client("sound"), "ch", 2)
	source := clipRow{coding: "-vn"}.clip(t)
	burst(t, source, k.url()).finish(t, time.Minute)
	segments := k.recorded(t)
	media := k.valid(t, segments, false)
	if media.videoPID != 0 || len(segments) != 4 {
		t.Errorf("got %d segments with video PID %#x, want 4 without video", len(segments), media.videoPID)
	}
	playAlone(t, segments)
	same(t, "audio packet", audioPackets(t, k.vod(t)), audioPackets(t, source))
	t.Log(shape(segments))
}

// A service that wants video says so after ten seconds.
func audioOnlyRefused(t *testing.T, m *matrix) {
	source := clipRow{seconds: "20", coding: "-vn"}.clip(t)
	k := m.take(t, 2)
	began := time.Now()
	p := push(t, source, k.url())
	err, gone := p.wait(20 * time.Second)
	if took := time.Since(began); !gone || err == nil || took < 9*time.Second || took > 15*time.Second {
		t.Errorf("ffmpeg after %v: ended %v, error %v; want it cut off after 10 s", took, gone, err)
	}
	if want := "only audio was received; or start this server with --allow-audio-only"; !strings.Contains(p.output(), want) {
		t.Errorf("ffmpeg prints %q, want %q in it", p.output(), want)
	}
}

// Audio that a segment cannot carry is left out, with a line in the log.
func otherAudio(t *testing.T, m *matrix) {
	for _, tt := range []struct{ name, sound string }{
		{"MP3", "-c:a libmp3lame"},
		{"G711 A-law", "-c:a pcm_alaw -ar 8000 -ac 1"},
		{"Speex", "-c:a libspeex -ar 16000 -ac 1"},
	} {
		source := clipRow{seconds: "3", coding: gop(25), sound: tt.sound}.clip(t)
		k := m.take(t, 1)
		push(t, source, k.url()).finish(t, time.Minute)
		segments := k.recorded(t)
		if media := k.valid(t, segments, false); media.audioPID != 0 {
			t.Errorf("%s: the segments announce audio", tt.name)
		}
		if got, want := shape(segments), "1.000, 1.000, 1.000"; got != want {
			t.Errorf("%s: segments are %s, want %s", tt.name, got, want)
		}
		playAlone(t, segments)
		same(t, "frame", played(t, k.vod(t)), frames(t, source))
		lines := 0
		for line := range strings.Lines(m.s.proc.output()) {
			if strings.Contains(line, "channel="+k.channel+" ") && strings.Contains(line, "audio codec "+tt.name) {
				lines++
			}
		}
		if lines != 1 {
			t.Errorf("%s: %d lines in the log say so, want 1", tt.name, lines)
		}
	}
}

func otherVideo(t *testing.T, m *matrix) {
	source := clipRow{seconds: "3", coding: "-c:v flv1 -s 352x288"}.clip(t)
	k := m.take(t, 1)
	refused(t, source, k.url(), "H263 is not supported by LiveChannel: choose H.264")
	if objects := k.c.list(t, k.channel+"/"); len(objects) > 0 {
		t.Errorf("objects after a refusal: %v", objects)
	}
}

// timesFromFFmpeg sends one clip with all times later by so many seconds, and
// expects the same segments as at the first of them.
func timesFromFFmpeg(offsets ...string) func(t *testing.T, m *matrix) {
	return func(t *testing.T, m *matrix) {
		source := short(t)
		var want []tsSegment
		for i, offset := range offsets {
			k := m.take(t, 1)
			start(t, exec.Command(tool(t, "ffmpeg"), "-v", "error", "-nostdin", "-i", source, "-c", "copy",
				"-output_ts_offset", offset, "-f", "flv", k.url())).finish(t, time.Minute)
			segments := k.recorded(t)
			if i == 0 {
				k.valid(t, segments, false)
				want = segments
			}
			identical(t, offset+" s later", segments, want)
		}
	}
}

// OBS Studio without a screen; its end is an abrupt one.
func fromOBS(t *testing.T, m *matrix) {
	tool(t, "obs")
	tool(t, "Xvfb")
	k := m.take(t, 1)
	script := filepath.Join(root, "rtmp", "testdata", "capture", "obs.sh")
	start(t, exec.Command("sh", script, k.url())).finish(t, time.Minute)
	segments := k.recorded(t)
	media := k.valid(t, segments, false)
	played(t, k.vod(t))
	playAlone(t, segments)
	if len(segments) < 2 || media.audioPID == 0 {
		t.Errorf("got %d segments with audio PID %#x, want 2 or more with audio", len(segments), media.audioPID)
	}
	for i, s := range segments {
		if s.Discontinuity {
			t.Errorf("segment %d: a discontinuity", i)
		}
	}
	t.Logf("%d pictures in %s", media.frames, shape(segments))
}

// The console's page plays what was pushed: C8.
func inBrowser(t *testing.T, m *matrix) {
	tool(t, "chromium")
	k := m.take(t, 2)
	burst(t, clipRow{seconds: "20", coding: "-g 50 -bf 2"}.clip(t), k.url()).finish(t, time.Minute)
	b := browse(t, "http://"+m.s.Admin+"/channel/matrix/"+k.channel)
	var first, now video
	eventually(t, 30*time.Second, "the video plays for 2 s", func() (err error) {
		if now, err = b.video(); err != nil {
			return err
		}
		if first.Time == 0 {
			first = now
		}
		if now.Error != "" || now.Time < first.Time+2 || now.Width != 320 || now.Height != 180 {
			return fmt.Errorf("currentTime %.1f, was %.1f, %d×%d, error %q", now.Time, first.Time, now.Width, now.Height, now.Error)
		}
		return nil
	})
	t.Logf("%d×%d plays from %.1f to %.1f s", now.Width, now.Height, first.Time, now.Time)
}
