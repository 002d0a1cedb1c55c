package integration

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The program of "make bench" still measures: at a size that says nothing
// about speed, each kind of row gets a figure.
func TestBench(t *testing.T) {
	tool(t, "ffmpeg")
	bench := filepath.Join(t.TempDir(), "bench")
	run(t, time.Minute, "go", "build", "-o", bench, "./bench")
	const rows = `flat out, 1 × 300|200 × 300|of 200|allocations|200 publishers|idle|1 KiB|Ready`
	out, _ := run(t, 2*time.Minute, bench, "-osslive", osslive(t), "-rounds", "1", "-window", "500ms", "-look", "2s", "-mb", "10",
		"-work", t.TempDir(), "-clips", filepath.Join(root, ".tools", "media"), "-only", rows)
	t.Log(out)
	figure := regexp.MustCompile(`^\d+(\.\d+)?`)
	measured := 0
	for line := range strings.Lines(out) {
		cells := strings.Split(line, " | ")
		if len(cells) < 3 || !strings.ContainsAny(cells[1], "≤≥") {
			continue
		}
		measured++
		if !figure.MatchString(cells[2]) {
			t.Errorf("%s: got %q, want a figure", cells[0], cells[2])
		}
	}
	if measured != 9 {
		t.Errorf("got %d rows, want 9 for %s", measured, rows)
	}
}
