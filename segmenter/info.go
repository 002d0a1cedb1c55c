package segmenter

import (
	"time"

	"osslive/segmenter/mpegts"
)

// StreamInfo describes a stream as far as it is known.
type StreamInfo struct {
	Video VideoInfo
	Audio AudioInfo
}

// VideoInfo describes the video track.
type VideoInfo struct {
	Codec         string  // "H264"; empty until the first keyframe
	Width, Height int     // pixels, cropped
	FrameRate     float64 // pictures per second of media, over the last seconds
	Bandwidth     int     // bytes per second of media, over the last seconds

	// KeyInterval is the time between the last two keyframes, 0 before the second.
	KeyInterval time.Duration
}

// AudioInfo describes the audio track.
type AudioInfo struct {
	Codec      string // "AAC", or the codec that is dropped; empty if none was seen
	SampleRate int    // Hz, with SBR where the configuration says that there is some
	Channels   int    // channel configuration: 1 mono, 2 stereo, 6 is 5.1, 7 is 7.1
	Bandwidth  int    // bytes per second of media, over the last seconds
	Dropped    string // why the audio is not in the segments; empty if it is
}

// Info returns what is known of the stream. It may be called at any time from
// any goroutine.
func (s *Segmenter) Info() StreamInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.info
}

func (s *Segmenter) update(f func(*StreamInfo)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.info)
}

// updateRates publishes what the meters have. Those of a track that the other has
// left behind are no longer true.
func (s *Segmenter) updateRates() {
	v, a := &s.video, &s.audio
	ahead := a.last - v.last
	s.update(func(i *StreamInfo) {
		i.Video.FrameRate, i.Video.Bandwidth = v.meter.rates()
		_, i.Audio.Bandwidth = a.meter.rates()
		if v.started && ahead > max(meterSpans*mpegts.Second, 2*v.interval) {
			i.Video.FrameRate, i.Video.Bandwidth = 0, 0
		}
		if a.started && ahead < -meterSpans*mpegts.Second || i.Audio.Dropped != "" {
			i.Audio.Bandwidth = 0
		}
	})
}

// meterSpans is how many spans of a second or more are averaged.
const meterSpans = 4

// meter measures a track's rates over the last seconds of media.
type meter struct {
	spans [meterSpans]meterSpan // the newest at n-1, modulo
	n     int
	open  meterSpan
	from  mpegts.Ticks // start of the open span
}

type meterSpan struct {
	length        mpegts.Ticks
	frames, bytes int
}

// add counts a frame at its output time. It reports whether the rates changed.
func (m *meter) add(at mpegts.Ticks, bytes int) (changed bool) {
	if m.open.frames == 0 {
		m.from = at
	}
	if length := at - m.from; length >= mpegts.Second {
		m.open.length = length
		m.spans[m.n%meterSpans] = m.open
		m.n++
		m.open, m.from = meterSpan{}, at
		changed = true
	}
	m.open.frames++
	m.open.bytes += bytes
	return changed
}

// rates are per second.
func (m *meter) rates() (frames float64, bytes int) {
	var sum meterSpan
	for _, s := range m.spans {
		sum.length += s.length
		sum.frames += s.frames
		sum.bytes += s.bytes
	}
	if sum.length == 0 {
		return 0, 0
	}
	seconds := float64(sum.length) / float64(mpegts.Second)
	return float64(sum.frames) / seconds, int(float64(sum.bytes) / seconds)
}
