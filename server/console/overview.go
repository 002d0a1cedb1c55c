package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"osslive/store"
)

// Limits of the overview. The page says if there is more.
const (
	maxBuckets  = 100
	maxChannels = 200
)

type overview struct {
	Buckets  []bucketView
	Channels []channelRow
	More     bool // a limit was reached
	Figures  figures
}

type bucketView struct {
	Name     string
	ACL      store.ACL
	Channels int // of those on the page
}

type channelRow struct {
	Bucket, Name, Description, Status string
	Stat                              *store.Stat
}

// Bandwidth returns that of audio and video, in bytes per second.
func (c channelRow) Bandwidth() int { return bandwidth(c.Stat) }

// bandwidth returns that of audio and video, in bytes per second. st may be nil.
func bandwidth(st *store.Stat) (n int) {
	if st != nil && st.Video != nil {
		n += st.Video.Bandwidth
	}
	if st != nil && st.Audio != nil {
		n += st.Audio.Bandwidth
	}
	return n
}

func (k *console) overview(r *http.Request) (string, any, error) {
	ctx := r.Context()
	var v overview
	buckets, err := k.config.Store.Buckets(ctx, "", "", maxBuckets)
	if err != nil {
		return "", nil, fmt.Errorf("list buckets: %w", err)
	}
	v.More = buckets.Next != ""
	for _, b := range buckets.Items {
		rows, more, err := k.channels(ctx, b.Name, maxChannels-len(v.Channels))
		if errors.Is(err, store.ErrNoSuchBucket) {
			continue // deleted after the listing
		}
		if err != nil {
			return "", nil, fmt.Errorf("list live channels of %s: %w", b.Name, err)
		}
		v.More = v.More || more
		v.Channels = append(v.Channels, rows...)
		v.Buckets = append(v.Buckets, bucketView{b.Name, b.ACL, len(rows)})
	}
	if v.Figures, err = k.figures(); err != nil {
		return "", nil, err
	}
	return "Overview", v, nil
}

// channels returns the first n channels of a bucket, and whether there are more.
func (k *console) channels(ctx context.Context, bucket string, n int) (rows []channelRow, more bool, err error) {
	if n <= 0 {
		return nil, true, nil
	}
	list, err := k.config.Store.Channels(ctx, bucket, "", "", n)
	if err != nil {
		return nil, false, err
	}
	for _, c := range list.Items {
		state, err := k.config.Store.ChannelStat(ctx, bucket, c.Name)
		if errors.Is(err, store.ErrNoSuchChannel) {
			continue // deleted after the listing
		}
		if err != nil {
			return nil, false, err
		}
		rows = append(rows, channelRow{bucket, c.Name, c.Description, state.Status, state.Stat})
	}
	return rows, list.Next != "", nil
}
