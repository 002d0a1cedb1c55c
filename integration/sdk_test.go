package integration

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"
)

const (
	baseDomain = "oss.localhost" // a service's host name that needs no DNS
	atOnce     = 6               // flows; each waits in real time for its own push
)

// operations are the steps of a flow, in the order in which each program makes them.
var operations = []string{
	"bucket", "channel", "list-channels", "status", "sign-rtmp", "push", "stat", "history", "post-vod", "get-vod",
	"object", "sign-url", "copy", "append", "multipart", "clean-up",
}

// sdk is an official SDK and the program that runs the flow with it.
type sdk struct {
	name    string
	program func(t testing.TB, dir string) ([]string, bool) // the command, false where a tool is missing
}

var sdks = []sdk{
	{"python oss2", pythonFlow("newest", "flow_oss2.py")},
	{"python v2", pythonFlow("v2", "flow_oss_v2.py")},
	{"go v1", goFlow("v1")},
	{"go v2", goFlow("v2")},
	{"node", nodeFlow},
	{"java", javaFlow},
}

// addressing is how a flow reaches the server. Where the SDK puts the bucket
// then is its own habit, except that path asks for path style.
type addressing struct {
	name, host string
	path       bool
}

var addressings = []addressing{
	{"ip", "127.0.0.1", false},
	{"ip+path", "127.0.0.1", true},
	{"localhost", "localhost", false},
	{"domain", baseDomain, false},
	{"domain+path", baseDomain, true},
}

// exception says why cells of the table are n/a: what the SDK says or lacks.
// An empty operation is every one, an empty addressing too, an empty signature
// each of which the SDK makes.
type exception struct{ sdk, operation, addressing, signature, reason string }

var exceptions = []exception{
	{"python v2", "", "", "V2", "the SDK signs with V1 and V4"},
	{"python v2", "", "", "V2+token", "the SDK signs with V1 and V4"},
	{"python v2", "", "", "V1+token", "its V1 signer sends the token in a header that OSS does not know"},
	{"go v2", "", "", "V2", "the SDK signs with V1 and V4"},
	{"go v2", "", "", "V2+token", "the SDK signs with V1 and V4"},
	{"node", "", "", "V2", "the SDK signs with V1 and V4"},
	{"node", "", "", "V2+token", "the SDK signs with V1 and V4"},
	{"python v2", "sign-rtmp", "", "", "the SDK has no RTMP signer"},
	{"go v2", "sign-rtmp", "", "", "the SDK has no RTMP signer"},
	{"node", "get-vod", "", "", "the SDK has no GetVodPlaylist"},
	{"node", "sign-rtmp", "", "V1+token", "getRtmpUrl leaves the security token out; the flow adds it"},
	{"node", "sign-rtmp", "", "V4+token", "getRtmpUrl leaves the security token out; the flow adds it"},
	{"node", "sign-url", "ip", "V1", "can not get the object URL when endpoint is IP"},
	{"node", "sign-url", "ip+path", "V1", "can not get the object URL when endpoint is IP"},
	{"node", "sign-url", "ip", "V4", "signatureUrlV4 leaves the bucket out when endpoint is IP"},
}

// flowRun is one flow with one SDK: a row of the table.
type flowRun struct {
	sdk, signature string
	addressing     addressing
	command        []string
	key            credentials
	token          string            // with a temporary key
	results        map[string]string // by operation: "ok", "n/a: why", "fail: why"
	output         string            // standard error, for whoever looks into a failure
	took           time.Duration
}

// One flow, the same steps in each language, with only the endpoint changed:
// what every SDK can do works, with every signature and addressing it knows.
func TestSDKs(t *testing.T) {
	source := small(t)
	s := serve(t, "memory", "unused", "--base-domain", baseDomain)
	dir := t.TempDir()
	guest, token := temporary(t)
	var runs []*flowRun
	for _, k := range sdks {
		command, ok := k.program(t, dir)
		if !ok {
			continue
		}
		for _, signature := range []string{"V1", "V1+token", "V2", "V2+token", "V4", "V4+token"} {
			if _, none := excused(k.name, "", "", signature); none {
				continue
			}
			for _, a := range addressings {
				if a.name == "ip+path" && k.name != "node" {
					continue // path style already; Node changes the path and keeps its host
				}
				r := &flowRun{sdk: k.name, signature: signature, addressing: a, command: command, key: owner}
				if strings.HasSuffix(signature, "+token") {
					if a.name != "localhost" {
						continue // once is enough: a token has nothing to do with the address
					}
					r.key, r.token = guest, token
				}
				runs = append(runs, r)
			}
		}
	}
	began := time.Now()
	var all sync.WaitGroup
	places := make(chan struct{}, atOnce)
	for _, r := range runs {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			r.run(t.Context(), s, source)
		})
	}
	all.Wait()
	for _, r := range runs {
		r.check(t)
	}
	t.Logf("%d flows in %v, %d at once\n%s", len(runs), time.Since(began).Round(time.Second), atOnce, table(runs))
}

// bucket is a bucket's name that no other run uses, nor has as a prefix.
func (r *flowRun) bucket() string {
	return strings.ToLower(strings.NewReplacer(" ", "-", "+", "-").Replace(r.sdk + "-" + r.signature + "-" + r.addressing.name + "-flow"))
}

func (r *flowRun) run(ctx context.Context, s *server, source string) {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	_, port, _ := strings.Cut(s.HTTP, ":")
	style := "default"
	if r.addressing.path {
		style = "path"
	}
	cmd := exec.CommandContext(ctx, r.command[0], r.command[1:]...)
	cmd.Env = append(os.Environ(), "PYTHONIOENCODING=utf-8", "LC_ALL=C.UTF-8", "NODE_PATH="+filepath.Join(root, ".tools", "node", "node_modules"),
		"OSS_TEST_ENDPOINT=http://"+r.addressing.host+":"+port, "OSS_TEST_REGION=cn-hangzhou", "OSS_TEST_BUCKET="+r.bucket(),
		"OSS_TEST_ACCESS_KEY_ID="+r.key.ID, "OSS_TEST_ACCESS_KEY_SECRET="+r.key.Secret, "OSS_TEST_SECURITY_TOKEN="+r.token,
		"OSS_TEST_SIGNATURE="+strings.TrimSuffix(r.signature, "+token"), "OSS_TEST_ADDRESSING="+style, "OSS_TEST_CLIP="+source)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // the encoder as well
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(&errs, err)
	}
	r.results = map[string]string{}
	for lines := bufio.NewScanner(&out); lines.Scan(); {
		if step, found := strings.CutPrefix(lines.Text(), "STEP "); found {
			operation, result, _ := strings.Cut(step, " ")
			r.results[operation] = result
		}
	}
	r.output = errs.String()
	r.took = time.Since(began)
}

// check expects each operation to have worked, or to be excused with the very reason that the program gave.
func (r *flowRun) check(t *testing.T) {
	failed := false
	for _, operation := range operations {
		result := r.results[operation]
		want := "ok"
		if reason, ok := excused(r.sdk, operation, r.addressing.name, r.signature); ok {
			want = "n/a: " + reason
		}
		if result != want {
			failed = true
			t.Errorf("%s, %s, %s: %s: got %q, want %q", r.sdk, r.signature, r.addressing.name, operation, result, want)
		}
	}
	if failed {
		t.Logf("output of %s, %s, %s:\n%s", r.sdk, r.signature, r.addressing.name, tail(r.output, 1500))
	}
}

func excused(sdk, operation, addressing, signature string) (reason string, ok bool) {
	for _, e := range exceptions {
		if e.sdk == sdk && e.operation == operation && (e.signature == "" || e.signature == signature) &&
			(e.addressing == "" || e.addressing == addressing) {
			return e.reason, true
		}
	}
	return "", false
}

// table prints a row for each run, and below it why cells are n/a.
func table(runs []*flowRun) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "SDK\tsignature\taddressing\t%s\ttook\n", strings.Join(operations, "\t"))
	notes := map[string]bool{}
	for _, r := range runs {
		fmt.Fprintf(w, "%s\t%s\t%s", r.sdk, r.signature, r.addressing.name)
		for _, operation := range operations {
			result := r.results[operation]
			state, reason, _ := strings.Cut(result, ": ")
			if state == "n/a" {
				notes[fmt.Sprintf("n/a: %s, %s: %s", r.sdk, operation, reason)] = true
			}
			fmt.Fprintf(w, "\t%s", strings.NewReplacer("fail", "FAIL").Replace(state))
		}
		fmt.Fprintf(w, "\t%v\n", r.took.Round(100*time.Millisecond))
	}
	w.Flush()
	for _, e := range exceptions {
		if e.operation == "" {
			notes[fmt.Sprintf("n/a: %s, %s: %s", e.sdk, e.signature, e.reason)] = true
		}
	}
	text.WriteString(strings.Join(slices.Sorted(maps.Keys(notes)), "\n"))
	return text.String()
}

// temporary makes a key with a security token, as STS would issue it.
func temporary(t testing.TB) (key credentials, token string) {
	t.Helper()
	out, _ := run(t, 10*time.Second, osslive(t), "token", "--key", owner.ID+":"+owner.Secret)
	for line := range strings.Lines(out) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch name {
		case "OSS_ACCESS_KEY_ID":
			key.ID = value
		case "OSS_ACCESS_KEY_SECRET":
			key.Secret = value
		case "OSS_SESSION_TOKEN":
			token = value
		}
	}
	return key, token
}

func pythonFlow(environment, program string) func(testing.TB, string) ([]string, bool) {
	return func(t testing.TB, dir string) ([]string, bool) {
		python := filepath.Join(root, ".tools", "oss2-"+environment, "bin", "python")
		return []string{python, filepath.Join("python", program)}, here(t, python)
	}
}

func goFlow(version string) func(testing.TB, string) ([]string, bool) {
	return func(t testing.TB, dir string) ([]string, bool) {
		program := filepath.Join(dir, "flow-"+version)
		run(t, 5*time.Minute, "go", "build", "-C", "go", "-o", program, "./"+version)
		return []string{program}, true
	}
}

func nodeFlow(t testing.TB, dir string) ([]string, bool) {
	return []string{"node", filepath.Join("node", "flow.js")}, here(t, filepath.Join(root, ".tools", "node", "node_modules", "ali-oss"))
}

func javaFlow(t testing.TB, dir string) ([]string, bool) { return javaProgram(t, dir, "Flow") }

func javaProgram(t testing.TB, dir, class string) ([]string, bool) {
	jars := filepath.Join(root, ".tools", "java")
	if !here(t, jars) {
		return nil, false
	}
	path := filepath.Join(jars, "*") + string(filepath.ListSeparator) + dir
	run(t, 5*time.Minute, "javac", "-encoding", "UTF-8", "-d", dir, "-cp", path, filepath.Join("java", class+".java"))
	// A short life: the second compiler would cost more than it brings.
	return []string{"java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", path, class}, true
}

// here tells whether a part of .tools exists, and fails the test when everything must.
func here(t testing.TB, path string) bool {
	t.Helper()
	if _, err := os.Stat(path); err == nil {
		return true
	}
	if os.Getenv("OSSLIVE_REQUIRE_TOOLS") != "" {
		t.Fatalf("%s is missing: integration/install.sh brings it", path)
	}
	t.Logf("%s is missing, its rows too: integration/install.sh brings it", path)
	return false
}
