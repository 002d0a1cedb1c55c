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

// piece is how many bytes of a playlist are gathered before they are sent.
const piece = 4 << 10

// Query is a channel and the span of time whose segments make a playlist.
// The channel need not exist any more; the Node SDK's tests ask for one that
// was deleted.
type Query struct {
	Bucket, Channel string
	From, To        time.Time // both included
}

// Playlist is what must be known before the first line of a playlist.
type Playlist struct {
	ETag string // changes whenever the list does

	store          *store.Store
	query          Query
	targetDuration int
}

// New reads the segments once. A day may have many, so they are read again to be
// written rather than kept.
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

// segments yields what the playlist lists. Between segments of different
// sessions stands a discontinuity, whatever was recorded with them; before the
// first there is nothing to be discontinuous with.
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
