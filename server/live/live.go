// Package live runs one publisher's life: it admits a publish request, remuxes
// what arrives into segments, records each segment together with the playlist
// that lists it, keeps the statistics that GetLiveChannelStat shows, and ends
// the session when the client goes, the channel is disabled or the server
// stops.
//
//	rtmp.PublishRequest → admit → store.Session
//	flv.Tag → segmenter → segment's blob → record: one commit {segment, playlist, position}
//
// It meets the HTTP API only in the store: PutLiveChannelStatus writes a
// record, and the next renewal of the session's lease finds it.
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

// renewEvery is how often all sessions renew their leases. It bounds how long
// a disabled channel stays on the air and how old a statistic can be.
const renewEvery = 500 * time.Millisecond

// Config is what a Handler needs; all fields but the options must be set.
type Config struct {
	Store   *store.Store
	Keys    auth.Keys
	Now     func() time.Time // wall clock: signatures and names
	Logger  *slog.Logger
	Metrics *metrics.Metrics

	Refusals       *refusal.Log    // keeps what is refused; nil keeps nothing
	Domains        address.Domains // under which the server is reached
	AllowAudioOnly bool            // accept a publish without video
	AllowHEVC      bool            // accept HEVC video
	EndList        bool            // end the live playlist when a publish ends
}

// Handler admits publishers; it implements rtmp.Handler.
type Handler struct {
	config Config

	mu       sync.Mutex
	sessions map[*session]struct{} // those whose leases Run renews

	limiter limiter // of lines about refusals
}

// New returns a Handler. Its Run must be running while it serves.
func New(c Config) *Handler {
	return &Handler{config: c, sessions: map[*session]struct{}{}}
}

// Codecs are those that a publish may have.
func (h *Handler) Codecs() ([]flv.VideoCodec, []flv.AudioCodec) {
	video := []flv.VideoCodec{flv.AVC}
	if h.config.AllowHEVC {
		video = append(video, flv.HEVC)
	}
	return video, []flv.AudioCodec{flv.AAC}
}

// Run renews the leases of all sessions with fresh statistics and ends those
// that may not go on, until ctx is done.
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
