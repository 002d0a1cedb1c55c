// Package doortest has what tests of the sockets share: certificates, and an exchange
// of bytes with a port. It owns no server, and must not know one.
package doortest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// PEMPair returns a self-signed certificate for localhost and 127.0.0.1, and its key.
func PEMPair(t *testing.T, serial int64, end time.Time) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "osslive test"},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: end,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
}

// WritePair writes a pair that is valid for a month to dir, and returns the pool that
// trusts it.
func WritePair(t *testing.T, dir string, serial int64) (certFile, keyFile string, trust *x509.CertPool) {
	t.Helper()
	cert, key := PEMPair(t, serial, time.Now().Add(30*24*time.Hour))
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	WriteFile(t, certFile, cert)
	WriteFile(t, keyFile, key)
	trust = x509.NewCertPool()
	trust.AppendCertsFromPEM(cert)
	return certFile, keyFile, trust
}

// WriteFile writes data to a file.
func WriteFile(t *testing.T, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Exchange sends bytes to a TCP address and returns what comes back until the end,
// within five seconds. A reset counts as an end: the server closes connections
// without reading all of them.
func Exchange(t *testing.T, address string, send []byte) string {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	_, _ = c.Write(send) // the answer says what became of it
	answer, err := io.ReadAll(c)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("first byte %#x: no end within 5 s", send[0])
	}
	return string(answer)
}
