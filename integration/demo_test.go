package integration

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

// "osslive demo" alone ends with a page whose picture moves.
func TestDemo(t *testing.T) {
	tool(t, "chromium")
	began := time.Now()
	s := launch(t, "", "demo", "--rtmp", "off")
	page := playerPage(t, s)
	b := browse(t, page)
	played, changed := b.playing(t)
	v, err := b.video()
	if err != nil {
		t.Fatal(err)
	}
	if v.Width != 640 || v.Height != 360 {
		t.Errorf("picture: got %d×%d, want the clip's 640×360", v.Width, v.Height)
	}
	if changed < 0.01 {
		t.Errorf("after %.1f s of play %.2f %% of the pixels differ: the picture stands still", played, 100*changed)
	}
	t.Logf("%s plays %d×%d; %.1f s of play changed %.0f %% of the pixels; all of it took %v",
		page, v.Width, v.Height, played, 100*changed, time.Since(began).Round(time.Second))
	s.terminate(t)
}

// playerPage returns the page that the demo says to look at: the last address
// on the admin port that it prints before it is ready.
func playerPage(t *testing.T, s *server) (page string) {
	t.Helper()
	address := regexp.MustCompile(`http://` + regexp.QuoteMeta(s.Admin) + `/\S+`)
	eventually(t, 10*time.Second, "the demo names a page", func() error {
		said := s.proc.output()
		found := address.FindAllString(said, -1)
		if len(found) == 0 || !strings.Contains(said, "\nReady.\n") {
			return fmt.Errorf("output so far:\n%s", said)
		}
		page = found[len(found)-1]
		return nil
	})
	return page
}
