package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"osslive/rtmp/flv"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"osslive": main,
	})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			return os.WriteFile(e.WorkDir+"/clip.flv", opening(t), 0o600)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"waitfile":  waitFile,
			"waitfor":   waitFor,
			"addr":      setAddresses,
			"temporary": setTemporary,
			"lastrefusal": func(ts *testscript.TestScript, _ bool, _ []string) {
				ts.Setenv("REFUSAL", strings.Fields(ts.ReadFile("stdout"))[0])
			},
		},
	})
}

// opening returns the first second of the demo's clip: push takes its time.
func opening(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := flv.NewWriter(&b)
	for r := flv.NewReader(bytes.NewReader(clip)); ; {
		tag, err := r.ReadTag()
		if err != nil {
			t.Fatal(err)
		}
		if tag.Time > 1000 {
			return b.Bytes()
		}
		if err := w.WriteTag(tag); err != nil {
			t.Fatal(err)
		}
	}
}

// waitFile waits until a file is there: waitfile FILE.
func waitFile(ts *testscript.TestScript, _ bool, args []string) {
	if !eventually(10*time.Millisecond, func() bool { _, err := os.Stat(ts.MkAbs(args[0])); return err == nil }) {
		ts.Fatalf("%s has not appeared", args[0])
	}
}

// waitFor waits until a command prints what a pattern matches: waitfor PATTERN
// COMMAND ARG...
func waitFor(ts *testscript.TestScript, _ bool, args []string) {
	pattern := regexp.MustCompile(args[0])
	if !eventually(100*time.Millisecond, func() bool {
		return ts.Exec(args[1], args[2:]...) == nil && pattern.MatchString(ts.ReadFile("stdout"))
	}) {
		ts.Fatalf("%s does not print %s", args[1], args[0])
	}
}

// eventually asks at an interval until check is true, for ten seconds at most.
func eventually(every time.Duration, check func() bool) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for !check() {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
	return true
}

// setAddresses puts the addresses of a ports file into $LISTEN and $ADMIN.
func setAddresses(ts *testscript.TestScript, _ bool, args []string) {
	var p map[string]string
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &p))
	ts.Setenv("LISTEN", p["listen"])
	ts.Setenv("ADMIN", p["admin"])
}

// setTemporary puts what osslive token printed into $ID, $SECRET and $TOKEN.
func setTemporary(ts *testscript.TestScript, _ bool, _ []string) {
	variables := map[string]string{"OSS_ACCESS_KEY_ID": "ID", "OSS_ACCESS_KEY_SECRET": "SECRET", "OSS_SESSION_TOKEN": "TOKEN"}
	for line := range strings.Lines(ts.ReadFile("stdout")) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		ts.Setenv(variables[name], value)
	}
}

// TestUsage runs lines that fail before anything starts.
func TestUsage(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"unknown flag", []string{"serve", "--lisen", ":1"}, 2, "--lisen"},
		{"unknown command", []string{"srve"}, 2, "srve"},
		{"address", []string{"serve", "--listen", "nine"}, 2, `--listen "nine": is not HOST:PORT`},
		{"exposed", []string{"serve", "--listen", "0.0.0.0:0", "--rtmp", "off", "--admin", "off", "--data", "memory"}, 2, "set --key"},
		{"key", []string{"serve", "--key", "justid"}, 2, "is not ID:SECRET"},
		{"durability", []string{"serve", "--durability", "none"}, 2, "strict"},
		{"sign nothing", []string{"sign", "ftp://host/x"}, 2, "begins neither"},
		{"sign for no time", []string{"sign", "--expires", "-1h", "rtmp://127.0.0.1/demo/live/ch"}, 2, "--expires"},
		{"sign no playlist", []string{"sign", "--playlist", "x", "rtmp://127.0.0.1/demo/live/ch"}, 2, ".m3u8"},
		{"sign playlist of an object", []string{"sign", "--playlist", "x.m3u8", "http://127.0.0.1/demo/ch"}, 2, "for rtmp:// URLs"},
		{"ports file", []string{"serve", "--listen", "127.0.0.1:0", "--rtmp", "off", "--admin", "off", "--data", "memory", "--ports-file", "none/x"}, 2, "--ports-file"},
		{"sign no channel", []string{"sign", "rtmp://127.0.0.1/demo/ch"}, 2, "rtmp://HOST/BUCKET/live/CHANNEL"},
		{"cname", []string{"serve", "--cname", "media.example.org"}, 2, "is not HOST=BUCKET"},
		{"cname with a port", []string{"serve", "--cname", "media.example.org:80=films"}, 2, "is not HOST=BUCKET"},
		{"token of a token", []string{"token", "--key", "id:secret:token"}, 2, "is a temporary key"},
		{"token for no time", []string{"token", "--expires", "0s"}, 2, `--expires "0s"`},
		{"health", []string{"health", "--admin", "127.0.0.1:1"}, 1, "not ready"},
		{"push no file", []string{"push", "none.flv", "rtmp://127.0.0.1:1/live/x"}, 1, "none.flv"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			if code := run(t.Context(), c.args, &out, &errs); code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			if !bytes.Contains(errs.Bytes(), []byte(c.want)) {
				t.Errorf("stderr %q has no %q", errs.String(), c.want)
			}
		})
	}
}
