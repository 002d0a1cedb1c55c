package server

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"osslive/server/door"
	"osslive/server/door/doortest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// secured starts a server with a certificate; trust is for its clients.
func secured(t *testing.T) (n *Server, trust *x509.CertPool) {
	t.Helper()
	certFile, keyFile, trust := doortest.WritePair(t, t.TempDir(), 1)
	return start(t, func(c *Config) { c.TLSCert, c.TLSKey = certFile, keyFile }), trust
}

// dialTLS connects with the protocols offered.
func dialTLS(t *testing.T, n *Server, trust *x509.CertPool, protocols ...string) *tls.Conn {
	t.Helper()
	c, err := tls.Dial("tcp", n.Listen, &tls.Config{RootCAs: trust, NextProtos: protocols})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestFirstByteInside decides all 256 first bytes inside TLS, one server and one
// port for everything.
func TestFirstByteInside(t *testing.T) {
	n, trust := secured(t)
	for b := range 256 {
		c := dialTLS(t, n, trust)
		want := "closed"
		switch {
		case b == 3:
			want = "rtmp"
			c.Write(append([]byte{3}, make([]byte, 1536)...))
		case 'A' <= b && b <= 'Z', 'a' <= b && b <= 'z':
			want = "http"
			fmt.Fprintf(c, "%c / HTTP/1.1\r\n\r\n", b) // no Host
		default:
			c.Write([]byte{byte(b)})
		}
		got, first := "closed", make([]byte, 1)
		if _, err := c.Read(first); err == nil {
			got = map[byte]string{3: "rtmp", 'H': "http"}[first[0]]
		}
		if got != want {
			t.Errorf("first byte %#x inside TLS: got %s, want %s", b, got, want)
		}
	}
	if err := ask(connect(t, n.Listen)); err != nil {
		t.Errorf("HTTP in the clear beside it: %v", err)
	}
	clear, first := connect(t, n.Listen), make([]byte, 1)
	clear.Write(append([]byte{3}, make([]byte, 1536)...))
	if _, err := io.ReadFull(clear, first); err != nil || first[0] != 3 {
		t.Errorf("RTMP in the clear beside it: got %d, %v", first, err)
	}
}

// TestHTTPInsideTLS: whatever the client says by ALPN, if anything, it is served,
// and refused with an error document.
func TestHTTPInsideTLS(t *testing.T) {
	n, trust := secured(t)
	for _, offered := range [][]string{nil, {"http/1.1"}} {
		c := dialTLS(t, n, trust, offered...)
		for range 2 { // the connection stays
			if err := ask(c); err != nil {
				t.Fatalf("with ALPN %v: %v", offered, err)
			}
		}
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n")
		text, err := io.ReadAll(c)
		if err != nil || !strings.Contains(string(text), "<Code>InvalidRequest</Code>") {
			t.Errorf("with ALPN %v, what is no request got %q, %v", offered, text, err)
		}
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trust}, ForceAttemptHTTP2: true}}
	defer client.CloseIdleConnections()
	r, err := client.Get("https://" + n.Listen + "/demo/none")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil || r.Proto != "HTTP/2.0" || r.StatusCode != http.StatusNotFound || !bytes.Contains(text, []byte("<Code>NoSuchKey</Code>")) {
		t.Errorf("by HTTP/2: got %s %s %q, %v", r.Proto, r.Status, text, err)
	}
}

// TestHTTP2Settings reads the server's first frame: 100 streams at a time. In the
// clear there is no HTTP/2.
func TestHTTP2Settings(t *testing.T) {
	const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	n, trust := secured(t)
	c := dialTLS(t, n, trust, "h2")
	io.WriteString(c, preface+"\x00\x00\x00\x04\x00\x00\x00\x00\x00") // and empty settings (RFC 9113 §6.5)
	r := bufio.NewReader(c)
	head := make([]byte, 9)
	if _, err := io.ReadFull(r, head); err != nil || head[3] != 4 {
		t.Fatalf("the first frame: got % x, %v, want settings", head, err)
	}
	settings := make([]byte, int(head[1])<<8|int(head[2]))
	if _, err := io.ReadFull(r, settings); err != nil {
		t.Fatal(err)
	}
	streams := uint32(0)
	for s := settings; len(s) >= 6; s = s[6:] {
		if binary.BigEndian.Uint16(s) == 3 { // SETTINGS_MAX_CONCURRENT_STREAMS
			streams = binary.BigEndian.Uint32(s[2:])
		}
	}
	if streams != door.StreamsOfConnection {
		t.Errorf("%d streams at a time, want %d", streams, door.StreamsOfConnection)
	}
	if got := doortest.Exchange(t, n.Listen, []byte(preface)); !strings.HasPrefix(got, "HTTP/1.1 ") {
		t.Errorf("HTTP/2 in the clear: got %q, want an answer of HTTP/1.1", got)
	}
}

// TestNoCertificate: who speaks TLS to a server without a certificate is hung up on,
// and the log says once what to do.
func TestNoCertificate(t *testing.T) {
	var log logBuffer
	n := start(t, func(c *Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	for range 3 {
		if got := doortest.Exchange(t, n.Listen, []byte{0x16, 3, 1, 0, 5}); got != "" {
			t.Errorf("got %q, want the connection closed", got)
		}
	}
	eventually(t, "a line in the log", func() bool { return strings.Contains(log.String(), "--tls-cert") })
	if n := strings.Count(log.String(), "speaks TLS"); n != 1 {
		t.Errorf("the log says it %d times, want once:\n%s", n, log.String())
	}
}

// TestSilentHandshake: a TLS handshake that does not go on ends with the deadline
// for the first byte, and gives its place back.
func TestSilentHandshake(t *testing.T) {
	certFile, keyFile, _ := doortest.WritePair(t, t.TempDir(), 1)
	n := start(t, func(c *Config) {
		c.TLSCert, c.TLSKey = certFile, keyFile
		c.limits = door.Limits{Connections: 1, Header: 300 * time.Millisecond, Idle: time.Minute}
	})
	c := connect(t, n.Listen)
	began := time.Now()
	c.Write([]byte{0x16, 3, 1})
	if _, err := io.ReadAll(c); err != nil && !errors.Is(err, io.EOF) {
		t.Logf("ended with %v", err)
	}
	if took := time.Since(began); took > 8*time.Second { // neither the deadline of a minute nor that of connect
		t.Errorf("a silent handshake ended after %v", took)
	}
	eventually(t, "room for another", func() bool { return ask(connect(t, n.Listen)) == nil })
}

func TestCertificateErrors(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile, _ := doortest.WritePair(t, dir, 1)
	_, otherKey := doortest.PEMPair(t, 2, time.Now().Add(time.Hour))
	other, text := filepath.Join(dir, "other.pem"), filepath.Join(dir, "text.pem")
	doortest.WriteFile(t, other, otherKey)
	doortest.WriteFile(t, text, []byte("no PEM"))
	for name, c := range map[string]struct{ cert, key, want string }{
		"no key":         {certFile, "", `--tls-key "": is missing`},
		"no certificate": {"", keyFile, `--tls-cert "": is missing`},
		"no such file":   {filepath.Join(dir, "none.pem"), keyFile, `none.pem": cannot be read by uid`},
		"no such key":    {certFile, filepath.Join(dir, "none.pem"), `--tls-key`},
		"key of another": {certFile, other, "does not match"},
		"no PEM":         {text, keyFile, "are not a pair of PEM files"},
		"swapped":        {keyFile, certFile, "are not a pair of PEM files"},
	} {
		_, err := Start(t.Context(), Config{Listen: "127.0.0.1:0", RTMP: Off, Admin: Off, Data: Memory, TLSCert: c.cert, TLSKey: c.key})
		var setting *ConfigError
		if !errors.As(err, &setting) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want a ConfigError with %q", name, err, c.want)
		}
	}
}

// stubborn is a connection that does not close, of a listener with no other.
type stubborn struct {
	net.Conn
	release, closed chan struct{}
	taken           atomic.Bool
}

func (c *stubborn) Accept() (net.Conn, error) {
	if c.taken.Swap(true) {
		<-c.closed
		return nil, net.ErrClosed
	}
	return c, nil
}

func (c *stubborn) Addr() net.Addr { return c.LocalAddr() }

func (c *stubborn) Close() error {
	<-c.release
	return nil
}

// Stop waits for no client.
func TestStopWithStubbornClient(t *testing.T) {
	n := start(t, nil)
	near, far := net.Pipe()
	defer near.Close()
	c := &stubborn{Conn: far, release: make(chan struct{}), closed: make(chan struct{})}
	defer close(c.release)
	served := make(chan error, 1)
	go func() { served <- n.api.Serve(listener{c}) }()
	near.Write([]byte("GET"))
	began := time.Now()
	n.Stop()
	if took := time.Since(began); took > stopLimit+2*time.Second {
		t.Errorf("stopped after %v, want %v", took, stopLimit)
	}
}

type listener struct{ *stubborn }

// Close lets Accept return.
func (l listener) Close() error {
	close(l.closed)
	return nil
}
