package console

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"osslive/store"
)

// maxLists is how many VOD lists a channel's page names.
const maxLists = 50

// lists returns the playlists beside a channel's segments but the live one.
// Names that begin with a digit lie among the segments and are left out: there
// may be a million of those.
func (k *console) lists(ctx context.Context, c store.Channel) (names []string, err error) {
	root := c.Name + "/"
	listing, err := k.config.Store.ListObjects(ctx, c.Bucket, store.ListQuery{Prefix: root, After: root + ":", Limit: 1000})
	if err != nil {
		return nil, err
	}
	for _, o := range listing.Objects {
		name := strings.TrimPrefix(o.Key, root)
		if strings.HasSuffix(name, ".m3u8") && name != c.Target.PlaylistName && len(names) < maxLists {
			names = append(names, name)
		}
	}
	return names, nil
}

type playView struct {
	Bucket, Key, URL, Play string
}

// playPage is the path of the page that plays a playlist.
func playPage(bucket, key string) string {
	return "/play/" + url.PathEscape(bucket) + "?key=" + url.QueryEscape(key)
}

// play shows any playlist, signed where that is needed.
func (k *console) play(r *http.Request) (string, any, error) {
	bucket, o, err := k.findObject(r)
	if err != nil {
		return "", nil, err
	}
	v := playView{Bucket: bucket.Name, Key: o.Key, URL: k.objectURL(r, bucket.Name, o.Key)}
	v.Play = v.URL
	if private(bucket, o) {
		v.Play = k.signedURL(r, bucket.Name, o.Key, url.Values{"x-oss-process": {"hls/sign"}}, playFor)
	}
	return o.Key, v, nil
}
