package server

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// starvedFiles is set in the environment of the child of TestStarved: how many
// files its server may open.
const starvedFiles = "OSSLIVE_TEST_FILES"

// TestStarved: more connections than the process may have files neither stop
// the server nor make it spin; the admin address answers throughout, and all
// others once there is room. The server is a child, since the limit is the process's.
func TestStarved(t *testing.T) {
	if os.Getenv(starvedFiles) != "" {
		serveStarved(t)
		return
	}
	const files, count = 256, 1000
	child := exec.Command(os.Args[0], "-test.run", "^TestStarved$", "-test.v")
	child.Env = append(os.Environ(), fmt.Sprintf("%s=%d", starvedFiles, files))
	stdin, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer child.Wait()
	defer stdin.Close() // ends it
	var listen, rtmp, admin string
	for lines := bufio.NewScanner(stdout); admin == "" && lines.Scan(); {
		fmt.Sscanf(lines.Text(), "serving %s %s %s", &listen, &rtmp, &admin)
	}
	go io.Copy(io.Discard, stdout)

	for _, c := range []struct{ name, address, send string }{
		{"silent", listen, ""},
		{"http", listen, "GET /demo/none HTTP/1.1\r\nHost: h\r\n\r\n"},
		{"rtmp", rtmp, "\x03"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var conns []net.Conn
			for range count {
				conn := connect(t, c.address)
				io.WriteString(conn, c.send) // one that was closed at once may refuse it
				conns = append(conns, conn)
			}
			health := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
			pause := time.NewTicker(50 * time.Millisecond) // the work of answering is not to be measured
			defer pause.Stop()
			var began time.Time
			var used time.Duration
			for i := range 20 {
				if i == 5 { // the connections that were taken have been dealt with
					began, used = time.Now(), cpu(t, child.Process.Pid)
				}
				r, err := health.Get("http://" + admin + "/health/ready")
				if err != nil {
					t.Fatalf("health of the starved server: %v", err)
				}
				r.Body.Close()
				if r.StatusCode != http.StatusOK {
					t.Fatalf("health of the starved server: %s", r.Status)
				}
				<-pause.C
			}
			busy := 100 * float64(cpu(t, child.Process.Pid)-used) / float64(time.Since(began))
			for _, conn := range conns {
				conn.Close()
			}
			began = time.Now()
			eventually(t, "a request served", func() bool { return ask(connect(t, listen)) == nil })
			recovered := time.Since(began)
			t.Logf("%d connections, %d files: CPU %.0f %%, served %v after they ended", count, files, busy, recovered.Round(time.Millisecond))
			if busy > 20 {
				t.Errorf("CPU while starved: %.0f %%, want at most 20", busy)
			}
			if recovered > time.Second {
				t.Errorf("served again after %v, want 1 s", recovered)
			}
		})
	}
}

// serveStarved is the child: it serves until its standard input ends.
func serveStarved(t *testing.T) {
	var files uint64
	if _, err := fmt.Sscan(os.Getenv(starvedFiles), &files); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: files, Max: files}); err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	n := start(t, func(c *Config) { c.Data = data })
	fmt.Println("serving", n.Listen, n.RTMP, n.Admin)
	io.Copy(io.Discard, os.Stdin)
}

// cpu returns the time that a process has spent on a CPU.
func cpu(t *testing.T, pid int) time.Duration {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), ") ") // proc(5): state is field 3, utime 14, stime 15
	fields := strings.Fields(after)
	var user, system int64
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
		t.Fatal(err)
	}
	return time.Duration(user+system) * (time.Second / 100) // USER_HZ
}
