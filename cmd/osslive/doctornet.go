package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"osslive/server"
	"osslive/server/door"
)

// probeTimeout bounds each request that doctor makes.
const probeTimeout = 2 * time.Second

func checkPorts(ctx context.Context, c *server.Config) []finding {
	var all []finding
	for _, port := range []struct{ flag, address, fallback string }{
		{"--listen", c.Listen, ""}, {"--rtmp", c.RTMP, door.DefaultRTMP}, {"--admin", c.Admin, ""},
	} {
		address := port.address
		if address == server.Off {
			continue
		}
		optional := address == ""
		if optional {
			address = port.fallback
		}
		f := checkPort(ctx, port.flag, address, optional)
		if port.flag == "--rtmp" && f.level != fine && isOurs(ctx, c.Listen) {
			f = finding{fine, "--rtmp " + address + " is taken, by the osslive that serves --listen, it seems", ""}
		}
		all = append(all, f)
	}
	return all
}

func checkPort(ctx context.Context, flag, address string, optional bool) finding {
	l, err := net.Listen("tcp", address)
	if err == nil {
		l.Close()
		return finding{fine, flag + " " + address + " is free", ""}
	}
	if isOurs(ctx, address) {
		return finding{fine, flag + " " + address + " is served by osslive already", ""}
	}
	what := fmt.Sprintf("%s %s: %v", flag, address, err)
	_, port, _ := net.SplitHostPort(address)
	switch {
	case optional:
		return finding{doubt, what, "nothing, if RTMP on the port of --listen will do; else stop the process that has it"}
	case errors.Is(err, fs.ErrPermission):
		return finding{broken, what, "choose a port of 1024 or above: " + flag + " 127.0.0.1:9000"}
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return finding{broken, what, "this machine does not have that address: " + flag + " 127.0.0.1:" + port}
	}
	owner := map[string]string{
		"linux":   "ss -ltnp 'sport = :" + port + "'",
		"windows": "Get-NetTCPConnection -LocalPort " + port + " | Select-Object OwningProcess",
	}[runtime.GOOS]
	if owner == "" {
		owner = "lsof -nP -iTCP:" + port + " -sTCP:LISTEN"
	}
	return finding{broken, what, "stop the process that has it, which this shows: " + owner + "\nor take another: " + flag + " 127.0.0.1:0"}
}

// isOurs reports whether the API or the admin port of an osslive answers at an address.
func isOurs(ctx context.Context, address string) bool {
	head, body, err := ask(ctx, "http://"+reachable(address)+"/health/live")
	// To the API this path is an object; the admin address serves it.
	return err == nil && (head.Get("x-oss-request-id") != "" || body == "ok\n")
}

// ask makes a request without a proxy. It returns the head of the answer and the first
// bytes of its body, whatever the status.
func ask(ctx context.Context, url string) (head http.Header, body string, err error) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, "", err
	}
	answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		return nil, "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<10))
	return answer.Header, string(text), err
}

func checkCertificate(_ context.Context, c *server.Config) []finding {
	if c.TLSCert == "" || c.TLSKey == "" {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
	if err != nil {
		return []finding{{broken, "certificate " + c.TLSCert + ": " + err.Error(), "name a PEM certificate and the key it was made with"}}
	}
	end := pair.Leaf.NotAfter
	what := fmt.Sprintf("certificate %s is good until %s", c.TLSCert, end.Format(time.DateOnly))
	if time.Now().After(end) {
		return []finding{{broken, "certificate " + c.TLSCert + " expired on " + end.Format(time.DateOnly), "renew it; doc/operator.md says how to make one"}}
	}
	return []finding{{fine, what, ""}}
}

// checkNames looks up BUCKET.ENDPOINT, the host to which most SDKs connect.
func checkNames(ctx context.Context, c *server.Config) []finding {
	names := []string{"bucket.localhost"}
	for _, domain := range c.BaseDomains {
		names = append(names, "bucket."+domain)
	}
	var all []finding
	for _, name := range names {
		addresses, err := lookUp(ctx, name)
		fix := "use the endpoint http://127.0.0.1:9000, where the bucket goes into the path\n" +
			"or, on Debian and Ubuntu: apt install libnss-myhostname\n" +
			"or name each bucket in the hosts file: 127.0.0.1 demo.localhost"
		if name != names[0] {
			fix = "let the name server answer for *." + strings.TrimPrefix(name, "bucket.") + ", or name each bucket in the hosts file"
		}
		switch {
		case err != nil:
			all = append(all, finding{doubt, name + " has no address", fix})
		case name == names[0] && !net.ParseIP(addresses[0]).IsLoopback():
			all = append(all, finding{broken, name + " is " + addresses[0] + ", not this machine: requests would go there", fix})
		default:
			all = append(all, finding{fine, name + " is " + addresses[0], ""})
		}
	}
	return all
}

// lookUp resolves a name as programs with the C library do, by getent if it is there:
// Go's own resolver does not use the modules of the library.
func lookUp(ctx context.Context, name string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	if getent, err := exec.LookPath("getent"); err == nil {
		out, err := exec.CommandContext(ctx, getent, "ahosts", name).Output()
		if err == nil && len(strings.Fields(string(out))) > 0 {
			return strings.Fields(string(out))[:1], nil
		}
		return nil, fmt.Errorf("getent: %w", errors.Join(err, errors.New("no address")))
	}
	return net.DefaultResolver.LookupHost(ctx, name)
}

// checkProxy looks for variables that send the requests of SDKs to a proxy.
func checkProxy(context.Context, *server.Config) []finding {
	for _, name := range []string{"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"} {
		proxy := os.Getenv(name)
		if proxy == "" {
			continue
		}
		except := os.Getenv("no_proxy") + "," + os.Getenv("NO_PROXY")
		for _, local := range []string{"127.0.0.1", "localhost"} {
			if !strings.Contains(except, local) && !strings.Contains(except, "*") {
				return []finding{{doubt, name + " is set: SDKs may send requests for " + local + " to that proxy", "export NO_PROXY=localhost,127.0.0.1,::1"}}
			}
		}
	}
	return []finding{{fine, "no proxy stands between SDKs and this machine", ""}}
}
