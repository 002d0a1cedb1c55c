package rtmp

import (
	"net"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// arrival waits for the bytes of a connection, by the low-water mark of its socket
// (SO_RCVLOWAT, socket(7)): the kernel wakes nobody for less. The end of the
// connection counts as enough.
type arrival struct {
	raw   syscall.RawConn
	ready func(fd uintptr) bool // is a.enough; made once, not for each wait

	wanted int
	waited bool
	poll   [1]unix.PollFd
	now    unix.Timespec // no time at all

	mu   sync.Mutex
	mark int // of the socket
}

// newArrival returns nil for a connection that is more than its socket.
func newArrival(nc net.Conn) *arrival {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil
	}
	a := &arrival{raw: raw, mark: 1}
	a.ready = a.enough
	return a
}

// wait returns when mark bytes can be read, or the connection has ended, or its read
// deadline is over.
func (a *arrival) wait(mark int) error {
	a.wanted, a.waited = max(1, mark), false
	return a.raw.Read(a.ready)
}

// enough is asked before the wait, and again after it.
func (a *arrival) enough(fd uintptr) bool {
	if a.waited {
		return true
	}
	a.waited = true
	a.mu.Lock()
	if a.mark != a.wanted && unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVLOWAT, a.wanted) == nil {
		a.mark = a.wanted
	}
	a.mu.Unlock()
	a.poll[0] = unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}
	n, err := unix.Ppoll(a.poll[:], &a.now, nil)
	return n > 0 || err != nil
}

// wake ends a wait for whatever has come, now or next. It may be called by any
// goroutine.
func (a *arrival) wake() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.mark == 1 {
		return
	}
	_ = a.raw.Control(func(fd uintptr) {
		if unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVLOWAT, 1) == nil {
			a.mark = 1
		}
	})
}
