package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write licenses.txt")

// TestLicenses: licenses.txt has the licence texts of all that is linked into the
// binary, on every system that a release is built for, and nothing copyleft.
func TestLicenses(t *testing.T) {
	var want strings.Builder
	add := func(name string, files ...string) {
		for _, file := range files {
			heading := fmt.Sprintf("%[1]s\n%[2]s, %[3]s\n%[1]s\n\n", strings.Repeat("=", 80), name, filepath.Base(file))
			text, err := os.ReadFile(file)
			if errors.Is(err, fs.ErrNotExist) { // on a machine without it the text stays as it is
				_, after, _ := strings.Cut(licenses, heading)
				before, _, _ := strings.Cut(after, "\n"+strings.Repeat("=", 80))
				text, err = []byte(before), nil
			}
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), "GNU") {
				t.Errorf("%s: %s names a GNU licence", name, file)
			}
			fmt.Fprintf(&want, "%s%s\n\n", heading, strings.TrimSpace(strings.ReplaceAll(string(text), "\r\n", "\n")))
		}
	}
	add("osslive", "../../LICENSE")
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	add("Go standard library", filepath.Join(strings.TrimSpace(string(root)), "LICENSE"))
	folders := map[string]string{}
	for _, system := range []string{"linux", "darwin", "windows"} {
		maps.Copy(folders, linked(t, system))
	}
	for _, module := range slices.Sorted(maps.Keys(folders)) {
		var files []string
		for _, pattern := range []string{"LICENSE*", "COPYING*", "NOTICE*", "PATENTS*"} {
			found, err := filepath.Glob(filepath.Join(folders[module], pattern))
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, found...)
		}
		if len(files) == 0 {
			t.Errorf("%s has no licence", module)
		}
		add(module, files...)
	}
	// The build of the console's player brings this one; see server/console/hlsjs.
	add("hls.js", "../../.tools/hlsjs/node_modules/hls.js/LICENSE")
	if *update {
		if err := os.WriteFile("licenses.txt", []byte(want.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if licenses != want.String() {
		t.Error("licenses.txt differs from what is linked; write it with go test ./cmd/osslive -run TestLicenses -update")
	}
}

// linked returns the modules that a system's binary links, with their folders.
func linked(t *testing.T, system string) map[string]string {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-json=Module", ".")
	cmd.Env = append(os.Environ(), "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	folders := map[string]string{}
	for packages := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			Module *struct {
				Path, Version, Dir string
				Main               bool
			}
		}
		if err := packages.Decode(&p); errors.Is(err, io.EOF) {
			return folders
		} else if err != nil {
			t.Fatal(err)
		}
		if p.Module != nil && !p.Module.Main {
			folders[p.Module.Path+" "+p.Module.Version] = p.Module.Dir
		}
	}
}
