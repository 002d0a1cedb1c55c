package live

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"osslive/segmenter"
	"osslive/server/metrics"
	"osslive/store"
)

// backlog bounds the finished segments that wait to be recorded. Each holds an open
// file. A publisher further ahead waits, and TCP makes its encoder wait.
const backlog = 2

// At most batchSize segments share a commit if they finish within commitGap of the
// last one, far faster than real time. Players cannot use a playlist that changes
// more often.
const (
	commitGap = 10 * time.Millisecond
	batchSize = 8
)

var errRecorder = errors.New("an earlier segment could not be recorded")

// finished is a segment whose bytes are written but not yet durable.
type finished struct {
	writer *store.SegmentWriter
	segmenter.Segment
}

// recorder makes a session's segments visible: it syncs a segment's blob and commits
// the segment's object, the playlist that lists it and the channel's position
// together. Segments of a push far faster than real time share a commit. It has a
// goroutine of its own, so that the disk does not hold up the connection.
type recorder struct {
	session *store.Session
	metrics *metrics.Metrics
	fail    func(error) // called once, when a segment could not be recorded

	queue  chan finished
	done   chan struct{}
	failed atomic.Bool
	count  atomic.Int64

	queued  int64 // by add
	endList bool  // set before queue is closed

	committed time.Time // the last commit; run's, as is what follows
	list      list
}

func newRecorder(session *store.Session, m *metrics.Metrics, fail func(error)) *recorder {
	r := &recorder{
		session: session,
		metrics: m,
		fail:    fail,
		queue:   make(chan finished, backlog),
		done:    make(chan struct{}),
		list:    list{least: session.Channel().Target.FragDuration},
	}
	go r.run()
	return r
}

// add queues a segment. It blocks while the queue is full, until ctx is done.
func (r *recorder) add(ctx context.Context, f finished) error {
	if r.failed.Load() {
		f.writer.Abort()
		return errRecorder
	}
	select {
	case r.queue <- f:
		r.queued++
		return nil
	case <-ctx.Done():
		f.writer.Abort()
		return fmt.Errorf("segment %s: the disk is not ready for it: %w", f.writer.Name(), ctx.Err())
	}
}

// close waits until all queued segments are recorded and, if endList is set, the
// playlist is ended.
func (r *recorder) close(ctx context.Context, endList bool) error {
	r.endList = endList
	close(r.queue)
	select {
	case <-r.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for %d segments: %w", r.queued-r.count.Load(), ctx.Err())
	}
}

func (r *recorder) run() {
	defer close(r.done)
	for f := range r.queue {
		batch := r.gather(f)
		if r.failed.Load() {
			abort(batch)
			continue
		}
		if err := r.record(batch); err != nil {
			r.failed.Store(true)
			r.fail(err)
		}
	}
	// Only now it is certain that no segment follows.
	if r.endList && r.count.Load() > 0 && !r.failed.Load() {
		r.list.ended = true
		if err := r.commit(nil); err != nil {
			r.fail(fmt.Errorf("end of the playlist: %w", err))
		}
	}
}

// gather returns first and the segments that follow it within commitGap of the last
// commit.
func (r *recorder) gather(first finished) []finished {
	batch := []finished{first}
	gap := commitGap - time.Since(r.committed)
	if gap <= 0 {
		return batch
	}
	over := time.NewTimer(gap)
	defer over.Stop()
	for len(batch) < batchSize {
		select {
		case f, more := <-r.queue:
			if !more {
				return batch
			}
			batch = append(batch, f)
		case <-over.C:
			return batch
		}
	}
	return batch
}

func abort(batch []finished) {
	for _, f := range batch {
		f.writer.Abort()
	}
}

// record makes all of batch visible, or of what comes before an error as much as
// can be.
func (r *recorder) record(batch []finished) error {
	began := time.Now()
	var (
		segs   []*store.SegmentWriter
		failed error
	)
	for i, f := range batch {
		err := f.writer.Seal(store.Segment{
			Duration: f.Duration, Discontinuity: f.Discontinuity, Keyframe: f.Keyframe, Forced: f.Forced, Ending: f.Ending.String(),
		})
		if err != nil {
			failed = fmt.Errorf("segment %s: %w", f.writer.Name(), err)
			abort(batch[i+1:])
			batch = batch[:i]
			break
		}
		segs = append(segs, f.writer)
	}
	if len(segs) == 0 {
		return failed
	}
	if err := r.commit(segs); err != nil {
		return errors.Join(fmt.Errorf("segment %s: %w", segs[0].Name(), err), failed)
	}
	r.count.Add(int64(len(segs)))
	for _, f := range batch {
		r.metrics.Segment(f.Bytes, time.Since(began))
	}
	return failed
}

// commit makes segs visible together with the list.
func (r *recorder) commit(segs []*store.SegmentWriter) error {
	ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	err := r.session.CommitSegments(ctx, segs, r.list.render)
	r.committed = time.Now()
	return err
}
