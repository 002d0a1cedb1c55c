package server

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"io"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"time"

	"osslive/hls"
	"osslive/store"
)

// maxVODSpan is the longest time that one VOD playlist may cover
// (PostVodPlaylist page).
const maxVODSpan = 24 * time.Hour

// vodPiece is how many bytes of a playlist are gathered before they are sent.
const vodPiece = 4 << 10

// playlistType is the Content-Type of a playlist.
const playlistType = "application/x-mpegURL"

// vodQuery is a channel and the span of time whose segments make a playlist.
// The channel need not exist any more; the Node SDK's tests ask for one that
// was deleted.
type vodQuery struct {
	bucket, channel string
	from, to        time.Time // both included
}

func newVODQuery(r *request, channel string) (vodQuery, error) {
	if err := store.CheckChannelName(channel); err != nil {
		return vodQuery{}, invalidValue("ChannelName", channel, "vod", err.Error())
	}
	q := vodQuery{bucket: r.bucket, channel: channel}
	for _, p := range []struct {
		name string
		to   *time.Time
	}{{"startTime", &q.from}, {"endTime", &q.to}} {
		value := r.query.Get(p.name)
		seconds, err := strconv.ParseUint(value, 10, 63)
		if err != nil || len(value) > 10 {
			return q, invalidValue(p.name, value, "value", "The parameter "+p.name+" is a number of seconds since 1970.")
		}
		*p.to = time.Unix(int64(seconds), 0)
	}
	if q.from.After(q.to) {
		return q, invalidValue("startTime", r.query.Get("startTime"), "order", "The parameter startTime is later than endTime.")
	}
	if q.to.Sub(q.from) > maxVODSpan {
		return q, invalidValue("endTime", r.query.Get("endTime"), "span", "The time from startTime to endTime is longer than 86400 seconds.")
	}
	return q, nil
}

// vodSummary is what must be known before the first line of a playlist.
type vodSummary struct {
	targetDuration int
	etag           string // changes whenever the list does
}

// summarize reads the segments once. A day may have many, so they are read
// again to be written rather than kept.
func (s *Server) summarize(ctx context.Context, q vodQuery) (vodSummary, error) {
	var longest time.Duration
	digest := md5.New()
	var text []byte
	for seg, err := range s.vodSegments(ctx, q) {
		if err != nil {
			return vodSummary{}, err
		}
		longest = max(longest, seg.Duration)
		text = seg.AppendText(text[:0])
		digest.Write(text)
	}
	if longest == 0 {
		return vodSummary{}, errNoSegments
	}
	return vodSummary{
		targetDuration: hls.TargetDuration(longest),
		etag:           strings.ToUpper(hex.EncodeToString(digest.Sum(nil))),
	}, nil
}

// vodSegments yields what the playlist lists. Between segments of different
// sessions stands a discontinuity, whatever was recorded with them; before the
// first there is nothing to be discontinuous with.
func (s *Server) vodSegments(ctx context.Context, q vodQuery) iter.Seq2[hls.Segment, error] {
	return func(yield func(hls.Segment, error) bool) {
		previous := ""
		for seg, err := range s.Store.Segments(ctx, q.bucket, q.channel, q.from, q.to) {
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

// writeVOD writes the playlist piece by piece.
func (s *Server) writeVOD(ctx context.Context, w io.Writer, q vodQuery, summary vodSummary) error {
	list := hls.Playlist{TargetDuration: summary.targetDuration}
	text := list.AppendHeader(nil)
	for seg, err := range s.vodSegments(ctx, q) {
		if err != nil {
			return err
		}
		text = seg.AppendText(text)
		if len(text) < vodPiece {
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

func (s *Server) getVodPlaylist(w http.ResponseWriter, r *request) error {
	q, err := newVODQuery(r, r.key)
	if err != nil {
		return err
	}
	summary, err := s.summarize(r.Context(), q)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", playlistType)
	w.Header().Set("ETag", `"`+summary.etag+`"`)
	w.WriteHeader(http.StatusOK)
	return s.writeVOD(r.Context(), w, q, summary)
}

// postVodPlaylist stores the playlist beside the segments.
func (s *Server) postVodPlaylist(w http.ResponseWriter, r *request) error {
	channel, playlist, _ := strings.Cut(r.key, "/")
	q, err := newVODQuery(r, channel)
	if err != nil {
		return err
	}
	if err := store.CheckPlaylistName(playlist); err != nil {
		return invalidValue("PlaylistName", playlist, "vod", `Playlist name must ends with ".m3u8".`)
	}
	summary, err := s.summarize(r.Context(), q)
	if err != nil {
		return err
	}
	text, written := io.Pipe()
	go func() { written.CloseWithError(s.writeVOD(r.Context(), written, q, summary)) }()
	defer text.Close() // frees the writer when the store stops reading
	o, err := s.Store.PutObject(r.Context(), store.Object{
		Bucket: r.bucket, Key: r.key, ContentType: playlistType,
	}, text, store.PutOptions{Length: -1})
	if err != nil {
		return err
	}
	w.Header().Set("ETag", `"`+o.ETag+`"`)
	w.WriteHeader(http.StatusOK)
	return nil
}
