// Package integration drives the built osslive from outside, with the programs
// people use: ffmpeg, GStreamer, the official SDKs, a browser. It imports none
// of our packages, so nothing it finds right can be right by a shared mistake.
package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	readyWithin = 10 * time.Second // start-up, generous for a busy machine
	stopWithin  = 5 * time.Second  // the promise of SIGTERM
)

// The test's own credentials, so that no test leans on the built-in ones.
var owner = credentials{ID: "test-id", Secret: "test-secret"}

// root is the folder of go.mod, where the tests keep .tools.
var root = filepath.Dir(mustAbs("."))

// built is the server under test, built once for all tests.
var built = sync.OnceValues(func() (string, error) {
	path := filepath.Join(root, ".tools", "bin", "osslive")
	build := exec.Command("go", "build", "-o", path, "./cmd/osslive")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build ./cmd/osslive: %w\n%s", err, out)
	}
	return path, nil
})

func mustAbs(path string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		panic(err)
	}
	return abs
}

func osslive(t testing.TB) string {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// tool skips the test when a program is missing, or fails it when
// OSSLIVE_REQUIRE_TOOLS asks for everything. It returns the program's path.
func tool(t testing.TB, name string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("drives real programs in real time: not in -short")
	}
	path, err := exec.LookPath(name)
	if err != nil {
		missing(t, name)
	}
	return path
}

func missing(t testing.TB, what string) {
	t.Helper()
	without(t, what+" is missing: integration/install.sh brings it")
}

// without skips a test that this machine cannot do, or fails it where everything is
// asked for.
func without(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("OSSLIVE_REQUIRE_TOOLS") != "" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// server is one running osslive.
type server struct {
	HTTP, RTMP, Admin string // host:port
	Data              string

	proc *process
}

// serve starts "osslive serve" on free ports over the data folder, with one
// public-read bucket, and returns once it is ready. The test's end kills it.
func serve(t testing.TB, data, bucket string, flags ...string) *server {
	t.Helper()
	return launch(t, data, append([]string{"serve",
		"--rtmp", "127.0.0.1:0",
		"--key", owner.ID + ":" + owner.Secret,
		"--bucket", bucket + ":public-read"}, flags...)...)
}

// launch starts a command of osslive that serves, and waits for its ports file. Data "" leaves the command its default.
func launch(t testing.TB, data string, args ...string) *server {
	t.Helper()
	ports := filepath.Join(t.TempDir(), "ports.json")
	// All is logged, and looked through at the end; a test may ask for less.
	args = slices.Insert(args, 1, "--log-level", "debug")
	args = append(args, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--ports-file", ports)
	if data != "" {
		args = append(args, "--data", data)
	}
	s := &server{Data: data, proc: start(t, exec.Command(osslive(t), args...))}
	if i := slices.Index(args[3:], "--log-level"); i < 0 {
		t.Cleanup(func() { s.checkLog(t) })
	}
	eventually(t, readyWithin, "osslive is ready", func() error {
		if err, gone := s.proc.exited(); gone {
			t.Fatalf("osslive ended before it was ready: %v\n%s", err, s.proc.output())
		}
		text, err := os.ReadFile(ports)
		if err != nil {
			return err
		}
		var p struct{ Listen, RTMP, Admin string }
		if err := json.Unmarshal(text, &p); err != nil {
			return err
		}
		s.HTTP, s.RTMP, s.Admin = p.Listen, p.RTMP, p.Admin
		return nil
	})
	return s
}

// terminate sends SIGTERM and expects exit 0 within the promised time.
func (s *server) terminate(t testing.TB) time.Duration {
	t.Helper()
	began := time.Now()
	s.proc.signal(syscall.SIGTERM)
	err, gone := s.proc.wait(stopWithin)
	if !gone {
		t.Fatalf("osslive still runs %v after SIGTERM\n%s", stopWithin, s.proc.output())
	}
	if err != nil {
		t.Fatalf("osslive after SIGTERM: got %v, want exit 0\n%s", err, s.proc.output())
	}
	return time.Since(began)
}

// kill ends the server as a crash does.
func (s *server) kill(t testing.TB) {
	t.Helper()
	s.proc.signal(syscall.SIGKILL)
	if _, gone := s.proc.wait(stopWithin); !gone {
		t.Fatal("osslive survived SIGKILL")
	}
}

// process is a started program whose output is kept. Its own process group dies with the test.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed once err is set
	err  error
	out  logBuffer
}

func start(t testing.TB, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{cmd: cmd, done: make(chan struct{})}
	if cmd.Stdout == nil {
		cmd.Stdout = &p.out
	}
	cmd.Stderr = &p.out
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		p.signal(syscall.SIGKILL)
		<-p.done
		if t.Failed() {
			t.Logf("output of %s:\n%s", filepath.Base(cmd.Path), tail(p.output(), 6000))
		}
	})
	return p
}

// signal reaches the whole group: a wrapper script's children as well.
func (p *process) signal(s syscall.Signal) {
	select {
	case <-p.done: // its number may belong to another process by now
	default:
		syscall.Kill(-p.cmd.Process.Pid, s)
	}
}

func (p *process) exited() (error, bool) {
	select {
	case <-p.done:
		return p.err, true
	default:
		return nil, false
	}
}

func (p *process) wait(limit time.Duration) (error, bool) {
	select {
	case <-p.done:
		return p.err, true
	case <-time.After(limit):
		return nil, false
	}
}

// finish waits for a program that is expected to end by itself and well.
func (p *process) finish(t testing.TB, limit time.Duration) {
	t.Helper()
	err, gone := p.wait(limit)
	if !gone {
		t.Fatalf("%s still runs after %v\n%s", p.cmd.Path, limit, tail(p.output(), 6000))
	}
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(p.cmd.Args, " "), err, tail(p.output(), 6000))
	}
}

func (p *process) output() string { return p.out.String() }

// run runs a program to its end and returns what it printed.
func run(t testing.TB, limit time.Duration, name string, args ...string) (stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(name), strings.Join(args, " "), err, tail(errs.String(), 6000))
	}
	return out.String(), errs.String()
}

// eventually asks again every 50 ms until check answers nil, and fails the test after limit.
func eventually(t testing.TB, limit time.Duration, what string, check func() error) {
	t.Helper()
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-again.C:
		case <-deadline.C:
			t.Fatalf("not within %v: %s: %v", limit, what, err)
		}
	}
}

// logBuffer collects a program's output while the test may look at it.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func tail(s string, n int) string {
	if len(s) > n {
		return "…" + s[len(s)-n:]
	}
	return s
}

// get fetches without credentials, as a player does.
func get(ctx context.Context, url string) (body []byte, status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, 0, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	return body, resp.StatusCode, errors.Join(err, ctx.Err())
}

var errNotYet = errors.New("not yet")
