package store

import (
	"context"
	"errors"
	"sync"
	"time"

	"osslive/store/seam"
)

// leaseTTL is how long a channel stays with a publisher that does not renew.
const leaseTTL = 10 * time.Second

// SessionStart is what a publish brings: its source and the name of its playlist.
type SessionStart struct {
	RemoteAddr   string // address and port
	PlaylistName string // "" for the channel's
}

// Session is the right of one publisher to write to a channel. Call End also after another
// method has returned ErrSessionLost.
type Session struct {
	store   *Store
	id      string
	channel Channel
	lease   seam.Lease

	listed bool // CommitSegments has listed a segment

	mu     sync.Mutex
	lastMS int64 // in the last name given to a segment
	ended  bool
}

// StartSession makes the caller the one publisher of a channel. Errors are
// ErrNoSuchBucket, ErrNoSuchChannel, ErrChannelDisabled, ErrChannelLive and, for
// the playlist's name, an *InvalidError.
func (s *Store) StartSession(ctx context.Context, bucket, channel string, start SessionStart) (*Session, error) {
	if start.PlaylistName != "" {
		if err := CheckPlaylistName(start.PlaylistName); err != nil {
			return nil, err
		}
	}
	if _, _, err := s.enabledChannel(ctx, bucket, channel); err != nil {
		return nil, err
	}
	x := &Session{store: s, id: newID()}
	began := s.now()
	value := leaseRecord{Session: x.id, Stat: statRecord{Connected: began.UnixMilli(), RemoteAddr: start.RemoteAddr}}
	lease, err := s.leases.Claim(ctx, sessionKey(bucket, channel), encode(value), leaseTTL)
	if errors.Is(err, seam.ErrConflict) {
		return nil, ErrChannelLive
	}
	if err != nil {
		return nil, err
	}
	x.lease = lease
	err = retry(ctx, func() error { return x.begin(ctx, bucket, channel, start, began) })
	if err != nil {
		return nil, errors.Join(err, lease.Release(context.WithoutCancel(ctx)))
	}
	return x, nil
}

// begin writes the session into the channel's position and history.
func (x *Session) begin(ctx context.Context, bucket, channel string, start SessionStart, began time.Time) error {
	s := x.store
	c, channelAt, err := s.enabledChannel(ctx, bucket, channel)
	if err != nil {
		return err
	}
	pos, posAt, err := load[positionRecord](ctx, s.kv, positionKey(bucket, channel))
	if err != nil {
		return err
	}
	history, historyAt, err := load[historyRecord](ctx, s.kv, historyKey(bucket, channel))
	if err != nil {
		return err
	}
	playlist := start.PlaylistName
	if playlist == "" {
		playlist = c.PlaylistName
	}
	if err := s.resume(ctx, bucket, channel, playlist, &pos); err != nil {
		return err
	}
	history.closeStale(&pos, leaseRecord{}) // this session holds the lease: all others have ended
	history.Sessions = append(history.Sessions, sessionRecord{
		ID: x.id, Start: began.UnixMilli(), RemoteAddr: start.RemoteAddr,
	})
	pos.Session, pos.LastEnd = x.id, 0
	x.channel, x.lastMS = c.channel(bucket, channel), pos.lastMS()
	return s.kv.Commit(ctx,
		seam.Check(channelKey(bucket, channel), channelAt),
		seam.Put(positionKey(bucket, channel), encode(pos), posAt),
		seam.Put(historyKey(bucket, channel), encode(history), historyAt))
}

func (s *Store) enabledChannel(ctx context.Context, bucket, channel string) (channelRecord, seam.Expect, error) {
	c, at, err := s.channel(ctx, bucket, channel)
	if err == nil && c.Status != Enabled {
		err = ErrChannelDisabled
	}
	return c, at, err
}

// ID is unique among all sessions.
func (x *Session) ID() string { return x.id }

// Channel is the configuration at the session's start.
func (x *Session) Channel() Channel { return x.channel }

// Renew stores new statistics and extends the session for ten seconds.
// After ErrSessionLost, ErrChannelDisabled, ErrNoSuchChannel or ErrNoSuchBucket
// the publish must end.
func (x *Session) Renew(ctx context.Context, st Stat) error {
	err := x.lease.Renew(ctx, encode(leaseRecord{Session: x.id, Stat: st.record()}))
	if errors.Is(err, seam.ErrNotFound) {
		return ErrSessionLost
	}
	if err != nil {
		return err
	}
	if _, _, err := x.store.enabledChannel(ctx, x.channel.Bucket, x.channel.Name); err != nil {
		return err
	}
	_, _, err = x.position(ctx)
	return err
}

// position reads the channel's position, or returns ErrSessionLost if it is
// another's.
func (x *Session) position(ctx context.Context) (positionRecord, seam.Expect, error) {
	pos, at, err := x.store.positions.load(ctx, x.store.kv, positionKey(x.channel.Bucket, x.channel.Name))
	if err == nil && pos.Session != x.id {
		err = ErrSessionLost
	}
	return pos, at, err
}

// End closes the session's history record and frees the channel. It may be called
// again, also after an error.
func (x *Session) End(ctx context.Context) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.ended {
		return nil
	}
	err := retry(ctx, func() error { return x.finish(ctx) })
	x.ended = err == nil
	// The lease is released even if the records could not be written: the next session,
	// or the next start of the store, closes them.
	return errors.Join(err, x.lease.Release(context.WithoutCancel(ctx)))
}

func (x *Session) finish(ctx context.Context) error {
	s, bucket, channel := x.store, x.channel.Bucket, x.channel.Name
	var ops []seam.Op
	pos, at, err := x.position(ctx)
	switch {
	case err == nil:
		pos.Session = ""
		ops = append(ops, seam.Put(positionKey(bucket, channel), encode(pos), at))
	case !errors.Is(err, ErrSessionLost):
		return err
	}
	history, at, err := load[historyRecord](ctx, s.kv, historyKey(bucket, channel))
	if err != nil {
		return err
	}
	for i := range history.Sessions {
		if r := &history.Sessions[i]; r.ID == x.id && r.End == 0 {
			r.End = max(r.Start, s.now().UnixMilli())
			history.trim()
			ops = append(ops, seam.Put(historyKey(bucket, channel), encode(history), at))
			break
		}
	}
	if len(ops) == 0 {
		return nil
	}
	return s.kv.Commit(ctx, ops...)
}
