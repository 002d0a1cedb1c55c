package integration

import (
	"html"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// consolePictures is the folder of the screenshots that TestConsole takes.
var consolePictures = filepath.Join(root, "dist", "console-pictures")

// playwright returns a command that runs a program of the folder browser.
func playwright(t testing.TB, program string, args ...string) *exec.Cmd {
	t.Helper()
	tool(t, "chromium")
	modules := filepath.Join(root, ".tools", "browser", "node_modules")
	if _, err := os.Stat(modules); err != nil {
		missing(t, modules)
	}
	cmd := exec.Command(tool(t, "node"), append([]string{filepath.Join("browser", program)}, args...)...)
	cmd.Env = append(os.Environ(), "NODE_PATH="+modules)
	return cmd
}

// TestPublishLines runs the commands for sh that the console shows, for channels whose
// names need quoting.
func TestPublishLines(t *testing.T) {
	tool(t, "ffmpeg")
	tool(t, "gst-launch-1.0")
	s := serve(t, t.TempDir(), "media")
	c := s.client("media")
	for id, name := range map[string]string{"ffmpeg-sh": "it's $HOME & `id`", "gst-sh": `a "b" (c); d!`} {
		t.Run(id, func(t *testing.T) {
			c.putChannel(t, name, 1, 3)
			page, status, err := get(t.Context(), "http://"+s.Admin+"/publish/media/"+url.PathEscape(name))
			if err != nil || status != 200 {
				t.Fatalf("got %d, %v", status, err)
			}
			line := regexp.MustCompile(`id="` + id + `">([^<]*)<`).FindSubmatch(page)
			if line == nil {
				t.Fatalf("the page has no %s:\n%s", id, page)
			}
			start(t, exec.Command("sh", "-c", html.UnescapeString(string(line[1]))))
			c.waitStatus(t, name, "Live", 30*time.Second)
			eventually(t, 30*time.Second, "a segment is listed", func() error {
				if segments := c.list(t, name+"/"); len(segments) < 2 {
					return errNotYet
				}
				return nil
			})
		})
	}
}

// TestConsole runs browser/console.js, which uses the console in a browser.
func TestConsole(t *testing.T) {
	source := small(t)
	s := serve(t, t.TempDir(), "media", "--bucket", "vault:private")
	if _, status, err := get(t.Context(), "http://"+s.Admin+"/static/hls.js/hls.light.min.js"); err != nil || status != 200 {
		missing(t, "hls.js")
	}
	if err := os.RemoveAll(consolePictures); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(consolePictures, 0o755); err != nil {
		t.Fatal(err)
	}
	p := start(t, playwright(t, "console.js", "http://"+s.Admin, consolePictures, source))
	if _, gone := p.wait(5 * time.Minute); !gone {
		t.Fatalf("the browser is still busy\n%s", p.output())
	}
	steps := 0
	for line := range strings.Lines(p.output()) {
		name, result, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "STEP "), " ")
		switch {
		case strings.HasPrefix(line, "DELAY "):
			t.Logf("delay to live: %s s", result)
		case !strings.HasPrefix(line, "STEP "):
		case result != "ok":
			t.Errorf("%s: %s", name, result)
			fallthrough
		default:
			steps++
		}
	}
	if want := 13; steps != want {
		t.Errorf("got %d steps, want %d\n%s", steps, want, p.output())
	}
	t.Logf("%d steps; pictures in %s", steps, consolePictures)
}
