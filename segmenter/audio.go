package segmenter

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"osslive/rtmp/flv"
	"osslive/segmenter/mpegts"
)

const (
	// audioSlack is how far the sender's clock may be from the count of samples.
	// FLV times are whole milliseconds, AAC frames are not.
	audioSlack = mpegts.Second * 40 / 1000
	// audioLead is how much older than the first picture audio may be.
	audioLead = mpegts.Second / 10

	// AAC frames share a PES packet until one of these is reached.
	maxPending     = 2800
	maxPendingTime = mpegts.Second * 15 / 100
)

// audioTrack is the AAC side of a stream.
type audioTrack struct {
	track
	seen  bool // any message but an empty one
	since time.Duration
	alone mpegts.Ticks // length of the frames before any video
	bad   int
	meter meter

	record  []byte // the last AudioSpecificConfig that can be carried
	usable  bool   // config is set, and what comes is AAC
	others  int    // messages of another codec in a row
	dropped string // why not, once that is clear
	config  aacConfig
	header  [adtsHeaderSize]byte

	// PTS = anchor + samples since
	anchored bool
	anchor   mpegts.Ticks
	samples  int64

	pendingAt mpegts.Ticks // PTS of the first frame in pending
	pending   []byte       // ADTS frames for one PES packet
}

// known says whether it is clear if there is audio to carry.
func (a *audioTrack) known() bool { return a.usable || a.dropped != "" }

func (a *audioTrack) buffered() bool { return len(a.pending) > 0 }

// interval is the length of a frame.
func (a *audioTrack) interval() mpegts.Ticks {
	return mpegts.Ticks(a.config.samples) * mpegts.Second / mpegts.Ticks(max(1, a.config.rate))
}

func (s *Segmenter) badAudio(err error) error {
	s.malformed++
	if s.audio.bad++; s.audio.bad < maxBad {
		return nil
	}
	return &CorruptError{"audio", s.audio.bad, err}
}

func (s *Segmenter) audioTag(t flv.Tag) error {
	h, body, err := flv.ParseAudio(t.Data)
	switch {
	case err != nil:
		return s.badAudio(err)
	case h.Packet != flv.Config && (h.Packet != flv.Coded || len(body) == 0):
		return nil
	}
	a := &s.audio
	if !a.seen {
		a.seen, a.since = true, s.cfg.Elapsed()
	}
	switch {
	case h.Codec != flv.AAC:
		err = s.otherAudio(h)
	case h.Packet == flv.Config:
		err = s.audioConfig(body)
	default:
		err = s.audioFrame(t.Time, body)
	}
	if err == nil && s.phase == waitTrack && a.known() {
		err = s.start(nil)
	}
	return err
}

// otherAudio leaves out a message of another codec than AAC. Among AAC it may be a
// damaged one; many in a row are audio that has gone over to that codec.
func (s *Segmenter) otherAudio(h flv.AudioHeader) error {
	a := &s.audio
	if a.usable && h.Packet == flv.Coded {
		s.malformed++
		if a.others++; a.others < maxBad {
			return nil
		}
	}
	return s.dropAudio(h.Codec.String(), fmt.Sprintf("audio codec %v is not supported by LiveChannel, audio is dropped: choose AAC", h.Codec))
}

// dropAudio notes why audio is left out.
func (s *Segmenter) dropAudio(codec, reason string) error {
	if s.audio.dropped == reason {
		return nil
	}
	s.audio.usable, s.audio.dropped = false, reason
	s.update(func(i *StreamInfo) { i.Audio = AudioInfo{Codec: codec, Dropped: reason} })
	return s.flushAudio()
}

// audioConfig applies a new AudioSpecificConfig at once: the frames that follow
// cannot be written with the old one.
func (s *Segmenter) audioConfig(body []byte) error {
	a := &s.audio
	if a.usable && bytes.Equal(body, a.record) {
		return nil
	}
	c, err := parseASC(body)
	if unsupported := (*UnsupportedError)(nil); errors.As(err, &unsupported) {
		a.bad, a.record = 0, nil
		return s.dropAudio(unsupported.Codec, unsupported.Message)
	} else if err != nil {
		if !a.usable {
			reason := fmt.Sprintf("%v: audio is dropped until the encoder sends another", err)
			if err := s.dropAudio(flv.AAC.String(), reason); err != nil {
				return err
			}
		}
		return s.badAudio(err)
	}
	a.bad = 0
	if err := s.flushAudio(); err != nil {
		return err
	}
	if s.phase == waitKeyframe {
		s.queue.take() // has audio only, of the old configuration
	}
	before := a.config
	before.heard = c.heard // which is not in the segments
	if s.out.Program().Audio && c != before {
		s.pending.order(anyFrame, AtParameters)
	}
	a.record, a.config, a.header, a.usable, a.anchored = bytes.Clone(body), c, c.adts(), true, false
	a.dropped = ""
	s.update(func(i *StreamInfo) {
		i.Audio = AudioInfo{Codec: flv.AAC.String(), SampleRate: c.heard, Channels: c.channels, Bandwidth: i.Audio.Bandwidth}
	})
	return nil
}

func (s *Segmenter) audioFrame(time flv.Millis, body []byte) error {
	a := &s.audio
	a.others = 0
	if !a.usable && a.record != nil {
		// Another codec was there meanwhile: encoders send the configuration once.
		if err := s.audioConfig(a.record); err != nil {
			return err
		}
	}
	if !a.usable {
		return nil
	}
	body = trimADTS(body)
	if adtsHeaderSize+len(body) > maxADTS {
		return s.badAudio(fmt.Errorf("AAC frame of %d bytes exceeds %d", len(body), maxADTS-adtsHeaderSize))
	}
	a.bad = 0
	if s.video.frames == 0 {
		a.alone += a.interval()
	}
	return s.media(&frame{at: s.clock.ticks(time), data: body})
}

// writeAudio puts an AAC frame into the segment.
func (s *Segmenter) writeAudio(f *frame) error {
	a := &s.audio
	if s.seg.open && !s.out.Program().Audio {
		s.pending.order(keyframe, AtTrack) // and from then on it is written
		return nil
	}
	jumped := s.placeAudio(f.at)
	raw := f.at - a.base
	if s.seg.open && raw < s.runStart-audioLead {
		return nil
	}
	if jumped {
		if err := s.audioJump(); err != nil {
			return err
		}
	}

	pts := a.anchor + mpegts.Ticks(a.samples)*mpegts.Second/mpegts.Ticks(a.config.rate)
	if d := pts - raw; !a.anchored || d > audioSlack || d < -audioSlack {
		if err := s.flushAudio(); err != nil {
			return err
		}
		pts = raw
		if a.started {
			pts = max(pts, a.last+1)
		}
		a.anchored, a.anchor, a.samples = true, pts, 0
	}
	a.samples += int64(a.config.samples)

	if a.buffered() && (len(a.pending)+adtsHeaderSize+len(f.data) > maxPending || pts-a.pendingAt >= maxPendingTime) {
		if err := s.flushAudio(); err != nil {
			return err
		}
	}
	if err := s.cutBeforeAudio(pts); err != nil {
		return err
	}
	a.started, a.last = true, pts
	if !a.buffered() {
		a.pendingAt = pts
	}
	a.pending = appendADTS(a.pending, a.header, f.data)
	if a.meter.add(pts, len(f.data)) {
		s.updateRates()
	}
	return nil
}

// placeAudio makes sure that the track's base holds for a frame that the sender
// dates at. It reports a jump that the video did not make before.
func (s *Segmenter) placeAudio(at mpegts.Ticks) (jumped bool) {
	v, a := &s.video, &s.audio
	if a.base != v.base && a.follows(at) && !v.follows(at) {
		return false // by the clock that the video has left, or never had
	}
	if v.near(at) || a.starts(&v.track, at) {
		if a.base != v.base {
			a.base, a.anchored = v.base, false
		}
		return false
	}
	if a.near(at) {
		return false
	}
	switch {
	case a.started:
		a.base = at - (a.last + a.interval())
	case v.started:
		a.base = at - v.last
	default:
		a.base = at
	}
	return a.started
}

// audioJump marks a discontinuity: at once without video, else at the next
// keyframe, or before if the video jumps too.
func (s *Segmenter) audioJump() error {
	if !s.out.Program().Video {
		return s.jump()
	}
	s.pending.order(keyframe, AtJump)
	return nil
}

// flushOldAudio writes the pending frames if they are too old beside a picture.
func (s *Segmenter) flushOldAudio(picture mpegts.Ticks) error {
	if s.audio.buffered() && picture-s.audio.pendingAt >= maxPendingTime {
		return s.flushAudio()
	}
	return nil
}

// flushAudio writes the pending frames as one PES packet.
func (s *Segmenter) flushAudio() error {
	a := &s.audio
	if !a.buffered() {
		return nil
	}
	if !s.seg.open {
		// A keyframe was to start the segment for them, and has not come in time.
		a.pending = a.pending[:0]
		return nil
	}
	// Frames of another configuration begin the segment that no picture has begun yet.
	if err := s.cutForAudio(); err != nil {
		return err
	}
	s.out.Audio(a.pendingAt, len(a.pending))
	s.out.Append(a.pending)
	a.pending = a.pending[:0]
	return s.failed()
}
