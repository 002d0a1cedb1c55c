package integration

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// consolePictures is where a person looks at what the browser saw.
var consolePictures = filepath.Join(root, "dist", "console-pictures")

// playwright returns a command that runs a program of integration/browser.
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

// TestConsole uses the console in a browser: browser/console.js says what it does.
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
