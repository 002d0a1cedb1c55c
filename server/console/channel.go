package console

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"time"

	"osslive/auth"
	"osslive/server/publishing"
	"osslive/server/refusal"
	"osslive/store"
)

// playFor is how long the signed playlist of a page that stays open plays.
const playFor = 12 * time.Hour

type channelView struct {
	store.Channel
	Status    string // Live, Idle or Disabled
	Stat      *store.Stat
	Private   bool
	Playlist  string // URL, without a signature
	Play      string // URL that a player here opens; "" if it may not be signed
	Bandwidth int    // bytes per second
	Keys      keyInterval
	Last      time.Time          // start of the last segment
	Edge      time.Time          // its end, where the live playlist ends; zero if there is none
	Age       time.Duration      // how long ago that was
	History   []store.LiveRecord // newest first
	Timeline  timeline
	Refusal   *refusal.Summary // the last refused publish; nil for none
	Lists     []string         // VOD lists
	VOD       vodForm
}

func (k *console) channel(r *http.Request) (string, any, error) {
	ctx := r.Context()
	bucket, err := k.config.Store.Bucket(ctx, r.PathValue("bucket"))
	if err != nil {
		return "", nil, err
	}
	v := channelView{Private: bucket.ACL == store.Private}
	if v.Channel, err = k.config.Store.Channel(ctx, bucket.Name, r.PathValue("channel")); err != nil {
		return "", nil, err
	}
	state, err := k.config.Store.ChannelStat(ctx, bucket.Name, v.Name)
	if err != nil {
		return "", nil, err
	}
	v.Status, v.Stat, v.Bandwidth = state.Status, state.Stat, bandwidth(state.Stat)
	if v.Stat != nil && v.Stat.Video != nil {
		v.Keys = newKeyInterval(v.Stat.Video.KeyInterval, v.Target.FragDuration)
	}
	v.Refusal = k.lastRefusal(bucket.Name, v.Name)
	key := v.Name + "/" + v.Target.PlaylistName
	v.Playlist = k.objectURL(r, bucket.Name, key)
	v.Play = v.Playlist
	if v.Private {
		v.Play = ""
		if k.trusted(r) {
			v.Play = k.signedURL(r, bucket.Name, key, url.Values{"x-oss-process": {"hls/sign"}}, playFor)
		}
	}
	if err := k.recorded(ctx, &v); err != nil {
		return "", nil, fmt.Errorf("segments of %s/%s: %w", bucket.Name, v.Name, err)
	}
	if v.Lists, err = k.lists(ctx, v.Channel); err != nil {
		return "", nil, fmt.Errorf("lists of %s/%s: %w", bucket.Name, v.Name, err)
	}
	v.VOD = k.newVODForm(r, v.Timeline)
	return bucket.Name + "/" + v.Name, v, nil
}

// recorded adds what earlier and present publishes have left.
func (k *console) recorded(ctx context.Context, v *channelView) error {
	history, err := k.config.Store.History(ctx, v.Bucket, v.Name)
	if err != nil {
		return err
	}
	for i := len(history) - 1; i >= 0; i-- {
		v.History = append(v.History, history[i])
	}
	segments, err := k.config.Store.Recent(ctx, v.Bucket, v.Name, timelineSpan, timelineSegments)
	if err != nil {
		return err
	}
	v.Timeline = newTimeline(segments)
	if n := len(segments); n > 0 {
		last := segments[n-1].Segment
		v.Last = last.Start()
		v.Edge = last.Start().Add(last.Duration)
		v.Age = max(0, k.config.Now().Sub(v.Edge)).Truncate(refresh)
	}
	return nil
}

// objectURL returns the API's URL of an object, unsigned.
func (k *console) objectURL(r *http.Request, bucket, key string) string {
	u := url.URL{Path: "/" + bucket + "/" + key}
	return k.api(r) + u.EscapedPath()
}

// signedURL returns a URL that lets its holder GET an object. The time is
// rounded up to a whole hour, so that a page that is made again has the same.
func (k *console) signedURL(r *http.Request, bucket, key string, query url.Values, good time.Duration) string {
	expires := k.config.Now().Add(good + time.Hour).Truncate(time.Hour)
	req := auth.Request{Method: http.MethodGet, Header: http.Header{}, Bucket: bucket, Key: key, Query: query}
	return k.objectURL(r, bucket, key) + "?" + publishing.Encode(auth.SignURL(&req, k.config.Key, expires))
}

// keyInterval is how often key frames come, measured against FragDuration: a
// segment ends with the first one after it.
type keyInterval struct {
	Interval time.Duration // 0: not known yet
	Segment  time.Duration // what segments come to
	Fits     bool          // they are as long as FragDuration says
	Want     int           // seconds that would fit
}

func newKeyInterval(interval time.Duration, fragDuration int) keyInterval {
	v := keyInterval{Interval: interval, Want: publishing.KeyframeInterval(fragDuration)}
	if interval > 0 {
		const tolerance = 0.05 // of the cut, in seconds
		frag := float64(fragDuration)
		n := max(1, math.Ceil((frag-tolerance)/interval.Seconds()))
		v.Segment = time.Duration(n * float64(interval))
		v.Fits = v.Segment.Seconds() < frag+0.5
	}
	return v
}
