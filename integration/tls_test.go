package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// HTTPS and RTMPS on the port that speaks HTTP and RTMP, to clients that check
// the certificate; and a renewal of the files under the running server.
func TestTLS(t *testing.T) {
	source := small(t)
	curl, python := tool(t, "curl"), filepath.Join(root, ".tools", "oss2-newest", "bin", "python")
	if _, err := os.Stat(python); err != nil {
		missing(t, python)
	}
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	makeCertificate(t, cert, key, "first")
	s := serve(t, t.TempDir(), "media", "--tls-cert", cert, "--tls-key", key)
	c := s.client("media")
	c.putChannel(t, "ch", 1, 3)
	list := "/media/ch/playlist.m3u8"

	sdk := exec.Command(python, "-c", `
import os, oss2
bucket = oss2.Bucket(oss2.Auth(os.environ['ID'], os.environ['SECRET']), os.environ['ENDPOINT'], 'media')
bucket.put_object('by/tls', b'0' * (1 << 20))
assert len(bucket.get_object('by/tls').read()) == 1 << 20
print([c.name for c in oss2.LiveChannelIterator(bucket)])
`)
	sdk.Env = append(os.Environ(), "ENDPOINT=https://"+s.HTTP, "ID="+owner.ID, "SECRET="+owner.Secret, "REQUESTS_CA_BUNDLE="+cert)
	p := start(t, sdk)
	p.finish(t, 20*time.Second)
	if got := strings.TrimSpace(p.output()); got != "['ch']" {
		t.Errorf("the SDK's list of channels: got %s, want ['ch']", got)
	}

	secure := strings.Replace(owner.publishURL(s.HTTP, "media", "ch", time.Now().Add(time.Hour), nil), "rtmp://", "rtmps://", 1)
	encoder := start(t, exec.Command(tool(t, "ffmpeg"), "-v", "error", "-nostdin", "-re", "-i", source, "-t", "3", "-c", "copy",
		"-f", "flv", "-tls_verify", "1", "-ca_file", cert, secure))
	encoder.finish(t, 20*time.Second)
	c.waitStatus(t, "ch", "Idle", 5*time.Second)
	ours := exec.Command(osslive(t), "push", "--key", owner.ID+":"+owner.Secret, shortClip(t), "rtmps://"+s.HTTP+"/media/live/ch")
	ours.Env = append(os.Environ(), "SSL_CERT_FILE="+cert)
	start(t, ours).finish(t, 20*time.Second)
	c.waitStatus(t, "ch", "Idle", 5*time.Second)
	if n := len(c.history(t, "ch")); n != 2 {
		t.Errorf("history: got %d records, want those of ffmpeg and osslive push", n)
	}

	for _, version := range []string{"--http1.1", "--http2"} {
		out, _ := run(t, 10*time.Second, curl, "-s", version, "--cacert", cert, "-w", "%{http_version}", "https://"+s.HTTP+list)
		if want := map[string]string{"--http1.1": "1.1", "--http2": "2"}[version]; !strings.HasPrefix(out, "#EXTM3U") || !strings.HasSuffix(out, want) {
			t.Errorf("curl %s got %q, want a playlist by HTTP/%s", version, out, want)
		}
	}
	if text, status, err := get(t.Context(), "http://"+s.HTTP+list); err != nil || status != 200 || !strings.HasPrefix(string(text), "#EXTM3U") {
		t.Errorf("in the clear: got %d, %v", status, err)
	}

	makeCertificate(t, cert, key, "second")
	eventually(t, 10*time.Second, "the new certificate", func() error {
		out, err := exec.Command(curl, "-sv", "--cacert", cert, "https://"+s.HTTP+list).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "CN=second") {
			return fmt.Errorf("curl: %v\n%s", err, tail(string(out), 2000))
		}
		return nil
	})
}

// makeCertificate makes one for 127.0.0.1 that vouches for itself.
func makeCertificate(t testing.TB, cert, key, name string) {
	t.Helper()
	run(t, 10*time.Second, tool(t, "openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
		"-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN="+name, "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost")
}

// shortClip is two seconds of small, in a file of its own.
func shortClip(t testing.TB) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "short.flv")
	run(t, 20*time.Second, tool(t, "ffmpeg"), "-v", "error", "-i", small(t), "-t", "2", "-c", "copy", file)
	return file
}
