package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a started server.
type process struct {
	cmd  *exec.Cmd
	log  bytes.Buffer // read it after done is closed
	done chan struct{}
	err  error // the result of Wait; read it after done is closed
}

// spawn starts a program and kills it when the context ends.
func spawn(ctx context.Context, name string, args ...string) (*process, error) {
	p := &process{cmd: exec.CommandContext(ctx, name, args...), done: make(chan struct{})}
	p.cmd.Stderr = &p.log
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = 10 * time.Second
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// stop ends the process: by SIGTERM, or by SIGKILL if that takes too long.
func (p *process) stop() {
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(3 * time.Second): // nginx waits for its worker
		for _, pid := range p.tree() {
			syscall.Kill(pid, syscall.SIGKILL)
		}
		<-p.done
	}
}

// listens waits until the process accepts connections at the address.
func (p *process) listens(addr string) error {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		if c, err := net.Dial("tcp", addr); err == nil {
			return c.Close()
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s ended: %v\n%s", p.cmd.Path, p.err, p.log.Bytes())
		case <-time.After(5 * time.Millisecond):
		}
	}
	return fmt.Errorf("%s does not listen on %s", p.cmd.Path, addr)
}

// freeAddr returns a loopback address that nothing listens on now.
func freeAddr() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer ln.Close()
	return ln.Addr().String(), nil
}

// tree returns the process IDs of the process and its descendants, proc(5).
func (p *process) tree() []int {
	children := map[int][]int{}
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range all {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		if fields := stat(pid); fields != nil {
			children[int(fields[1])] = append(children[int(fields[1])], pid)
		}
	}
	pids := []int{p.cmd.Process.Pid}
	for i := 0; i < len(pids); i++ {
		pids = append(pids, children[pids[i]]...)
	}
	return pids
}

// stat returns the fields of /proc/PID/stat from the state on, as numbers: index 0 is
// the state (0), 1 the parent, 11 to 14 are user and system time in ticks, of the
// process and of its children that have ended. It returns nil if there is no such
// process.
func stat(pid int) []float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	var numbers []float64
	for _, field := range bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:]) {
		n, _ := strconv.ParseFloat(string(field), 64)
		numbers = append(numbers, n)
	}
	return numbers
}

// cpu returns user and system time of the tree in seconds.
func (p *process) cpu() (sum float64) {
	const tick = 0.01 // USER_HZ
	for _, pid := range p.tree() {
		fields := stat(pid)
		if len(fields) < 15 {
			continue
		}
		// This is exact but counts living threads only; ticks count all threads, rounded
		// down.
		exact := 0.0
		threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
		for _, file := range threads {
			text, _ := os.ReadFile(file)
			running, _, _ := strings.Cut(string(text), " ")
			ns, _ := strconv.ParseFloat(running, 64)
			exact += ns / 1e9
		}
		sum += max(exact, (fields[11]+fields[12])*tick) + (fields[13]+fields[14])*tick
	}
	return sum
}

// resident returns the memory of the tree in MB of 10^6 bytes.
func (p *process) resident() (sum float64) {
	for _, pid := range p.tree() {
		if fields := stat(pid); len(fields) > 21 {
			sum += fields[21] * float64(os.Getpagesize()) / 1e6
		}
	}
	return sum
}
