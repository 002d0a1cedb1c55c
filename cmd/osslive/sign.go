package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"osslive/auth"
	"osslive/server"
	"osslive/server/address"
	"osslive/server/publishing"
)

type signCmd struct {
	URL      string        `arg:"" name:"url" help:"rtmp://HOST/BUCKET/live/CHANNEL to publish, http://HOST/BUCKET/KEY to play."`
	Key      keyFlag       `placeholder:"ID:SECRET[:TOKEN]" help:"Access key to sign with (the built-in one)."`
	Expires  time.Duration `default:"1h" help:"How long the URL is good."`
	Playlist string        `placeholder:"NAME.m3u8" help:"Playlist that a publish writes (the channel's)."`
}

func (s *signCmd) Run(c *console) error {
	if s.Expires < time.Second {
		return &server.ConfigError{Setting: "--expires", Value: s.Expires.String(), Problem: "is less than a second"}
	}
	signed, err := sign(s.URL, s.Playlist, orDefault(auth.Key(s.Key)), time.Now().Add(s.Expires))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.out, signed)
	return err
}

func orDefault(k auth.Key) auth.Key {
	if k.ID == "" {
		return server.DefaultKey
	}
	return k
}

// sign adds a signature to an RTMP publish URL or an HTTP object URL. The
// bucket is in the host name or first in the path.
func sign(raw, playlist string, key auth.Key, expires time.Time) (string, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return "", &server.ConfigError{Setting: "URL", Value: raw, Problem: "is not a URL"}
	}
	path := strings.TrimPrefix(u.Path, "/")
	host := address.Domains{}.Host(u.Host)
	bucket := host.Bucket
	if host.Kind != address.Label {
		bucket, path, _ = strings.Cut(path, "/")
	}
	switch u.Scheme {
	case "rtmp", "rtmps":
		channel, found := strings.CutPrefix(path, "live/")
		if !found || channel == "" || strings.Contains(channel, "/") {
			return "", &server.ConfigError{Setting: "URL", Value: raw, Problem: "is not rtmp://HOST/BUCKET/live/CHANNEL"}
		}
		query := u.Query()
		if playlist != "" {
			query.Set("playlistName", playlist)
		}
		if name := query.Get("playlistName"); name != "" && !strings.HasSuffix(name, ".m3u8") {
			return "", &server.ConfigError{Setting: "playlist", Value: name, Problem: "does not end with .m3u8"}
		}
		u.RawQuery = publishing.Encode(signedPublish(bucket, channel, query, key, expires))
		return u.String(), nil
	case "http", "https":
		if bucket == "" || path == "" {
			return "", &server.ConfigError{Setting: "URL", Value: raw, Problem: "is not http://HOST/BUCKET/KEY"}
		}
		if playlist != "" {
			return "", &server.ConfigError{Setting: "--playlist", Value: playlist, Problem: "is for rtmp:// URLs; put the name into the path"}
		}
		r := auth.Request{Method: http.MethodGet, Header: http.Header{}, Bucket: bucket, Key: path, Query: u.Query()}
		u.RawQuery = publishing.Encode(auth.SignURL(&r, key, expires))
		return u.String(), nil
	}
	return "", &server.ConfigError{Setting: "URL", Value: raw, Problem: "begins neither with rtmp:// nor with http://"}
}

// signedPublish returns the query of a channel's publish URL: the parameters in
// query and a signature over them.
func signedPublish(bucket, channel string, query url.Values, key auth.Key, expires time.Time) url.Values {
	return auth.SignPublish(&auth.Publish{Bucket: bucket, Channel: channel, Query: query}, key, expires)
}
