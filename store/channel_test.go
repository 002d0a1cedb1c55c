package store_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"osslive/store"
)

func TestPutChannel(t *testing.T) {
	s, _ := newMemory(t)
	putBucket(t, s, "demo")
	putBucket(t, s, "pictures")
	snapshot := store.Snapshot{RoleName: "role", DestBucket: "pictures", NotifyTopic: "topic", Interval: 5}
	with := func(change func(*store.Channel)) store.Channel {
		sn := snapshot
		c := store.Channel{
			Bucket: "demo", Name: "live", Description: "text", Status: store.Disabled,
			Target: store.Target{FragDuration: 2, FragCount: 4, PlaylistName: "my.m3u8"}, Snapshot: &sn,
		}
		change(&c)
		return c
	}
	tests := []struct {
		name string
		c    store.Channel
		want string // field and rule, or the error
	}{
		{"everything", with(func(c *store.Channel) {}), "<nil>"},
		{"nothing", store.Channel{Bucket: "demo", Name: "live"}, "<nil>"},
		{"name", with(func(c *store.Channel) { c.Name = "a/b" }), "ChannelName slash"},
		{"longest description", with(func(c *store.Channel) { c.Description = strings.Repeat("x", 128) }), "<nil>"},
		{"description", with(func(c *store.Channel) { c.Description = strings.Repeat("日", 43) }), "Description length"},
		{"description, not UTF-8", with(func(c *store.Channel) { c.Description = "\xff" }), "Description utf8"},
		{"status", with(func(c *store.Channel) { c.Status = "idle" }), "Status value"},
		{"bounds", with(func(c *store.Channel) { c.Target.FragDuration, c.Target.FragCount = 1, 100 }), "<nil>"},
		{"long fragments", with(func(c *store.Channel) { c.Target.FragDuration = 101 }), "FragDuration range"},
		{"negative", with(func(c *store.Channel) { c.Target.FragDuration = -1 }), "FragDuration range"},
		{"many fragments", with(func(c *store.Channel) { c.Target.FragCount = 101 }), "FragCount range"},
		{"only duration", with(func(c *store.Channel) { c.Target.FragCount = 0 }), "FragCount pair"},
		{"only count", with(func(c *store.Channel) { c.Target.FragDuration = 0 }), "FragDuration pair"},
		{"playlist", with(func(c *store.Channel) { c.Target.PlaylistName = "a.m3u" }), "PlaylistName length"},
		{"role", with(func(c *store.Channel) { c.Snapshot.RoleName = "" }), "RoleName missing"},
		{"destination", with(func(c *store.Channel) { c.Snapshot.DestBucket = "" }), "DestBucket missing"},
		{"destination, no name", with(func(c *store.Channel) { c.Snapshot.DestBucket = "No" }), "DestBucket value"},
		{"destination, unknown", with(func(c *store.Channel) { c.Snapshot.DestBucket = "none" }), "DestBucket unknown"},
		{"topic", with(func(c *store.Channel) { c.Snapshot.NotifyTopic = "" }), "NotifyTopic missing"},
		{"interval", with(func(c *store.Channel) { c.Snapshot.Interval = 101 }), "Interval range"},
		{"bucket", with(func(c *store.Channel) { c.Bucket = "none" }), store.ErrNoSuchBucket.Error()},
	}
	for _, tt := range tests {
		_, err := s.PutChannel(t.Context(), tt.c)
		if got := invalidRule(err); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestChannel(t *testing.T) {
	e := newEnv(t)
	ctx := t.Context()
	_, err := e.Channel(ctx, "demo", "live")
	wantErr(t, "no bucket", err, store.ErrNoSuchBucket)
	putBucket(t, e.Store, "demo")
	_, err = e.Channel(ctx, "demo", "live")
	wantErr(t, "no channel", err, store.ErrNoSuchChannel)

	putChannel(t, e.Store, "demo", "live")
	c, err := e.Channel(ctx, "demo", "live")
	defaults := store.Channel{
		Bucket: "demo", Name: "live", Status: store.Enabled,
		Target:   store.Target{FragDuration: 5, FragCount: 3, PlaylistName: "playlist.m3u8"},
		Modified: e.clock.now().UTC(),
	}
	if err != nil || c != defaults {
		t.Errorf("defaults: got %+v, %v, want %+v", c, err, defaults)
	}

	e.clock.advance(time.Second)
	if err := e.SetChannelStatus(ctx, "demo", "live", store.Disabled); err != nil {
		t.Fatal(err)
	}
	changed, _ := e.Channel(ctx, "demo", "live")
	if changed.Status != store.Disabled || changed.Modified.Equal(c.Modified) {
		t.Errorf("after SetChannelStatus: got %+v", changed)
	}
	e.clock.advance(time.Second)
	if err := e.SetChannelStatus(ctx, "demo", "live", store.Disabled); err != nil {
		t.Errorf("the same status again: %v", err)
	}
	if again, _ := e.Channel(ctx, "demo", "live"); again != changed {
		t.Errorf("after the same status: got %+v, want %+v", again, changed)
	}
	wantErr(t, "status of none", e.SetChannelStatus(ctx, "demo", "none", store.Enabled), store.ErrNoSuchChannel)
	wantErr(t, "status in no bucket", e.SetChannelStatus(ctx, "none", "live", store.Enabled), store.ErrNoSuchBucket)
	if got := invalidRule(e.SetChannelStatus(ctx, "demo", "live", "idle")); got != "Status value" {
		t.Errorf("bad status: got %s", got)
	}

	for range 2 { // the second time there is none
		if err := e.DeleteChannel(ctx, "demo", "live"); err != nil {
			t.Errorf("DeleteChannel: %v", err)
		}
	}
	wantErr(t, "DeleteChannel in no bucket", e.DeleteChannel(ctx, "none", "live"), store.ErrNoSuchBucket)
	if got := invalidRule(e.DeleteChannel(ctx, "demo", strings.Repeat("x", 64))); got != "ChannelName length" {
		t.Errorf("DeleteChannel of a long name: got %s", got)
	}
	e.checkRecords()
}

func TestChannels(t *testing.T) {
	s, _ := newMemory(t)
	putBucket(t, s, "demo")
	putBucket(t, s, "demo-2")
	putChannel(t, s, "demo-2", "x")
	for i := range 120 {
		putChannel(t, s, "demo", fmt.Sprintf("ch-%03d", i))
	}
	page, err := s.Channels(t.Context(), "demo", "", "", 0)
	if err != nil || len(page.Items) != 100 || page.Next != "ch-099" {
		t.Fatalf("first page: got %d, next %q, %v, want 100 and ch-099", len(page.Items), page.Next, err)
	}
	page, err = s.Channels(t.Context(), "demo", "", page.Next, 0)
	if err != nil || len(page.Items) != 20 || page.Next != "" || page.Items[0].Name != "ch-100" {
		t.Errorf("second page: got %d, next %q, %v, want 20", len(page.Items), page.Next, err)
	}
	page, err = s.Channels(t.Context(), "demo", "ch-11", "", 1000)
	if err != nil || len(page.Items) != 10 || page.Next != "" {
		t.Errorf("prefix: got %d, next %q, %v, want 10", len(page.Items), page.Next, err)
	}
	_, err = s.Channels(t.Context(), "none", "", "", 1)
	wantErr(t, "no bucket", err, store.ErrNoSuchBucket)
}

// TestReplaceChannel: an idle channel's configuration and history are reset; its
// segments and its place in the sequence stay.
func TestReplaceChannel(t *testing.T) {
	e := newEnv(t)
	ctx := t.Context()
	putBucket(t, e.Store, "demo")
	putChannel(t, e.Store, "demo", "live")
	p := publish(t, e.Store, "demo", "live")
	for range 5 {
		p.mustSegment(t, "media")
		e.clock.advance(5 * time.Second)
	}
	again := store.Channel{Bucket: "demo", Name: "live", Description: "new"}
	_, err := e.PutChannel(ctx, again)
	wantErr(t, "PutChannel while live", err, store.ErrChannelLive)
	wantErr(t, "DeleteChannel while live", e.DeleteChannel(ctx, "demo", "live"), store.ErrChannelLive)
	wantErr(t, "DeleteBucket while live", e.DeleteBucket(ctx, "demo"), store.ErrBucketNotEmpty)
	if err := p.End(ctx); err != nil {
		t.Fatal(err)
	}
	if h, err := e.History(ctx, "demo", "live"); err != nil || len(h) != 1 {
		t.Fatalf("history: got %v, %v, want one", h, err)
	}
	if _, err := e.PutChannel(ctx, again); err != nil {
		t.Fatal(err)
	}
	if h, err := e.History(ctx, "demo", "live"); err != nil || len(h) != 0 {
		t.Errorf("history after PutChannel: got %v, %v, want none", h, err)
	}
	next := publish(t, e.Store, "demo", "live")
	if next.pos.Sequence != p.pos.Sequence || len(next.pos.Window) != windowSize || next.Channel().Description != "new" {
		t.Errorf("next session: got %+v of %+v, want the position %+v", next.pos, next.Channel(), p.pos)
	}
	if err := next.End(ctx); err != nil {
		t.Fatal(err)
	}
	if err := e.DeleteChannel(ctx, "demo", "live"); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, err := range e.Segments(ctx, "demo", "live", time.UnixMilli(0), e.clock.now()) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 5 {
		t.Errorf("segments after DeleteChannel: got %d, want 5", n)
	}
	e.checkRecords()
}

// TestCreateChannel: of many at once one creates the channel, and none replaces it.
func TestCreateChannel(t *testing.T) {
	e := newEnv(t)
	ctx := t.Context()
	_, err := e.CreateChannel(ctx, store.Channel{Bucket: "demo", Name: "live"})
	wantErr(t, "no bucket", err, store.ErrNoSuchBucket)
	putBucket(t, e.Store, "demo")

	var created atomic.Int32
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			name := fmt.Sprint("creator ", i)
			c, err := e.CreateChannel(ctx, store.Channel{Bucket: "demo", Name: "live", Description: name})
			switch {
			case err == nil:
				created.Add(1)
				if c.Description != name || c.Target.PlaylistName != store.DefaultTarget().PlaylistName || c.Modified.IsZero() {
					t.Errorf("created %+v", c)
				}
			case !errors.Is(err, store.ErrChannelExists):
				t.Error(err)
			case c.Description == name || c.Target.FragDuration != store.DefaultTarget().FragDuration:
				t.Errorf("%s got %+v, want the channel that exists", name, c)
			}
		})
	}
	all.Wait()
	if n := created.Load(); n != 1 {
		t.Errorf("%d created the channel, want one", n)
	}
	stored, err := e.PutChannel(ctx, store.Channel{Bucket: "demo", Name: "live", Description: "replaced"})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := e.Channel(ctx, "demo", "live"); err != nil || got != stored {
		t.Errorf("PutChannel returned %+v, and stored %+v (%v)", stored, got, err)
	}
}
