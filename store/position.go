package store

import (
	"context"
	"slices"
	"time"

	"osslive/store/seam"
)

// Position is the state of a channel's live playlist. It outlives sessions, restarts and
// changes of the channel's configuration.
type Position struct {
	Sequence              uint64 // EXT-X-MEDIA-SEQUENCE: of Window[0]; never falls
	DiscontinuitySequence uint64 // EXT-X-DISCONTINUITY-SEQUENCE: of Window[0]
	TargetDuration        int    // seconds; 0 before the first segment
	Playlist              string // name of the playlist that Window belongs to
	Window                []Segment
}

// lastMS is the time in the name of the last segment, or 0.
func (r *positionRecord) lastMS() int64 {
	ms, _ := segmentTime(r.LastName)
	return ms
}

func (r *positionRecord) position() Position {
	p := Position{
		Sequence:              r.Sequence,
		DiscontinuitySequence: r.DiscontinuitySequence,
		TargetDuration:        r.TargetDuration,
		Playlist:              r.Playlist,
	}
	for _, seg := range r.Window {
		p.Window = append(p.Window, seg.segment())
	}
	return p
}

// advanced returns the position after segs, with a window of at most size segments that
// ends with them.
func (r positionRecord) advanced(segs []*SegmentWriter, size int) positionRecord {
	r.Window = slices.Clone(r.Window)
	for _, w := range segs {
		r.Window = append(r.Window, w.segment.record())
		r.LastName, r.LastEnd = w.segment.Name, w.segment.Start().Add(w.segment.Duration).UnixMilli()
	}
	r.drop(max(0, len(r.Window)-max(1, size)))
	return r
}

// drop removes the first n segments of the window. The others keep their sequence numbers
// (RFC 8216 §6.2.2).
func (r *positionRecord) drop(n int) {
	for _, seg := range r.Window[:n] {
		r.Sequence++
		if seg.Discontinuity {
			r.DiscontinuitySequence++
		}
	}
	r.Window = r.Window[n:]
}

// resume prepares the position for another session: a new playlist begins with an empty
// window, and the window of the same playlist begins behind the last segment whose object
// has been deleted.
func (s *Store) resume(ctx context.Context, bucket, channel, playlist string, pos *positionRecord) error {
	if pos.Playlist != playlist {
		pos.drop(len(pos.Window))
		pos.Playlist = playlist
	}
	for i := len(pos.Window) - 1; i >= 0; i-- {
		o, err := s.object(ctx, bucket, channel+"/"+pos.Window[i].Name)
		if err != nil {
			return err
		}
		if o.at == seam.Absent || o.Segment == nil {
			pos.drop(i + 1)
			break
		}
	}
	return nil
}

// LiveRecord is a finished session.
type LiveRecord struct {
	Start, End time.Time
	RemoteAddr string // address and port
}

// maxHistory is how many finished sessions a channel keeps
// (GetLiveChannelHistory API page).
const maxHistory = 10

// History returns the last finished sessions of a channel, at most ten, oldest
// first.
func (s *Store) History(ctx context.Context, bucket, channel string) ([]LiveRecord, error) {
	if _, _, err := s.channel(ctx, bucket, channel); err != nil {
		return nil, err
	}
	h, _, err := load[historyRecord](ctx, s.kv, historyKey(bucket, channel))
	if err != nil {
		return nil, err
	}
	var out []LiveRecord
	for _, r := range h.Sessions {
		if r.End != 0 {
			out = append(out, LiveRecord{Start: toTime(r.Start), End: toTime(r.End), RemoteAddr: r.RemoteAddr})
		}
	}
	return out, nil
}

// closeStale ends every open session except the one that holds the lease, at the end of its
// last segment or, without one, at its start. It removes such a session from the position,
// and returns how many it ended.
func (h *historyRecord) closeStale(pos *positionRecord, lease leaseRecord) (closed int) {
	for i := range h.Sessions {
		r := &h.Sessions[i]
		if r.End != 0 || lease.holds(r.ID) {
			continue
		}
		r.End = r.Start
		if pos.Session == r.ID {
			r.End = max(r.Start, pos.LastEnd)
		}
		closed++
	}
	if pos.Session != "" && !lease.holds(pos.Session) {
		pos.Session = ""
	}
	h.trim()
	return closed
}

// trim keeps the last ten finished sessions, and all others.
func (h *historyRecord) trim() {
	finished := 0
	for _, r := range h.Sessions {
		if r.End != 0 {
			finished++
		}
	}
	kept := h.Sessions[:0]
	for _, r := range h.Sessions {
		if r.End != 0 && finished > maxHistory {
			finished--
			continue
		}
		kept = append(kept, r)
	}
	h.Sessions = kept
}
