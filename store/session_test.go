package store_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"osslive/store"
	"osslive/store/memstore"
	"osslive/store/seam"
)

func TestSession(t *testing.T) {
	e := newEnv(t)
	ctx := t.Context()
	putBucket(t, e.Store, "demo")
	putChannel(t, e.Store, "demo", "live")
	p := publish(t, e.Store, "demo", "live")
	if c := p.Channel(); c.Name != "live" || c.Bucket != "demo" || c.Target.FragCount != 3 || p.ID() == "" {
		t.Errorf("session %q of %+v", p.ID(), c)
	}
	if pos, last, err := p.Position(t.Context()); err != nil || pos.Sequence != 0 || len(pos.Window) != 0 || pos.Playlist != "playlist.m3u8" || last != "" {
		t.Errorf("first position: got %+v", pos)
	}
	_, err := e.StartSession(ctx, "demo", "live", store.SessionStart{})
	wantErr(t, "second publisher", err, store.ErrChannelLive)

	var names []string
	for i := range 5 {
		names = append(names, p.mustSegment(t, large(fmt.Sprint(i))))
		e.clock.advance(4 * time.Second)
	}
	if names[0] != "1543895706266.ts" || names[1] != "1543895710266.ts" {
		t.Errorf("names: got %v, want the time of opening", names)
	}
	sequence, listed, err := readPlaylist(t, e.Store, "demo", "live", "playlist.m3u8")
	if err != nil || sequence != 2 || !slices.Equal(listed, names[2:]) {
		t.Errorf("playlist: got %d %v, %v, want 2 %v", sequence, listed, err, names[2:])
	}
	o, err := e.Object(ctx, "demo", "live/"+names[0])
	if err != nil || o.ContentType != "video/MP2T" || o.Segment == nil || o.HasCRC64 {
		t.Fatalf("segment: got %+v, %v", o, err)
	}
	wantSeg := store.Segment{Name: names[0], Duration: 4 * time.Second, Discontinuity: true, Session: p.ID()}
	if *o.Segment != wantSeg || o.Segment.Start().UnixMilli() != epoch {
		t.Errorf("segment: got %+v, want %+v", *o.Segment, wantSeg)
	}
	if o, err := e.Object(ctx, "demo", "live/playlist.m3u8"); err != nil || o.ContentType != "application/x-mpegURL" || o.Segment != nil {
		t.Errorf("playlist: got %+v, %v", o, err)
	}

	for range 2 { // the second time does nothing
		if err := p.End(ctx); err != nil {
			t.Errorf("End: %v", err)
		}
		e.clock.advance(time.Minute)
	}
	h, err := e.History(ctx, "demo", "live")
	wantRecord := store.LiveRecord{Start: time.UnixMilli(epoch).UTC(), End: time.UnixMilli(epoch + 20_000).UTC(), RemoteAddr: "192.0.2.1:5000"}
	if err != nil || len(h) != 1 || h[0] != wantRecord {
		t.Errorf("history: got %v, %v, want %v", h, err, wantRecord)
	}
	_, err = p.segment(ctx, "late")
	wantErr(t, "segment after End", err, store.ErrSessionLost)
	wantErr(t, "Renew after End", p.Renew(ctx, store.Stat{}), store.ErrSessionLost)
	e.checkRecords()

	// The next one goes on where this one ended.
	next := publish(t, e.Store, "demo", "live")
	if next.pos.Sequence != 2 || !slices.Equal(windowNames(next.pos), names[2:]) || next.pos.TargetDuration != 5 {
		t.Errorf("next position: got %+v", next.pos)
	}
	next.mustSegment(t, "more")
	if sequence, _, err := readPlaylist(t, e.Store, "demo", "live", "playlist.m3u8"); err != nil || sequence != 3 {
		t.Errorf("sequence of the next: got %d, %v, want 3", sequence, err)
	}
	if err := next.End(ctx); err != nil {
		t.Error(err)
	}
	e.checkRecords()
}

func windowNames(p store.Position) (names []string) {
	for _, seg := range p.Window {
		names = append(names, seg.Name)
	}
	return names
}

func TestStartSessionRefused(t *testing.T) {
	s, _ := newMemory(t)
	putBucket(t, s, "demo")
	putChannel(t, s, "demo", "live")
	if _, err := s.PutChannel(t.Context(), store.Channel{Bucket: "demo", Name: "off", Status: store.Disabled}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ bucket, channel, playlist, want string }{
		{"none", "live", "", store.ErrNoSuchBucket.Error()},
		{"demo", "none", "", store.ErrNoSuchChannel.Error()},
		{"demo", "off", "", store.ErrChannelDisabled.Error()},
		{"demo", "live", "a/b.m3u8", "PlaylistName slash"},
		{"demo", "live", "x.ts", "PlaylistName length"},
	} {
		_, err := s.StartSession(t.Context(), tt.bucket, tt.channel, store.SessionStart{PlaylistName: tt.playlist})
		if got := invalidRule(err); got != tt.want {
			t.Errorf("%+v: got %s", tt, got)
		}
	}
	if err := publish(t, s, "demo", "live").End(t.Context()); err != nil {
		t.Errorf("after all refusals: %v", err)
	}
}

// TestNames: no name is used twice, whatever the clock does and whatever exists.
func TestNames(t *testing.T) {
	e := newEnv(t)
	putBucket(t, e.Store, "demo")
	putChannel(t, e.Store, "demo", "live")
	p := publish(t, e.Store, "demo", "live")
	used := []string{p.mustSegment(t, "a"), p.mustSegment(t, "b")} // in one millisecond
	e.clock.advance(-time.Hour)
	used = append(used, p.mustSegment(t, "c"))
	if err := p.End(t.Context()); err != nil {
		t.Fatal(err)
	}
	put(t, e.Store, "demo", "live/1543895706269.ts", "an upload")
	p = publish(t, e.Store, "demo", "live")
	used = append(used, p.mustSegment(t, "d"))
	want := []string{"1543895706266.ts", "1543895706267.ts", "1543895706268.ts", "1543895706270.ts"}
	if !slices.Equal(used, want) {
		t.Errorf("names: got %v, want %v", used, want)
	}
	// Two that are open at once have different names too.
	w1, err1 := p.NewSegment(t.Context())
	w2, err2 := p.NewSegment(t.Context())
	if err1 != nil || err2 != nil || w1.Name() == w2.Name() {
		t.Errorf("open at once: got %v, %v, names %s and %s", err1, err2, w1.Name(), w2.Name())
	}
	w1.Abort()
	w2.Abort()
	if err := p.End(t.Context()); err != nil {
		t.Fatal(err)
	}
	h, err := e.History(t.Context(), "demo", "live")
	if err != nil || len(h) != 2 {
		t.Fatalf("history: got %v, %v, want two", h, err)
	}
	for _, r := range h {
		if r.End.Before(r.Start) {
			t.Errorf("history: got %v, which ends before it starts", r)
		}
	}
	e.checkRecords()
}

// TestPosition: what the next session finds of the window.
func TestPosition(t *testing.T) {
	tests := []struct {
		name     string
		between  func(t *testing.T, s *store.Store, names []string)
		playlist string
		sequence uint64
		disc     uint64
		window   int
	}{
		{"nothing happened", nil, "", 2, 1, 3},
		{"the first was deleted", func(t *testing.T, s *store.Store, names []string) {
			s.DeleteObject(t.Context(), "demo", "live/"+names[0])
		}, "", 3, 1, 2},
		{"one in the middle was deleted", func(t *testing.T, s *store.Store, names []string) {
			s.DeleteObject(t.Context(), "demo", "live/"+names[1])
		}, "", 4, 1, 1},
		{"the last was deleted", func(t *testing.T, s *store.Store, names []string) {
			s.DeleteObject(t.Context(), "demo", "live/"+names[2])
		}, "", 5, 1, 0},
		{"one was overwritten", func(t *testing.T, s *store.Store, names []string) {
			put(t, s, "demo", "live/"+names[0], "not media")
		}, "", 3, 1, 2},
		{"another playlist", nil, "other.m3u8", 5, 1, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := newMemory(t)
			putBucket(t, s, "demo")
			putChannel(t, s, "demo", "live")
			p := publish(t, s, "demo", "live")
			var names []string
			for range 5 {
				names = append(names, p.mustSegment(t, "media"))
			}
			if err := p.End(t.Context()); err != nil {
				t.Fatal(err)
			}
			if tt.between != nil {
				tt.between(t, s, names[2:])
			}
			p, err := tryPublish(t, s, "demo", "live", store.SessionStart{PlaylistName: tt.playlist})
			if err != nil {
				t.Fatal(err)
			}
			if p.pos.Sequence != tt.sequence || p.pos.DiscontinuitySequence != tt.disc || len(p.pos.Window) != tt.window {
				t.Errorf("got %+v, want sequence %d, discontinuities %d, %d segments", p.pos, tt.sequence, tt.disc, tt.window)
			}
			name := p.mustSegment(t, "media")
			playlist := tt.playlist
			if playlist == "" {
				playlist = "playlist.m3u8"
			}
			_, listed, err := readPlaylist(t, s, "demo", "live", playlist)
			if err != nil || listed[len(listed)-1] != name {
				t.Errorf("%s: got %v, %v, want it to end with %s", playlist, listed, err, name)
			}
		})
	}
}

func TestRenew(t *testing.T) {
	tests := []struct {
		name   string
		change func(t *testing.T, s *store.Store) error
		want   error
		state  string
	}{
		{"goes on", func(t *testing.T, s *store.Store) error { return nil }, nil, "Live"},
		{"disabled", func(t *testing.T, s *store.Store) error {
			return s.SetChannelStatus(t.Context(), "demo", "live", store.Disabled)
		}, store.ErrChannelDisabled, "Disabled"},
		{"enabled again", func(t *testing.T, s *store.Store) error {
			return s.SetChannelStatus(t.Context(), "demo", "live", store.Enabled)
		}, nil, "Live"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, c := newMemory(t)
			putBucket(t, s, "demo")
			putChannel(t, s, "demo", "live")
			if st, err := s.ChannelStat(t.Context(), "demo", "live"); err != nil || st.Status != "Idle" || st.Stat != nil {
				t.Errorf("before: got %+v, %v, want Idle", st, err)
			}
			p := publish(t, s, "demo", "live")
			st, err := s.ChannelStat(t.Context(), "demo", "live")
			first := store.Stat{Connected: c.now().UTC(), RemoteAddr: "192.0.2.1:5000"}
			if err != nil || st.Status != "Live" || *st.Stat != first {
				t.Errorf("at start: got %+v, %v, want Live since the start", st, err)
			}
			if err := tt.change(t, s); err != nil {
				t.Fatal(err)
			}
			stat := store.Stat{
				Connected: first.Connected, RemoteAddr: first.RemoteAddr,
				Video: &store.VideoStat{Width: 1280, Height: 720, FrameRate: 29, Bandwidth: 200_000, Codec: "H264", KeyInterval: 2 * time.Second},
				Audio: &store.AudioStat{Bandwidth: 10_000, SampleRate: 44100, Codec: "AAC"},
			}
			wantErr(t, "Renew", p.Renew(t.Context(), stat), tt.want)
			st, err = s.ChannelStat(t.Context(), "demo", "live")
			if err != nil || st.Status != tt.state {
				t.Errorf("then: got %+v, %v, want %s", st, err, tt.state)
			}
			if tt.state == "Live" && !reflect.DeepEqual(*st.Stat, stat) {
				t.Errorf("statistics: got %+v, want %+v", *st.Stat, stat)
			}
		})
	}
	s, _ := newMemory(t)
	_, err := s.ChannelStat(t.Context(), "demo", "live")
	wantErr(t, "ChannelStat in no bucket", err, store.ErrNoSuchBucket)
	_, err = s.History(t.Context(), "demo", "live")
	wantErr(t, "History in no bucket", err, store.ErrNoSuchBucket)
}

// TestRenewGone: channel and bucket vanish under a session that holds its lease, as
// another process might make them.
func TestRenewGone(t *testing.T) {
	e := newEnv(t)
	ctx := t.Context()
	putBucket(t, e.Store, "demo")
	putChannel(t, e.Store, "demo", "live")
	p := publish(t, e.Store, "demo", "live")
	for _, step := range []struct {
		record string
		want   error
	}{
		{"position/demo/live", store.ErrSessionLost},
		{"channel/demo/live", store.ErrNoSuchChannel},
		{"bucket/demo", store.ErrNoSuchBucket},
	} {
		if err := e.kv.Commit(ctx, seam.Delete(step.record, seam.Any)); err != nil {
			t.Fatal(err)
		}
		wantErr(t, "Renew without "+step.record, p.Renew(ctx, store.Stat{}), step.want)
	}
}

// TestLapsedLease: a publisher that stood still for too long has lost its channel
// to the next one, and cannot write.
func TestLapsedLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store.New(store.Config{KV: memstore.NewKV(), Blobs: memstore.NewBlobs(), Leases: memstore.NewLeases(), Now: time.Now})
		ctx := t.Context()
		putBucket(t, s, "demo")
		putChannel(t, s, "demo", "live")
		old := publish(t, s, "demo", "live")
		first := old.mustSegment(t, "first")
		for range 5 {
			time.Sleep(9 * time.Second)
			if err := old.Renew(ctx, store.Stat{}); err != nil {
				t.Fatalf("Renew in time: %v", err)
			}
		}
		time.Sleep(10 * time.Second)
		if st, err := s.ChannelStat(ctx, "demo", "live"); err != nil || st.Status != "Idle" {
			t.Errorf("after ten seconds: got %+v, %v, want Idle", st, err)
		}
		next := publish(t, s, "demo", "live")
		wantErr(t, "Renew too late", old.Renew(ctx, store.Stat{}), store.ErrSessionLost)
		name, err := old.segment(ctx, "late")
		wantErr(t, "segment too late", err, store.ErrSessionLost)
		_, err = s.Object(ctx, "demo", "live/"+name)
		wantErr(t, "its object", err, store.ErrNoSuchKey)
		if err := old.End(ctx); err != nil {
			t.Errorf("End: %v", err)
		}
		if st, err := s.ChannelStat(ctx, "demo", "live"); err != nil || st.Status != "Live" {
			t.Errorf("after the old one's End: got %+v, %v, want the new one Live", st, err)
		}
		next.mustSegment(t, "second")
		// The new session closed the old one's record, at its last segment.
		h, err := s.History(ctx, "demo", "live")
		if err != nil || len(h) != 1 || !h[0].End.Equal(store.Segment{Name: first}.Start().Add(4*time.Second)) {
			t.Errorf("history: got %v, %v, want one that ends with its segment", h, err)
		}
		// Deleted under a publisher that stands still: nothing appears afterwards.
		time.Sleep(11 * time.Second)
		if err := s.DeleteChannel(ctx, "demo", "live"); err != nil {
			t.Fatal(err)
		}
		for _, recreated := range []bool{false, true} {
			if recreated {
				putChannel(t, s, "demo", "live")
			}
			name, err = next.segment(ctx, "late")
			wantErr(t, "segment of a deleted channel", err, store.ErrSessionLost)
			_, err = s.Object(ctx, "demo", "live/"+name)
			wantErr(t, "its object", err, store.ErrNoSuchKey)
		}
		if err := next.End(ctx); err != nil {
			t.Errorf("End of a session whose channel is gone: %v", err)
		}
	})
}

func TestHistory(t *testing.T) {
	s, c := newMemory(t)
	putBucket(t, s, "demo")
	putChannel(t, s, "demo", "live")
	for range 13 {
		p := publish(t, s, "demo", "live")
		c.advance(time.Second)
		if err := p.End(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	publish(t, s, "demo", "live") // is going on, and not shown
	h, err := s.History(t.Context(), "demo", "live")
	if err != nil || len(h) != 10 || h[0].Start.UnixMilli() != epoch+3000 || h[9].End.UnixMilli() != epoch+13000 {
		t.Errorf("got %v, %v, want the last ten of thirteen, oldest first", h, err)
	}
}

// TestPlaylistAlone: a list may change without a segment. What is known of the last
// one stays: its name, and that the session ends with it when its publisher is lost.
func TestPlaylistAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store.New(store.Config{KV: memstore.NewKV(), Blobs: memstore.NewBlobs(), Leases: memstore.NewLeases(), Now: time.Now})
		putBucket(t, s, "demo")
		putChannel(t, s, "demo", "live")
		lost := publish(t, s, "demo", "live")
		last := lost.mustSegment(t, "m")
		for range 2 {
			if err := lost.CommitSegments(t.Context(), nil, func(*store.Position) []byte { return []byte("changed") }); err != nil {
				t.Fatal(err)
			}
			if got, err := get(t, s, "demo", "live/playlist.m3u8"); err != nil || got != "changed" {
				t.Errorf("the list: got %q, %v", got, err)
			}
		}
		time.Sleep(time.Minute) // in the bubble: the lease lapses
		if _, got, err := publish(t, s, "demo", "live").Position(t.Context()); err != nil || got != last {
			t.Errorf("the last segment: got %q, %v, want %q", got, err, last)
		}
		h, err := s.History(t.Context(), "demo", "live")
		if end := (store.Segment{Name: last}).Start().Add(4 * time.Second); err != nil || len(h) != 1 || !h[0].End.Equal(end) {
			t.Errorf("history: got %v, %v, want one that ends at %v", h, err, end)
		}
	})
}
