package door

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"os"
	"osslive/server/door/doortest"
	"strings"
	"testing"
	"time"
)

// TestCertificateRenewed: the next handshake after the check has the new pair;
// half of a pair, or one that is gone, changes nothing.
func TestCertificateRenewed(t *testing.T) {
	var log bytes.Buffer
	dir := t.TempDir()
	certFile, keyFile, _ := doortest.WritePair(t, dir, 1)
	c, err := OpenCertificate(certFile, keyFile, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	check := func(what string, want int64) {
		t.Helper()
		now = now.Add(certificateCheck)
		if got := c.current(now).Leaf.SerialNumber.Int64(); got != want {
			t.Errorf("%s: certificate %d, want %d", what, got, want)
		}
	}
	check("unchanged", 1)
	cert, key := doortest.PEMPair(t, 2, time.Now().Add(-time.Hour))
	doortest.WriteFile(t, certFile, append(cert, '\n')) // of another size: file systems may have coarse times
	if got := c.current(now.Add(certificateCheck / 2)).Leaf.SerialNumber.Int64(); got != 1 {
		t.Errorf("looked at again before %v: certificate %d", certificateCheck, got)
	}
	check("half a pair", 1)
	if !strings.Contains(log.String(), "one before still is") {
		t.Errorf("the log does not tell of the half: %s", log.String())
	}
	doortest.WriteFile(t, keyFile, append(key, '\n'))
	check("the other half", 2)
	if !strings.Contains(log.String(), "has expired") {
		t.Errorf("the log does not tell that it has expired: %s", log.String())
	}
	if err := os.Remove(certFile); err != nil {
		t.Fatal(err)
	}
	check("gone", 2)
}

// TestTLSWritesEnd: what TLS writes while nobody above has a deadline for writing ends
// all the same, and a deadline from above holds.
func TestTLSWritesEnd(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close() // it reads nothing
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	c := &belowTLS{sniffedConn: &sniffedConn{TCPConn: far.(*net.TCPConn), door: New(Config{})}, limit: 50 * time.Millisecond}
	fill := func() error {
		for {
			if _, err := c.Write(make([]byte, 1<<20)); err != nil {
				return err
			}
		}
	}
	for range 2 {
		if err := fill(); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("got %v, want a write that is too late", err)
		}
	}
	c.limit = time.Hour
	c.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
	if err := fill(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v, want the deadline from above", err)
	}
}
