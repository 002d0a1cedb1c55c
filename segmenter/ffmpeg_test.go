package segmenter_test

import (
	"bytes"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"osslive/segmenter"
)

// ffmpeg returns what the program prints, standard error included.
func ffmpeg(t *testing.T, stdin []byte, args ...string) string {
	t.Helper()
	path, err := exec.LookPath("ffmpeg")
	if err != nil && os.Getenv("OSSLIVE_REQUIRE_TOOLS") != "" {
		t.Fatal("ffmpeg is missing: integration/install.sh brings it")
	}
	if err != nil {
		t.Skip("ffmpeg is missing: integration/install.sh brings it")
	}
	cmd := exec.Command(path, append([]string{"-v", "warning"}, args...)...)
	if stdin != nil {
		cmd.Stdin = bytes.NewReader(stdin)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// sums returns the checksums in the output of ffmpeg's framemd5, and every line
// that is none: warnings.
func sums(out string) (sums []string) {
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(strings.TrimSpace(line), ",")
		sums = append(sums, fields[min(5, len(fields)-1)])
	}
	return sums
}

// A decoder gets the same pictures and the same audio from the segments as from
// the source, the last ones included, and has nothing to complain about.
func TestDecodesLikeSource(t *testing.T) {
	for _, tt := range []struct {
		clip    string
		audio   bool
		trimmed int // audio frames that are too old for the first picture
	}{{"bframes", true, 0}, {"slices", true, 0}, {"interlaced", false, 0}, {"slow", true, 1}, {"surround", true, 0}, {"mp3", false, 0}} {
		t.Run(tt.clip, func(t *testing.T) {
			file := "testdata/" + tt.clip + ".flv"
			out, _ := segment(t, segmenter.Config{FragDuration: time.Second}, readClip(t, file))
			ts := slices.Concat(out.data...)

			video := []string{"-map", "0:v", "-fps_mode", "passthrough", "-f", "framemd5", "-"}
			want := sums(ffmpeg(t, nil, append([]string{"-i", file}, video...)...))
			got := sums(ffmpeg(t, ts, append([]string{"-f", "mpegts", "-i", "pipe:"}, video...)...))
			if !slices.Equal(got, want) {
				t.Errorf("pictures: got %d, %q\nwant %d, %q", len(got), got, len(want), want)
			}
			if tt.audio {
				audio := []string{"-map", "0:a", "-c", "copy", "-bsf:a", "aac_adtstoasc", "-f", "framemd5", "-"}
				want := sums(ffmpeg(t, nil, append([]string{"-i", file}, audio...)...))[tt.trimmed:]
				got := sums(ffmpeg(t, ts, append([]string{"-f", "mpegts", "-i", "pipe:"}, audio...)...))
				if !slices.Equal(got, want) {
					t.Errorf("audio: got %d frames\n%q\nwant %d\n%q", len(got), got, len(want), want)
				}
			}
			for i, b := range out.data {
				if got := ffmpeg(t, b, "-xerror", "-f", "mpegts", "-i", "pipe:", "-f", "null", "-"); got != "" {
					t.Errorf("segment %d alone: ffmpeg says %q", i, got)
				}
			}
		})
	}
}
