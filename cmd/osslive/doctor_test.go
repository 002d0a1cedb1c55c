package main

import (
	"net"
	"strings"
	"testing"
	"time"

	"osslive/server"
)

// TestDoctorPort: a port that another program has is broken, says how to find
// that program, and is no more than a doubt where the port is optional.
func TestDoctorPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() { // another program: it says nothing and hangs up
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	address := l.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	f := checkPort(t.Context(), "--listen", address, false)
	if f.level != broken || !strings.Contains(f.fix, port) || !strings.Contains(f.fix, "--listen 127.0.0.1:0") {
		t.Errorf("a taken port: got %v %q, fix %q", f.level, f.what, f.fix)
	}
	if f := checkPort(t.Context(), "--rtmp", address, true); f.level != doubt {
		t.Errorf("a taken port that is optional: got %v %q", f.level, f.what)
	}
}

// TestDoctorFix: whatever is not fine says what to do.
func TestDoctorFix(t *testing.T) {
	began := time.Now()
	for name, c := range map[string]*server.Config{
		"nothing":  {},
		"proc":     {Data: "/proc/none", Listen: "192.0.2.1:1", RTMP: "x", Admin: "127.0.0.1:99999", TLSCert: "a", TLSKey: "b"},
		"a domain": {Data: server.Memory, BaseDomains: []string{"nowhere.invalid"}, Listen: "127.0.0.1:0", Admin: server.Off, RTMP: server.Off},
	} {
		for _, check := range checks {
			for _, f := range check(t.Context(), c) {
				if f.what == "" || (f.level != fine) != (f.fix != "") {
					t.Errorf("%s: %v %q, fix %q", name, f.level, f.what, f.fix)
				}
			}
		}
	}
	t.Logf("three rounds took %v", time.Since(began))
}
