package door

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

// certificateCheck is the least time between two looks at the files of a
// certificate; from soonExpires before its end the log warns of a certificate.
const (
	certificateCheck = time.Second
	soonExpires      = 7 * 24 * time.Hour
)

// Certificate is a pair of PEM files. It is read again when a file has changed, so
// that a renewal needs no restart. A changed pair that cannot be used, for example
// because only one file is written yet, leaves the one before in use.
type Certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	mu     sync.Mutex
	pair   *tls.Certificate
	seen   [2]fileState // the files as they were last read
	looked time.Time
}

// fileState identifies a version of a file.
type fileState struct {
	modified time.Time
	size     int64
}

// OpenCertificate reads a pair of PEM files. Its errors are *ConfigErrors.
func OpenCertificate(certFile, keyFile string, log *slog.Logger) (*Certificate, error) {
	c := &Certificate{certFile: certFile, keyFile: keyFile, log: log}
	return c, c.read()
}

// config returns the TLS settings of a server with this certificate. Inside, ALPN
// or the first byte says which protocol the client speaks.
func (c *Certificate) config() *tls.Config {
	return &tls.Config{
		NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return c.current(time.Now()), nil
		},
	}
}

// NotAfter returns when the certificate in use ends.
func (c *Certificate) NotAfter() time.Time { return c.current(time.Now()).Leaf.NotAfter }

// current returns the pair for a handshake at the time now.
func (c *Certificate) current(now time.Time) *tls.Certificate {
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

func (c *Certificate) states() (s [2]fileState) {
	for i, file := range []string{c.certFile, c.keyFile} {
		if info, err := os.Stat(file); err == nil {
			s[i] = fileState{info.ModTime(), info.Size()}
		}
	}
	return s
}

func (c *Certificate) read() error {
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
			fmt.Sprintf("and --tls-key %q are not a pair of PEM files: %v", c.keyFile, err)}
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
