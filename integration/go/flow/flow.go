// Package flow is what the flows of both Go SDKs share: settings, steps,
// waiting, and the encoder. ../../README.md says what each step does.
package flow

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"syscall"
	"time"
)

// The settings. Each is in the environment.
var (
	Endpoint  = os.Getenv("OSS_TEST_ENDPOINT")
	Region    = os.Getenv("OSS_TEST_REGION")
	Bucket    = os.Getenv("OSS_TEST_BUCKET")
	KeyID     = os.Getenv("OSS_TEST_ACCESS_KEY_ID")
	KeySecret = os.Getenv("OSS_TEST_ACCESS_KEY_SECRET")
	Token     = os.Getenv("OSS_TEST_SECURITY_TOKEN") // of a temporary key, or ""
	Signature = os.Getenv("OSS_TEST_SIGNATURE")
	PathStyle = os.Getenv("OSS_TEST_ADDRESSING") == "path"
)

const (
	Channel     = "lecture-频道"
	Description = `<测试> & "频道"`
	Playlist    = "list.m3u8"
	Many        = 250
	Key         = "dir/ä +&?#%2F 对象.bin"
	PartSize    = 100 << 10 // the smallest allowed
)

// Data is three parts.
var Data = func() []byte {
	b := make([]byte, 3*PartSize)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}()

// NotAvailable is panicked with where the SDK has no such operation; it says why.
type NotAvailable string

// Step runs one step and prints its result. Whatever fails in it panics, as
// a test would end with Fatal; the steps after it run all the same.
func Step(name string, run func()) {
	defer func() {
		switch e := recover().(type) {
		case nil:
			fmt.Printf("STEP %s ok\n", name)
		case NotAvailable:
			fmt.Printf("STEP %s n/a: %s\n", name, e)
		default:
			fmt.Printf("STEP %s fail: %s\n", name, strings.Join(strings.Fields(fmt.Sprint(e)), " "))
		}
	}()
	run()
}

// Check panics with an error.
func Check(err error) {
	if err != nil {
		panic(err)
	}
}

// Must returns the value of a call that is expected to work.
func Must[T any](value T, err error) T {
	Check(err)
	return value
}

// Expect panics unless the two are equal.
func Expect[T any](what string, got, want T) {
	if !reflect.DeepEqual(got, want) {
		panic(fmt.Sprintf("%s: got %#v, want %#v", what, got, want))
	}
}

// Until asks ten times a second until check holds.
func Until(what string, check func() bool) {
	deadline := time.Now().Add(15 * time.Second)
	for !check() {
		if time.Now().After(deadline) {
			panic("not within 15 s: " + what)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// Names returns the names of the many channels.
func Names() []string {
	names := make([]string, Many)
	for i := range names {
		names[i] = fmt.Sprintf("many-%03d", i)
	}
	return names
}

// ReadAll reads and closes.
func ReadAll(r io.ReadCloser) []byte {
	defer r.Close()
	return Must(io.ReadAll(r))
}

// Fetch gets a URL without the SDK.
func Fetch(url string) []byte {
	resp := Must(http.Get(url))
	return ReadAll(resp.Body)
}

// Upload puts bytes to a URL without the SDK.
func Upload(url string, headers map[string]string, body string) {
	req := Must(http.NewRequest(http.MethodPut, url, strings.NewReader(body)))
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	resp := Must(http.DefaultClient.Do(req))
	answer := ReadAll(resp.Body)
	Expect("status of PUT "+string(answer), resp.StatusCode, http.StatusOK)
}

// Encoder is ffmpeg, sending the clip in real time.
type Encoder struct {
	Began time.Time
	cmd   *exec.Cmd
	done  chan error
}

// Push starts sending.
func Push(url string) *Encoder {
	cmd := exec.Command("ffmpeg", "-v", "error", "-nostdin", "-re", "-i", os.Getenv("OSS_TEST_CLIP"), "-c", "copy", "-f", "flv", url)
	cmd.Stderr = os.Stderr
	Check(cmd.Start())
	e := &Encoder{time.Now(), cmd, make(chan error, 1)}
	go func() { e.done <- cmd.Wait() }()
	return e
}

// Running panics when the encoder has ended.
func (e *Encoder) Running() bool {
	select {
	case err := <-e.done:
		e.done <- err
		panic(fmt.Sprintf("ffmpeg ended: %v", err))
	default:
		return true
	}
}

// Finish ends the push, once it is long enough for a few segments.
func (e *Encoder) Finish() {
	time.Sleep(time.Until(e.Began.Add(6 * time.Second)))
	e.Running()
	Check(e.cmd.Process.Signal(syscall.SIGTERM))
	<-e.done
}

// Start is a moment shortly before the push, End one after it.
func (e *Encoder) Start() time.Time { return e.Began.Add(-5 * time.Second) }
func (e *Encoder) End() time.Time   { return time.Now().Add(time.Second) }
