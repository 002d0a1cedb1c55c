package segmenter

import (
	"time"

	"osslive/segmenter/mpegts"
)

const (
	// cutSlack is how much a keyframe may be early: times in milliseconds make a
	// GOP of exactly FragDuration look shorter by a little.
	cutSlack = mpegts.Second * 50 / 1000
	// minForce is the shortest time after which a segment ends without a keyframe.
	minForce = 60 * time.Second
	// maxForces times the length that forces a cut is the longest time by the real
	// clock that a segment is open, however slowly its media times advance.
	maxForces = 2
	// videoStall is how far video has to be behind audio before audio may cut.
	videoStall = 5 * mpegts.Second
	// framesPerLook is the number of frames between two looks at the real clock: a look
	// costs as much as the rest of what decides on a cut.
	framesPerLook = 64
)

// Ending says why a segment ended. Its order is that of strength: of two reasons that
// wait for the next cut the greater one counts.
type Ending uint8

const (
	notYet       Ending = iota
	AtKeyframe          // FragDuration was reached, and a keyframe followed
	AtTarget            // FragDuration was reached, in a stream without video
	AtLength            // no keyframe came in time
	AtSize              // the segment reached Config.MaxBytes
	AtRealTime          // the segment was open for too long by the real clock
	AtClose             // the stream ended
	AtTrack             // audio or video joined
	AtJump              // the sender's clock jumped
	AtParameters        // the codec's parameters changed: a player's decoder starts anew
)

// String returns the reason in words that follow "ended by".
func (e Ending) String() string {
	return [...]string{
		notYet: "", AtKeyframe: "key frame", AtTarget: "FragDuration, no video", AtLength: "length, no key frame came",
		AtSize: "size limit", AtRealTime: "real time, media stood still", AtClose: "end of the publish",
		AtTrack: "a track that joined", AtJump: "a jump of the clock", AtParameters: "other codec parameters",
	}[e]
}

// breaks reports whether the segment that follows begins with a discontinuity.
func (e Ending) breaks() bool { return e >= AtJump }

// pending is a cut that is ordered and waits for its frame. The zero value is none.
type pending struct {
	at  place
	why Ending
}

// place is where a pending cut is made.
type place uint8

const (
	never    place = iota
	keyframe       // before the next keyframe
	anyFrame       // before the next frame that is written
)

// order adds a cut. It is made at the earlier of the two places, for the stronger of
// the two reasons.
func (p *pending) order(at place, why Ending) {
	p.at, p.why = max(p.at, at), max(p.why, why)
}

// cutRule has the lengths at which a segment ends. PutLiveChannel API page,
// FragDuration.
type cutRule struct {
	target mpegts.Ticks  // nearly reached: before the next keyframe
	force  mpegts.Ticks  // reached: before any frame
	open   time.Duration // reached, in real time: before any frame
}

func newCutRule(fragDuration time.Duration) cutRule {
	force := max(2*fragDuration, minForce)
	return cutRule{
		target: fromMillis(fragDuration.Milliseconds()),
		force:  fromMillis(force.Milliseconds()),
		open:   maxForces * force,
	}
}

// moment is what a cut before a frame depends on.
type moment struct {
	pending pending
	age     mpegts.Ticks // of the open segment, at the frame
	picture bool         // the frame is a picture
	key     bool         // and a keyframe
	video   bool         // the open segment's program has video
	behind  mpegts.Ticks // how far video is behind the frame, if that is audio
}

// decide returns why the open segment ends before the frame, notYet if it goes on. It
// knows all reasons but size and real time: see full.
func (r cutRule) decide(m moment) Ending {
	switch {
	case m.key && !m.video:
		return max(AtTrack, m.pending.why)
	case m.key && m.pending.at != never, (m.picture || !m.video) && m.pending.at == anyFrame:
		return m.pending.why
	case m.picture && m.key && m.age+cutSlack >= r.target:
		return AtKeyframe
	case m.picture && m.age >= r.force, m.video && m.age >= r.force && m.behind >= videoStall:
		return AtLength
	case !m.picture && !m.video && m.age >= r.target:
		return AtTarget
	}
	return notYet
}

// cutBeforePicture starts a segment with a picture if one is due.
func (s *Segmenter) cutBeforePicture(dts mpegts.Ticks, key bool) error {
	return s.cutBefore(dts, moment{pending: s.pending, picture: true, key: key, video: s.out.Program().Video})
}

// cutBeforeAudio starts a segment with an AAC frame if one is due: in a stream without
// video, or whose video has stalled.
func (s *Segmenter) cutBeforeAudio(pts mpegts.Ticks) error {
	return s.cutBefore(pts, moment{pending: s.pending, video: s.out.Program().Video, behind: pts - s.video.last})
}

func (s *Segmenter) cutBefore(at mpegts.Ticks, m moment) error {
	if !s.seg.open {
		return s.begin(at, m.key)
	}
	m.age = at - s.seg.first
	why := s.rule.decide(m)
	if why == notYet {
		why = s.full()
	}
	if why == notYet {
		return nil
	}
	return s.cut(at, m.key, why)
}

// full returns AtSize or AtRealTime if the open segment has reached that limit, else
// notYet.
func (s *Segmenter) full() Ending {
	if s.out.Bytes() >= s.cfg.MaxBytes {
		return AtSize
	}
	s.seg.asked++
	if s.seg.asked%framesPerLook == 0 && s.cfg.Elapsed()-s.seg.opened >= s.rule.open {
		return AtRealTime
	}
	return notYet
}

// cut ends the open segment and begins the next with the frame at.
func (s *Segmenter) cut(at mpegts.Ticks, key bool, why Ending) error {
	if s.pending.at != anyFrame {
		if err := s.flushAudio(); err != nil {
			return err
		}
	} // else the pending audio has the new parameters
	s.seg.segment.Forced = !key && s.out.Program().Video
	if err := s.finish(at, why); err != nil {
		return err
	}
	return s.begin(at, key)
}

// cutForAudio ends the open segment before the audio that waits, if that has other
// parameters.
func (s *Segmenter) cutForAudio() error {
	if s.pending.at != anyFrame {
		return nil
	}
	s.seg.segment.Forced = true
	if err := s.finish(s.audio.pendingAt, s.pending.why); err != nil {
		return err
	}
	return s.begin(s.audio.pendingAt, false)
}

// jump ends the open segment with its own last frame: what comes next does not follow
// from it.
func (s *Segmenter) jump() error {
	if s.seg.open {
		if s.pending.at != anyFrame {
			if err := s.flushAudio(); err != nil {
				return err
			}
		} // else the pending audio belongs to what comes next
		if err := s.finish(s.end(), AtJump); err != nil {
			return err
		}
	}
	s.pending.order(never, AtJump)
	return nil
}

// begin begins a segment with the frame at.
func (s *Segmenter) begin(at mpegts.Ticks, key bool) error {
	breaks := s.pending.why.breaks()
	first := s.out.Program() == mpegts.Program{}
	program := mpegts.Program{
		Video: key || s.out.Program().Video,
		HEVC:  s.video.current.codec == &hevc,
		Audio: s.audio.usable || s.out.Program().Audio,
	}
	if program != s.out.Program() || s.pending.why == AtParameters {
		breaks = !first
		s.out.SetProgram(program)
	}
	s.pending = pending{}
	w, err := s.sink.Open()
	if err != nil {
		s.lost = true
		return err
	}
	if first || breaks {
		s.runStart = at
	}
	s.seg = openSegment{open: true, first: at, opened: s.cfg.Elapsed(), segment: Segment{Discontinuity: breaks, Keyframe: key}}
	// The counters and the clock of a session start anew: for a player that comes from
	// another session's segment, that is a discontinuity as well.
	s.out.Begin(w, first || breaks)
	return nil
}

// finish ends the open segment. The following one starts at next.
func (s *Segmenter) finish(next mpegts.Ticks, why Ending) error {
	s.seg.open = false
	if err := s.out.Finish(next); err != nil {
		s.lost = true
		return err
	}
	s.seg.segment.Ending = why
	s.seg.segment.Duration = between(s.seg.first, next)
	s.seg.segment.Bytes = s.out.Bytes()
	if err := s.sink.Finish(s.seg.segment); err != nil {
		s.lost = true
		return err
	}
	return nil
}

// end returns when the last frame of the open segment is over: the last picture by its
// decoding time, unless video has stalled and audio has gone on for more than a second
// after the picture that is shown last.
func (s *Segmenter) end() mpegts.Ticks {
	v, heard := &s.video, s.audio.last+s.audio.interval()
	if s.seg.video && heard <= v.shown+v.interval+mpegts.Second {
		return v.last + v.interval
	}
	return heard
}
