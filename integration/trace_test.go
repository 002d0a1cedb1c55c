package integration

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// A blob's file, as the server opens it below its own folder; nothing else of a
// name may come from a client.
var blobName = regexp.MustCompile(`^[0-9a-f]{2}(/[0-9a-f]{32})?$`)

// TestNamesStayNames watches the system calls of a server that is given keys made to
// lead out of its folder: it opens blobs under names of its own, and nothing else.
func TestNamesStayNames(t *testing.T) {
	tool(t, "strace")
	s := serve(t, t.TempDir(), "media")
	c := s.client("media")
	trace := filepath.Join(t.TempDir(), "trace")
	watcher := start(t, exec.Command("strace", "-f", "-p", fmt.Sprint(s.proc.cmd.Process.Pid),
		"-e", "trace=open,openat,openat2,creat,mkdirat,renameat2,linkat,unlinkat", "-o", trace))
	eventually(t, 10*time.Second, "strace attached", func() error {
		if !strings.Contains(watcher.output(), "attached") {
			return errors.New(watcher.output())
		}
		return nil
	})

	body := make([]byte, 100<<10) // large enough for a file of its own
	keys := []string{"..", "../x", "../../etc/passwd", "a/../../b", "...", "a//b", "a\\..\\b", "%2e%2e/x", "C:\\x", "x.", "A", "a",
		strings.Repeat("d/", 500), "nul\x00byte", "line\nfeed", "e\u0301", "\u00e9", "~root", "-rf", "$(id)", "con"}
	for _, key := range keys {
		c.must(t, "PUT", key, nil, body)
		if got := c.must(t, "GET", key, nil, nil); len(got) != len(body) {
			t.Errorf("%q: %d bytes came back, want %d", key, len(got), len(body))
		}
	}
	for _, key := range keys {
		c.must(t, "DELETE", key, nil, nil)
	}
	s.terminate(t)
	watcher.finish(t, 10*time.Second)

	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	quoted := regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`)
	opens, blobs := 0, 0
	for line := range strings.Lines(string(text)) {
		m := quoted.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		opens++
		switch name := m[1]; {
		case blobName.MatchString(name), len(name) == 32 && blobName.MatchString(name[:2]+"/"+name):
			blobs++
		case name == ".", strings.HasPrefix(name, s.Data), strings.HasPrefix(name, "/sys/"), strings.HasPrefix(name, "/proc/"):
		default:
			t.Errorf("outside: %s", line)
		}
	}
	t.Logf("%d keys: %d calls with a name, %d of them for blobs", len(keys), opens, blobs)
	if blobs < 2*len(keys) {
		t.Errorf("%d calls for blobs, want at least a create and an open for each of %d keys", blobs, len(keys))
	}
}
