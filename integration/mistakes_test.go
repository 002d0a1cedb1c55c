package integration

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"
)

// mistake is a line of testdata/mistakes.txt, and what came of it.
type mistake struct {
	name, program, cause, what, thread string
}

// other is a second key of the server that mistakes are made on.
var other = credentials{ID: "other-id", Secret: "other-secret"}

func readMistakes(t testing.TB) []*mistake {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "mistakes.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var all []*mistake
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		field := strings.Split(line, "|")
		if len(field) != 5 {
			t.Fatalf("testdata/mistakes.txt: %q has %d columns, want 5", line, len(field))
		}
		for i := range field {
			field[i] = strings.TrimSpace(field[i])
		}
		all = append(all, &mistake{name: field[0], program: field[1], cause: field[2], what: field[3], thread: field[4]})
	}
	return all
}

// wanted is of how many of the mistakes the right cause must be named first.
const wanted = 44

// Each of the mistakes is refused, and the ID of the refusal leads to its cause.
func TestMistakes(t *testing.T) {
	source := small(t)
	s := serve(t, "memory", "media", "--key", other.ID+":"+other.Secret, "--bucket", "vault")
	made := makeMistakes(t, s, source)

	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	right, tried := 0, 0
	for _, m := range readMistakes(t) {
		if made[m.program] == nil {
			continue // its tool is missing, which was said
		}
		tried++
		id := made[m.program][m.name]
		if id == "" {
			t.Errorf("%s (%s): was not refused", m.name, m.what)
			continue
		}
		e := explain(t, s, id)
		named := e.Causes[0].Cause
		mark := "-"
		if named == m.cause {
			right, mark = right+1, "+"
		}
		proof := "usual"
		if e.Causes[0].Proof {
			proof = "proved"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", mark, m.name, m.program, e.Code, m.cause, named, proof)
	}
	w.Flush()
	t.Logf("the right cause first: %d of %d\n%s", right, tried, table.String())
	if missed := len(readMistakes(t)) - wanted; right < tried-missed {
		t.Errorf("the right cause is named first for %d of %d mistakes, want %d", right, tried, tried-missed)
	}
}

// explanation is what the server says of a refusal.
type explanation struct {
	RequestID, Code string
	Causes          []struct {
		Cause, Title, Fix string
		Proof             bool
	}
}

// explain asks as "osslive explain --json" does.
func explain(t *testing.T, s *server, id string) (e explanation) {
	t.Helper()
	out, _ := run(t, 10*time.Second, osslive(t), "explain", "--json", "--admin", s.Admin, id)
	if err := json.Unmarshal([]byte(out), &e); err != nil || len(e.Causes) == 0 {
		t.Fatalf("explain %s: %v, want causes\n%s", id, err, out)
	}
	return e
}

// makeMistakes runs every program once and returns the request IDs of the
// refusals by program and mistake. A program whose tool is missing is not in it.
func makeMistakes(t *testing.T, s *server, source string) map[string]map[string]string {
	guest, token := temporary(t)
	env := append(os.Environ(), "NODE_PATH="+filepath.Join(root, ".tools", "node", "node_modules"),
		"OSS_TEST_ENDPOINT=http://"+s.HTTP, "OSS_TEST_ACCESS_KEY_ID="+owner.ID, "OSS_TEST_ACCESS_KEY_SECRET="+owner.Secret,
		"OSS_TEST_OTHER_SECRET="+other.Secret, "OSS_TEST_TEMPORARY_ID="+guest.ID, "OSS_TEST_TEMPORARY_SECRET="+guest.Secret,
		"OSS_TEST_SECURITY_TOKEN="+token)
	c := s.client("media")
	for _, channel := range []string{"lecture", "off", "taken"} {
		c.putChannel(t, channel, 1, 3)
	}
	c.setStatus(t, "off", "disabled")
	push(t, source, owner.publishURL(s.HTTP, "media", "taken", time.Now().Add(time.Hour), nil))
	c.waitStatus(t, "taken", "Live", 10*time.Second)

	var (
		mu      sync.Mutex
		made    = map[string]map[string]string{}
		running sync.WaitGroup
		publish = publishMistakes(s, source)
	)
	for name, command := range mistakePrograms(t) {
		made[name] = map[string]string{}
		running.Go(func() {
			for _, line := range runMistakes(t, name, command, env) {
				mu.Lock()
				switch line[0] {
				case "MISTAKE":
					made[name][line[1]] = line[2]
				case "PUBLISH":
					publish = append(publish, publishMistake{line[1], name, ffmpegPush(source, line[2])})
				default:
					t.Errorf("%s: %s was not refused", name, line[1])
				}
				mu.Unlock()
			}
		})
	}
	running.Wait()
	made["by hand"] = signerMistakes(t, s)
	places := make(chan struct{}, atOnce)
	for _, p := range publish {
		places <- struct{}{}
		running.Go(func() {
			defer func() { <-places }()
			id := p.refusal(t)
			mu.Lock()
			defer mu.Unlock()
			if made[p.program] == nil {
				made[p.program] = map[string]string{}
			}
			made[p.program][p.name] = id
		})
	}
	running.Wait()
	return made
}

// mistakePrograms are the commands of the programs that can run here.
func mistakePrograms(t testing.TB) map[string][]string {
	dir := t.TempDir()
	programs := map[string][]string{}
	for program, environment := range map[string]string{"mistakes_oss2.py": "newest", "mistakes_v2.py": "v2"} {
		if command, ok := pythonFlow(environment, program)(t, dir); ok {
			programs[program] = command
		}
	}
	if here(t, filepath.Join(root, ".tools", "node", "node_modules", "ali-oss")) {
		programs["mistakes.js"] = []string{"node", filepath.Join("node", "mistakes.js")}
	}
	if command, ok := javaProgram(t, dir, "Mistakes"); ok {
		programs["Mistakes.java"] = command
	}
	programs["go/mistakes"], _ = goFlow("mistakes")(t, dir)
	return programs
}

// runMistakes returns the lines of a program, in words.
func runMistakes(t *testing.T, name string, command, env []string) (lines [][]string) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = env
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Errorf("%s: %v\n%s", name, err, tail(errs.String(), 3000))
	}
	for scan := bufio.NewScanner(&out); scan.Scan(); {
		if words := strings.Fields(scan.Text()); len(words) >= 2 {
			lines = append(lines, append(words, ""))
		}
	}
	return lines
}

// publishMistake is a push that is refused.
type publishMistake struct {
	name, program string
	command       []string
}

func ffmpegPush(source string, output ...string) []string {
	return append([]string{"ffmpeg", "-v", "error", "-nostdin", "-re", "-i", source, "-c", "copy", "-f", "flv"}, output...)
}

// publishMistakes are those that need no SDK. OBS takes its server for the
// address and the application, and its stream key for the name.
func publishMistakes(s *server, source string) []publishMistake {
	hour := time.Now().Add(time.Hour)
	right := owner.publishURL(s.HTTP, "media", "lecture", hour, map[string]string{"playlistName": "list.m3u8"})
	obs := func(server, key string) []string {
		u, _ := url.Parse(server)
		return ffmpegPush(source, "-rtmp_app", strings.TrimPrefix(u.RequestURI(), "/"), "-rtmp_playpath", key, "rtmp://"+u.Host)
	}
	query := right[strings.Index(right, "?"):]
	signature := url.QueryEscape(url.Values{"Signature": {must(url.ParseQuery(query[1:])).Get("Signature")}}.Encode()[len("Signature="):])
	encodedTwice := regexp.MustCompile(`Signature=[^&]*`).ReplaceAllString(right, "Signature="+signature)
	return []publishMistake{
		{"shell-cut", "ffmpeg", []string{"sh", "-c", strings.Join(ffmpegPush(source, right), " ") + "\nwait"}},
		{"obs-no-query", "obs", obs("rtmp://"+s.HTTP+"/media/live", "lecture")},
		{"obs-url-in-server", "obs", obs(right, "lecture")},
		{"disabled", "ffmpeg", ffmpegPush(source, owner.publishURL(s.HTTP, "media", "off", hour, nil))},
		{"busy", "ffmpeg", ffmpegPush(source, owner.publishURL(s.HTTP, "media", "taken", hour, nil))},
		{"encoded-twice", "ffmpeg", ffmpegPush(source, encodedTwice)},
		{"other-channel", "ffmpeg", ffmpegPush(source, strings.Replace(right, "/lecture", "/taken", 1))},
		{"rtmp-version-4", "ffmpeg", ffmpegPush(source, unsignedPublishURL(s.HTTP, "media", "lecture")+"?"+url.Values{
			"x-oss-signature-version": {"OSS4-HMAC-SHA256"}, "x-oss-date": {hour.UTC().Format("20060102T150405Z")}, "x-oss-expires": {"3600"},
			"x-oss-credential": {owner.ID + "/" + hour.UTC().Format("20060102") + "/cn-hangzhou/oss/aliyun_v4_request"},
			"x-oss-signature":  {strings.Repeat("ab", 32)},
		}.Encode())},
		{"batch-file", "ffmpeg", ffmpegPush(source, batchURL(s))},
		{"live-signed", "ffmpeg", ffmpegPush(source, livePathURL(s))},
		{"channel-typo", "ffmpeg", ffmpegPush(source, owner.publishURL(s.HTTP, "media", "lectre", hour, nil))},
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

var requestIDText = regexp.MustCompile(`RequestId ([0-9A-F]{24})`)

// refusal is the request ID that the encoder prints.
func (p publishMistake) refusal(t *testing.T) string {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.command[0], p.command[1:]...)
	said, err := cmd.CombinedOutput()
	found := requestIDText.FindSubmatch(said)
	if found == nil {
		t.Errorf("%s: %v, and no RequestId in %q", p.name, err, tail(string(said), 2000))
		return ""
	}
	return string(found[1])
}
