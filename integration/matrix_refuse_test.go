package integration

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"osslive/integration/pusher"
)

// What is no publish, and the ways in which one URL arrives.
var refuseRows = []row{
	{"25 HEVC, AV1, VP9 are refused", otherCodecs},
	{"28 other protocols, half a handshake", otherProtocols},
	{"29 refusals with rtmpsink and rtmp2sink", refusalsOfGStreamer},
	{"30 one URL as clients split it", urlForms},
}

// Each codec is refused in each of its forms, with a word on what to choose.
func otherCodecs(t *testing.T, m *matrix) {
	config := []byte{1, 2, 3, 4, 5, 6, 7, 8}
	for _, tt := range []struct {
		name string
		body []byte
	}{
		{"HEVC", extended(0x90, videoTracks, 0, "hvc1", config)},
		{"HEVC", extended(0x90, videoTracks, 3, "hvc1", config)}, // a picture without sequence header
		{"HEVC", oneTrack(0x90, videoTracks, 0, "hvc1", config)},
		{"HEVC", modified(0x90, videoTracks, 0, "hvc1", config)},
		{"HEVC", append([]byte{0x1c, 0, 0, 0, 0}, config...)},
		{"AV1", extended(0x90, videoTracks, 0, "av01", config)},
		{"AV1", twoCodecs(0x90, videoTracks, 0, "av01", config)},
		{"VP9", extended(0x90, videoTracks, 0, "vp09", config)},
		{"VP8", extended(0x90, videoTracks, 0, "vp08", config)},
		{"VVC", extended(0x90, videoTracks, 0, "vvc1", config)},
		{"VP6", []byte{0x14, 0, 1, 2}},
		{"Screen", []byte{0x13, 0, 1, 2}},
	} {
		k := m.take(t, 1)
		c := k.open(t)
		send(t, c, []pusher.Message{{Type: pusher.Video, Stream: 1, Body: tt.body}})
		err := c.Ended()
		var refused *pusher.Refused
		if !errors.As(err, &refused) || !strings.Contains(strings.ToLower(refused.Description), strings.ToLower(tt.name)) ||
			!strings.Contains(refused.Description, "choose H.264") {
			t.Errorf("% x: got %v, want a refusal of %s that says to choose H.264", tt.body[:min(8, len(tt.body))], err, tt.name)
		}
	}
}

// Who does not speak RTMP on its port, or stops in the middle, is let go.
func otherProtocols(t *testing.T, m *matrix) {
	var all sync.WaitGroup
	for _, tt := range []struct {
		name  string
		first string
		limit time.Duration
	}{
		{"HTTP", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", time.Second},
		{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", time.Second},
		{"RTMPE", "\x06", time.Second},
		{"zero", "\x00\x00\x00\x00", time.Second},
		{"half a handshake", "\x03" + string(make([]byte, 700)), 5 * time.Second},
		{"a byte", "\x03", 5 * time.Second},
		{"nothing", "", 5 * time.Second},
	} {
		all.Go(func() {
			took, err := untilClosed(m.s.RTMP, tt.first, tt.limit+5*time.Second)
			if err != nil || took > tt.limit+4*time.Second {
				t.Errorf("%s: after %v: %v; want it closed within %v", tt.name, took, err, tt.limit)
			}
		})
	}
	all.Wait()
}

// untilClosed says something and returns how long the server keeps the connection.
func untilClosed(host, first string, limit time.Duration) (time.Duration, error) {
	nc, err := net.Dial("tcp", host)
	if err != nil {
		return 0, err
	}
	defer nc.Close()
	began := time.Now()
	if _, err := nc.Write([]byte(first)); err != nil {
		return 0, err
	}
	nc.SetReadDeadline(began.Add(limit))
	_, err = io.Copy(io.Discard, nc)
	if errors.Is(err, syscall.ECONNRESET) { // closed with our bytes unread
		err = nil
	}
	return time.Since(began), err
}

// The sinks of GStreamer hear what ffmpeg hears: rtmpsink, which knows none of the
// codes, at least ends at once.
func refusalsOfGStreamer(t *testing.T, m *matrix) {
	source := small(t)
	began := time.Now()
	run(t, time.Minute, tool(t, "gst-launch-1.0"), "-q", "fakesrc", "num-buffers=1", "!", "fakesink")
	limit := 5*time.Second + 2*time.Since(began) // what they need to start at all
	k := m.take(t, 1)
	busy := m.take(t, 1)
	busy.open(t)
	hour := time.Now().Add(time.Hour)
	for _, tt := range []struct{ name, url, reason string }{
		{"wrong signature", credentials{owner.ID, "guessed"}.publishURL(m.s.HTTP, "matrix", k.channel, hour, nil), "SignatureDoesNotMatch"},
		{"expired", owner.publishURL(m.s.HTTP, "matrix", k.channel, time.Now().Add(-time.Minute), nil), "Request has expired"},
		{"unsigned", unsignedPublishURL(m.s.HTTP, "matrix", k.channel), "AccessDenied"},
		{"unknown channel", owner.publishURL(m.s.HTTP, "matrix", "nochannel", hour, nil), "NoSuchLiveChannel"},
		{"busy", busy.url(), "ChannelStillLive"},
	} {
		for _, sink := range []string{"rtmpsink", "rtmp2sink"} {
			began := time.Now()
			p := gstreamer(t, source, sink, "location="+tt.url)
			err, gone := p.wait(20 * time.Second)
			switch took := time.Since(began); {
			case !gone || err == nil || took > limit:
				t.Errorf("%s, %s: after %v ended %v, error %v; want an error within %v\n%s", tt.name, sink, took, gone, err, limit, tail(p.output(), 500))
			case sink == "rtmp2sink" && !strings.Contains(p.output(), tt.reason):
				t.Errorf("%s: rtmp2sink prints %q, want %q in it", tt.name, tail(p.output(), 1000), tt.reason)
			}
		}
	}
	if objects := k.c.list(t, k.channel+"/"); len(objects) > 0 {
		t.Errorf("objects after refusals: %v", objects)
	}
}

// urlForms publishes through one signed URL as the clients split it between app
// and name, decoded and not: the same channel, the same query.
func urlForms(t *testing.T, m *matrix) {
	messages := tiny(t)
	for i, form := range []func(ch, query, decoded string) (app, name string){
		func(ch, query, _ string) (string, string) { return "matrix/live", ch + "?" + query },         // ffmpeg, rtmp2sink
		func(ch, _, decoded string) (string, string) { return "matrix/live", ch + "?" + decoded },     // librtmp, OBS
		func(ch, query, _ string) (string, string) { return "matrix/live/", "/" + ch + "?" + query },  // a slash too many
		func(ch, query, _ string) (string, string) { return "matrix/live/" + ch + "?" + query, "" },   // OBS, all in one field
		func(ch, query, _ string) (string, string) { return "matrix/live?" + query, ch },              // the query on the app
		func(ch, query, _ string) (string, string) { return "live/matrix", ch + "?" + query },         // the bucket behind live
		func(ch, query, _ string) (string, string) { return "live", "matrix/" + ch + "?" + query },    // the same, split elsewhere
		func(ch, query, _ string) (string, string) { return "matrix", "live/" + ch + "?" + query },    // the first part alone
		func(ch, _, decoded string) (string, string) { return cut("matrix/live/"+ch+"?"+decoded, 1) }, // a raw slash, ffmpeg
		func(ch, _, decoded string) (string, string) { return cut("matrix/live/"+ch+"?"+decoded, 2) }, // and librtmp
	} {
		k := m.take(t, 1)
		query, decoded := slashed(k.channel)
		app, name := form(k.channel, query, decoded)
		what := fmt.Sprintf("form %d, app %q, name %q", i, app, name)
		c, err := pusher.Dial(t.Context(), m.s.HTTP)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Connect(app, "rtmp://"+m.s.HTTP+"/"+app); err != nil {
			t.Fatal(err)
		}
		if err := c.Publish(name); err != nil {
			t.Errorf("%s: %v", what, err)
			c.Close()
			continue
		}
		send(t, c, messages)
		if err := c.Finish(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		text, status, err := get(t.Context(), k.c.url(k.channel+"/list.m3u8"))
		if err != nil || status != 200 {
			t.Errorf("%s: the playlist of the query: got %d, %v", what, status, err)
			continue
		}
		if n := len(parsePlaylist(t, text).Segments); n != 3 {
			t.Errorf("%s: got %d segments, want 3", what, n)
		}
	}
}

// slashed signs until the signature has two slashes and a plus, which clients
// treat in different ways. It returns the query percent-encoded and decoded.
func slashed(channel string) (query, decoded string) {
	for at := time.Now().Add(time.Hour); ; at = at.Add(time.Second) {
		url := owner.publishURL("h", "matrix", channel, at, map[string]string{"playlistName": "list.m3u8"})
		_, query, _ = strings.Cut(url, "?")
		if strings.Count(query, "%2F") == 2 && strings.Contains(query, "%2B") {
			// A signature that is split has to come last, as SDKs and their users write it.
			before, rest, _ := strings.Cut(query, "Signature=")
			signature, after, more := strings.Cut(rest, "&")
			if more {
				query = before + after + "&Signature=" + signature
			}
			return query, strings.NewReplacer("%2F", "/", "%2B", "+", "%3D", "=").Replace(query)
		}
	}
}

// cut splits at the nth slash of the query.
func cut(url string, n int) (app, name string) {
	at := strings.IndexByte(url, '?')
	for range n {
		at += 1 + strings.IndexByte(url[at+1:], '/')
	}
	return url[:at], url[at+1:]
}
