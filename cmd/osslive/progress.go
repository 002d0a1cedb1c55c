package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"osslive/rtmp/flv"
)

// progressEvery is the time between two updates of the line.
const progressEvery = time.Second

// progress shows how a push proceeds: on a terminal by a line that changes, elsewhere
// by one line at the end. It is for one goroutine. A nil progress shows nothing.
type progress struct {
	w        io.Writer
	terminal bool

	began, shown time.Time
	bytes        int64 // of tags
	pictures     int
	last         flv.Millis // media time

	shownBytes    int64 // when the line was last shown
	shownPictures int
}

func newProgress(w io.Writer, now time.Time) *progress {
	return &progress{w: w, terminal: isTerminal(w), began: now, shown: now}
}

// isTerminal reports whether w is a terminal.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// sent counts a tag.
func (p *progress) sent(t flv.Tag, now time.Time) {
	if p == nil {
		return
	}
	p.bytes += int64(len(t.Data))
	p.last = max(p.last, t.Time)
	if t.Type == flv.Video {
		p.pictures++
	}
	if since := now.Sub(p.shown); p.terminal && since >= progressEvery {
		// The line may have been longer before: erase to its end.
		fmt.Fprintf(p.w, "\r%s  %s  %.0f fps  %s\x1b[K", clock(p.last), bitRate(p.bytes-p.shownBytes, since),
			float64(p.pictures-p.shownPictures)/since.Seconds(), megabytes(p.bytes))
		p.shown, p.shownBytes, p.shownPictures = now, p.bytes, p.pictures
	}
}

// end writes what was sent in all.
func (p *progress) end(now time.Time) {
	if p == nil {
		return
	}
	if p.terminal {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
	fmt.Fprintf(p.w, "pushed %s, %s, %s on average\n", clock(p.last), megabytes(p.bytes), bitRate(p.bytes, now.Sub(p.began)))
}

// clock writes a media time as h:mm:ss.
func clock(t flv.Millis) string {
	s := int64(t) / 1000
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

func bitRate(bytes int64, in time.Duration) string {
	return fmt.Sprintf("%.2f Mbit/s", float64(bytes)*8/max(in.Seconds(), .001)/1e6)
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
