// Package live owns a publisher's session, from the publish request to its end. It
// admits the request, remuxes what arrives into segments, records each segment
// together with the playlist that lists it, stores the statistics that
// GetLiveChannelStat shows, and ends the session when the client goes, the channel is
// disabled or the server stops.
//
//	rtmp.PublishRequest → admit → store.Session
//	flv.Tag → segmenter → segment's blob → record: one commit {segment, playlist, position}
//
// It must not know HTTP or package api: the two meet in the store, where
// PutLiveChannelStatus writes a record that the next renewal of the session's lease
// reads. Nor does it know chunks and handshakes, which package rtmp reads, or how
// segments are cut, which package segmenter decides.
package live

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"osslive/auth"
	"osslive/rtmp/flv"
	"osslive/server/address"
	"osslive/server/metrics"
	"osslive/server/refusal"
	"osslive/store"
)

// renewEvery is how often all sessions renew their leases. It bounds how long a
// session of a disabled channel goes on, and how old statistics are.
const renewEvery = 500 * time.Millisecond

// Config is what a Handler needs. The fields of the first group must be set.
type Config struct {
	Store   *store.Store
	Keys    auth.Keys
	Now     func() time.Time // wall clock: signatures and names
	Logger  *slog.Logger
	Metrics *metrics.Metrics

	Refusals       *refusal.Log    // stores refused publishes; nil stores none
	Domains        address.Domains // under which clients reach the server
	AllowAudioOnly bool            // accept a publish without video
	AllowHEVC      bool            // accept HEVC video
	EndList        bool            // end the live playlist when a publish ends
}

// Handler admits publishers; it implements rtmp.Handler.
type Handler struct {
	config Config

	mu       sync.Mutex
	sessions map[*session]struct{} // Run renews their leases

	limiter limiter // of the log lines about refusals
}

// New returns a Handler. Run must be running while the Handler serves.
func New(c Config) *Handler {
	return &Handler{config: c, sessions: map[*session]struct{}{}}
}

// Codecs returns the codecs that a publish may have.
func (h *Handler) Codecs() ([]flv.VideoCodec, []flv.AudioCodec) {
	video := []flv.VideoCodec{flv.AVC}
	if h.config.AllowHEVC {
		video = append(video, flv.HEVC)
	}
	return video, []flv.AudioCodec{flv.AAC}
}

// Run renews the leases of all sessions with fresh statistics, and ends the sessions
// whose lease cannot be renewed. It returns when ctx is done.
func (h *Handler) Run(ctx context.Context) {
	tick := time.NewTicker(renewEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			if others, last := h.limiter.summary(now); others > 0 {
				h.config.Logger.Warn("more publishes refused", "count", others, "last_reason", last)
			}
			for _, s := range h.live() {
				if err := s.renew(ctx); err != nil && ctx.Err() == nil {
					s.kick(err)
				}
			}
		}
	}
}

// live returns the sessions that have not ended.
func (h *Handler) live() []*session {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make([]*session, 0, len(h.sessions))
	for s := range h.sessions {
		all = append(all, s)
	}
	return all
}

func (h *Handler) add(s *session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sessions[s] = struct{}{}
	h.config.Metrics.Publishers.Inc()
}

func (h *Handler) remove(s *session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.sessions, s)
	h.config.Metrics.Publishers.Dec()
}
