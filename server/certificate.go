package server

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificateCheck is how often, at most, the files of a certificate are looked
// at; soonExpires is how long before its end a certificate is warned of.
const (
	certificateCheck = time.Second
	soonExpires      = 7 * 24 * time.Hour
)

// certificate is a pair of PEM files that are read again when they have changed:
// a renewal needs no restart. A pair that cannot be used, such as one of which
// only half is written yet, leaves the one before in use.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	mu     sync.Mutex
	pair   *tls.Certificate
	seen   [2]fileState // of the files when they were last read
	looked time.Time
}

// fileState tells one version of a file from the next.
type fileState struct {
	modified time.Time
	size     int64
}

// openCertificate reads the pair that the configuration names; its errors are
// *ConfigErrors.
func openCertificate(certFile, keyFile string, log *slog.Logger) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, log: log}
	return c, c.read()
}

// config is what the server's side of TLS needs; which protocol is spoken
// inside is told by ALPN or by the first byte.
func (c *certificate) config() *tls.Config {
	return &tls.Config{
		NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return c.current(time.Now()), nil
		},
	}
}

// current returns the pair for a handshake at the time now.
func (c *certificate) current(now time.Time) *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.looked) < certificateCheck {
		return c.pair
	}
	c.looked = now
	if c.states() == c.seen {
		return c.pair
	}
	if err := c.read(); err != nil {
		c.log.Error("the changed certificate cannot be used, the one before still is", "error", err)
	} else {
		c.log.Info("certificate read again", "file", c.certFile)
	}
	return c.pair
}

func (c *certificate) states() (s [2]fileState) {
	for i, file := range []string{c.certFile, c.keyFile} {
		if info, err := os.Stat(file); err == nil {
			s[i] = fileState{info.ModTime(), info.Size()}
		}
	}
	return s
}

func (c *certificate) read() error {
	c.seen = c.states() // first: what changes from here on is read again
	cert, err := os.ReadFile(c.certFile)
	if err != nil {
		return &ConfigError{"--tls-cert", c.certFile, fileProblem(err)}
	}
	key, err := os.ReadFile(c.keyFile)
	if err != nil {
		return &ConfigError{"--tls-key", c.keyFile, fileProblem(err)}
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return &ConfigError{"--tls-cert", c.certFile,
			fmt.Sprintf("and --tls-key %q are no pair of PEM files: %v", c.keyFile, err)}
	}
	c.pair = &pair
	switch end, left := pair.Leaf.NotAfter, time.Until(pair.Leaf.NotAfter); {
	case left <= 0:
		c.log.Warn("the certificate has expired: clients will refuse it; renew the file, a restart is not needed", "file", c.certFile, "expired", end)
	case left < soonExpires:
		c.log.Warn("the certificate expires soon; renew the file, a restart is not needed", "file", c.certFile, "expires", end)
	}
	return nil
}

func fileProblem(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Sprintf("cannot be read by uid %d: %v", os.Getuid(), err)
}
