package main

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"osslive/auth"
)

// TestSign signs URLs as users type them, and reads them back.
func TestSign(t *testing.T) {
	key := auth.Key{ID: "ak", Secret: "sk"}
	for _, c := range []struct{ name, url, playlist, channel, want string }{
		{"plain", "rtmp://h:1/demo/live/ch", "", "ch", "rtmp://h:1/demo/live/ch?"},
		{"bucket in the host", "rtmp://demo.localhost/live/ch", "", "ch", "rtmp://demo.localhost/live/ch?"},
		{"playlist", "rtmp://h/demo/live/ch", "a b.m3u8", "ch", "playlistName=a%20b.m3u8"},
		{"playlist in the URL", "rtmp://h/demo/live/ch?playlistName=x.m3u8", "", "ch", "playlistName=x.m3u8"},
		{"space in the name", "rtmp://h/demo/live/a b", "", "a b", "rtmp://h/demo/live/a%20b?"},
	} {
		t.Run(c.name, func(t *testing.T) {
			signed, err := sign(c.url, c.playlist, key, time.Now().Add(time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(signed, c.want) || strings.Count(signed, "?") != 1 {
				t.Errorf("got %s, want %s in it", signed, c.want)
			}
			u, err := url.Parse(signed)
			if err != nil {
				t.Fatal(err)
			}
			p := auth.Publish{Bucket: "demo", Channel: c.channel, Query: u.Query()}
			if who, err := auth.VerifyPublish(&p, auth.NewKeys(key), time.Now()); err != nil || who.KeyID() != "ak" {
				t.Errorf("%s: verified as %q, %v", signed, who.KeyID(), err)
			}
		})
	}
}
