package api

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"osslive/server/answer"
	"osslive/server/vod"
	"osslive/store"
)

func newVODQuery(r *request, channel string) (vod.Query, error) {
	if err := store.CheckChannelName(channel); err != nil {
		return vod.Query{}, invalidValue("ChannelName", channel, "vod", err.Error())
	}
	q := vod.Query{Bucket: r.bucket, Channel: channel}
	for _, p := range []struct {
		name string
		to   *time.Time
	}{{"startTime", &q.From}, {"endTime", &q.To}} {
		value := r.query.Get(p.name)
		seconds, err := strconv.ParseUint(value, 10, 63)
		if err != nil || len(value) > 10 {
			return q, invalidValue(p.name, value, "value", "The parameter "+p.name+" is a number of seconds since 1970.")
		}
		*p.to = time.Unix(int64(seconds), 0)
	}
	if q.From.After(q.To) {
		return q, invalidValue("startTime", r.query.Get("startTime"), "order", "The parameter startTime is later than endTime.")
	}
	if q.To.Sub(q.From) > vod.MaxSpan {
		return q, invalidValue("endTime", r.query.Get("endTime"), "span", "The time from startTime to endTime is longer than 86400 seconds.")
	}
	return q, nil
}

func (s *Server) vodPlaylist(r *request, q vod.Query) (*vod.Playlist, error) {
	list, err := vod.New(r.Context(), s.config.Store, q)
	if errors.Is(err, vod.ErrNoSegments) {
		return nil, answer.ErrNoSegments
	}
	return list, err
}

func (s *Server) getVodPlaylist(w http.ResponseWriter, r *request) error {
	q, err := newVODQuery(r, r.key)
	if err != nil {
		return err
	}
	list, err := s.vodPlaylist(r, q)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", vod.ContentType)
	setETag(w.Header(), list.ETag)
	w.WriteHeader(http.StatusOK)
	return list.Write(r.Context(), w)
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
	list, err := s.vodPlaylist(r, q)
	if err != nil {
		return err
	}
	o, err := list.Post(r.Context(), playlist)
	if err != nil {
		return err
	}
	setETag(w.Header(), o.ETag)
	w.WriteHeader(http.StatusOK)
	return nil
}
