package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	readyMS  = "milliseconds from start to Ready."
	restMB   = "resident MB of a server that has nothing to do"
	binaryMB = "MB of the binary"
)

// startup starts osslive several times, each on an empty folder, as a new user does.
func startup(ctx context.Context, binary, dir string) (figures, error) {
	f := figures{}
	var ready, rest []float64
	for i := range 5 {
		d, mb, err := startOnce(ctx, binary, filepath.Join(dir, fmt.Sprint(i)))
		if err != nil {
			return nil, err
		}
		ready, rest = append(ready, d.Seconds()*1000), append(rest, mb)
	}
	f[readyMS], f[restMB] = median(ready), median(rest)
	info, err := os.Stat(binary)
	if err != nil {
		return nil, err
	}
	f[binaryMB] = float64(info.Size()) / 1e6
	return f, nil
}

func startOnce(ctx context.Context, binary, data string) (time.Duration, float64, error) {
	cmd := exec.CommandContext(ctx, binary, "serve", "--data", data, "--listen", "127.0.0.1:0", "--rtmp", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, 0, err
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, 0, err
	}
	p := &process{cmd: cmd}
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "Ready.") {
	}
	took := time.Since(began)
	pause(ctx, 500*time.Millisecond)
	mb := p.resident()
	cmd.Process.Signal(syscall.SIGTERM)
	io.Copy(io.Discard, out)
	return took, mb, cmd.Wait()
}
