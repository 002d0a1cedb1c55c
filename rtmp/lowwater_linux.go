package rtmp

import (
	"net"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// arrival waits until a connection has mark bytes to read, by the low-water mark of its
// socket (SO_RCVLOWAT, socket(7)): the kernel does not wake a reader for less. The end of
// the connection counts as enough.
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

// newArrival returns nil for a connection that is not a plain TCP socket, such as TLS.
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

// wait returns when mark bytes can be read, when the connection has ended, or at its read
// deadline.
func (a *arrival) wait(mark int) error {
	a.wanted, a.waited = max(1, mark), false
	return a.raw.Read(a.ready)
}

// enough is called before the wait and after it.
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

// wake ends a wait, the current one or the next, with whatever has come. Any goroutine may
// call it.
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
