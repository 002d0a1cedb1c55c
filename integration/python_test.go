package integration

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The official Python page, with the version of the SDK that it names and with
// the newest. Both push in real time, so they run side by side.
func TestPythonPage(t *testing.T) {
	source := steady(t)
	tool(t, "ffprobe")
	s := serve(t, t.TempDir(), "unused", "--bucket", "oss2-2-9-0", "--bucket", "oss2-newest")
	for _, version := range []string{"2.9.0", "newest"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			python := filepath.Join(root, ".tools", "oss2-"+version, "bin", "python")
			if _, err := os.Stat(python); err != nil {
				missing(t, python)
			}
			cmd := exec.Command(python, filepath.Join("python", "page.py"))
			cmd.Env = append(os.Environ(), "CLIP="+source, "PYTHONIOENCODING=utf-8",
				"OSS_TEST_ENDPOINT=http://"+s.HTTP, "OSS_TEST_BUCKET=oss2-"+strings.ReplaceAll(version, ".", "-"),
				"OSS_TEST_ACCESS_KEY_ID="+owner.ID, "OSS_TEST_ACCESS_KEY_SECRET="+owner.Secret)
			p := start(t, cmd)
			p.finish(t, 4*time.Minute)
			for lines := bufio.NewScanner(strings.NewReader(p.output())); lines.Scan(); {
				t.Log(lines.Text())
			}
		})
	}
}
