package live

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"osslive/hls"
	"osslive/segmenter"
	"osslive/server/metrics"
	"osslive/store"
)

// backlog is how many finished segments may wait to be recorded. Each holds
// an open file; a publisher that is further ahead waits, and TCP makes its
// encoder wait.
const backlog = 2

var errRecorder = errors.New("an earlier segment could not be recorded")

// finished is a segment whose bytes are written but not yet durable.
type finished struct {
	writer *store.SegmentWriter
	segmenter.Segment
}

// recorder makes a session's segments visible, one after the other: it syncs
// the segment's blob and commits the segment's object, the playlist that lists
// it and the channel's position together. It has a goroutine of its own, so
// that the disk does not hold up the connection.
type recorder struct {
	session *store.Session
	metrics *metrics.Metrics
	fail    func(error) // called once, when a segment could not be recorded

	queue   chan finished
	done    chan struct{}
	failed  atomic.Bool
	ending  atomic.Bool // the next segment is the last, and ends the list
	count   atomic.Int64
	window  hls.Window
	listed  []store.Segment // the window's segments, as the store keeps them
	playing string          // the playlist's name
	text    []byte
}

func newRecorder(session *store.Session, m *metrics.Metrics, fail func(error)) *recorder {
	position, target := session.Position(), session.Channel().Target
	r := &recorder{
		session: session,
		metrics: m,
		fail:    fail,
		queue:   make(chan finished, backlog),
		done:    make(chan struct{}),
		listed:  position.Window,
		playing: position.Playlist,
		window: hls.Window{
			Size: target.FragCount,
			Playlist: hls.Playlist{
				Sequence:              position.Sequence,
				DiscontinuitySequence: position.DiscontinuitySequence,
				TargetDuration:        max(position.TargetDuration, target.FragDuration),
			},
		},
	}
	for _, seg := range position.Window {
		r.window.Segments = append(r.window.Segments, listing(seg))
	}
	go r.run()
	return r
}

func listing(seg store.Segment) hls.Segment {
	return hls.Segment{URI: seg.Name, Duration: seg.Duration, Discontinuity: seg.Discontinuity}
}

// add queues a segment; it blocks while the queue is full.
func (r *recorder) add(f finished) error {
	if r.failed.Load() {
		f.writer.Abort()
		return errRecorder
	}
	r.queue <- f
	return nil
}

// last says that the segment still open is the session's last.
func (r *recorder) last(endList bool) { r.ending.Store(endList) }

// close waits until all queued segments are recorded.
func (r *recorder) close(ctx context.Context) error {
	close(r.queue)
	select {
	case <-r.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for %d segments: %w", len(r.queue), ctx.Err())
	}
}

func (r *recorder) run() {
	defer close(r.done)
	for f := range r.queue {
		if r.failed.Load() {
			f.writer.Abort()
			continue
		}
		if err := r.record(f); err != nil {
			f.writer.Abort()
			r.failed.Store(true)
			r.fail(err)
		}
	}
}

func (r *recorder) record(f finished) error {
	seg := store.Segment{
		Name:     f.writer.Name(),
		Duration: f.Duration,
		// The media clock starts anew with each session.
		Discontinuity: f.Discontinuity || r.count.Load() == 0 && len(r.listed) > 0,
		Session:       r.session.ID(),
		Keyframe:      f.Keyframe,
		Forced:        f.Forced,
	}
	r.window.Add(listing(seg))
	r.listed = append(r.listed, seg)
	r.listed = r.listed[len(r.listed)-len(r.window.Segments):]
	r.window.Ended = r.ending.Load() && len(r.queue) == 0
	r.text = r.window.AppendText(r.text[:0])

	next := r.session.Position()
	next.Sequence = r.window.Sequence
	next.DiscontinuitySequence = r.window.DiscontinuitySequence
	next.TargetDuration = r.window.TargetDuration
	next.Window = r.listed
	began := time.Now()
	if err := r.session.CommitSegment(context.Background(), f.writer, seg, next, r.text); err != nil {
		return fmt.Errorf("segment %s: %w", seg.Name, err)
	}
	r.count.Add(1)
	r.metrics.Segment(f.Bytes, time.Since(began))
	return nil
}
