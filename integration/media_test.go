package integration

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The clips are made on demand and kept under .tools/media, named by the
// command that makes them: a changed command makes a new one.

// fullHD is a minute of 1080p30 with B-frames, a key frame every 2 s.
func fullHD(t testing.TB) string {
	return clip(t, "testsrc2=size=1920x1080:rate=30", "60",
		"-c:v", "libx264", "-preset", "superfast", "-bf", "2", "-b_strategy", "0", "-g", "60", "-pix_fmt", "yuv420p",
		"-b:v", "2500k", "-maxrate", "2500k", "-bufsize", "2500k", "-c:a", "aac", "-b:a", "64k")
}

// small is two minutes that cost nothing to send, a key frame every second.
func small(t testing.TB) string {
	return clip(t, "testsrc2=size=320x180:rate=25", "120",
		"-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-g", "25", "-sc_threshold", "0", "-pix_fmt", "yuv420p",
		"-b:v", "200k", "-maxrate", "200k", "-bufsize", "200k", "-c:a", "aac", "-b:a", "32k")
}

// short is what the variations of row 27 send: six seconds, a key frame every second.
func short(t testing.TB) string {
	return clip(t, "testsrc2=size=320x180:rate=25", "6",
		"-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-g", "25", "-sc_threshold", "0", "-pix_fmt", "yuv420p",
		"-c:a", "aac", "-b:a", "64k")
}

// steady has the same number of bytes in every second, and 29.97 frames: what
// GetLiveChannelStat reports can be told beforehand.
func steady(t testing.TB) string {
	return clip(t, "testsrc2=size=640x360:rate=30000/1001", "150",
		"-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-g", "30", "-sc_threshold", "0", "-pix_fmt", "yuv420p",
		"-b:v", "600k", "-minrate", "600k", "-maxrate", "600k", "-bufsize", "300k", "-c:a", "aac", "-b:a", "64k")
}

var making sync.Mutex

func clip(t testing.TB, picture, seconds string, coding ...string) string {
	t.Helper()
	ffmpeg := tool(t, "ffmpeg")
	args := append([]string{"-v", "error", "-y", "-f", "lavfi", "-i", picture,
		"-f", "lavfi", "-i", "sine=frequency=440:beep_factor=4:sample_rate=44100", "-t", seconds}, coding...)
	name := sha256.Sum256([]byte(strings.Join(args, " ")))
	path := filepath.Join(root, ".tools", "media", fmt.Sprintf("%x.flv", name[:6]))
	making.Lock() // tests that run at once may want the same
	defer making.Unlock()
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	part := fmt.Sprintf("%s.%d", path, os.Getpid())
	run(t, 5*time.Minute, ffmpeg, append(args, "-f", "flv", part)...)
	if err := os.Rename(part, path); err != nil {
		t.Fatal(err)
	}
	t.Logf("made %s in %v", path, time.Since(began).Round(time.Second))
	return path
}

// push starts ffmpeg sending an FLV file in real time.
func push(t testing.TB, file, url string) *process {
	t.Helper()
	return start(t, exec.Command(tool(t, "ffmpeg"), "-v", "error", "-nostdin", "-re", "-i", file, "-c", "copy", "-f", "flv", url))
}

// burst starts ffmpeg sending as fast as it can.
func burst(t testing.TB, file, url string) *process {
	t.Helper()
	return start(t, exec.Command(tool(t, "ffmpeg"), "-v", "error", "-nostdin", "-i", file, "-c", "copy", "-f", "flv", url))
}

// gstreamer starts gst-launch sending an FLV file in real time through an RTMP sink.
func gstreamer(t testing.TB, file, sink string, properties ...string) *process {
	t.Helper()
	args := []string{"-q", "filesrc", "location=" + file, "!", "flvdemux", "name=d",
		"d.video", "!", "queue", "!", "h264parse", "!", "flvmux", "name=m", "streamable=true", "!", sink, "sync=true"}
	args = append(args, properties...)
	args = append(args, "d.audio", "!", "queue", "!", "aacparse", "!", "m.")
	return start(t, exec.Command(tool(t, "gst-launch-1.0"), args...))
}

// frames decodes the video of a file or playlist and returns the hash of each picture.
func frames(t testing.TB, input string) []string {
	t.Helper()
	return hashes(t, "-v", "error", "-i", input, "-map", "0:v", "-fps_mode", "passthrough", "-f", "framemd5", "-")
}

// played is frames for what ffmpeg has to play to its end, sound too, without one warning.
func played(t testing.TB, input string) []string {
	t.Helper()
	return hashes(t, "-v", "warning", "-xerror", "-i", input, "-map", "0:v", "-fps_mode", "passthrough", "-f", "framemd5", "-", "-map", "0", "-f", "null", "-")
}

// audioPackets returns the hash of each AAC frame, undecoded and without ADTS headers.
func audioPackets(t testing.TB, input string) []string {
	t.Helper()
	return hashes(t, "-v", "error", "-i", input, "-map", "0:a", "-c", "copy", "-bsf:a", "aac_adtstoasc", "-f", "framemd5", "-")
}

// hashed keeps the hashes of clips, which many tests compare with.
var hashed sync.Map // by command

func hashes(t testing.TB, args ...string) (all []string) {
	t.Helper()
	command := strings.Join(args, " ")
	if known, ok := hashed.Load(command); ok {
		return slices.Clone(known.([]string))
	}
	out, stderr := run(t, 5*time.Minute, tool(t, "ffmpeg"), args...)
	if said := complaints(stderr); said != "" {
		t.Errorf("ffmpeg %s prints:\n%s", command, tail(said, 2000))
	}
	for line := range strings.Lines(out) {
		if fields := strings.Split(line, ","); !strings.HasPrefix(line, "#") && len(fields) >= 6 { // more: side data
			all = append(all, strings.TrimSpace(fields[5]))
		}
	}
	if strings.Contains(command, filepath.Join(root, ".tools", "media")) {
		hashed.Store(command, slices.Clone(all))
	}
	return all
}

// same fails the test at the first of two lists of hashes that differs.
func same(t testing.TB, what string, got, want []string) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Errorf("%s %d: got hash %s, want %s as in the source", what, i, got[i], want[i])
			return
		}
	}
	if len(got) != len(want) {
		t.Errorf("%ss: got %d, want %d as in the source", what, len(got), len(want))
	}
}

// playAlone expects ffmpeg to play each segment by itself without one warning.
func playAlone(t testing.TB, segments []tsSegment) {
	t.Helper()
	dir := t.TempDir()
	args := []string{"-v", "warning", "-xerror"}
	for _, s := range segments {
		path := filepath.Join(dir, s.URI)
		if err := os.WriteFile(path, s.Data, 0o644); err != nil {
			t.Fatal(err)
		}
		args = append(args, "-i", path)
	}
	for i := range segments {
		args = append(args, "-map", fmt.Sprint(i))
	}
	_, stderr := run(t, 5*time.Minute, tool(t, "ffmpeg"), append(args, "-f", "null", "-")...)
	if said := complaints(stderr); said != "" {
		t.Errorf("ffmpeg -v warning on the segments, each alone, prints:\n%s", tail(said, 2000))
	}
}

// complaints leaves out what ffmpeg says about its own guesses at a picture of
// megabytes, for which it reads too little ahead.
func complaints(stderr string) (said string) {
	for line := range strings.Lines(stderr) {
		if !strings.Contains(line, "not enough frames to estimate rate") && !strings.Contains(line, "duration not set") {
			said += line
		}
	}
	return said
}
