package live

import (
	"strconv"
	"testing"
	"time"

	"osslive/hls"
	"osslive/store"
	"osslive/store/memstore"
)

// TestListSlides: over the life of a channel the counters never fall, and every version
// of the list is a shift of the one before, also where a session ends and another goes on.
func TestListSlides(t *testing.T) {
	versions := 0
	for _, size := range []int{1, 2, 3, 100} {
		t.Run(strconv.Itoa(size), func(t *testing.T) {
			ctx := t.Context()
			s := store.New(store.Config{KV: memstore.NewKV(), Blobs: memstore.NewBlobs(), Leases: memstore.NewLeases(), Now: time.Now})
			if _, err := s.PutBucket(ctx, "demo", store.Private); err != nil {
				t.Fatal(err)
			}
			target := store.Target{FragDuration: 2, FragCount: size, PlaylistName: "playlist.m3u8"}
			if _, err := s.PutChannel(ctx, store.Channel{Bucket: "demo", Name: "live", Target: target}); err != nil {
				t.Fatal(err)
			}
			names := map[uint64]string{}
			discontinuities := map[string]uint64{}
			var before store.Position
			var session *store.Session
			for i := range 500 {
				if i%100 == 0 {
					if session != nil {
						if err := session.End(ctx); err != nil {
							t.Fatal(err)
						}
					}
					var err error
					if session, err = s.StartSession(ctx, "demo", "live", store.SessionStart{}); err != nil {
						t.Fatal(err)
					}
				}
				w, err := session.NewSegment(ctx)
				if err != nil {
					t.Fatal(err)
				}
				d := time.Duration(2000+i*37%900) * time.Millisecond
				if err := w.Seal(store.Segment{Duration: d, Discontinuity: i%7 == 3}); err != nil {
					t.Fatal(err)
				}
				l := list{least: 2}
				var p store.Position
				err = session.CommitSegments(ctx, []*store.SegmentWriter{w}, func(pos *store.Position) []byte {
					text := l.render(pos)
					p = *pos
					return text
				})
				if err != nil {
					t.Fatal(err)
				}
				if p.Sequence < before.Sequence || p.DiscontinuitySequence < before.DiscontinuitySequence || p.TargetDuration < before.TargetDuration {
					t.Fatalf("got %+v after %+v", p, before)
				}
				if len(p.Window) != min(i+1, size) {
					t.Fatalf("got %d segments after %d", len(p.Window), i+1)
				}
				if last := p.Window[len(p.Window)-1]; last.Discontinuity != (i%7 == 3 || i > 0 && i%100 == 0) {
					t.Fatalf("segment %d: discontinuity is %v", i, last.Discontinuity)
				}
				before = p
				versions++
				count := p.DiscontinuitySequence
				for j, s := range p.Window {
					if hls.TargetDuration(s.Duration) > p.TargetDuration {
						t.Fatalf("got target duration %d with a segment of %v", p.TargetDuration, s.Duration)
					}
					number := p.Sequence + uint64(j)
					if name, ok := names[number]; ok && name != s.Name {
						t.Fatalf("segment %d is %s, was %s", number, s.Name, name)
					}
					names[number] = s.Name
					if s.Discontinuity {
						count++
					}
					if c, ok := discontinuities[s.Name]; ok && c != count {
						t.Fatalf("segment %s has discontinuity number %d, had %d", s.Name, count, c)
					}
					discontinuities[s.Name] = count
				}
			}
		})
	}
	if !t.Failed() {
		t.Logf("L3: %d versions of playlists, violations 0", versions)
	}
}
