package main

import (
	"strings"
	"testing"
)

// TestChannelTable shows four states one after the other.
func TestChannelTable(t *testing.T) {
	one, two := channelState{bucket: "b", name: "one"}, channelState{bucket: "b", name: "two"}
	one.stat.Status, two.stat.Status = "Idle", "Disabled"
	live := one
	live.stat = liveStat{Status: "Live", RemoteAddr: "10.0.0.1:5\x1b[2J"}
	live.stat.Video = &struct {
		Width, Height, FrameRate int
		Bandwidth                int
		Codec                    string
	}{640, 360, 25, 100_000, "H264"}
	faster := live
	video := *live.stat.Video
	video.Bandwidth = 200_000
	faster.stat.Video = &video

	show := func(terminal bool) string {
		var b strings.Builder
		table := channelTable{w: &b, terminal: terminal}
		for _, all := range [][]channelState{{one, two}, {live, two}, {faster, two}, {two}} {
			table.channels(all, true)
		}
		return b.String()
	}
	want := "b/one Idle - - - -\nb/two Disabled - - - -\n" +
		"b/one Live H264 640x360 25/s - - 10.0.0.1:5?[2J\n" +
		"b/one deleted\n"
	if got := show(false); got != want {
		t.Errorf("to a file: got\n%s\nwant\n%s", got, want)
	}
	screens := strings.Split(show(true), "\x1b[H\x1b[J")
	if len(screens) != 5 || screens[0] != "" {
		t.Fatalf("on a terminal: got %d screens, want 4: %q", len(screens)-1, screens)
	}
	if want := "b/one    Live      H264 640x360 25/s  -      1.60    -      10.0.0.1:5?[2J\n"; !strings.Contains(screens[3], want) {
		t.Errorf("on a terminal: got\n%s\nwant in it\n%s", screens[3], want)
	}
}
