package integration

import (
	"regexp"
	"strings"
	"testing"
)

// credential is what no line of a log may have: the secret of the tests, and the
// parameters of signed URLs, as they are or inside another URL.
var credential = regexp.MustCompile(regexp.QuoteMeta(owner.Secret) + `|(?i:signature|security-token)(?:=|%3D|: ?)[\w+/%]{8}`)

// checkLog looks through all that a server has logged, at the level that logs
// most, for what helps to sign, and for bytes that steer a terminal.
func (s *server) checkLog(t testing.TB) {
	t.Helper()
	lines := 0
	for line := range strings.Lines(s.proc.output()) {
		if !strings.HasPrefix(line, "time=") {
			continue // what it was asked to print
		}
		lines++
		if found := credential.FindString(line); found != "" {
			t.Errorf("the log has %s: %s", found, line)
		}
		if strings.ContainsFunc(strings.TrimSuffix(line, "\n"), func(r rune) bool { return r < ' ' || 0x7f <= r && r < 0xa0 }) {
			t.Errorf("the log has a control character: %q", line)
		}
	}
	if lines == 0 {
		t.Error("the server logged nothing at level debug")
	}
}
