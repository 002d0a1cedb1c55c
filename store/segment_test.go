package store_test

import (
	"slices"
	"testing"
	"time"

	"osslive/store"
)

func TestSegments(t *testing.T) {
	s, c := newMemory(t)
	putBucket(t, s, "demo")
	for _, channel := range []string{"live", "live2", "liv"} {
		putChannel(t, s, "demo", channel)
	}
	p, other := publish(t, s, "demo", "live"), publish(t, s, "demo", "live2")
	var names []string
	for range 600 { // more than a page
		names = append(names, p.mustSegment(t, "m"))
		other.mustSegment(t, "m")
		c.advance(time.Second)
	}
	// What lies among them and is no segment.
	put(t, s, "demo", "live/"+names[10], "overwritten")
	put(t, s, "demo", "live/1543895706266.tsx", "x")
	put(t, s, "demo", "live/1543895706266/sub.ts", "x")
	put(t, s, "demo", "live/15438957062660.ts", "x")
	if err := s.DeleteObject(t.Context(), "demo", "live/"+names[11]); err != nil {
		t.Fatal(err)
	}
	rest := slices.Concat(names[:10], names[12:])
	at := func(i int) time.Time { return store.Segment{Name: names[i]}.Start() }
	for _, q := range []struct {
		span  time.Duration
		limit int
		want  []string
	}{{2 * time.Second, 10, names[597:]}, {time.Hour, 2, names[598:]}, {0, 10, names[599:]}, {time.Hour, 1000, rest}} {
		var got []string
		recent, err := s.Recent(t.Context(), "demo", "live", q.span, q.limit)
		for _, o := range recent {
			got = append(got, o.Segment.Name)
		}
		if err != nil || !slices.Equal(got, q.want) {
			t.Errorf("the last %d within %v: got %v, %v, want %v", q.limit, q.span, got, err, q.want)
		}
	}
	tests := []struct {
		name     string
		from, to time.Time
		want     []string
	}{
		{"all", time.Time{}, time.Now().AddDate(1000, 0, 0), rest},
		{"both ends included", at(2), at(4), names[2:5]},
		{"just inside", at(2).Add(time.Millisecond), at(4).Add(-time.Millisecond), names[3:4]},
		{"one instant", at(5), at(5), names[5:6]},
		{"what was deleted", at(10), at(11), nil},
		{"reversed", at(4), at(2), nil},
		{"before all", time.UnixMilli(0), at(0).Add(-1), nil},
	}
	for _, tt := range tests {
		var got []string
		for seg, err := range s.Segments(t.Context(), "demo", "live", tt.from, tt.to) {
			if err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
			if seg.Session != p.ID() || seg.Duration != 4*time.Second {
				t.Errorf("%s: got %+v", tt.name, seg)
			}
			got = append(got, seg.Name)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %d segments %.100v, want %d", tt.name, len(got), got, len(tt.want))
		}
	}
	for range s.Segments(t.Context(), "demo", "live", at(0), at(500)) {
		break // early
	}
	for _, err := range s.Segments(t.Context(), "none", "live", at(0), at(1)) {
		wantErr(t, "no bucket", err, store.ErrNoSuchBucket)
	}
}
