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

// playValidity is how long the signed URL of a player is valid, and so how long the
// player of an open page plays.
const playValidity = 12 * time.Hour

type channelView struct {
	store.Channel
	Status    string // Live, Idle or Disabled
	Stat      *store.Stat
	Private   bool
	Playlist  string // URL, without a signature
	Play      string // URL for the player of the page; "" if the caller may not play
	Bandwidth int    // of audio and video, bytes per second
	Keys      keyInterval
	Last      time.Time          // start of the last segment
	Edge      time.Time          // end of the last segment, and of the live playlist; zero if there is none
	Age       time.Duration      // since Edge
	History   []store.LiveRecord // newest first
	Timeline  timeline
	Refusal   *refusal.Summary // of the last refused publish; nil if there is none
	VODs      []string         // names of VOD playlists
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
			v.Play = k.signedURL(r, bucket.Name, key, url.Values{"x-oss-process": {"hls/sign"}}, playValidity)
		}
	}
	if err := k.addRecordings(ctx, &v); err != nil {
		return "", nil, fmt.Errorf("segments of %s/%s: %w", bucket.Name, v.Name, err)
	}
	if v.VODs, err = k.vodPlaylists(ctx, v.Channel); err != nil {
		return "", nil, fmt.Errorf("VOD playlists of %s/%s: %w", bucket.Name, v.Name, err)
	}
	v.VOD = k.newVODForm(r, v.Timeline)
	return bucket.Name + "/" + v.Name, v, nil
}

// addRecordings sets the fields of v about past publishes and recorded segments.
func (k *console) addRecordings(ctx context.Context, v *channelView) error {
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

// objectURL returns the unsigned URL of an object at the API.
func (k *console) objectURL(r *http.Request, bucket, key string) string {
	u := url.URL{Path: "/" + bucket + "/" + key}
	return k.apiURL(r) + u.EscapedPath()
}

// signedURL returns an object's URL at the API, signed for GET and valid for at least
// validity. It expires at a full hour, so that a page has the same URL each time it is
// rendered within the hour.
func (k *console) signedURL(r *http.Request, bucket, key string, query url.Values, validity time.Duration) string {
	expires := k.config.Now().Add(validity + time.Hour).Truncate(time.Hour)
	req := auth.Request{Method: http.MethodGet, Header: http.Header{}, Bucket: bucket, Key: key, Query: query}
	return k.objectURL(r, bucket, key) + "?" + publishing.Encode(auth.SignURL(&req, k.config.Key, expires))
}

// keyInterval compares the time between key frames with FragDuration: a segment ends
// at the first key frame after FragDuration.
type keyInterval struct {
	Interval time.Duration // between key frames; 0: not known yet
	Segment  time.Duration // length of the segments that result
	Fits     bool          // Segment is FragDuration, or little more
	Suggest  int           // interval in seconds that fits
}

func newKeyInterval(interval time.Duration, fragDuration int) keyInterval {
	v := keyInterval{Interval: interval, Suggest: publishing.KeyframeInterval(fragDuration)}
	if interval > 0 {
		const tolerance = 0.05 // seconds by which the segmenter cuts early
		frag := float64(fragDuration)
		n := max(1, math.Ceil((frag-tolerance)/interval.Seconds()))
		v.Segment = time.Duration(n * float64(interval))
		v.Fits = v.Segment.Seconds() < frag+0.5
	}
	return v
}
