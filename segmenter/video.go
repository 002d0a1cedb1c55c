package segmenter

import (
	"bytes"
	"time"

	"osslive/rtmp/flv"
	"osslive/segmenter/mpegts"
)

// maxComposition bounds PTS less DTS, in ms. More is nonsense.
const maxComposition = 10_000

// videoTrack is the H.264 or HEVC side of a stream.
type videoTrack struct {
	track
	interval mpegts.Ticks  // between the last two pictures
	shown    mpegts.Ticks  // PTS of the picture that is shown last
	frames   int           // pictures seen, written or not
	since    time.Duration // Elapsed at the first one
	awaited  time.Duration // Elapsed when the wait for a keyframe began
	refused  time.Duration // Elapsed at the last picture dropped for want of one
	bad      int           // malformed messages in a row
	meter    meter
	lastKey  mpegts.Ticks
	keys     int // keyframes written

	record      []byte // the last sequence header
	recordCodec *codec // its
	codec       *codec // of the frames being read; nil before the first sequence header
	lengthSize  int    // theirs
	current     parameterSets
	pending     *decoderConfig // from the next keyframe on
	prefix      []byte         // of a keyframe: delimiter and current sets
}

// configured says that pictures have been or can be decoded.
func (v *videoTrack) configured() bool {
	return v.codec != nil && (v.current.complete() || v.pending != nil && v.pending.sets.complete())
}

// decodes says that the sets in force, or those that f as a keyframe puts in
// force, are there and of its codec.
func (v *videoTrack) decodes(f *frame) bool {
	if f.key && v.adoptable(f) {
		return true
	}
	return v.current.codec == f.codec
}

// adoptable says that the pending sets can be put in force for f.
func (v *videoTrack) adoptable(f *frame) bool {
	return v.pending != nil && v.pending.sets.codec == f.codec && v.pending.sets.complete()
}

func (s *Segmenter) badVideo(err error) error {
	s.malformed++
	if s.video.bad++; s.video.bad < maxBad {
		return nil
	}
	return &CorruptError{"video", s.video.bad, err}
}

func (s *Segmenter) videoTag(t flv.Tag) error {
	h, body, err := flv.ParseVideo(t.Data)
	if err != nil {
		return s.badVideo(err)
	}
	if h.Packet != flv.Config && h.Packet != flv.Coded {
		return nil
	}
	c := s.codecOf(h.Codec)
	switch {
	case c == nil && s.video.codec != nil && h.Packet == flv.Coded:
		// Among pictures that can be read, one of these may be a damaged one.
		return s.badVideo(unsupportedVideo(h.Codec, s.cfg.AllowHEVC))
	case c == nil:
		return unsupportedVideo(h.Codec, s.cfg.AllowHEVC)
	case len(body) == 0:
		return nil
	case h.Packet == flv.Config:
		return s.videoConfig(c, body)
	}
	return s.videoFrame(t.Time, h, c, body)
}

// videoConfig keeps a new sequence header for the next keyframe.
func (s *Segmenter) videoConfig(c *codec, body []byte) error {
	v := &s.video
	if c == v.recordCodec && bytes.Equal(body, v.record) {
		return nil
	}
	config, err := c.parseConfig(body)
	if err != nil {
		return s.badVideo(err)
	}
	v.bad = 0
	if s.phase == waitTrack {
		// What is queued belongs to the old one.
		if err := s.start(nil); err != nil {
			return err
		}
	}
	v.record, v.recordCodec = bytes.Clone(body), c
	v.pending = &config
	if v.codec == nil {
		v.codec, v.lengthSize = c, config.lengthSize
	}
	return nil
}

func (s *Segmenter) videoFrame(time flv.Millis, h flv.VideoHeader, c *codec, body []byte) error {
	v := &s.video
	if v.frames == 0 {
		v.since = s.cfg.Elapsed()
		v.awaited, v.refused = v.since, v.since
	}
	v.frames++
	flagged := h.FrameType == flv.KeyFrame || h.FrameType == flv.GeneratedKey
	if (flagged || v.codec != c) && v.pending != nil && v.pending.sets.codec == c {
		v.codec, v.lengthSize = c, v.pending.lengthSize
	}
	if v.codec != c {
		return nil // no sequence header yet
	}
	unit, err := c.scan(body, v.lengthSize)
	if err != nil {
		return s.badVideo(err)
	}
	f := frame{
		video: true, data: body, codec: c, lengthSize: v.lengthSize, unit: unit,
		key: unit.picture && (flagged && c.flagged || unit.random),
	}
	if ct := int64(h.CompositionTime); -maxComposition <= ct && ct <= maxComposition {
		f.composition = fromMillis(ct)
	}
	if !unit.picture {
		if !unit.sets {
			v.bad = 0
			return nil
		}
		return s.absorbAlone(&f)
	}
	f.at = s.clock.ticks(time)
	return s.media(&f)
}

// absorbAlone takes parameter sets that came without a picture.
func (s *Segmenter) absorbAlone(f *frame) error {
	if s.phase == waitTrack {
		if err := s.start(nil); err != nil {
			return err
		}
	}
	if err := s.video.absorb(f); err != nil {
		return s.badVideo(err)
	}
	s.video.bad = 0
	return nil
}

// absorbBeside takes parameter sets that came with a picture, once. It may well
// decode without those that cannot be read.
func (s *Segmenter) absorbBeside(f *frame) {
	if s.video.absorb(f) != nil {
		s.malformed++
	}
	f.unit.sets, s.video.bad = false, 0
}

// absorb keeps parameter sets that come with a frame and differ from those known,
// but for those that it returns an error about.
func (v *videoTrack) absorb(f *frame) (err error) {
	if !f.unit.sets || v.pending != nil && v.pending.sets.codec != f.codec {
		return nil
	}
	for b := f.data; len(b) > 0; {
		nal, rest, _ := cutNAL(b, f.lengthSize) // codec.scan has checked all lengths
		b = rest
		if f.codec.role(nal) < roleVPS {
			continue
		}
		if v.pending == nil {
			if v.current.codec == f.codec && v.current.has(nal) {
				continue
			}
			v.pending = &decoderConfig{v.lengthSize, v.current.clone()}
		}
		if bad := v.pending.sets.put(nal); bad != nil {
			err = bad
		}
	}
	return err
}

// adopt puts pending parameter sets in force: at a keyframe, or at once if only
// PPS have changed. It reports whether they have to be written. With another
// SPS a decoder has to start anew, which takes a new segment.
func (s *Segmenter) adopt(f *frame) bool {
	v := &s.video
	if !v.adoptable(f) {
		return false
	}
	same := v.current.sameSequence(&v.pending.sets)
	if !f.key && !same {
		return false
	}
	if v.started && !same {
		s.pending.order(keyframe, AtParameters)
	}
	v.current, v.pending = v.pending.sets, nil
	v.prefix = v.current.prefix()
	if p, err := f.codec.parseSPS(v.current.sps[0].nal); err == nil {
		s.update(func(i *StreamInfo) {
			i.Video.Codec, i.Video.Width, i.Video.Height = f.codec.fourCC.String(), p.width, p.height
		})
	}
	return true
}

// awaitKeyframe drops pictures until one can start a segment.
func (s *Segmenter) awaitKeyframe(f *frame) error {
	v := &s.video
	s.absorbBeside(f)
	if !f.key || !v.decodes(f) {
		return s.refuse()
	}
	if s.decided || s.audio.known() {
		return s.start(f)
	}
	s.queue.push(f)
	s.phase, s.since = waitTrack, s.cfg.Elapsed()
	return nil
}

// refuse drops a picture because no keyframe came before it. It is an error where
// there has been none for as long as a segment may last.
func (s *Segmenter) refuse() error {
	v, now := &s.video, s.cfg.Elapsed()
	if now-v.refused > videoWait {
		v.awaited = now // the video has paused
	}
	v.refused = now
	if now-v.awaited >= s.rule.force.Duration() {
		return ErrNoKeyframe
	}
	return nil
}

// writeVideo writes a picture, after a cut if one is due.
func (s *Segmenter) writeVideo(f *frame) error {
	v := &s.video
	s.absorbBeside(f)
	audioOnly := !s.out.Program().Video && s.seg.open
	if audioOnly && !f.key || !v.decodes(f) {
		return nil
	}
	base, jumped := s.videoBase(f.at)
	// A segment that audio has begun after the jump goes on with its keyframe.
	joins := f.key && !s.seg.video && base == s.audio.base
	if jumped && s.seg.open && !audioOnly && !joins {
		if err := s.jump(); err != nil {
			return err
		}
		s.phase = waitKeyframe
		v.awaited = s.cfg.Elapsed()
		v.refused = v.awaited
		return s.media(f)
	}
	v.base = base

	sets := s.adopt(f)
	raw := f.at - v.base
	dts := raw
	if v.started {
		dts = max(dts, v.last+1)
	}
	if s.seg.open && !s.seg.video {
		// Audio went on alone in this segment, and the clock with it.
		dts = max(dts, s.seg.first, s.audio.last-maxApart)
	}
	if err := s.cutBeforePicture(dts, f.key); err != nil {
		return err
	}
	if v.started {
		v.interval = dts - v.last
	}
	v.started, v.last = true, dts
	if s.seg.video { // else a picture has to be first
		// The clock goes on to the picture's time, and must not pass the audio.
		if err := s.flushOldAudio(dts); err != nil {
			return err
		}
	}
	if f.key {
		s.keyframe(dts)
	}
	switch {
	case s.seg.video || !s.audio.buffered():
	case dts > s.seg.first:
		// Audio has started the segment: its first frame is to be in front.
		if err := s.flushAudio(); err != nil {
			return err
		}
	case s.audio.pendingAt == s.seg.first:
		// Audio has started it at the picture's very time, which is in front now.
		s.seg.segment.Keyframe = f.key
	}

	prefix := f.codec.delimiter
	if sets || f.key || !s.seg.video {
		prefix = v.prefix
	}
	s.seg.video = true
	pts := max(raw+f.composition, dts)
	v.shown = max(v.shown, pts)
	s.out.Video(pts, dts, f.key, len(prefix)+f.unit.size)
	s.out.Append(prefix)
	s.appendNALs(f)
	if v.meter.add(dts, len(f.data)) {
		s.updateRates()
	}
	if err := s.failed(); err != nil {
		return err
	}
	return s.flushOldAudio(dts)
}

// keyframe measures how far apart keyframes are.
func (s *Segmenter) keyframe(dts mpegts.Ticks) {
	v := &s.video
	if v.keys > 0 {
		interval := between(v.lastKey, dts)
		s.update(func(i *StreamInfo) { i.Video.KeyInterval = interval })
	}
	v.keys, v.lastKey = v.keys+1, dts
}

// appendNALs writes a picture's NAL units, each behind a start code.
func (s *Segmenter) appendNALs(f *frame) {
	for b := f.data; len(b) > 0; {
		// codec.scan has checked all lengths.
		nal, rest, _ := cutNAL(b, f.lengthSize)
		if f.codec.role(nal).kept() {
			s.out.Append(startCode)
			s.out.Append(nal)
		}
		b = rest
	}
}

// videoBase is the base that gives a picture, which the sender dates at, its
// place in the output. It reports a jump.
func (s *Segmenter) videoBase(at mpegts.Ticks) (base mpegts.Ticks, jumped bool) {
	v, a := &s.video, &s.audio
	switch {
	case v.near(at) && (s.seg.open || at-v.base > v.last):
		// After a jump, too, unless time would have to stand still to wait for it.
		return v.base, false
	case v.starts(&a.track, at):
		return a.base, false
	case v.started && a.near(at) && at-a.base > v.last:
		// The audio was there first, or never left while the video paused.
		return a.base, v.base != a.base
	case v.started:
		// Where neither track has anything yet.
		next := v.last + v.interval
		if a.started {
			next = max(next, a.last+a.interval())
		}
		return at - next, true
	case a.started:
		return at - a.last, false
	}
	return at, false
}
