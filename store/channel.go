package store

import (
	"cmp"
	"context"
	"errors"
	"time"

	"osslive/store/seam"
)

// Statuses of a channel: whether it takes publishers.
const (
	Enabled  = "enabled"
	Disabled = "disabled"
)

func checkStatus(st string) error {
	if st == Enabled || st == Disabled {
		return nil
	}
	return invalid("Status", st, "value", "Status is enabled or disabled")
}

// DefaultTarget returns what PutChannel replaces zero values by (PutLiveChannel API
// page).
func DefaultTarget() Target {
	return Target{FragDuration: 5, FragCount: 3, PlaylistName: "playlist.m3u8"}
}

// Target is the form in which a publish is stored. Its type is always HLS.
type Target struct {
	FragDuration int // seconds, 1 to 100
	FragCount    int // segments in the live playlist, 1 to 100
	PlaylistName string
}

// Snapshot is checked and stored; no pictures are taken.
type Snapshot struct {
	RoleName, DestBucket, NotifyTopic string
	Interval                          int // seconds, 1 to 100
}

// Channel is a LiveChannel's configuration.
type Channel struct {
	Bucket, Name string
	Description  string // at most 128 bytes
	Status       string // Enabled or Disabled
	Target       Target
	Snapshot     *Snapshot
	Modified     time.Time // of the configuration; set by the store
}

// PutChannel creates a channel, or replaces configuration and history of one that
// is not live (ErrChannelLive otherwise); recorded segments and the place in the
// sequence of playlists stay. It returns the channel as stored: an empty Status or
// PlaylistName means the default, and so do FragDuration and FragCount when both
// are 0.
func (s *Store) PutChannel(ctx context.Context, c Channel) (Channel, error) {
	return s.putChannel(ctx, c, true)
}

// CreateChannel is PutChannel for a channel that does not exist. If it exists, nothing
// changes and CreateChannel returns it with ErrChannelExists.
func (s *Store) CreateChannel(ctx context.Context, c Channel) (Channel, error) {
	return s.putChannel(ctx, c, false)
}

func (s *Store) putChannel(ctx context.Context, c Channel, replace bool) (Channel, error) {
	c = c.withDefaults()
	if err := c.check(); err != nil {
		return Channel{}, err
	}
	err := retry(ctx, func() error {
		_, guard, err := s.bucket(ctx, c.Bucket)
		if err != nil {
			return err
		}
		if err := s.checkDestBucket(ctx, c.Snapshot); err != nil {
			return err
		}
		existing, at, err := load[channelRecord](ctx, s.kv, channelKey(c.Bucket, c.Name))
		if err != nil {
			return err
		}
		if at != seam.Absent && !replace {
			c = existing.channel(c.Bucket, c.Name)
			return ErrChannelExists
		}
		idle, err := s.whileIdle(ctx, c.Bucket, c.Name)
		if err != nil {
			return err
		}
		history, err := s.dropIfThere(ctx, historyKey(c.Bucket, c.Name))
		if err != nil {
			return err
		}
		c.Modified = s.now()
		return s.kv.Commit(ctx, guard, idle, history,
			seam.Put(channelKey(c.Bucket, c.Name), encode(c.record()), at))
	})
	return c.record().channel(c.Bucket, c.Name), err
}

func (c Channel) withDefaults() Channel {
	if c.Status == "" {
		c.Status = Enabled
	}
	if c.Target.PlaylistName == "" {
		c.Target.PlaylistName = DefaultTarget().PlaylistName
	}
	if c.Target.FragDuration == 0 && c.Target.FragCount == 0 {
		c.Target.FragDuration, c.Target.FragCount = DefaultTarget().FragDuration, DefaultTarget().FragCount
	}
	return c
}

func (c Channel) check() error {
	if err := CheckChannelName(c.Name); err != nil {
		return err
	}
	if len(c.Description) > 128 {
		return invalid("Description", c.Description, "length", "Description has at most 128 bytes")
	}
	if err := checkText("Description", c.Description); err != nil {
		return err
	}
	if err := checkStatus(c.Status); err != nil {
		return err
	}
	t := c.Target
	if t.FragDuration == 0 || t.FragCount == 0 {
		missing := "FragDuration"
		if t.FragCount == 0 {
			missing = "FragCount"
		}
		return invalid(missing, "", "pair", "FragDuration and FragCount are given together or not at all")
	}
	return cmp.Or(
		checkRange("FragDuration", t.FragDuration, 1, 100),
		checkRange("FragCount", t.FragCount, 1, 100),
		CheckPlaylistName(t.PlaylistName),
		c.Snapshot.check(),
	)
}

func (p *Snapshot) check() error {
	if p == nil {
		return nil
	}
	for _, f := range []struct{ name, value string }{
		{"RoleName", p.RoleName}, {"DestBucket", p.DestBucket}, {"NotifyTopic", p.NotifyTopic},
	} {
		if f.value == "" {
			return invalid(f.name, "", "missing", "Snapshot needs "+f.name)
		}
		if err := checkText(f.name, f.value); err != nil {
			return err
		}
	}
	if CheckBucketName(p.DestBucket) != nil {
		return invalid("DestBucket", p.DestBucket, "value", "DestBucket is not a bucket name")
	}
	return checkRange("Interval", p.Interval, 1, 100)
}

func (s *Store) checkDestBucket(ctx context.Context, p *Snapshot) error {
	if p == nil {
		return nil
	}
	_, _, err := s.bucket(ctx, p.DestBucket)
	if errors.Is(err, ErrNoSuchBucket) {
		return invalid("DestBucket", p.DestBucket, "unknown", "DestBucket does not exist")
	}
	return err
}

// whileIdle returns an op that fails once a publisher starts, or ErrChannelLive
// if there is one already.
func (s *Store) whileIdle(ctx context.Context, bucket, channel string) (seam.Op, error) {
	pos, at, err := load[positionRecord](ctx, s.kv, positionKey(bucket, channel))
	if err != nil {
		return seam.Op{}, err
	}
	lease, err := s.lease(ctx, bucket, channel)
	if err != nil {
		return seam.Op{}, err
	}
	if lease.holds(pos.Session) {
		return seam.Op{}, ErrChannelLive
	}
	return seam.Check(positionKey(bucket, channel), at), nil
}

// dropIfThere returns an op that deletes the record under key, if there is one.
func (s *Store) dropIfThere(ctx context.Context, key string) (seam.Op, error) {
	rec, err := s.kv.Get(ctx, key)
	if errors.Is(err, seam.ErrNotFound) {
		return seam.Check(key, seam.Absent), nil
	}
	return seam.Delete(key, seam.AtRev(rec.Rev)), err
}

// Channel returns ErrNoSuchBucket or ErrNoSuchChannel when there is none.
func (s *Store) Channel(ctx context.Context, bucket, name string) (Channel, error) {
	c, _, err := s.channel(ctx, bucket, name)
	if err != nil {
		return Channel{}, err
	}
	return c.channel(bucket, name), nil
}

func (s *Store) channel(ctx context.Context, bucket, name string) (channelRecord, seam.Expect, error) {
	c, at, err := load[channelRecord](ctx, s.kv, channelKey(bucket, name))
	if err == nil && at == seam.Absent {
		err = ErrNoSuchChannel
		if _, _, e := s.bucket(ctx, bucket); e != nil {
			err = e
		}
	}
	return c, at, err
}

// Channels lists the channels of a bucket whose names begin with prefix and come
// after marker.
func (s *Store) Channels(ctx context.Context, bucket, prefix, marker string, limit int) (Page[Channel], error) {
	if _, _, err := s.bucket(ctx, bucket); err != nil {
		return Page[Channel]{}, err
	}
	return listPage(ctx, s.kv, channelKey(bucket, ""), prefix, marker, limit, func(name string, c channelRecord) Channel {
		return c.channel(bucket, name)
	})
}

// SetChannelStatus works on a live channel too: the publisher finds out at its next Renew.
func (s *Store) SetChannelStatus(ctx context.Context, bucket, name string, st string) error {
	if err := checkStatus(st); err != nil {
		return err
	}
	return retry(ctx, func() error {
		c, at, err := s.channel(ctx, bucket, name)
		if err != nil || c.Status == st {
			return err
		}
		c.Status = st
		c.Modified = s.now().UnixMilli()
		return s.kv.Commit(ctx, seam.Put(channelKey(bucket, name), encode(c), at))
	})
}

// DeleteChannel removes a channel that is not live (ErrChannelLive otherwise); its objects
// stay. A missing channel is not an error, a missing bucket is ErrNoSuchBucket.
func (s *Store) DeleteChannel(ctx context.Context, bucket, name string) error {
	if err := CheckChannelName(name); err != nil {
		return err
	}
	return retry(ctx, func() error {
		_, at, err := s.channel(ctx, bucket, name)
		if errors.Is(err, ErrNoSuchChannel) {
			return nil
		}
		if err != nil {
			return err
		}
		position, err := s.whileIdle(ctx, bucket, name)
		if err != nil {
			return err
		}
		if position.Expect != seam.Absent {
			position.Kind = seam.OpDelete
		}
		history, err := s.dropIfThere(ctx, historyKey(bucket, name))
		if err != nil {
			return err
		}
		return s.kv.Commit(ctx, seam.Delete(channelKey(bucket, name), at), position, history)
	})
}

func (c Channel) record() channelRecord {
	r := channelRecord{
		Description:  c.Description,
		Status:       c.Status,
		FragDuration: c.Target.FragDuration,
		FragCount:    c.Target.FragCount,
		PlaylistName: c.Target.PlaylistName,
		Modified:     c.Modified.UnixMilli(),
	}
	if c.Snapshot != nil {
		snapshot := snapshotRecord(*c.Snapshot)
		r.Snapshot = &snapshot
	}
	return r
}

func (r channelRecord) channel(bucket, name string) Channel {
	c := Channel{
		Bucket: bucket, Name: name,
		Description: r.Description,
		Status:      r.Status,
		Target:      Target{FragDuration: r.FragDuration, FragCount: r.FragCount, PlaylistName: r.PlaylistName},
		Modified:    toTime(r.Modified),
	}
	if r.Snapshot != nil {
		snapshot := Snapshot(*r.Snapshot)
		c.Snapshot = &snapshot
	}
	return c
}
