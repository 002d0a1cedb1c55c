package live

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"osslive/rtmp"
	"osslive/rtmp/flv"
	"osslive/segmenter"
	"osslive/server/answer"
	"osslive/server/refusal"
	"osslive/store"
)

// closeLimit bounds how long the end of a publish waits for its last segments, some
// ten if the disk is behind, to become durable. Until then the channel is this
// session's. A server that stops does not wait as long. It also bounds how long the
// store may take to begin or to commit a segment: then the publish ends.
const closeLimit = time.Minute

// endLimit bounds how long it takes to record the end itself.
const endLimit = time.Second

// session is an accepted publish: the rtmp.Stream that takes its tags and the
// segmenter.Sink that takes its segments. The connection's goroutine runs all
// of it but the recorder and renew.
type session struct {
	handler   *Handler
	ctx       context.Context // how long the disk is waited for: as long as the connection lasts, or at its end as Close says
	requestID string
	request   *rtmp.PublishRequest
	log       *slog.Logger
	began     time.Time // monotonic

	record    *store.Session
	segmenter *segmenter.Segmenter
	open      *store.SegmentWriter // the segment being written, or nil
	recorder  *recorder

	unsigned bool // allowed by the bucket's ACL alone

	unmetered int // bytes of tags that BytesIn lacks
	malformed int // tags that Metrics has been told of

	stat   store.Stat  // the constant part; renew fills in the media
	silent atomic.Bool // said that the audio is dropped
	kicked sync.Once
}

// Publish admits a publisher or answers why not.
func (h *Handler) Publish(ctx context.Context, r *rtmp.PublishRequest) (rtmp.Stream, error) {
	requestID := refusal.NewID()
	log := h.config.Logger.With("request_id", requestID, "remote", r.RemoteAddr.String(), "client", r.FlashVer)

	record, t, err := h.admit(ctx, r)
	if err != nil {
		a := answerFor(err)
		rejection := a.reject(requestID)
		h.config.Metrics.Refused(rejection.Code)
		if h.limiter.allow(time.Now(), rejection.Description) {
			log.Warn("publish refused", "path", r.Path, "reason", rejection.Description)
		}
		h.keep(r, t, requestID, a, err)
		return nil, rejection
	}
	channel := record.Channel()
	s := &session{
		handler:   h,
		ctx:       ctx,
		requestID: requestID,
		log:       log.With("bucket", channel.Bucket, "channel", channel.Name, "session", record.ID()),
		began:     time.Now(),
		record:    record,
		unsigned:  !r.Query.Has("Signature"),
		request:   r,
		stat:      store.Stat{Connected: h.config.Now(), RemoteAddr: r.RemoteAddr.String()},
	}
	s.segmenter = segmenter.New(segmenter.Config{
		FragDuration:   time.Duration(channel.Target.FragDuration) * time.Second,
		AllowAudioOnly: h.config.AllowAudioOnly,
		AllowHEVC:      h.config.AllowHEVC,
		Elapsed:        func() time.Duration { return time.Since(s.began) },
	}, s)
	s.recorder = newRecorder(record, h.config.Metrics, s.fail)
	h.add(s)
	s.log.Info("publish started")
	return s, nil
}

// WriteTag remuxes one tag. It blocks while the recorder is behind.
func (s *session) WriteTag(t flv.Tag) error {
	s.unmetered += len(t.Data)
	if err := s.segmenter.WriteTag(t); err != nil {
		return s.refusal(err)
	}
	return nil
}

// meter counts what has come since it was last called: once a segment, not a tag.
func (s *session) meter() {
	s.handler.config.Metrics.BytesIn.Add(float64(s.unmetered))
	s.unmetered = 0
	if n := s.segmenter.Malformed(); n > s.malformed {
		if s.malformed == 0 {
			s.log.Warn("malformed media dropped", "messages", n)
		}
		s.handler.config.Metrics.Malformed.Add(float64(n - s.malformed))
		s.malformed = n
	}
}

// Open begins a segment; its name is the wall clock of this moment.
func (s *session) Open() (io.Writer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	w, err := s.record.NewSegment(ctx)
	if err != nil {
		return nil, fmt.Errorf("begin segment: %w", err)
	}
	s.open = w
	return w, nil
}

// Finish hands a whole segment to the recorder.
func (s *session) Finish(seg segmenter.Segment) error {
	s.meter()
	w := s.open
	s.open = nil
	if seg.Bytes >= segmenter.DefaultMaxBytes {
		s.handler.config.Metrics.Limit("rtmp", "SegmentBytes")
	}
	return s.recorder.add(s.ctx, finished{w, seg})
}

// Close ends the session: the open segment is finished and recorded, the
// history record closed and the channel free for the next publisher.
func (s *session) Close(cause error) {
	s.kicked.Do(func() {}) // nobody is left to be told
	var cancel context.CancelFunc
	s.ctx, cancel = context.WithTimeout(s.ctx, closeLimit)
	defer cancel()
	defer s.end(cause) // also if the segmenter panics
	s.meter()
	s.handler.config.Metrics.Ended(result(cause))
	if err := s.segmenter.Close(); err != nil {
		s.log.Warn("finish last segment", "error", err)
	}
	s.noteDropped(s.segmenter.Info().Audio)
}

// end waits for what is to be recorded, and gives the channel free.
func (s *session) end(cause error) {
	if s.open != nil {
		s.open.Abort()
	}
	if err := s.recorder.close(s.ctx, s.handler.config.EndList); err != nil {
		s.log.Error("record last segments", "error", err)
	}
	s.handler.remove(s) // renewed until here, however long that took
	ctx, cancel := context.WithTimeout(context.Background(), endLimit)
	defer cancel()
	if err := s.record.End(ctx); err != nil {
		s.log.Error("end session", "error", err)
	}
	s.log.Info("publish ended", "reason", causeText(cause), "seconds", int(time.Since(s.began).Seconds()), "segments", s.recorder.count.Load(), "malformed", s.malformed)
}

// noteDropped says once that the audio is left out, and why.
func (s *session) noteDropped(a segmenter.AudioInfo) {
	if a.Dropped != "" && s.silent.CompareAndSwap(false, true) {
		s.log.Warn("audio dropped", "codec", a.Codec, "reason", a.Dropped)
	}
}

// renew holds the lease with fresh statistics. An error means that the publish
// must end.
func (s *session) renew(ctx context.Context) error {
	stat := s.stat
	info := s.segmenter.Info()
	if v := info.Video; v.Codec != "" {
		stat.Video = &store.VideoStat{Codec: v.Codec, Width: v.Width, Height: v.Height,
			FrameRate: wholeRate(v.FrameRate),
			Bandwidth: v.Bandwidth, KeyInterval: v.KeyInterval}
	}
	s.noteDropped(info.Audio)
	if a := info.Audio; a.Codec != "" {
		stat.Audio = &store.AudioStat{Codec: a.Codec, SampleRate: a.SampleRate, Bandwidth: a.Bandwidth, Dropped: a.Dropped}
	}
	if s.unsigned {
		bucket, err := s.handler.config.Store.Bucket(ctx, s.record.Channel().Bucket)
		if err == nil && bucket.ACL != store.PublicReadWrite {
			err = answer.ErrUnsigned
		}
		if err != nil {
			return err
		}
	}
	return s.record.Renew(ctx, stat)
}

// wholeRate cuts a rate off, as the service does: the Java SDK's tests have 29 for
// 29.97. A rate short of a whole one by less than the jitter of time stamps, 3 ms in
// the 4 s that are measured, is that one.
func wholeRate(measured float64) int { return int(measured * 1.0008) }

// fail ends the publish for an error of the recorder.
func (s *session) fail(err error) {
	s.log.Error("record segment", "error", err)
	s.kick(err)
}

// kick ends the publish from another goroutine. Only the first time counts.
func (s *session) kick(err error) {
	s.kicked.Do(func() { s.request.Kick(s.refusal(err)) })
}

func (s *session) refusal(err error) *rtmp.RejectError {
	var corrupt *segmenter.CorruptError
	if errors.As(err, &corrupt) {
		s.handler.config.Metrics.Limit("rtmp", "BadMessages")
	}
	a := answerFor(err)
	r := a.reject(s.requestID)
	s.log.Warn("publish cut off", "reason", r.Description, "error", err)
	channel := s.record.Channel()
	s.handler.keep(s.request, target{channel.Bucket, channel.Name}, s.requestID, a, err)
	return r
}

// Malformed answers a publish whose URL cannot be read: it gives the refusal an ID.
func (h *Handler) Malformed(r *rtmp.PublishRequest, err *rtmp.RejectError) *rtmp.RejectError {
	requestID := refusal.NewID()
	h.config.Metrics.Refused(err.Code)
	if h.limiter.allow(time.Now(), err.Description) {
		h.config.Logger.Warn("publish refused", "request_id", requestID, "remote", r.RemoteAddr.String(), "client", r.FlashVer, "reason", err.Description)
	}
	code, message, _ := strings.Cut(err.Description, ": ")
	h.config.Refusals.Add(refusal.Refusal{
		ID: requestID, Time: h.config.Now(), Remote: r.RemoteAddr.String(), Client: r.FlashVer, Code: code, Message: message, Host: r.Host,
		Err: fmt.Errorf("%w: %w", answer.ErrLineBreak, err),
	})
	return &rtmp.RejectError{Code: err.Code, Description: fmt.Sprintf("%s (RequestId %s)", err.Description, requestID)}
}

// Ended logs and counts the end of a connection. One that broke the protocol or a limit
// before a publish, such as a browser at the wrong port, was refused too, without an ID.
func (h *Handler) Ended(i rtmp.CloseInfo) {
	if i.Limit != "" {
		h.config.Metrics.Limit("rtmp", i.Limit)
	}
	level := slog.LevelDebug
	var violation *rtmp.ProtocolError
	var limit *rtmp.LimitError
	broken := errors.As(i.Reason, &violation) || errors.As(i.Reason, &limit)
	if !i.Published && broken && h.limiter.allow(time.Now(), i.Reason.Error()) {
		level = slog.LevelWarn
	}
	h.config.Logger.Log(context.Background(), level, "rtmp connection closed", "remote", i.RemoteAddr.String(), "client", i.FlashVer, "path", i.Path,
		"received", i.Received, "sent", i.Sent, "reason", i.Reason)
}

// keep remembers a refusal for whoever asks about it.
func (h *Handler) keep(r *rtmp.PublishRequest, t target, requestID string, a publishAnswer, err error) {
	h.config.Refusals.Add(refusal.Refusal{
		ID: requestID, Time: h.config.Now(), Remote: r.RemoteAddr.String(), Client: r.FlashVer, Code: a.code, Message: a.text,
		Bucket: t.bucket, Name: t.channel, Err: err, Host: r.Host, Path: r.Path, Query: r.Query,
	})
}

// result is a publish's end as a label: how the client was told, if it was.
func result(cause error) string {
	if cause != nil {
		if code, _ := rtmp.Status(cause); code != "" {
			return code
		}
	}
	return "ended"
}

func causeText(cause error) string {
	if cause == nil || errors.Is(cause, io.EOF) || errors.Is(cause, io.ErrUnexpectedEOF) {
		return "client ended"
	}
	return cause.Error()
}
