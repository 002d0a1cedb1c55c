package segmenter

import (
	"errors"
	"io"
	"sync"
	"time"

	"osslive/rtmp/flv"
	"osslive/segmenter/mpegts"
)

// DefaultMaxBytes is the size beyond which a segment is cut at the next frame.
const DefaultMaxBytes = 256 << 20

// Config says how to segment.
type Config struct {
	// FragDuration is the length a segment should have, 1 to 100 s.
	FragDuration time.Duration
	// MaxBytes ends a segment before the next frame; 0 is DefaultMaxBytes.
	MaxBytes int64
	// AllowAudioOnly carries streams without video instead of refusing them.
	AllowAudioOnly bool
	// AllowHEVC carries HEVC video instead of refusing it.
	AllowHEVC bool
	// Elapsed is the real time since the publish began. It must never go back.
	// Nil stands still: what waits for real time waits for media then.
	Elapsed func() time.Duration
}

// Sink takes segments, one after the other.
type Sink interface {
	// Open starts a segment, at its first frame. The writer is given pieces of
	// at most 64 KiB that it must not keep.
	Open() (io.Writer, error)
	// Finish ends the segment; all of it has been written.
	Finish(Segment) error
}

// Segment describes a finished segment.
type Segment struct {
	// Duration is a whole number of milliseconds, at least one: the time from
	// its first frame to that of the next segment. Durations add up to the
	// length of the stream, whatever its frame rate.
	Duration time.Duration
	// Ending says why it ended.
	Ending Ending
	// Forced says that the stream has video, and that no keyframe followed.
	Forced bool
	// Keyframe says that it starts with a keyframe.
	Keyframe bool
	// Discontinuity says that it does not continue the segment before, because that
	// ended with a jump or a change of tracks or parameters. It is not set for the
	// first one.
	Discontinuity bool
	// Bytes is its size.
	Bytes int64
}

// how long to wait, in real time
const (
	secondTrackWait = time.Second
	videoWait       = 10 * time.Second // or in audio, for what is sent faster
)

// phase is what the segmenter waits for.
type phase uint8

const (
	// waitKeyframe: nothing can be written before a keyframe. Audio is queued.
	waitKeyframe phase = iota
	// waitTrack: a keyframe and what followed is queued, audio may still come.
	waitTrack
	// running: frames are written as they come.
	running
)

// Segmenter turns tags into segments. Only Info may be called concurrently.
type Segmenter struct {
	cfg   Config
	sink  Sink
	rule  cutRule
	err   error // ends the stream
	lost  bool  // the sink failed: the open segment cannot be finished
	phase phase
	since time.Duration // Elapsed when the phase waitTrack began
	clock clock
	queue queue
	video videoTrack
	audio audioTrack
	out   mpegts.Writer
	seg   openSegment

	decided   bool         // which tracks there are
	pending   pending      // the next cut that is ordered
	runStart  mpegts.Ticks // since the last discontinuity
	malformed int          // tags dropped, or parameter sets

	mu   sync.Mutex
	info StreamInfo
}

// openSegment is the segment being written.
type openSegment struct {
	open    bool
	first   mpegts.Ticks  // decoding time of its first frame
	video   bool          // a picture is in it
	opened  time.Duration // Elapsed at its first frame
	asked   int           // how often full was
	segment Segment
}

// New returns a segmenter that has written nothing yet.
func New(cfg Config, sink Sink) *Segmenter {
	if cfg.MaxBytes == 0 {
		cfg.MaxBytes = DefaultMaxBytes
	}
	if cfg.Elapsed == nil {
		cfg.Elapsed = func() time.Duration { return 0 }
	}
	return &Segmenter{
		cfg: cfg, sink: sink, rule: newCutRule(cfg.FragDuration),
		video: videoTrack{interval: mpegts.Second / 25},
	}
}

// WriteTag takes the next tag of the stream and does not keep its data. An
// error ends the stream, later calls return it again: *UnsupportedError,
// *CorruptError, ErrNoVideo, ErrNoConfig, ErrNoKeyframe, or what the sink
// returned. Close still finishes what was written before.
func (s *Segmenter) WriteTag(t flv.Tag) error {
	if s.err == nil {
		s.err = s.writeTag(t)
	}
	return s.err
}

func (s *Segmenter) writeTag(t flv.Tag) (err error) {
	switch t.Type {
	case flv.Video:
		err = s.videoTag(t)
	case flv.Audio:
		err = s.audioTag(t)
	}
	if err == nil && s.phase != running {
		err = s.wait()
	}
	return err
}

// Malformed returns how many tags were dropped because they cannot be read, or
// parameter sets in a picture's tag.
func (s *Segmenter) Malformed() int { return s.malformed }

// wait ends the phases before running when their time is over.
func (s *Segmenter) wait() error {
	now := s.cfg.Elapsed()
	switch {
	case s.phase == waitTrack:
		if s.queue.full() || now-s.since >= secondTrackWait {
			return s.start(nil)
		}
	case s.decided:
		// After a jump, for the next keyframe.
	case s.video.frames > 0:
		if !s.video.configured() && now-s.video.since >= videoWait {
			return ErrNoConfig
		}
	case s.cfg.AllowAudioOnly && s.audio.usable && len(s.queue.frames) > 0:
		if s.queue.full() || now-s.audio.since >= secondTrackWait {
			return s.start(nil)
		}
	case s.audio.seen && (now-s.audio.since >= videoWait || s.audio.alone >= fromMillis(videoWait.Milliseconds())):
		return ErrNoVideo
	}
	return nil
}

// media sends a frame where the phase wants it.
func (s *Segmenter) media(f *frame) error {
	switch {
	case s.phase == running && f.video:
		return s.writeVideo(f)
	case s.phase == running:
		return s.writeAudio(f)
	case s.phase == waitTrack:
		s.video.bad = 0
		s.queue.push(f)
	case f.video:
		return s.awaitKeyframe(f)
	default:
		s.queue.push(f)
		if !s.cfg.AllowAudioOnly || s.decided || s.video.frames > 0 {
			s.queue.trim()
		}
	}
	return nil
}

// start writes the keyframe, if any, and then what was queued. From here on it
// is settled which tracks there are.
func (s *Segmenter) start(key *frame) error {
	s.phase, s.decided = running, true
	queued := s.queue.take()
	base := s.video.base
	if key != nil {
		if err := s.writeVideo(key); err != nil {
			return err
		}
	}
	begins := key != nil && (!s.audio.started || s.video.base != base)
	if begins {
		queued = s.beside(key, queued)
	}
	for i := range queued {
		if err := s.media(&queued[i]); err != nil {
			return err
		}
	}
	return nil
}

// beside returns the queued audio that has a place on the timeline that the
// keyframe has begun: none that is older. What another clock has dated is older,
// because it came before; the next frame by that clock is to be heard with the
// keyframe. Nor is there a place for more than half a frame over what was written
// before.
func (s *Segmenter) beside(key *frame, queued []frame) (kept []frame) {
	earliest := -audioLead
	if s.audio.started {
		earliest = max(earliest, s.audio.last+s.audio.interval()/2-s.video.last)
	}
	for i := range queued {
		switch d := queued[i].at - key.at; {
		case d < -maxQueueTime || d > maxForward: // not by the keyframe's clock
			s.audio.base = queued[i].at + s.audio.interval() - s.video.last
		case d >= earliest:
			kept = append(kept, queued[i])
		}
	}
	return kept
}

// failed remembers an error of the segment's writer.
func (s *Segmenter) failed() error {
	err := s.out.Err()
	s.lost = s.lost || err != nil
	return err
}

// Close ends the stream: what is pending is written and the open segment
// finished, unless the sink has failed. It returns ErrNoVideo, ErrNoConfig or
// ErrNoKeyframe if what came was not enough for a segment. The segmenter cannot be
// used any more; a second call does nothing.
func (s *Segmenter) Close() error {
	if errors.Is(s.err, errClosed) {
		return nil
	}
	err := s.close()
	s.err = errClosed
	s.out.Drop()
	s.queue.take()
	return err
}

func (s *Segmenter) close() error {
	if s.lost {
		return nil
	}
	if s.phase == waitTrack || s.phase == waitKeyframe && s.cfg.AllowAudioOnly && !s.decided && s.video.frames == 0 && s.audio.usable {
		if err := s.start(nil); err != nil {
			return err
		}
	}
	switch {
	case s.decided || s.err != nil:
	case s.video.configured() && s.video.frames > 0:
		return ErrNoKeyframe
	case s.video.frames > 0:
		return ErrNoConfig
	case s.audio.seen:
		return ErrNoVideo
	}
	if !s.seg.open {
		return nil
	}
	if err := s.flushAudio(); err != nil {
		return err
	}
	return s.finish(s.end(), AtClose)
}
