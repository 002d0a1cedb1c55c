package main

import (
	"bytes"
	"testing"
	"time"

	"osslive/rtmp/flv"
)

// TestProgress sends three seconds of 10 pictures of 12,500 bytes each.
func TestProgress(t *testing.T) {
	began := time.Now()
	send := func(terminal bool) string {
		var b bytes.Buffer
		p := newProgress(&b, began)
		p.terminal = terminal
		for i := range 30 {
			at := time.Duration(i+1) * 100 * time.Millisecond
			p.sent(flv.Tag{Type: flv.Video, Time: flv.Millis(at.Milliseconds()), Data: make([]byte, 12_500)}, began.Add(at))
		}
		p.end(began.Add(3 * time.Second))
		return b.String()
	}
	const total = "pushed 0:00:03, 0.4 MB, 1.00 Mbit/s on average\n"
	if got := send(false); got != total {
		t.Errorf("to a file: got %q, want %q", got, total)
	}
	want := "\r0:00:01  1.00 Mbit/s  10 fps  0.1 MB\x1b[K\r0:00:02  1.00 Mbit/s  10 fps  0.2 MB\x1b[K\r0:00:03  1.00 Mbit/s  10 fps  0.4 MB\x1b[K\r\x1b[K" + total
	if got := send(true); got != want {
		t.Errorf("on a terminal: got %q, want %q", got, want)
	}
	var none *progress
	none.sent(flv.Tag{}, began)
	none.end(began)
}
