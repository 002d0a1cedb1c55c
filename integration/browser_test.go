package integration

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// browser is a headless Chromium, driven through the pipe form of its DevTools
// protocol: JSON messages, each ended by a zero byte, on descriptors 3 and 4.
type browser struct {
	out     io.Writer
	in      *bufio.Reader
	session string
	calls   int
}

// browse starts Chromium and opens a page.
func browse(t testing.TB, url string) *browser {
	t.Helper()
	theirIn, ourOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ourIn, theirOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	// The last flags keep it from calling home at every start.
	cmd := exec.Command(tool(t, "chromium"), "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
		"--autoplay-policy=no-user-gesture-required", "--mute-audio", "--window-size=1280,900", "--user-data-dir="+t.TempDir(),
		"--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync")
	cmd.ExtraFiles = []*os.File{theirIn, theirOut}
	p := start(t, cmd)
	theirIn.Close()
	theirOut.Close()
	t.Cleanup(func() { // before the kill of start, so that the profile is not in use when it is removed
		ourOut.Close()
		p.wait(5 * time.Second)
		ourIn.Close()
	})
	b := &browser{out: ourOut, in: bufio.NewReader(ourIn)}
	// If the browser hangs, the watchdog closes the pipe, which ends the read of call.
	watchdog := time.AfterFunc(2*time.Minute, func() { ourIn.Close() })
	t.Cleanup(func() { watchdog.Stop() })

	var target struct{ TargetID string }
	b.must(t, "Target.createTarget", map[string]any{"url": url}, &target)
	var attached struct{ SessionID string }
	b.must(t, "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	return b
}

func (b *browser) must(t testing.TB, method string, params, result any) {
	t.Helper()
	if err := b.call(method, params, result); err != nil {
		t.Fatalf("Chromium: %s: %v", method, err)
	}
}

// call sends a command and reads until its answer. It skips events.
func (b *browser) call(method string, params, result any) error {
	b.calls++
	message := map[string]any{"id": b.calls, "method": method, "params": params}
	if b.session != "" {
		message["sessionId"] = b.session
	}
	text, err := json.Marshal(message)
	if err != nil {
		return err
	}
	if _, err := b.out.Write(append(text, 0)); err != nil {
		return err
	}
	for {
		text, err := b.in.ReadBytes(0)
		if err != nil {
			return err
		}
		var answer struct {
			ID     int
			Result json.RawMessage
			Error  *struct{ Message string }
		}
		if err := json.Unmarshal(text[:len(text)-1], &answer); err != nil {
			return err
		}
		switch {
		case answer.ID != b.calls:
		case answer.Error != nil:
			return errors.New(answer.Error.Message)
		case result == nil:
			return nil
		default:
			return json.Unmarshal(answer.Result, result)
		}
	}
}

// eval runs an expression in the page and decodes its value.
func (b *browser) eval(expression string, value any) error {
	var answer struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct{ Text string }
	}
	if err := b.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true}, &answer); err != nil {
		return err
	}
	if answer.ExceptionDetails != nil {
		return fmt.Errorf("%s: %s", expression, answer.ExceptionDetails.Text)
	}
	if answer.Result.Value == nil {
		return fmt.Errorf("%s: undefined", expression)
	}
	return json.Unmarshal(answer.Result.Value, value)
}

// video is the state of the page's first <video>.
type video struct {
	Time          float64
	Width, Height int
	Error         string
	Box           struct{ X, Y, Width, Height float64 }
	Page          string // the text around it
}

func (b *browser) video() (v video, err error) {
	return v, b.eval(`(v => v && {
		time: v.currentTime, width: v.videoWidth, height: v.videoHeight, error: v.error ? v.error.message : "", page: document.body.innerText,
		box: v.getBoundingClientRect().toJSON()})(document.querySelector("video"))`, &v)
}

// picture takes a screenshot of the video alone.
func (b *browser) picture(t testing.TB, v video) image.Image {
	t.Helper()
	var shot struct{ Data string }
	b.must(t, "Page.captureScreenshot", map[string]any{"clip": map[string]any{
		"x": v.Box.X, "y": v.Box.Y, "width": v.Box.Width, "height": v.Box.Height, "scale": 1}}, &shot)
	img, err := png.Decode(base64.NewDecoder(base64.StdEncoding, strings.NewReader(shot.Data)))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// playing waits until the video has played for 5 s. It returns the seconds played, and
// the share of pixels that differ between the screenshots before and after.
func (b *browser) playing(t testing.TB) (played float64, changed float64) {
	t.Helper()
	var first, now video
	eventually(t, 30*time.Second, "the video plays", func() (err error) {
		if first, err = b.video(); err != nil {
			return err
		}
		if first.Time == 0 || first.Width == 0 {
			return fmt.Errorf("currentTime %.1f, %d×%d, error %q; the page says %q", first.Time, first.Width, first.Height, first.Error, first.Page)
		}
		return nil
	})
	before := b.picture(t, first)
	eventually(t, 30*time.Second, "the video goes on for 5 s", func() (err error) {
		if now, err = b.video(); err != nil {
			return err
		}
		if now.Time < first.Time+5 {
			return fmt.Errorf("currentTime %.1f, was %.1f, error %q", now.Time, first.Time, now.Error)
		}
		return nil
	})
	return now.Time - first.Time, difference(before, b.picture(t, now))
}

// difference returns the share of pixels that differ between a and b.
func difference(a, b image.Image) float64 {
	bounds := a.Bounds().Intersect(b.Bounds())
	n := 0
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			if a.At(x, y) != b.At(x, y) {
				n++
			}
		}
	}
	return float64(n) / float64(max(1, bounds.Dx()*bounds.Dy()))
}
