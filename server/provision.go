package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"osslive/store"
)

// provision creates the configured buckets and channels that do not exist.
func (s *Server) provision(ctx context.Context, c *Config) error {
	for _, b := range c.Buckets {
		bucket, err := s.store.Bucket(ctx, b.Name)
		if errors.Is(err, store.ErrNoSuchBucket) {
			bucket.ACL = store.ACL(b.ACL)
			_, err = s.store.PutBucket(ctx, b.Name, bucket.ACL)
		}
		if err != nil {
			return provisionError("--bucket", b.Name+":"+b.ACL, err)
		}
		s.Buckets = append(s.Buckets, Bucket{Name: b.Name, ACL: string(cmp.Or(bucket.ACL, store.Private))})
	}
	for _, ch := range c.Channels {
		if err := s.provisionChannel(ctx, ch); err != nil {
			return provisionError("--channel", ch.Bucket+"/"+ch.Name, err)
		}
	}
	return nil
}

func (s *Server) provisionChannel(ctx context.Context, ch Channel) error {
	channel, err := s.store.CreateChannel(ctx, store.Channel{Bucket: ch.Bucket, Name: ch.Name, Target: store.Target{
		FragDuration: cmp.Or(ch.FragDuration, store.DefaultTarget().FragDuration),
		FragCount:    cmp.Or(ch.FragCount, store.DefaultTarget().FragCount),
	}})
	if errors.Is(err, store.ErrChannelExists) {
		err = nil // and keeps its configuration
	}
	if err != nil {
		return err
	}
	bucket, err := s.store.Bucket(ctx, ch.Bucket)
	if err != nil {
		return err
	}
	s.Channels = append(s.Channels, Channel{
		Bucket: ch.Bucket, Name: ch.Name,
		FragDuration: channel.Target.FragDuration, FragCount: channel.Target.FragCount,
		Playlist: channel.Target.PlaylistName, Private: bucket.ACL == store.Private,
	})
	return nil
}

func provisionError(setting, value string, err error) error {
	var invalid *store.InvalidError
	if errors.As(err, &invalid) || errors.Is(err, store.ErrNoSuchBucket) {
		return configError(setting, value, err.Error())
	}
	return fmt.Errorf("create %s: %w", value, err)
}
