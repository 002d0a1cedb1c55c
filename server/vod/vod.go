// Package vod makes playlists of what a channel recorded in a span of time, for the API
// and the console.
//
// It owns the choice of segments and the limits of a span. It must not know who asks.
package vod

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"io"
	"iter"
	"strings"
	"time"

	"osslive/hls"
	"osslive/store"
)

// MaxSpan is the longest time that one playlist may cover (PostVodPlaylist page).
const MaxSpan = 24 * time.Hour

// ContentType is that of a playlist.
const ContentType = "application/x-mpegURL"

// ErrNoSegments says that nothing was recorded in the span.
var ErrNoSegments = errors.New("no segment in the time span")

// piece is the number of bytes of a playlist that are sent at once.
const piece = 4 << 10

// Query is a channel and the span of time whose segments make a playlist.
// The channel may have been deleted: the Node SDK's tests ask for such a one.
type Query struct {
	Bucket, Channel string
	From, To        time.Time // both included
}

// Playlist has what must be known before the first line of a playlist is written.
type Playlist struct {
	ETag string // changes whenever the list does

	store          *store.Store
	query          Query
	targetDuration int
}

// New reads the segments once for the totals. Write reads them again, because a day may have
// too many for memory.
func New(ctx context.Context, s *store.Store, q Query) (*Playlist, error) {
	p := &Playlist{store: s, query: q}
	var longest time.Duration
	digest := md5.New()
	var text []byte
	for seg, err := range p.segments(ctx) {
		if err != nil {
			return nil, err
		}
		longest = max(longest, seg.Duration)
		text = seg.AppendText(text[:0])
		digest.Write(text)
	}
	if longest == 0 {
		return nil, ErrNoSegments
	}
	p.targetDuration = hls.TargetDuration(longest)
	p.ETag = strings.ToUpper(hex.EncodeToString(digest.Sum(nil)))
	return p, nil
}

// segments yields the segments of the playlist. Between segments of different sessions there
// is a discontinuity, whatever their records say; the first segment has none.
func (p *Playlist) segments(ctx context.Context) iter.Seq2[hls.Segment, error] {
	return func(yield func(hls.Segment, error) bool) {
		previous := ""
		for seg, err := range p.store.Segments(ctx, p.query.Bucket, p.query.Channel, p.query.From, p.query.To) {
			line := hls.Segment{
				URI:           seg.Name,
				Duration:      max(seg.Duration, time.Millisecond),
				Discontinuity: previous != "" && (seg.Discontinuity || seg.Session != previous),
			}
			if !yield(line, err) || err != nil {
				return
			}
			previous = seg.Session
		}
	}
}

// Write writes the playlist piece by piece.
func (p *Playlist) Write(ctx context.Context, w io.Writer) error {
	list := hls.Playlist{TargetDuration: p.targetDuration}
	text := list.AppendHeader(nil)
	for seg, err := range p.segments(ctx) {
		if err != nil {
			return err
		}
		text = seg.AppendText(text)
		if len(text) < piece {
			continue
		}
		if _, err := w.Write(text); err != nil {
			return err
		}
		text = text[:0]
	}
	_, err := w.Write(hls.AppendEnd(text))
	return err
}

// Post stores the playlist beside the segments, under the given name, which must
// have passed store.CheckPlaylistName.
func (p *Playlist) Post(ctx context.Context, name string) (store.Object, error) {
	text, written := io.Pipe()
	go func() { written.CloseWithError(p.Write(ctx, written)) }()
	defer text.Close() // frees the writer when the store stops reading
	return p.store.PutObject(ctx, store.Object{
		Bucket: p.query.Bucket, Key: p.query.Channel + "/" + name, ContentType: ContentType,
	}, text, store.PutOptions{Length: -1})
}
