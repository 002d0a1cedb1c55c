package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"osslive/integration/pusher"
)

// clip has the parameters of a clip, which ffmpeg makes once. Both clips have H.264 with
// B-frames, a key frame every 2 s and AAC, and enough noise to reach their bit rate.
type clip struct{ size, noise, video, audio string }

var (
	fullHD = clip{"1920x1080", "6", "4M", "128k"}
	small  = clip{"320x180", "4", "220k", "64k"} // 300 kb/s, messages of some 400 bytes
)

// clipLength is a multiple of the 2 s between key frames.
const clipLength = "20"

// file returns the path of the clip in a folder; it makes the clip if it does not exist.
func (c clip) file(ctx context.Context, dir string) (string, error) {
	args := []string{"-v", "error", "-nostdin", "-y",
		"-f", "lavfi", "-i", fmt.Sprintf("testsrc2=size=%s:rate=30,noise=alls=%s:allf=t", c.size, c.noise),
		"-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-ac", "2", "-t", clipLength,
		"-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high", "-pix_fmt", "yuv420p", "-bf", "2",
		"-b:v", c.video, "-maxrate", c.video, "-bufsize", c.video, "-g", "60", "-keyint_min", "60", "-sc_threshold", "0",
		"-c:a", "aac", "-b:a", c.audio, "-f", "flv"}
	name := sha256.Sum256([]byte(strings.Join(args, " ")))
	path := filepath.Join(dir, fmt.Sprintf("bench-%x.flv", name[:6]))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	if out, err := exec.CommandContext(ctx, "ffmpeg", append(args, path+".part")...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("ffmpeg: %w\n%s", err, out)
	}
	return path, os.Rename(path+".part", path)
}

// sample is a clip in RTMP chunks, made once and sent unchanged by all publishers. Chunk
// headers have time deltas, so the bytes of the second loop can be sent again and again
// while the time rises.
type sample struct {
	chunk       int
	first, next loop
	length      time.Duration // of a loop
	frames      int           // in a loop, of video and audio
}

type loop struct {
	bytes    []byte
	messages []message // of media; the bytes before the first one are the configuration
}

type message struct {
	end int           // offset in the loop's bytes; a message begins at the end of the one before
	at  time.Duration // since the start of the loop
	key bool
}

// load chunks an FLV file with H.264 and AAC.
func load(path string, chunk int) (*sample, error) {
	tags, err := pusher.ReadFLV(path)
	if err != nil {
		return nil, err
	}
	var config, media []pusher.Message
	var last [2]uint32 // times of audio and video, ms
	pictures := uint32(0)
	for _, tag := range tags {
		switch {
		case len(tag.Body) < 2:
		case tag.Type == pusher.Data:
			tag.Body = append(pusher.AppendAMF(nil, "@setDataFrame"), tag.Body...)
			config = append(config, tag)
		case tag.Body[1] == 0:
			config = append(config, tag)
		case tag.Body[1] == 1:
			media = append(media, tag)
			last[tag.Type-pusher.Audio] = tag.Time
			pictures += uint32(tag.Type - pusher.Audio)
		}
	}
	if len(config) < 3 || pictures < 2 {
		return nil, fmt.Errorf("%s: want H.264 and AAC with metadata", path)
	}
	interval := (last[1] + pictures/2) / (pictures - 1)
	length := max(last[1]+interval, last[0]+1)

	s := &sample{chunk: chunk, length: time.Duration(length) * time.Millisecond, frames: len(media)}
	chunker := pusher.Chunker{Size: chunk, Compress: true}
	for _, m := range config {
		s.first.bytes = chunker.Append(s.first.bytes, pusher.ID(m.Type), m)
	}
	for i, l := range []*loop{&s.first, &s.next} {
		for _, m := range media {
			key := m.Type == pusher.Video && m.Body[0]>>4 == 1
			at := time.Duration(m.Time) * time.Millisecond
			m.Time += uint32(i) * length
			l.bytes = chunker.Append(l.bytes, pusher.ID(m.Type), m)
			l.messages = append(l.messages, message{len(l.bytes), at, key})
		}
	}
	return s, nil
}
