package integration

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// SIGTERM in mid-push: exit 0 within 5 s, and what was received is a segment
// in the list and a record in the history, found again at the next start.
func TestTerminateWhileLive(t *testing.T) {
	data := t.TempDir()
	s := serve(t, data, "media")
	c := s.client("media")
	// One cut every 4 s, so that at the stop a good part of a segment is open.
	c.putChannel(t, "ch", 4, 3)
	w := watch(t, c.url("ch/playlist.m3u8"), 4*time.Second, 3)
	began := time.Now()
	p := push(t, small(t), owner.publishURL(s.HTTP, "media", "ch", began.Add(time.Hour), nil))
	c.waitStatus(t, "ch", "Live", 5*time.Second)
	connected, err := time.Parse(time.RFC3339, c.stat(t, "ch").ConnectedTime)
	if err != nil {
		t.Fatal(err)
	}
	segmentsSeen(t, w, 1)
	eventually(t, 5*time.Second, "the next segment is well under way", func() error {
		if time.Since(connected) < 6500*time.Millisecond {
			return errNotYet
		}
		return nil
	})
	sent := time.Since(connected)
	took := s.terminate(t)
	w.close()
	if err, gone := p.wait(5 * time.Second); !gone || err == nil {
		t.Errorf("ffmpeg after the server stopped: ended %v, error %v; want it to notice", gone, err)
	}

	s = serve(t, data, "media")
	c = s.client("media")
	c.waitStatus(t, "ch", "Idle", time.Second)
	h := c.history(t, "ch")
	if len(h) != 1 {
		t.Fatalf("history after the restart: got %d records, want 1", len(h))
	}
	text, _, err := get(t.Context(), c.url("ch/playlist.m3u8"))
	if err != nil {
		t.Fatal(err)
	}
	list := parsePlaylist(t, text)
	if len(list.Segments) != 2 {
		t.Errorf("playlist after the stop: got %d segments, want the whole one and the open one\n%s", len(list.Segments), text)
	}
	if got := list.duration(); got < sent-1500*time.Millisecond || got > sent+time.Second {
		t.Errorf("the list holds %v of %v sent before SIGTERM", got, sent)
	}
	var segments []tsSegment
	for _, e := range list.Segments {
		body, _, err := get(t.Context(), c.url("ch/"+e.URI))
		if err != nil {
			t.Fatal(err)
		}
		segments = append(segments, tsSegment{e, body})
	}
	for _, f := range checkTS(segments).findings {
		t.Errorf("segment %s", f)
	}
	t.Logf("exit 0 after %v; %v of %v sent are in the list; session %v to %v",
		took.Round(time.Millisecond), list.duration(), sent.Round(time.Millisecond), h[0].StartTime, h[0].EndTime)
}

// A second signal does not wait for anybody.
func TestSecondSignal(t *testing.T) {
	if testing.Short() {
		t.Skip("drives the built server: not in -short")
	}
	s := serve(t, t.TempDir(), "media")
	c := s.client("media")
	c.must(t, "PUT", "large", nil, make([]byte, 16<<20))
	player, err := net.Dial("tcp", s.HTTP) // asks, and takes nothing
	if err != nil {
		t.Fatal(err)
	}
	defer player.Close()
	fmt.Fprintf(player, "GET /media/large HTTP/1.1\r\nHost: h\r\n\r\n")
	if _, err := player.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	s.proc.signal(syscall.SIGTERM)
	eventually(t, stopWithin, "the stop has begun", func() error {
		other, err := net.Dial("tcp", s.HTTP)
		if err == nil {
			other.Close()
			return errNotYet
		}
		return nil
	})
	began := time.Now()
	s.proc.signal(syscall.SIGTERM)
	err, gone := s.proc.wait(stopWithin)
	took := time.Since(began)
	if !gone || err == nil || err.Error() != "signal: terminated" {
		t.Errorf("after the second signal: ended %v, %v, want it ended by the signal", gone, err)
	}
	if took > 1500*time.Millisecond { // without the second signal two seconds
		t.Errorf("it took %v to end", took)
	}
	t.Logf("ended %v after the second signal", took.Round(time.Millisecond))
}

// A data folder that cannot be used is one message with the path, who we are,
// and what to do about it.
func unwritableData(t *testing.T, _ *matrix) {
	if runtime.GOOS == "windows" {
		t.Skip("folders have no mode there")
	}
	// Not t.TempDir: another user has to get as far as the data folder.
	dir, err := os.MkdirTemp("", "osslive")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	program := filepath.Join(dir, "osslive")
	if err := exec.Command("cp", osslive(t), program).Run(); err != nil {
		t.Fatal(err)
	}
	readOnly := filepath.Join(dir, "read-only")
	file := filepath.Join(dir, "file")
	for _, err := range []error{os.Chmod(dir, 0o755), os.Mkdir(readOnly, 0o555), os.WriteFile(file, nil, 0o644)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	uid := os.Getuid()
	if uid == 0 { // root may write anywhere
		uid = 65534
	}
	for _, tt := range []struct{ name, data, want string }{
		{"no permission", filepath.Join(readOnly, "data"), "uid " + strconv.Itoa(uid)},
		{"a file in the way", filepath.Join(file, "data"), file + " is a file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cmd := exec.Command(program, "serve", "--listen", "127.0.0.1:0", "--rtmp", "off", "--admin", "off", "--data", tt.data)
			if os.Getuid() == 0 {
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			}
			p := start(t, cmd)
			err, gone := p.wait(readyWithin)
			if !gone || err == nil {
				t.Fatalf("osslive on %s: ended %v, error %v; want it refused", tt.data, gone, err)
			}
			said := strings.TrimSpace(p.output())
			for _, want := range []string{tt.data, tt.want, "choose another"} {
				if !strings.Contains(said, want) {
					t.Errorf("message %q: want %q in it", said, want)
				}
			}
			if lines := strings.Count(said, "\n") + 1; lines > 3 {
				t.Errorf("message of %d lines, want one that is read:\n%s", lines, said)
			}
			t.Log(said)
		})
	}
}

// On a full disk writing is refused with a reason and everything else goes on;
// with space again, service resumes without a restart.
func fullDisk(t *testing.T, _ *matrix) {
	data := filepath.Join(t.TempDir(), "disk")
	if err := os.Mkdir(data, 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", data).CombinedOutput(); err != nil {
		without(t, fmt.Sprintf("needs a small file system of its own, and may not mount one here: %s", out))
	}
	t.Cleanup(func() { exec.Command("umount", "-l", data).Run() })
	source := small(t)
	s := serve(t, data, "media")
	c := s.client("media")
	p, w := live(t, s, c, "ch")
	segmentsSeen(t, w, 2)
	fill(t, filepath.Join(data, "fill"))

	if err, gone := p.wait(15 * time.Second); !gone || err == nil {
		t.Fatalf("the publisher on a full disk: ended %v, error %v; want it ended", gone, err)
	}
	t.Logf("publisher: %s", strings.TrimSpace(p.output()))
	if p.output() == "" {
		t.Error("the publisher was cut off without a word")
	}
	status, answer, err := c.do("PUT", "note", nil, make([]byte, 1<<20))
	if err != nil || status/100 == 2 {
		t.Errorf("PutObject on a full disk: got %d, %v, want a refusal", status, err)
	}
	t.Logf("PutObject: %d %s", status, code(answer))
	if text, status, err := get(t.Context(), "http://"+s.Admin+"/health/ready"); err != nil || status != http.StatusServiceUnavailable || !strings.Contains(string(text), "kept free") {
		t.Errorf("/health/ready on a full disk: got %d %q, %v, want 503 with the reason", status, text, err)
	}
	before := w.latest()
	if text, status, err := get(t.Context(), w.url); err != nil || status != http.StatusOK || len(parsePlaylist(t, text).Segments) == 0 {
		t.Errorf("the playlist on a full disk: got %d, %v", status, err)
	}
	c.waitStatus(t, "ch", "Idle", 2*time.Second)

	if err := os.Remove(filepath.Join(data, "fill")); err != nil {
		t.Fatal(err)
	}
	eventually(t, 15*time.Second, "the server writes again", func() error {
		status, answer, err := c.do("PUT", "note", nil, []byte("again"))
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("%d %s", status, code(answer))
		}
		return err
	})
	if text, status, err := get(t.Context(), "http://"+s.Admin+"/health/ready"); err != nil || status != http.StatusOK {
		t.Errorf("/health/ready with space again: got %d %q, %v", status, text, err)
	}
	push(t, source, owner.publishURL(s.HTTP, "media", "ch", time.Now().Add(time.Hour), nil))
	segmentsSeen(t, w, len(w.entries())+2)
	if got := w.latest().Sequence; got < before.Sequence {
		t.Errorf("MEDIA-SEQUENCE after the disk was full: got %d, want at least %d", got, before.Sequence)
	}
	w.check(t)
}

func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for piece := make([]byte, 64<<10); err == nil; {
		_, err = f.Write(piece)
	}
	t.Logf("filled: %v", err)
}
