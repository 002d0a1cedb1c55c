package integration

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestSnippets runs each program that the console shows, as it is downloaded
// there, and pushes to the URL that it prints.
func TestSnippets(t *testing.T) {
	source := small(t)
	for _, c := range []struct {
		file string
		run  func(t testing.TB, dir, file string) *exec.Cmd // nil: its SDK is missing
	}{
		{"python.py", func(t testing.TB, dir, file string) *exec.Cmd {
			python := filepath.Join(root, ".tools", "oss2-newest", "bin", "python")
			if !here(t, python) {
				return nil
			}
			return exec.Command(python, file)
		}},
		{"go.txt", func(t testing.TB, dir, file string) *exec.Cmd {
			// With the module that has the SDK, but not in its folder.
			overlay := filepath.Join(dir, "overlay.json")
			source := filepath.Join(root, "integration", "go", "snippet", "main.go")
			text := `{"Replace": {"` + source + `": "` + file + `"}}`
			if err := os.WriteFile(overlay, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("go", "run", "-overlay", overlay, "./snippet")
			cmd.Dir = filepath.Join(root, "integration", "go")
			return cmd
		}},
		{"node.js", func(t testing.TB, dir, file string) *exec.Cmd {
			modules := filepath.Join(root, ".tools", "node", "node_modules")
			if !here(t, filepath.Join(modules, "ali-oss")) {
				return nil
			}
			cmd := exec.Command("node", file)
			cmd.Env = append(os.Environ(), "NODE_PATH="+modules)
			return cmd
		}},
		{"Lecture.java", func(t testing.TB, dir, file string) *exec.Cmd {
			jars := filepath.Join(root, ".tools", "java")
			if !here(t, jars) {
				return nil
			}
			return exec.Command("java", "-XX:TieredStopAtLevel=1", "-cp", filepath.Join(jars, "*"), file)
		}},
	} {
		t.Run(c.file, func(t *testing.T) {
			// The built-in key and bucket: the only ones that a page shows whole.
			s := launch(t, "memory", "serve", "--rtmp", "off")
			text, status, err := get(t.Context(), "http://"+s.Admin+"/snippets/"+c.file+"?bucket=demo")
			if err != nil || status != 200 {
				t.Fatalf("download: got %d, %v", status, err)
			}
			dir := t.TempDir()
			file := filepath.Join(dir, c.file)
			if err := os.WriteFile(file, text, 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := c.run(t, dir, file)
			if cmd == nil {
				missing(t, "its SDK")
			}
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			printed := map[string]string{}
			for _, m := range regexp.MustCompile(`(?m)^(push|play) here: (\S+)`).FindAllStringSubmatch(string(out), -1) {
				printed[m[1]] = m[2]
			}
			if u, err := url.Parse(printed["play"]); err != nil || !strings.HasSuffix(u.Path, "/lecture/playlist.m3u8") {
				t.Fatalf("it prints\n%s", out)
			}
			p := burst(t, source, printed["push"])
			p.finish(t, time.Minute)
			list, status, err := get(t.Context(), printed["play"])
			if err != nil || status != 200 || !strings.Contains(string(list), "#EXTINF") {
				t.Errorf("playlist %s: got %d, %v\n%s", printed["play"], status, err, list)
			}
		})
	}
}
