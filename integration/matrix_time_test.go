package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"osslive/integration/pusher"
)

// Times that jump, wrap, repeat or end: the media time of the segments goes on,
// DISCONTINUITY stands where the media breaks and nowhere else, and what can be
// kept is.
var timeRows = []row{
	{"18 time goes back between tracks, equal times", timesBackAndEqual},
	{"19 killed and pushed again", reconnect},
	{"19 closed without a word", closedAtOnce},
	{"20 jump +1 h at a keyframe", jump(3000, 3_600_000, "1.000, 1.000, 1.000, D 1.000, 1.000, 1.000", 0)},
	{"20 jump +1 h in mid GOP", jump(3500, 3_600_000, "1.000, 1.000, 1.000, 0.520, D 1.000, 1.000", 12)},
	{"20 jump -30 s at a keyframe", jump(3000, -30_000, "1.000, 1.000, 1.000, D 1.000, 1.000, 1.000", 0)},
	{"20 jump -30 s in mid GOP", jump(3500, -30_000, "1.000, 1.000, 1.000, 0.520, D 1.000, 1.000", 12)},
	{"20 jump -200 ms", jump(3500, -200, "1.000, 1.000, 1.000, 1.800, 1.000", 0)},
	{"20 jump +9 s: a pause", jump(3500, 9000, "1.000, 1.000, 1.000, 10.000, 1.000, 1.000", 0)},
	{"32 33 bits wrap: 27 h in one stream", pastTheWrap},
}

// isConfig says that a message is a sequence header or metadata.
func isConfig(m pusher.Message) bool {
	return m.Type == pusher.Data || len(m.Body) > 1 && m.Body[1] == 0
}

// pick returns the messages that keep says yes to.
func pick(messages []pusher.Message, keep func(pusher.Message) bool) (kept []pusher.Message) {
	for _, m := range messages {
		if keep(m) {
			kept = append(kept, m)
		}
	}
	return kept
}

func discontinuities(segments []tsSegment) (n int) {
	for _, s := range segments {
		if s.Discontinuity {
			n++
		}
	}
	return n
}

// runs joins the segments between discontinuities, as files that ffmpeg can read.
func runs(t *testing.T, segments []tsSegment) (paths []string) {
	t.Helper()
	dir := t.TempDir()
	var run []byte
	end := func() {
		path := filepath.Join(dir, fmt.Sprintf("%d.ts", len(paths)))
		if err := os.WriteFile(path, run, 0o644); err != nil {
			t.Fatal(err)
		}
		paths, run = append(paths, path), nil
	}
	for i, s := range segments {
		if s.Discontinuity && i > 0 {
			end()
		}
		run = append(run, s.Data...)
	}
	end()
	return paths
}

// pictures decodes each run by itself, and expects no warning.
func pictures(t *testing.T, segments []tsSegment) (all []string) {
	t.Helper()
	for _, path := range runs(t, segments) {
		all = append(all, played(t, path)...)
	}
	return all
}

func sounds(t *testing.T, segments []tsSegment) (all []string) {
	t.Helper()
	for _, path := range runs(t, segments) {
		all = append(all, audioPackets(t, path)...)
	}
	return all
}

// lacking returns how many of want are not in got, whose order must be that of want.
func lacking(t *testing.T, what string, got, want []string) (n int) {
	t.Helper()
	for _, w := range want {
		if len(got) > 0 && got[0] == w {
			got = got[1:]
		} else {
			n++
		}
	}
	if len(got) > 0 {
		t.Errorf("%d %ss are not those of the source, or out of their order", len(got), what)
	}
	return n
}

// jump sends a clip whose times change by ms from a moment on. So many pictures
// have to be lost: those between the jump and the next keyframe.
func jump(at uint32, ms int32, want string, lost int) func(t *testing.T, m *matrix) {
	return func(t *testing.T, m *matrix) {
		source := short(t)
		messages := later(readClip(t, source), 60_000)
		for i := range messages {
			if messages[i].Time >= 60_000+at {
				messages[i].Time += uint32(ms)
			}
		}
		k := m.take(t, 1)
		k.send(t, messages)
		segments := k.recorded(t)
		k.valid(t, segments, false)
		if got := shape(segments); got != want {
			t.Errorf("segments are %s, want %s", got, want)
		}
		var kept []string
		for _, run := range runs(t, segments) {
			if -1000 < ms && ms < 0 { // pictures crowd into a moment, of which ffmpeg warns
				kept = append(kept, frames(t, run)...)
			} else {
				kept = append(kept, played(t, run)...)
			}
		}
		if n := lacking(t, "frame", kept, frames(t, source)); n != lost {
			t.Errorf("%d pictures are lost, want %d", n, lost)
		}
		n := lacking(t, "audio packet", sounds(t, segments), audioPackets(t, source))
		if limit := lost * 40 * 44100 / 1024 / 1000; n > limit {
			t.Errorf("%d audio packets are lost, want at most the %d beside lost pictures", n, limit)
		}
		t.Logf("%s; %d audio packets lost", shape(segments), n)
	}
}

func timesBackAndEqual(t *testing.T, m *matrix) {
	source := short(t)
	messages := readClip(t, source)

	// Sent by the end of frames, not by their start, audio comes late.
	for _, late := range []int{250, 900, 1500} {
		delayed := slices.Clone(messages)
		slices.SortStableFunc(delayed, func(a, b pusher.Message) int {
			moment := func(m pusher.Message) int {
				if m.Type == pusher.Audio && !isConfig(m) {
					return int(m.Time) + late
				}
				return int(m.Time)
			}
			return moment(a) - moment(b)
		})
		var want []tsSegment
		for _, compress := range []bool{false, true} {
			k := m.take(t, 1)
			c := k.open(t)
			c.Compress = compress
			write(t, c, onStreams(c, delayed, 4, 4, 4))
			if err := c.Finish(); err != nil {
				t.Fatal(err)
			}
			segments := k.recorded(t)
			if !compress {
				k.valid(t, segments, false)
				same(t, "frame", pictures(t, segments), frames(t, source))
				same(t, "audio packet", sounds(t, segments), audioPackets(t, source))
				want = segments
			}
			identical(t, fmt.Sprintf("audio %d ms late, times go back", late), segments, want)
		}
	}

	// Two pictures at a time, as encoders do that count in frames of 1/12 s; then all.
	for _, every := range []uint32{80, 500} {
		equal := slices.Clone(messages)
		for i, m := range equal {
			if m.Type == pusher.Video {
				equal[i].Time = m.Time / every * every
			}
		}
		k := m.take(t, 1)
		k.send(t, equal)
		segments := k.recorded(t)
		k.valid(t, segments, false)
		if n := discontinuities(segments); n > 0 || len(segments) != 6 {
			t.Errorf("equal times of %d ms: segments are %s", every, shape(segments))
		}
		same(t, "frame", frames(t, k.vod(t)), frames(t, source))
	}
}

// An encoder that is killed and starts anew: a second session on the same list.
func reconnect(t *testing.T, m *matrix) {
	source := small(t)
	k := m.take(t, 1)
	p := push(t, source, k.url())
	segmentsSeen(t, k.w, 3)
	p.signal(syscall.SIGKILL)
	k.c.waitStatus(t, k.channel, "Idle", 5*time.Second)
	first := k.recorded(t)

	clip := short(t)
	burst(t, clip, k.url()).finish(t, time.Minute)
	segments := k.recorded(t)
	k.valid(t, segments, false)
	for i, s := range segments {
		if s.Discontinuity != (i == len(first)) {
			t.Errorf("segment %d of %d, %d of the first session: discontinuity %v", i, len(segments), len(first), s.Discontinuity)
		}
	}
	if len(segments) != len(first)+6 {
		t.Errorf("got %d segments after the second session, %d after the first; want 6 more", len(segments), len(first))
	}
	lacking(t, "frame", pictures(t, first), frames(t, source)) // the last ones may lack a picture between
	same(t, "frame of the second session", pictures(t, segments[len(first):]), frames(t, clip))
	if n := len(k.c.history(t, k.channel)); n != 2 {
		t.Errorf("history: got %d records, want 2", n)
	}
	t.Log(shape(segments))
}

// A program that sends a file faster than real time and exits: all of it is kept.
func closedAtOnce(t *testing.T, m *matrix) {
	source := fullHD(t)
	messages := readClip(t, source)
	var want []tsSegment
	for _, orderly := range []bool{true, false} {
		k := m.take(t, 2)
		c := k.open(t)
		send(t, c, messages)
		if orderly {
			if err := c.Finish(); err != nil {
				t.Fatal(err)
			}
			want = k.recorded(t)
		}
		c.Close()
		identical(t, fmt.Sprintf("orderly: %v", orderly), k.recorded(t), want)
	}
	if len(want) != 30 {
		t.Errorf("segments are %s, want 30 of 2 s", shape(want))
	}
}

// hours27 is longer than 2^33 ticks of 90 kHz, which is 26 h 30 min 43.7 s.
const hours27 = 27 * 3600 * 1000

// pastTheWrap sends a picture each 9 s, as a camera on standby might.
func pastTheWrap(t *testing.T, m *matrix) {
	const step, frag = 9000, 99
	source := readClip(t, clipRow{picture: "testsrc2=size=64x64:rate=25", seconds: "1", coding: gop(25) + " -bf 0"}.clip(t))
	var messages []pusher.Message
	var picture, sound pusher.Message
	for _, m := range source {
		switch {
		case isConfig(m):
			messages = append(messages, m)
		case m.Type == pusher.Video && picture.Body == nil:
			picture = m
		case m.Type == pusher.Audio && sound.Body == nil:
			sound = m
		}
	}
	for at := uint32(0); at <= hours27; at += step {
		picture.Time, sound.Time = at, at+2
		messages = append(messages, picture, sound)
	}
	channel := fmt.Sprintf("ch-%d", m.takes.Add(1))
	m.c.putChannel(t, channel, frag, 3)
	k := &take{m.c, channel, watch(t, m.c.url(channel+"/playlist.m3u8"), frag*time.Second, 3)}
	began := time.Now()
	k.send(t, messages)
	took := time.Since(began)
	segments := k.recorded(t)
	media := k.valid(t, segments, false)
	var sum time.Duration
	for i, s := range segments {
		sum += s.Duration
		if s.Discontinuity || i < len(segments)-1 && s.Duration != frag*time.Second {
			t.Errorf("segment %d: %s, want %d s without a discontinuity", i, shape(segments[i:i+1]), frag)
		}
	}
	if want := (hours27 + step) * time.Millisecond; sum != want {
		t.Errorf("all EXTINF add up to %v, want %v", sum, want)
	}
	if want := hours27/step + 1; media.frames != want {
		t.Errorf("got %d pictures, want %d", media.frames, want)
	}
	if media.wraps != 1 {
		t.Fatalf("the clock wrapped %d times, want 1", media.wraps)
	}
	at := wrapAt(segments)
	// What a player sees of it: the segments around the wrap, one after the other.
	around := segments[max(0, at-1):min(len(segments), at+2)]
	if got, want := len(pictures(t, around)), 3*frag*1000/step; got != want {
		t.Errorf("around the wrap %d pictures decode, want %d", got, want)
	}
	t.Logf("%v of media in %v; PTS wraps in segment %d of %d, PCR at most %v apart", sum, took.Round(time.Millisecond), at, len(segments), media.maxPCR)
}

// wrapAt is the segment in which the clock begins anew.
func wrapAt(segments []tsSegment) int {
	c := &tsChecker{}
	for i, s := range segments {
		if c.next(s); c.wraps > 0 {
			return i
		}
	}
	return -1
}
