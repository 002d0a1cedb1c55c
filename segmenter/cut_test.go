package segmenter

import (
	"testing"
	"time"

	"osslive/segmenter/mpegts"
)

// TestDecide is the table of what ends a segment before a frame, for a FragDuration of
// five seconds. Size and real time are in full, the end of the publish in Close.
func TestDecide(t *testing.T) {
	const s = mpegts.Second
	video := moment{picture: true, video: true}
	key := moment{picture: true, video: true, key: true}
	audio := moment{video: true}
	alone := moment{}
	at := func(m moment, age mpegts.Ticks) moment { m.age = age; return m }
	ordered := func(m moment, at place, why Ending) moment { m.pending.order(at, why); return m }
	behind := func(m moment, by mpegts.Ticks) moment { m.behind = by; return m }
	for _, tt := range []struct {
		name string
		m    moment
		want Ending
	}{
		{"a keyframe at FragDuration", at(key, 5*s), AtKeyframe},
		{"a keyframe before", at(key, 4*s), notYet},
		{"a picture after FragDuration", at(video, 30*s), notYet},
		{"a picture after a minute", at(video, 60*s), AtLength},
		{"audio after FragDuration, beside video", at(audio, 30*s), notYet},
		{"audio after a minute, beside video", at(audio, 60*s), notYet},
		{"audio after a minute, video stalled", behind(at(audio, 60*s), 5*s), AtLength},
		{"audio before a minute, video stalled", behind(at(audio, 59*s), 50*s), notYet},
		{"audio at FragDuration, without video", at(alone, 5*s), AtTarget},
		{"audio before, without video", at(alone, 5*s-1), notYet},
		{"a first keyframe beside audio", moment{picture: true, key: true}, AtTrack},

		{"late audio waits for a keyframe: a picture", ordered(video, keyframe, AtTrack), notYet},
		{"late audio waits for a keyframe: audio", ordered(audio, keyframe, AtTrack), notYet},
		{"late audio waits for a keyframe: a keyframe", ordered(key, keyframe, AtTrack), AtTrack},
		{"a jump of audio waits for a keyframe: a picture", ordered(video, keyframe, AtJump), notYet},
		{"a jump of audio waits for a keyframe: a keyframe", ordered(key, keyframe, AtJump), AtJump},
		{"a jump of audio, and the minute is over", ordered(at(video, 60*s), keyframe, AtJump), AtLength},
		{"other parameter sets", ordered(key, keyframe, AtParameters), AtParameters},
		{"another audio configuration: a picture", ordered(video, anyFrame, AtParameters), AtParameters},
		{"another audio configuration: a keyframe", ordered(key, anyFrame, AtParameters), AtParameters},
		{"another audio configuration: audio beside video", ordered(audio, anyFrame, AtParameters), notYet}, // cutForAudio does it
		{"another audio configuration: audio without video", ordered(alone, anyFrame, AtParameters), AtParameters},
		{"a jump, then another configuration", ordered(ordered(video, keyframe, AtJump), anyFrame, AtParameters), AtParameters},
		{"another configuration, then a jump", ordered(ordered(video, anyFrame, AtParameters), never, AtJump), AtParameters},
		{"a first keyframe after a jump", ordered(moment{picture: true, key: true}, keyframe, AtJump), AtJump},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := newCutRule(5 * time.Second).decide(tt.m); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestEndingBreaks: what follows a jump or other parameters begins with a
// discontinuity; a track that joins changes the program, which is one as well.
func TestEndingBreaks(t *testing.T) {
	for e := notYet; e <= AtParameters; e++ {
		if got, want := e.breaks(), e == AtJump || e == AtParameters; got != want {
			t.Errorf("%v: got %v, want %v", e, got, want)
		}
		if e != notYet && e.String() == "" {
			t.Errorf("ending %d has no words", e)
		}
	}
}
