package api

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestScript runs the stories of testdata/script; the README there says how
// to read and write them.
func TestScript(t *testing.T) {
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { runScript(t, file) })
	}
}

func runScript(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	w.must("PUT", "/test-bucket", http.Header{"X-Oss-Acl": {"private"}}, "")
	var golden txtar.Archive
	var uploads uploadIDs
	golden.Comment = archive.Comment
	for i := 0; i < len(archive.Files); i++ {
		step := archive.Files[i]
		golden.Files = append(golden.Files, step)
		command := strings.Fields(step.Name)
		switch command[0] {
		case "clock":
			w.clock = parseTime(t, command[1])
		case "record":
			w.record(command[1], command[2], parseSegments(t, string(step.Data))...)
		case "publish":
			w.publish(command[1], command[2])
		case "end":
			if err := w.session.End(t.Context()); err != nil {
				t.Fatal(err)
			}
		case "request", "unsigned":
			r := parseRequest(t, w, uploads.fill(step.Data))
			if command[0] == "request" {
				w.sign(r)
			}
			got := uploads.blank(render(t, w.serve(r)))
			var want string
			if i+1 < len(archive.Files) && archive.Files[i+1].Name == "response" {
				i++
				want = string(archive.Files[i].Data)
			}
			golden.Files = append(golden.Files, txtar.File{Name: "response", Data: []byte(got)})
			if got != want && !*update {
				t.Errorf("%s\ngot:\n%s\nwant:\n%s", step.Data, got, want)
			}
		default:
			t.Fatalf("unknown step %q", step.Name)
		}
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(&golden), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// uploadIDs are those that a story has got, written {upload-1}, {upload-2} and so on.
type uploadIDs []string

var uploadIDPattern = regexp.MustCompile(`<UploadId>([0-9A-F]{32})</UploadId>`)

func (ids uploadIDs) fill(request []byte) []byte {
	for i, id := range ids {
		request = bytes.ReplaceAll(request, fmt.Appendf(nil, "{upload-%d}", i+1), []byte(id))
	}
	return request
}

func (ids *uploadIDs) blank(response string) string {
	for _, match := range uploadIDPattern.FindAllStringSubmatch(response, -1) {
		if !slices.Contains(*ids, match[1]) {
			*ids = append(*ids, match[1])
		}
	}
	for i, id := range *ids {
		response = strings.ReplaceAll(response, id, fmt.Sprintf("{upload-%d}", i+1))
	}
	return response
}

func parseTime(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// parseSegments reads lines of "<Unix milliseconds> <seconds>".
func parseSegments(t *testing.T, lines string) (list []segment) {
	t.Helper()
	for line := range strings.Lines(lines) {
		var ms int64
		var seconds float64
		if _, err := fmt.Sscan(line, &ms, &seconds); err != nil {
			t.Fatalf("segment %q: %v", line, err)
		}
		list = append(list, segment{time.UnixMilli(ms), time.Duration(seconds*1000) * time.Millisecond})
	}
	return list
}

// parseRequest reads a request line, headers, an empty line and the body.
func parseRequest(t *testing.T, w *world, data []byte) *http.Request {
	t.Helper()
	line, rest, _ := bytes.Cut(data, []byte("\n"))
	method, target, ok := strings.Cut(string(line), " ")
	if !ok {
		t.Fatalf("request line %q", line)
	}
	br := bufio.NewReader(bytes.NewReader(append(rest, '\n')))
	header, err := textproto.NewReader(br).ReadMIMEHeader()
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	body, err := io.ReadAll(br)
	if err != nil {
		t.Fatal(err)
	}
	return w.request(method, target, http.Header(header), bytes.TrimRight(body, "\n"))
}

var requestIDPattern = regexp.MustCompile(`^[0-9A-F]{24}$`)

// render writes an answer with its headers sorted. The request ID, different
// each time, is checked and left out, so are the time taken and the constant
// headers.
func render(t *testing.T, res *http.Response) string {
	t.Helper()
	id := res.Header.Get("x-oss-request-id")
	if !requestIDPattern.MatchString(id) {
		t.Errorf("request ID %q, want 24 upper-case hexadecimal digits", id)
	}
	if _, err := strconv.Atoi(res.Header.Get("x-oss-server-time")); err != nil {
		t.Errorf("x-oss-server-time: %v", err)
	}
	for _, name := range []string{"X-Oss-Request-Id", "X-Oss-Server-Time", "Server", "Access-Control-Allow-Origin", "Access-Control-Expose-Headers"} {
		res.Header.Del(name)
	}
	var b bytes.Buffer
	b.ReadFrom(res.Body)
	if n := res.Header.Get("Content-Length"); n != "" && b.Len() > 0 && n != strconv.Itoa(b.Len()) {
		t.Errorf("Content-Length: %s, the body has %d bytes", n, b.Len())
	}
	if document := res.Header.Get("x-oss-err"); document != "" {
		decoded, err := base64.StdEncoding.DecodeString(document)
		if err != nil {
			t.Errorf("x-oss-err: %v", err)
		}
		res.Header.Set("x-oss-err", "{the body below}")
		b.Write(decoded)
	}
	var names []string
	for name := range res.Header {
		names = append(names, name)
	}
	sort.Strings(names)
	var out strings.Builder
	fmt.Fprintf(&out, "%d\n", res.StatusCode)
	for _, name := range names {
		value := res.Header.Get(name)
		if name == "Etag" && strings.Contains(value, "-") {
			value = "{opaque}" // of a segment, or of several parts
		}
		if strings.Contains(b.String(), "<Error>") && name == "Content-Length" {
			continue // as long as the ID
		}
		fmt.Fprintf(&out, "%s: %s\n", name, value)
	}
	if b.Len() > 0 {
		body := strings.ReplaceAll(b.String(), id, "{request-id}")
		fmt.Fprintf(&out, "\n%s", body)
		if !strings.HasSuffix(body, "\n") {
			out.WriteByte('\n') // a file of an archive ends with one
		}
	}
	return out.String()
}
