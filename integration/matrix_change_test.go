package integration

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"osslive/integration/pusher"
)

// What comes late, goes away or changes in mid stream.
var changeRows = []row{
	{"21 size changes with a sequence header", sizeChange("", 6000, "1.000, 1.000, 1.000, 1.000, 1.000, 1.000, D 1.000, 1.000, 1.000, 1.000, 1.000, 1.000")},
	{"21 size changes, sequence header early", sizeChange("", 5500, "1.000, 1.000, 1.000, 1.000, 1.000, 1.000, D 1.000, 1.000, 1.000, 1.000, 1.000, 1.000")},
	{"21 size changes in band only", sizeChange(" -x264-params repeat-headers=1", 0, "1.000, 1.000, 1.000, 1.000, 1.000, 1.000, D 1.000, 1.000, 1.000, 1.000, 1.000, 1.000")},
	{"21 audio changes from 44.1 to 48 kHz", audioChange},
	partRow("22 audio 5 s late", audioFrom(5000), part{want: "1.000, 1.000, 1.000, 1.000, 1.000, D 1.000", soundLost: 5000}),
	partRow("22 audio 1 s late", audioFrom(1000), part{want: "1.000, 1.000, 1.000, 1.000, 1.000, 1.000", soundLost: 1000}),
	partRow("22 audio gone after 3 s", audioUntil(3000), part{want: "1.000, 1.000, 1.000, 1.000, 1.000, 1.000", soundLost: 3000}),
	partRow("22 audio away from 1 to 5 s", audioAway(1000, 5000), part{want: "1.000, 1.000, 1.000, 1.000, 1.000, 1.000", soundLost: 4000}),
	partRow("22 video 5 s late", videoFrom(5000), part{want: "1.000", lost: 125, soundLost: 5000}),
	partRow("22 video configuration 1 s late", configAt(pusher.Video, 1040), part{want: "1.000, 1.000, 1.000, 1.000", lost: 50, soundLost: 2000}),
	partRow("22 audio configuration 1 s late", configAt(pusher.Audio, 1000), part{want: "1.000, 1.000, 1.000, 1.000, 1.000, 1.000", soundLost: 1000}),
	partRow("23 no keyframe at the start", withoutFirstKeyframe, part{want: "1.000, 1.000, 1.000, 1.000, 1.000", lost: 25, soundLost: 1000}),
	{"22 configurations again, empty ones first", sameConfigs},
}

// part is what is left of a clip that is sent incompletely.
type part struct {
	want      string // the segments
	lost      int    // pictures
	soundLost int    // ms of audio, at most, beside what a tenth of a second holds
}

// partRow sends what change makes of a clip of six seconds.
func partRow(name string, change func([]pusher.Message) []pusher.Message, p part) row {
	return row{name, func(t *testing.T, m *matrix) {
		source := short(t)
		k := m.take(t, 1)
		k.send(t, change(readClip(t, source)))
		segments := k.recorded(t)
		k.valid(t, segments, false)
		if got := shape(segments); got != p.want {
			t.Errorf("segments are %s, want %s", got, p.want)
		}
		var kept, heard []string
		for _, path := range runs(t, segments) {
			kept = append(kept, played(t, path)...)
			if hasAudio(t, path) {
				heard = append(heard, audioPackets(t, path)...)
			}
		}
		if n := lacking(t, "frame", kept, frames(t, source)); n != p.lost {
			t.Errorf("%d pictures are lost, want %d", n, p.lost)
		}
		n := lacking(t, "audio packet", heard, audioPackets(t, source))
		if limit := p.soundLost*44100/1024/1000 + 5; n > limit {
			t.Errorf("%d audio packets are lost, want at most %d", n, limit)
		}
		t.Logf("%s; %d pictures and %d audio packets lost", shape(segments), p.lost, n)
	}}
}

// hasAudio tells whether a file has an audio track.
func hasAudio(t *testing.T, path string) bool {
	t.Helper()
	out, _ := run(t, time.Minute, tool(t, "ffprobe"), "-v", "error", "-select_streams", "a", "-show_entries", "stream=index", "-of", "csv=p=0", path)
	return strings.TrimSpace(out) != ""
}

// audioFrom leaves out audio before a time; its configuration comes then.
func audioFrom(ms uint32) func([]pusher.Message) []pusher.Message {
	return func(all []pusher.Message) []pusher.Message {
		return configAt(pusher.Audio, ms)(pick(all, func(m pusher.Message) bool {
			return m.Type != pusher.Audio || isConfig(m) || m.Time >= ms
		}))
	}
}

func audioUntil(ms uint32) func([]pusher.Message) []pusher.Message { return audioAway(ms, 1<<31) }

func audioAway(from, to uint32) func([]pusher.Message) []pusher.Message {
	return func(all []pusher.Message) []pusher.Message {
		return pick(all, func(m pusher.Message) bool {
			return m.Type != pusher.Audio || isConfig(m) || m.Time < from || m.Time >= to
		})
	}
}

func videoFrom(ms uint32) func([]pusher.Message) []pusher.Message {
	return func(all []pusher.Message) []pusher.Message {
		return configAt(pusher.Video, ms)(pick(all, func(m pusher.Message) bool {
			return m.Type != pusher.Video || isConfig(m) || m.Time >= ms
		}))
	}
}

// configAt moves a track's sequence header to a later time.
func configAt(typ byte, ms uint32) func([]pusher.Message) []pusher.Message {
	return func(all []pusher.Message) []pusher.Message {
		var config pusher.Message
		rest := pick(all, func(m pusher.Message) bool {
			if m.Type == typ && isConfig(m) && m.Body[0] != 0 && config.Body == nil && !isEnd(m) {
				config = m
				return false
			}
			return true
		})
		config.Time = ms
		at := slices.IndexFunc(rest, func(m pusher.Message) bool { return m.Time >= ms })
		return slices.Insert(rest, at, config)
	}
}

// isEnd says that a message is the end of sequence that ffmpeg sends.
func isEnd(m pusher.Message) bool { return m.Type == pusher.Video && len(m.Body) > 1 && m.Body[1] == 2 }

func withoutFirstKeyframe(all []pusher.Message) []pusher.Message {
	first := true
	return pick(all, func(m pusher.Message) bool {
		drop := first && m.Type == pusher.Video && !isConfig(m)
		first = first && !drop
		return !drop
	})
}

// sizeChange goes from 320×180 to 640×360 at 6 s, in one connection. The second
// sequence header comes at a time of its own, or not at all at 0.
func sizeChange(coding string, at uint32, want string) func(t *testing.T, m *matrix) {
	return func(t *testing.T, m *matrix) {
		first := short(t)
		second := clipRow{picture: "testsrc2=size=640x360:rate=25", seconds: "6", coding: gop(25) + coding}.clip(t)
		messages := readClip(t, first)
		for _, next := range later(readClip(t, second), 6000) {
			if isConfig(next) && next.Type == pusher.Video {
				if at == 0 {
					continue
				}
				next.Time = at
				i := slices.IndexFunc(messages, func(m pusher.Message) bool { return m.Time >= at })
				if i >= 0 {
					messages = slices.Insert(messages, i, next)
					continue
				}
			}
			messages = append(messages, next)
		}
		k := m.take(t, 1)
		k.send(t, withoutEnd(messages))
		segments := k.recorded(t)
		k.valid(t, segments, false)
		if got := shape(segments); got != want {
			t.Errorf("segments are %s, want %s", got, want)
		}
		halves := runs(t, segments)
		if len(halves) != 2 {
			t.Fatalf("%d runs, want 2", len(halves))
		}
		same(t, "frame of the first size", played(t, halves[0]), frames(t, first))
		same(t, "frame of the second size", played(t, halves[1]), frames(t, second))
		sound := append(audioPackets(t, first), audioPackets(t, second)...)
		if n := lacking(t, "audio packet", sounds(t, segments), sound); n > 2 {
			t.Errorf("%d audio packets are lost, want at most 2", n)
		}
		playAlone(t, segments)
	}
}

func withoutEnd(all []pusher.Message) []pusher.Message {
	return pick(all, func(m pusher.Message) bool { return !isEnd(m) })
}

func audioChange(t *testing.T, m *matrix) {
	first, second := short(t), clipRow{seconds: "6", coding: gop(25), sound: "-c:a aac -b:a 96k -ar 48000 -ac 2"}.clip(t)
	messages := slices.Concat(readClip(t, first), later(readClip(t, second), 6000))
	k := m.take(t, 1)
	k.send(t, withoutEnd(messages))
	segments := k.recorded(t)
	k.valid(t, segments, false)
	if n := discontinuities(segments); n != 1 {
		t.Errorf("%d discontinuities, want 1: %s", n, shape(segments))
	}
	same(t, "frame", pictures(t, segments), append(frames(t, first), frames(t, second)...))
	sound := append(audioPackets(t, first), audioPackets(t, second)...)
	if n := lacking(t, "audio packet", sounds(t, segments), sound); n > 2 {
		t.Errorf("%d audio packets are lost, want at most 2", n)
	}
	t.Log(shape(segments))
}

// Configurations that say nothing new change nothing.
func sameConfigs(t *testing.T, m *matrix) {
	messages := readClip(t, short(t))
	configs := pick(messages, isConfig)
	configs = withoutEnd(configs)
	var want []tsSegment
	for _, v := range []struct {
		name   string
		change func() []pusher.Message
	}{
		{"as they are", func() []pusher.Message { return messages }},
		{"again with every keyframe", func() (all []pusher.Message) {
			for _, m := range messages {
				if m.Type == pusher.Video && m.Body[0]>>4 == 1 {
					for _, c := range configs {
						c.Time = m.Time
						all = append(all, c)
					}
				}
				all = append(all, m)
			}
			return all
		}},
		{"empty ones first", func() []pusher.Message {
			return append([]pusher.Message{
				{Type: pusher.Video, Stream: 1, Body: []byte{0x17, 0, 0, 0, 0}},
				{Type: pusher.Audio, Stream: 1, Body: []byte{0xaf, 0}},
				{Type: pusher.Audio, Stream: 1},
			}, messages...)
		}},
		{"metadata last", func() []pusher.Message {
			return append(pick(messages, func(m pusher.Message) bool { return m.Type != pusher.Data }),
				pick(messages, func(m pusher.Message) bool { return m.Type == pusher.Data })...)
		}},
	} {
		k := m.take(t, 1)
		k.send(t, v.change())
		segments := k.recorded(t)
		if want == nil {
			want = segments
		}
		identical(t, fmt.Sprintf("configurations %s", v.name), segments, want)
	}
}
