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

// endLimit bounds how long the store may take to record the end itself.
const endLimit = time.Second

// session is an accepted publish: the rtmp.Stream that takes its tags and the
// segmenter.Sink that takes its segments. The connection's goroutine calls its
// methods, except renew, fail and kick, which any goroutine may call.
type session struct {
	handler   *Handler
	ctx       context.Context // bounds waits for the recorder; Close replaces it by one with closeLimit
	requestID string
	request   *rtmp.PublishRequest
	log       *slog.Logger
	began     time.Time // monotonic

	lease     *store.Session // the claim on the channel
	segmenter *segmenter.Segmenter
	open      *store.SegmentWriter // the segment being written, or nil
	recorder  *recorder

	unsigned bool // only the bucket's ACL allows the publish

	unmetered int // bytes of tags that Metrics.BytesIn does not count yet
	malformed int // dropped tags that Metrics.Malformed counts already

	stat    store.Stat  // the constant part; renew fills in the media
	dropped atomic.Bool // the log says that the audio is dropped
	kicked  sync.Once
}

// Publish implements rtmp.Handler. It returns a session, or the refusal.
func (h *Handler) Publish(ctx context.Context, r *rtmp.PublishRequest) (rtmp.Stream, error) {
	requestID := refusal.NewID()
	log := h.config.Logger.With("request_id", requestID, "remote", r.RemoteAddr.String(), "client", r.FlashVer)

	lease, t, err := h.admit(ctx, r)
	if err != nil {
		a := answerFor(err)
		rejection := a.reject(requestID)
		h.config.Metrics.Refused(rejection.Code)
		if h.limiter.allow(time.Now(), rejection.Description) {
			log.Warn("publish refused", "path", r.Path, "reason", rejection.Description)
		}
		h.addRefusal(r, t, requestID, a, err)
		return nil, rejection
	}
	channel := lease.Channel()
	s := &session{
		handler:   h,
		ctx:       ctx,
		requestID: requestID,
		log:       log.With("bucket", channel.Bucket, "channel", channel.Name, "session", lease.ID()),
		began:     time.Now(),
		lease:     lease,
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
	s.recorder = newRecorder(lease, h.config.Metrics, s.fail)
	h.add(s)
	s.log.Info("publish started")
	return s, nil
}

// WriteTag implements rtmp.Stream: it remuxes one tag. It blocks while the recorder
// is backlog segments behind.
func (s *session) WriteTag(t flv.Tag) error {
	s.unmetered += len(t.Data)
	if err := s.segmenter.WriteTag(t); err != nil {
		return s.cutOff(err)
	}
	return nil
}

// meter adds to the metrics what has arrived since its last call. It is called once a
// segment, so that a tag costs no atomic addition.
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

// Open implements segmenter.Sink: it begins a segment, named by the wall clock of
// this moment.
func (s *session) Open() (io.Writer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	w, err := s.lease.NewSegment(ctx)
	if err != nil {
		return nil, fmt.Errorf("begin segment: %w", err)
	}
	s.open = w
	return w, nil
}

// Finish implements segmenter.Sink: it queues a whole segment for the recorder.
func (s *session) Finish(seg segmenter.Segment) error {
	s.meter()
	w := s.open
	s.open = nil
	if seg.Bytes >= segmenter.DefaultMaxBytes {
		s.handler.config.Metrics.Limit("rtmp", "SegmentBytes")
	}
	return s.recorder.add(s.ctx, finished{w, seg})
}

// Close implements rtmp.Stream. It finishes and records the open segment, closes the
// history record and frees the channel for the next publisher.
func (s *session) Close(cause error) {
	s.kicked.Do(func() {}) // no connection is left to kick
	var cancel context.CancelFunc
	s.ctx, cancel = context.WithTimeout(s.ctx, closeLimit)
	defer cancel()
	defer s.end(cause) // also if the segmenter panics
	s.meter()
	s.handler.config.Metrics.Ended(result(cause))
	if err := s.segmenter.Close(); err != nil {
		s.log.Warn("finish last segment", "error", err)
	}
	s.logDropped(s.segmenter.Info().Audio)
}

// end waits for the recorder and frees the channel.
func (s *session) end(cause error) {
	if s.open != nil {
		s.open.Abort()
	}
	if err := s.recorder.close(s.ctx, s.handler.config.EndList); err != nil {
		s.log.Error("record last segments", "error", err)
	}
	s.handler.remove(s) // the lease is renewed until here, however long that took
	ctx, cancel := context.WithTimeout(context.Background(), endLimit)
	defer cancel()
	if err := s.lease.End(ctx); err != nil {
		s.log.Error("end session", "error", err)
	}
	s.log.Info("publish ended", "reason", causeText(cause), "seconds", int(time.Since(s.began).Seconds()), "segments", s.recorder.count.Load(), "malformed", s.malformed)
}

// logDropped logs once that the audio is dropped, and why.
func (s *session) logDropped(a segmenter.AudioInfo) {
	if a.Dropped != "" && s.dropped.CompareAndSwap(false, true) {
		s.log.Warn("audio dropped", "codec", a.Codec, "reason", a.Dropped)
	}
}

// renew renews the lease with fresh statistics. After an error the publish must end.
func (s *session) renew(ctx context.Context) error {
	stat := s.stat
	info := s.segmenter.Info()
	if v := info.Video; v.Codec != "" {
		stat.Video = &store.VideoStat{Codec: v.Codec, Width: v.Width, Height: v.Height,
			FrameRate: wholeRate(v.FrameRate),
			Bandwidth: v.Bandwidth, KeyInterval: v.KeyInterval}
	}
	s.logDropped(info.Audio)
	if a := info.Audio; a.Codec != "" {
		stat.Audio = &store.AudioStat{Codec: a.Codec, SampleRate: a.SampleRate, Bandwidth: a.Bandwidth, Dropped: a.Dropped}
	}
	if s.unsigned {
		bucket, err := s.handler.config.Store.Bucket(ctx, s.lease.Channel().Bucket)
		if err == nil && bucket.ACL != store.PublicReadWrite {
			err = answer.ErrUnsigned
		}
		if err != nil {
			return err
		}
	}
	return s.lease.Renew(ctx, stat)
}

// wholeRate returns a frame rate without its fraction, as the service does: the Java
// SDK's tests have 29 for 29.97. It adds the jitter of time stamps first, 3 ms in the
// 4 s that are measured, so that 24.99 is 25.
func wholeRate(measured float64) int { return int(measured * 1.0008) }

// fail ends the publish after an error of the recorder.
func (s *session) fail(err error) {
	s.log.Error("record segment", "error", err)
	s.kick(err)
}

// kick ends the publish from another goroutine. Only the first call counts.
func (s *session) kick(err error) {
	s.kicked.Do(func() { s.request.Kick(s.cutOff(err)) })
}

// cutOff logs and stores that the publish ends with err, and returns the answer.
func (s *session) cutOff(err error) *rtmp.RejectError {
	var corrupt *segmenter.CorruptError
	if errors.As(err, &corrupt) {
		s.handler.config.Metrics.Limit("rtmp", "BadMessages")
	}
	a := answerFor(err)
	r := a.reject(s.requestID)
	s.log.Warn("publish cut off", "reason", r.Description, "error", err)
	channel := s.lease.Channel()
	s.handler.addRefusal(s.request, target{channel.Bucket, channel.Name}, s.requestID, a, err)
	return r
}

// Malformed implements rtmp.Server.OnMalformed, which is called only for a URL with a
// line break or a zero byte. It gives the refusal a request ID, logs and stores it.
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

// Ended logs and counts the end of a connection. It logs one that broke the protocol
// or a limit before a publish, such as a browser at the wrong port, as a warning: that
// is a refusal without an ID.
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

// addRefusal stores a refusal for those who ask why.
func (h *Handler) addRefusal(r *rtmp.PublishRequest, t target, requestID string, a publishAnswer, err error) {
	h.config.Refusals.Add(refusal.Refusal{
		ID: requestID, Time: h.config.Now(), Remote: r.RemoteAddr.String(), Client: r.FlashVer, Code: a.code, Message: a.text,
		Bucket: t.bucket, Name: t.channel, Err: err, Host: r.Host, Path: r.Path, Query: r.Query,
	})
}

// result returns the label for a publish's end: the code that the client got, or
// "ended" if it got none.
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
