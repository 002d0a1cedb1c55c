package segmenter_test

import (
	"slices"
	"testing"
	"time"

	"osslive/rtmp/flv"
	"osslive/segmenter"
)

// TestEndings: each segment says why it ended.
func TestEndings(t *testing.T) {
	config := segmenter.Config{FragDuration: time.Second}
	later := func(by flv.Millis, tags []flv.Tag) []flv.Tag { return shifted(by, tags) }
	still := func(n int) (tags []flv.Tag) { // pictures that all have one time
		for range n {
			tags = append(tags, inter(0))
		}
		return tags
	}
	clock := time.Duration(0)
	for _, tt := range []struct {
		name string
		cfg  segmenter.Config
		tags []flv.Tag
		want []segmenter.Ending
	}{
		{"keyframes", config, live(0, 3), []segmenter.Ending{segmenter.AtKeyframe, segmenter.AtKeyframe, segmenter.AtClose}},
		{"no keyframe for a minute", config, join(one(avcC(0, sps, pps)), gop(0, 61_000, 1000)), []segmenter.Ending{segmenter.AtLength, segmenter.AtClose}},
		{"size", segmenter.Config{FragDuration: time.Second, MaxBytes: 188 * 10}, join(one(avcC(0, sps, pps)), gop(0, 900, 40)), []segmenter.Ending{segmenter.AtSize, segmenter.AtSize, segmenter.AtClose}},
		{"real time", segmenter.Config{FragDuration: time.Second, Elapsed: func() time.Duration { clock += 130 * time.Second; return clock }},
			join(one(avcC(0, sps, pps), idr(0)), still(64)), []segmenter.Ending{segmenter.AtRealTime, segmenter.AtClose}},
		{"audio alone", segmenter.Config{FragDuration: time.Second, AllowAudioOnly: true}, only(flv.Audio, live(0, 2)), []segmenter.Ending{segmenter.AtTarget, segmenter.AtClose}},
		{"a jump", config, join(live(0, 1), later(60_000, frames(0, 1))), []segmenter.Ending{segmenter.AtJump, segmenter.AtClose}},
		{"other parameter sets", segmenter.Config{FragDuration: 10 * time.Second}, join(live(0, 1), one(avcC(1000, otherSPS, otherPPS)), later(1000, frames(0, 1))), []segmenter.Ending{segmenter.AtParameters, segmenter.AtClose}},
		{"another audio configuration", segmenter.Config{FragDuration: 10 * time.Second}, join(live(0, 1), one(asc(1000, mono44)), later(1000, frames(0, 1))), []segmenter.Ending{segmenter.AtParameters, segmenter.AtClose}},
		{"audio joins", segmenter.Config{FragDuration: 10 * time.Second}, join(one(avcC(0, sps, pps)), only(flv.Video, frames(0, 4)), one(asc(4000, stereo48)), later(4000, frames(0, 2))), []segmenter.Ending{segmenter.AtTrack, segmenter.AtClose}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out sink
			s := segmenter.New(tt.cfg, &out)
			for _, tag := range tt.tags {
				if err := s.WriteTag(tag); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			var got []segmenter.Ending
			for _, seg := range out.info {
				got = append(got, seg.Ending)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
