package console

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"osslive/store"
)

// maxVODs is how many VOD playlists a channel's page lists.
const maxVODs = 50

// vodPlaylists returns the names of a channel's playlists, without the live one. It
// starts after the names that begin with a digit, and so misses playlists among those:
// segments have such names, and there may be a million.
func (k *console) vodPlaylists(ctx context.Context, c store.Channel) (names []string, err error) {
	root := c.Name + "/"
	listing, err := k.config.Store.ListObjects(ctx, c.Bucket, store.ListQuery{Prefix: root, After: root + ":", Limit: 1000})
	if err != nil {
		return nil, err
	}
	for _, o := range listing.Items {
		name := strings.TrimPrefix(o.Key, root)
		if strings.HasSuffix(name, ".m3u8") && name != c.Target.PlaylistName && len(names) < maxVODs {
			names = append(names, name)
		}
	}
	return names, nil
}

type playView struct {
	Bucket, Key string
	URL         string // at the API, unsigned
	Play        string // URL for the player, signed if the playlist is private
}

// playPage returns the path of the page that plays a playlist.
func playPage(bucket, key string) string {
	return "/play/" + url.PathEscape(bucket) + "?key=" + url.QueryEscape(key)
}

// play builds the page that plays the playlist which the parameter key names.
func (k *console) play(r *http.Request) (string, any, error) {
	bucket, o, err := k.findObject(r)
	if err != nil {
		return "", nil, err
	}
	v := playView{Bucket: bucket.Name, Key: o.Key, URL: k.objectURL(r, bucket.Name, o.Key)}
	v.Play = v.URL
	if private(bucket, o) {
		v.Play = k.signedURL(r, bucket.Name, o.Key, url.Values{"x-oss-process": {"hls/sign"}}, playValidity)
	}
	return o.Key, v, nil
}
