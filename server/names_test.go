package server

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"osslive/auth"
	"osslive/rtmp"
)

// putChannel asks the API for a channel of demo and returns the status.
func putChannel(t *testing.T, n *Server, channel, target string) int {
	t.Helper()
	body := "<LiveChannelConfiguration><Target><Type>HLS</Type>" + target + "</Target></LiveChannelConfiguration>"
	r, err := http.NewRequest("PUT", "http://"+n.Listen+"/demo/"+url.PathEscape(channel)+"?live", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	auth.SignRequest(&auth.Request{Method: "PUT", Header: r.Header, Bucket: "demo", Key: channel, Query: url.Values{"live": {""}}}, n.Key, time.Now())
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	io.Copy(io.Discard, answer.Body)
	return answer.StatusCode
}

// dial opens a publish of a channel of demo.
func dial(t *testing.T, n *Server, channel string, query url.Values) (*rtmp.Client, error) {
	t.Helper()
	q := auth.SignPublish(&auth.Publish{Bucket: "demo", Channel: channel, Query: query}, n.Key, time.Now().Add(time.Hour))
	encoded := strings.ReplaceAll(q.Encode(), "+", "%20") // a plus sign is one in publish URLs
	return rtmp.Dial(t.Context(), "rtmp://"+n.RTMP+"/demo/live/"+url.PathEscape(channel)+"?"+encoded)
}

// getChannel returns what the API says of a channel of demo.
func getChannel(t *testing.T, n *Server, channel string, query url.Values) string {
	t.Helper()
	query.Set("live", "")
	r := auth.Request{Method: "GET", Header: http.Header{}, Bucket: "demo", Key: channel, Query: query}
	_, text := get(t, "http://"+n.Listen+"/demo/"+url.PathEscape(channel)+"?"+auth.SignURL(&r, n.Key, time.Now().Add(time.Hour)).Encode())
	return text
}

// TestChannelNames: the API and RTMP take the same names of channels, and mean
// the same channel by each.
func TestChannelNames(t *testing.T) {
	n := start(t, nil)
	oneDoor := 0
	names := []string{
		"channel", "live", "two words", " space ", "a+b", "100%", "%2F", "%00", "a?b", "a#b", "a&b=c", "a;b", "a:b", `a\b`, `"a"`, "<a>",
		".", "..", "...", "测试", "é", "e\u0301", "👾", strings.Repeat("n", 63), strings.Repeat("日", 21),
		"a/b", "/a", "a/", "../a", "demo/a", strings.Repeat("n", 64), strings.Repeat("日", 22), strings.Repeat("n", 5000),
		"a\rb", "a\nb", "a\r\nb", "a\x00", "\x01", "a\x7f", "a\u0085", "\xff", "a\xc0\xafb",
	}
	for _, name := range names {
		created := putChannel(t, n, name, "") == http.StatusOK
		client, err := dial(t, n, name, nil)
		published := err == nil && strings.Contains(getChannel(t, n, name, url.Values{"comp": {"stat"}}), "<Status>Live</Status>")
		if err == nil {
			client.Close()
		}
		if created != published {
			oneDoor++
			t.Errorf("channel %.70q: created %t, published %t (%v)", name, created, published, err)
		}
	}
	t.Logf("%d channel names, accepted by one door only: %d", len(names), oneDoor)
}

// TestPlaylistNames: the API and RTMP take the same names of playlists.
func TestPlaylistNames(t *testing.T) {
	n := start(t, nil)
	oneDoor, accepted := 0, 0
	names := []string{
		"playlist.m3u8", "a.m3u8", "..m3u8", "...m3u8", "a b.m3u8", "a+b.m3u8", "100%.m3u8", "%2F.m3u8", "a?b#c&d.m3u8", `a\b.m3u8`, "<a>.m3u8",
		"测试.m3u8", strings.Repeat("p", 123) + ".m3u8",
		"a.M3U8", "a.m3u", "playlist", ".m3u8", "a.m3u8 ", "a.m3u8/", strings.Repeat("p", 124) + ".m3u8", strings.Repeat("p", 3000) + ".m3u8",
		"a/b.m3u8", "../a.m3u8", "/a.m3u8", "a\nb.m3u8", "a\rb.m3u8", "a\x00b.m3u8", "\x01.m3u8", "a\x7f.m3u8", "a\u0085.m3u8", "\xff.m3u8", "a.m3u8\n",
	}
	for i, name := range names {
		// The API trims what it reads: what counts is whether the channel has this name.
		channel := fmt.Sprintf("api-%d", i)
		byAPI := putChannel(t, n, channel, "<PlaylistName>"+asXML(name)+"</PlaylistName>") == http.StatusOK
		var made struct {
			PlaylistName string `xml:"Target>PlaylistName"`
		}
		if byAPI {
			if err := xml.Unmarshal([]byte(getChannel(t, n, channel, url.Values{})), &made); err != nil {
				t.Fatal(err)
			}
			byAPI = made.PlaylistName == name
		}
		channel = fmt.Sprintf("rtmp-%d", i)
		if status := putChannel(t, n, channel, ""); status != http.StatusOK {
			t.Fatalf("channel %s: status %d", channel, status)
		}
		client, err := dial(t, n, channel, url.Values{"playlistName": {name}})
		if err == nil {
			client.Close()
		}
		if byAPI != (err == nil) {
			oneDoor++
			t.Errorf("playlist %.70q: by the API %t, by RTMP %t (%v)", name, byAPI, err == nil, err)
		}
		if byAPI {
			accepted++
		}
	}
	t.Logf("%d playlist names, %d accepted, by one door only: %d", len(names), accepted, oneDoor)
	if accepted == 0 || accepted == len(names) {
		t.Error("want some names accepted and some refused")
	}
}

// asXML escapes all that XML gives a meaning, and ends of lines, which readers change.
func asXML(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#13;", "\n", "&#10;", "\x00", "&#0;", "\x01", "&#1;").Replace(s)
}
