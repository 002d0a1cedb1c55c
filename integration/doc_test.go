package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// blockLimit is how long one piece of a page may take.
const blockLimit = time.Minute

// block is a piece of a page for readers to run.
type block struct {
	language string // sh or python
	how      string // "", "server" or "skip: why"
	line     int
	text     string
}

// TestPages runs every piece of shell and Python in the README and the pages of doc,
// each against a server of its own, on the ports that the pages name. The word after
// the language, which readers do not see, says how:
//
//	sh              runs to its end, with status 0
//	sh server       starts a server, which prints Ready.
//	sh skip: why    is not run
func TestPages(t *testing.T) {
	if testing.Short() {
		t.Skip("runs real programs in real time: not in -short")
	}
	pages, err := filepath.Glob(filepath.Join(root, "doc", "*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	r := newReader(t)
	pages = append(pages, filepath.Join(root, "README.md"))
	ran, skipped := 0, 0
	for _, page := range pages {
		for _, b := range blocks(t, page) {
			if why, skip := strings.CutPrefix(b.how, "skip: "); skip {
				t.Logf("%s:%d is not run: %s", filepath.Base(page), b.line, why)
				skipped++
				continue
			}
			ran++
			t.Run(fmt.Sprintf("%s:%d", filepath.Base(page), b.line), func(t *testing.T) { r.run(t, b) })
		}
	}
	if ran < 15 {
		t.Errorf("%d pieces run: the pages have more", ran)
	}
	t.Logf("%d pieces run, %d not", ran, skipped)
}

var fence = regexp.MustCompile("^```(sh|python)(?: (.*))?$")

// blocks returns the pieces of a page. Any other fence is text to read.
func blocks(t *testing.T, page string) (all []block) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var open *block
	for i, line := range strings.Split(string(text), "\n") {
		start := fence.FindStringSubmatch(line)
		switch {
		case open != nil && line == "```":
			all = append(all, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		case start != nil:
			open = &block{language: start[1], how: start[2], line: i + 1}
			if open.how != "" && open.how != "server" && !strings.HasPrefix(open.how, "skip: ") {
				t.Errorf("%s:%d: %q is not known", page, i+1, open.how)
			}
		}
	}
	return all
}

// reader is what a reader of the pages has: the repository, built, and the SDK.
type reader struct {
	repository string // a copy
	clip       string
	env        []string
}

func newReader(t *testing.T) *reader {
	t.Helper()
	if os.Getuid() != 0 {
		without(t, "only root may make a network of its own, where the ports of the pages are free")
	}
	tool(t, "ip")
	tool(t, "curl")
	tool(t, "openssl")
	if out, err := exec.Command(tool(t, "unshare"), "--net", "true").CombinedOutput(); err != nil {
		without(t, fmt.Sprintf("this machine does not let root make name spaces: %s", out))
	}
	venv := filepath.Join(root, ".tools", "oss2-newest", "bin")
	if _, err := os.Stat(filepath.Join(venv, "python3")); err != nil {
		missing(t, venv)
	}
	r := &reader{repository: t.TempDir(), clip: shortClip(t)}
	run(t, time.Minute, "sh", "-euc", `cd "$1"; tar --exclude=./.git --exclude=./.tools --exclude=./osslive-data -cf - . | tar -xf - -C "$2"`,
		"sh", root, r.repository)
	// The clip of the repository runs for longer than a test should.
	run(t, time.Minute, "cp", r.clip, filepath.Join(r.repository, "cmd", "osslive", "clip", "clip.flv"))
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(strings.ToLower(variable), "="); !strings.HasSuffix(name, "_proxy") && name != "path" {
			r.env = append(r.env, variable)
		}
	}
	r.env = append(r.env, "PATH="+filepath.Dir(osslive(t))+":"+venv+":"+os.Getenv("PATH"))
	return r
}

// run runs a piece in a folder and a network of its own; make needs the copy of the
// repository.
func (r *reader) run(t *testing.T, b block) {
	dir := t.TempDir()
	if strings.Contains(b.text, "make ") || strings.Contains(b.text, "cmd/osslive/") {
		dir = r.repository
	} else {
		run(t, time.Minute, "cp", r.clip, filepath.Join(dir, "clip.flv"))
	}
	command := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.Env = dir, r.env
		return cmd
	}
	const alone = `ip link set lo up; exec sh -euc "$1"`
	if b.how == "server" {
		p := start(t, command("unshare", "--net", "sh", "-euc", alone, "sh", b.text))
		ready(t, p)
		p.signal(syscall.SIGTERM)
		if _, gone := p.wait(stopWithin); !gone {
			t.Errorf("still there %v after SIGTERM", stopWithin)
		}
		return
	}
	// The piece is a client: the server runs in another folder.
	server := command("unshare", "--net", "sh", "-euc", alone, "sh", "exec osslive serve --data memory")
	p := start(t, server)
	ready(t, p)
	name, args := "sh", []string{"-euc", b.text}
	if b.language == "python" {
		name, args = "python3", []string{"-c", b.text}
	}
	client := start(t, command("nsenter", append([]string{"--target", fmt.Sprint(server.Process.Pid), "--net", name}, args...)...))
	client.finish(t, blockLimit)
	t.Logf("%s", strings.TrimSpace(client.output()))
}

// ready waits until a server has printed Ready.
func ready(t *testing.T, p *process) {
	t.Helper()
	eventually(t, blockLimit, "Ready.", func() error {
		if strings.Contains(p.output(), "Ready.\n") {
			return nil
		}
		if err, gone := p.exited(); gone {
			t.Fatalf("it ended before it was ready: %v\n%s", err, p.output())
		}
		return errNotYet
	})
}
