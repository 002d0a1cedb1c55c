package live

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"osslive/auth"
	"osslive/rtmp"
	"osslive/server/address"
	"osslive/server/answer"
	"osslive/store"
)

// target is the channel that a publish URL names. It is resolved once: the signature
// is verified for it, and the session is opened on it.
type target struct {
	bucket, channel string
}

// admit starts the session that a publish request asks for. It also returns the
// channel that the request names, as far as it was resolved, with an error too.
// Nothing of the media has been read yet.
func (h *Handler) admit(ctx context.Context, r *rtmp.PublishRequest) (*store.Session, target, error) {
	if names := r.Query["playlistName"]; len(names) > 1 {
		return nil, target{}, &store.InvalidError{Field: "playlistName", Value: names[1], Rule: "repeated",
			Message: "The parameter playlistName is given twice; give it once."}
	}
	t, err := h.resolve(ctx, r)
	if err != nil {
		return nil, t, err
	}
	if err := h.authorize(ctx, t, r.Query); err != nil {
		return nil, t, err
	}
	lease, err := h.config.Store.StartSession(ctx, t.bucket, t.channel, store.SessionStart{
		RemoteAddr:   r.RemoteAddr.String(),
		PlaylistName: r.Query.Get("playlistName"),
	})
	return lease, t, err
}

// authorize admits a publish with a valid signature, and one without a signature to a
// public-read-write bucket (RTMP ingest URLs and signatures).
func (h *Handler) authorize(ctx context.Context, t target, query url.Values) error {
	bucket, err := h.config.Store.Bucket(ctx, t.bucket)
	if err != nil {
		return err
	}
	who, err := auth.VerifyPublish(&auth.Publish{Bucket: t.bucket, Channel: t.channel, Query: query}, h.config.Keys, h.config.Now())
	if err != nil {
		return err
	}
	if who.Anonymous() && bucket.ACL != store.PublicReadWrite {
		return answer.ErrUnsigned
	}
	return nil
}

// resolve finds the channel that the path names. With an error it returns what it
// found of it. The SDKs put the bucket in different places, or leave it out:
//
//	rtmp://BUCKET.host/live/CHANNEL    a domain endpoint
//	rtmp://cname/live/CHANNEL          a bucket's own domain, configured or not
//	rtmp://host/BUCKET/live/CHANNEL    an IP endpoint: Python, Go, C, C#
//	rtmp://host/live/BUCKET/CHANNEL    C++
//	rtmp://host/live/CHANNEL           PHP, Java, Node
func (h *Handler) resolve(ctx context.Context, r *rtmp.PublishRequest) (target, error) {
	p := r.Path
	switch {
	case len(p) == 3 && p[1] == "live":
		return target{p[0], p[2]}, nil
	case len(p) == 3 && p[0] == "live":
		return target{p[1], p[2]}, nil
	case len(p) == 2 && p[0] == "live":
		bucket, err := h.hostBucket(ctx, r.Host)
		if err != nil {
			return target{}, err
		}
		if bucket != "" {
			return target{bucket, p[1]}, nil
		}
		return h.search(ctx, p[1], r.Query)
	}
	return target{}, answer.ErrPublishPath
}

// hostBucket returns the bucket that the host names, or "".
func (h *Handler) hostBucket(ctx context.Context, authority string) (string, error) {
	host := h.config.Domains.Host(authority)
	if host.Kind != address.Unknown || host.Bucket == "" {
		return host.Bucket, nil
	}
	// The first label of an unknown host is a bucket's name only if that bucket exists.
	if err := store.CheckBucketName(host.Bucket); err != nil {
		return "", nil
	}
	_, err := h.config.Store.Bucket(ctx, host.Bucket)
	if errors.Is(err, store.ErrNoSuchBucket) {
		return "", nil
	}
	return host.Bucket, err
}

// search finds the one bucket that has a channel of this name and admits the publish.
// With an error it returns the channel that the error is about.
func (h *Handler) search(ctx context.Context, channel string, query url.Values) (target, error) {
	var (
		found   []target
		refused error
		meant   = target{channel: channel}
	)
	for marker := ""; ; {
		page, err := h.config.Store.Buckets(ctx, "", marker, 1000)
		if err != nil {
			return target{}, fmt.Errorf("search buckets for channel %q: %w", channel, err)
		}
		for _, b := range page.Items {
			t := target{b.Name, channel}
			if _, err := h.config.Store.Channel(ctx, t.bucket, t.channel); err != nil {
				continue
			}
			if err := h.authorize(ctx, t, query); err != nil {
				refused, meant = err, t
				continue
			}
			found = append(found, t)
		}
		if marker = page.Next; marker == "" {
			break
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return meant, answer.ErrAmbiguous
	case refused != nil:
		return meant, refused
	}
	return meant, store.ErrNoSuchChannel
}
