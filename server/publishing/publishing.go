// Package publishing makes what programs publish with: the URL of a live channel, its
// halves for OBS, an OBS profile, and command lines for ffmpeg and GStreamer. The console
// and the command line show the same ones.
//
// It owns these texts and their quoting. It must not know keys: a query comes signed.
package publishing

import (
	"net/url"
	"strconv"
	"strings"
)

// URL returns rtmp://HOST/BUCKET/live/CHANNEL?QUERY, the form that works with
// every host. Host may have a port.
func URL(host, bucket, channel string, query url.Values) string {
	u := url.URL{Scheme: "rtmp", Host: host, Path: "/" + bucket + "/live/" + channel, RawQuery: Encode(query)}
	return u.String()
}

// Encode returns query with %20 for a space: to RTMP servers a plus is a plus.
func Encode(query url.Values) string {
	return strings.ReplaceAll(query.Encode(), "+", "%20")
}

// SplitOBS returns the fields Server and Stream Key of OBS and other encoders with two
// fields. The whole query belongs to the key.
func SplitOBS(publish string) (server, key string) {
	path, query, signed := strings.Cut(publish, "?")
	i := strings.LastIndexByte(path, '/')
	server, key = path[:max(i, 0)], path[i+1:]
	if signed {
		key += "?" + query
	}
	return server, key
}

// KeyframeInterval returns the interval of key frames, in seconds, with which segments of
// fragDuration seconds are cut exactly: a divisor of it.
func KeyframeInterval(fragDuration int) int {
	if fragDuration%2 == 0 {
		return 2
	}
	return 1
}

// frameRate is the frame rate of the test pictures.
const frameRate = 30

// FFmpeg returns a command that publishes a test picture and a tone.
func FFmpeg(s Shell, publish string, fragDuration int) string {
	return s.line("ffmpeg", "-re",
		"-f", "lavfi", "-i", "testsrc2=size=1280x720:rate="+strconv.Itoa(frameRate),
		"-f", "lavfi", "-i", "sine",
		"-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", keyframes(fragDuration),
		"-c:a", "aac", "-f", "flv", publish)
}

// GStreamer returns a command that publishes a test picture and a tone.
func GStreamer(s Shell, publish string, fragDuration int) string {
	return s.line("gst-launch-1.0",
		"videotestsrc", "is-live=true", "!", "video/x-raw,width=1280,height=720,framerate="+strconv.Itoa(frameRate)+"/1", "!",
		"x264enc", "speed-preset=veryfast", "bitrate=2500", "key-int-max="+keyframes(fragDuration), "!", "h264parse", "!",
		"flvmux", "name=mux", "streamable=true", "!", "rtmp2sink", "location="+publish,
		"audiotestsrc", "is-live=true", "!", "audioconvert", "!", "avenc_aac", "!", "aacparse", "!", "mux.")
}

func keyframes(fragDuration int) string {
	return strconv.Itoa(KeyframeInterval(fragDuration) * frameRate)
}
