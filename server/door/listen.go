package door

import (
	"errors"
	"log/slog"
	"net"
	"os"
	"strconv"
)

// Ports are the bound listeners. A loopback address has one for each IP family.
type Ports struct {
	API, RTMP, Admin []net.Listener
}

// Bind binds the three addresses, HOST:PORT each; port 0 takes a free one. rtmp
// and admin may be Off, and rtmp may be empty: see DefaultRTMP. It fails with a
// *ConfigError and leaves nothing bound then.
func Bind(api, rtmp, admin string, log *slog.Logger) (*Ports, error) {
	p := &Ports{}
	var err error
	if p.API, err = listen("--listen", api); err != nil {
		return nil, err
	}
	switch rtmp {
	case Off:
	case "":
		if p.RTMP, err = listen("--rtmp", DefaultRTMP); err != nil {
			log.Warn("RTMP is served on the API port only", "error", err)
		}
	default:
		if p.RTMP, err = listen("--rtmp", rtmp); err != nil {
			p.Close()
			return nil, err
		}
	}
	if admin != Off {
		if p.Admin, err = listen("--admin", admin); err != nil {
			p.Close()
			return nil, err
		}
	}
	return p, nil
}

// listen binds an address. 127.0.0.1 and localhost stand for loopback, which
// clients reach by IPv6 as well if the machine has it.
func listen(setting, address string) ([]net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, &ConfigError{setting, address, err.Error()}
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, &ConfigError{setting, address, bindProblem(err)}
	}
	all := []net.Listener{l}
	if host == "127.0.0.1" {
		port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
		if l6, err := net.Listen("tcp", net.JoinHostPort("::1", port)); err == nil {
			all = append(all, l6)
		}
	}
	return all, nil
}

func bindProblem(err error) string {
	var sys *os.SyscallError
	if errors.As(err, &sys) { // bind or listen: the address itself is well-formed
		return sys.Err.Error() + "; stop the process that has the port, or choose another"
	}
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	return err.Error()
}

// Addresses returns the bound address of each port, "" for one that is off.
func (p *Ports) Addresses() (api, rtmp, admin string) {
	first := func(l []net.Listener) string {
		if len(l) == 0 {
			return ""
		}
		return l[0].Addr().String()
	}
	return first(p.API), first(p.RTMP), first(p.Admin)
}

// Close closes all listeners.
func (p *Ports) Close() {
	for _, set := range [][]net.Listener{p.API, p.RTMP, p.Admin} {
		for _, l := range set {
			l.Close()
		}
	}
}
