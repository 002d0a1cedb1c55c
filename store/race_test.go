package store_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"osslive/store"
)

// TestOnePublisher: a hundred start at once, one of them wins, over and over.
func TestOnePublisher(t *testing.T) {
	rounds, publishers := 20, 100
	if os.Getenv("OSSLIVE_SOAK") != "" {
		rounds = 1000
	}
	e := newEnv(t)
	putBucket(t, e.Store, "demo")
	putChannel(t, e.Store, "demo", "live")
	for round := range rounds {
		var mu sync.Mutex
		var winners []*publisher
		var wg sync.WaitGroup
		for i := range publishers {
			wg.Go(func() {
				p, err := tryPublish(t, e.Store, "demo", "live", store.SessionStart{RemoteAddr: fmt.Sprint(i)})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					winners = append(winners, p)
				} else if !errors.Is(err, store.ErrChannelLive) {
					t.Errorf("got %v, want ErrChannelLive", err)
				}
			})
		}
		wg.Wait()
		if len(winners) != 1 {
			t.Fatalf("round %d: %d winners", round, len(winners))
		}
		winners[0].mustSegment(t, "undisturbed")
		e.clock.advance(time.Second)
		if err := winners[0].End(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("P5: %d rounds of %d publishers, rounds with other than one winner: 0", rounds, publishers)
	e.checkRecords()
}

// TestChannelRaces: a channel is published to, changed, disabled and deleted at
// once; nothing appears once a delete has returned.
func TestChannelRaces(t *testing.T) {
	e := newEnv(t)
	ctx := t.Context()
	putBucket(t, e.Store, "demo")
	lost := 0
	for round := range 40 {
		putChannel(t, e.Store, "demo", "live")
		var wg sync.WaitGroup
		wg.Go(func() {
			p, err := tryPublish(t, e.Store, "demo", "live", store.SessionStart{})
			if err != nil {
				return
			}
			for range 3 {
				if _, err := p.segment(ctx, "media"); err != nil {
					t.Errorf("segment of a live channel: %v", err)
				}
			}
			if err := p.End(ctx); err != nil {
				t.Errorf("End: %v", err)
			}
		})
		wg.Go(func() {
			_, err := e.PutChannel(ctx, store.Channel{Bucket: "demo", Name: "live", Description: "changed"})
			if err != nil && !errors.Is(err, store.ErrChannelLive) {
				t.Errorf("PutChannel: %v", err)
			}
		})
		wg.Go(func() {
			for {
				err := e.DeleteChannel(ctx, "demo", "live")
				if err == nil {
					return
				}
				if !errors.Is(err, store.ErrChannelLive) {
					t.Errorf("DeleteChannel: %v", err)
					return
				}
			}
		})
		wg.Wait()
		if _, err := e.Channel(ctx, "demo", "live"); err != nil {
			lost++
		}
		if err := e.DeleteChannel(ctx, "demo", "live"); err != nil {
			t.Fatalf("round %d: DeleteChannel when all have ended: %v", round, err)
		}
		e.checkRecords()
		if n := len(e.records("position/")) + len(e.records("history/")); n != 0 {
			t.Fatalf("round %d: %d records of a deleted channel", round, n)
		}
	}
	t.Logf("deleted last in %d of 40 rounds", lost)
}

// TestPlaylistsAreComplete: all segments that a playlist lists can be read, while it
// moves on and others write the same keys.
func TestPlaylistsAreComplete(t *testing.T) {
	e := newEnv(t)
	ctx := t.Context()
	putBucket(t, e.Store, "demo")
	putChannel(t, e.Store, "demo", "live")
	p := publish(t, e.Store, "demo", "live")
	p.mustSegment(t, "first")
	done := make(chan struct{})
	var mu sync.Mutex
	fetched := 0
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			last := uint64(0)
			for {
				select {
				case <-done:
					return
				default:
				}
				sequence, listed, err := readPlaylist(t, e.Store, "demo", "live", "playlist.m3u8")
				if errors.Is(err, store.ErrNoSuchKey) && !strings.Contains(err.Error(), "listed") {
					continue // deleted for the moment
				}
				if err != nil || sequence < last {
					t.Errorf("playlist: got %d after %d, %v", sequence, last, err)
					return
				}
				last = sequence
				mu.Lock()
				fetched += len(listed)
				mu.Unlock()
			}
		})
	}
	segments := 100
	if os.Getenv("OSSLIVE_SOAK") != "" {
		segments = 10_000
	}
	for i := range segments {
		if i%10 == 0 { // a user deletes the playlist: it comes back
			wg.Go(func() {
				if err := e.DeleteObject(ctx, "demo", "live/playlist.m3u8"); err != nil {
					t.Error(err)
				}
			})
		}
		p.mustSegment(t, large("media"))
		if err := e.Collect(ctx); err != nil {
			t.Error(err)
		}
	}
	close(done)
	wg.Wait()
	t.Logf("L2: %d listed segments fetched, missing 0", fetched)
	e.checkRecords()
}
