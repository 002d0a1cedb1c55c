package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"osslive/store/seam"
)

// Stat has the statistics of a publish.
type Stat struct {
	Connected  time.Time
	RemoteAddr string // address and port
	Video      *VideoStat
	Audio      *AudioStat
}

// VideoStat has the statistics of the video.
type VideoStat struct {
	Width, Height int
	FrameRate     int // per second, truncated
	Bandwidth     int // bytes per second
	Codec         string

	// KeyInterval is the time between the last two key frames, 0 before the second.
	KeyInterval time.Duration
}

// AudioStat has the statistics of the audio.
type AudioStat struct {
	Bandwidth  int // bytes per second
	SampleRate int // Hz
	Codec      string
	Dropped    string `json:",omitempty"` // why the audio is not in the segments; empty if it is
}

// ChannelState is a channel as GetLiveChannelStat shows it.
type ChannelState struct {
	Status string // Disabled, Idle or Live
	Stat   *Stat  // only when Live
}

// leaseRecord is the value of the lease session/<bucket>/<channel>. The zero value
// stands for no lease.
type leaseRecord struct {
	Session string     `json:"session"`
	Stat    statRecord `json:"stat"`
}

type statRecord struct {
	Connected  int64      `json:"connected"`
	RemoteAddr string     `json:"remoteAddr"`
	Video      *VideoStat `json:"video,omitempty"`
	Audio      *AudioStat `json:"audio,omitempty"`
}

// holds reports whether the lease belongs to that session.
func (l leaseRecord) holds(session string) bool { return session != "" && l.Session == session }

// lease reads a channel's lease.
func (s *Store) lease(ctx context.Context, bucket, channel string) (l leaseRecord, err error) {
	value, err := s.leases.Get(ctx, sessionKey(bucket, channel))
	if errors.Is(err, seam.ErrNotFound) {
		return l, nil
	}
	if err != nil {
		return l, err
	}
	if err := json.Unmarshal(value, &l); err != nil {
		return l, fmt.Errorf("lease of %s/%s: %w", bucket, channel, err)
	}
	return l, nil
}

// ChannelStat returns the status of a channel, and the statistics of its publish.
func (s *Store) ChannelStat(ctx context.Context, bucket, channel string) (ChannelState, error) {
	c, _, err := s.channel(ctx, bucket, channel)
	if err != nil {
		return ChannelState{}, err
	}
	if c.Status == Disabled {
		return ChannelState{Status: "Disabled"}, nil
	}
	pos, _, err := load[positionRecord](ctx, s.kv, positionKey(bucket, channel))
	if err != nil {
		return ChannelState{}, err
	}
	lease, err := s.lease(ctx, bucket, channel)
	if err != nil {
		return ChannelState{}, err
	}
	if !lease.holds(pos.Session) {
		return ChannelState{Status: "Idle"}, nil
	}
	stat := lease.Stat.stat()
	return ChannelState{Status: "Live", Stat: &stat}, nil
}

func (st Stat) record() statRecord {
	return statRecord{Connected: st.Connected.UnixMilli(), RemoteAddr: st.RemoteAddr, Video: st.Video, Audio: st.Audio}
}

func (r statRecord) stat() Stat {
	return Stat{Connected: toTime(r.Connected), RemoteAddr: r.RemoteAddr, Video: r.Video, Audio: r.Audio}
}
