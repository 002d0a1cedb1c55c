package hls

// Window is a live playlist: it keeps the newest Size segments. Its fields may
// be filled from a record of an earlier run; the counters go on from there.
type Window struct {
	Playlist
	Size int // at least one
}

// Add appends s and drops from the front what exceeds Size. The sequence
// numbers grow by what was dropped, RFC 8216 §6.2.2; the target duration rises
// to hold s and never falls.
func (w *Window) Add(s Segment) {
	w.TargetDuration = max(w.TargetDuration, TargetDuration(s.Duration))
	w.Segments = append(w.Segments, s)
	drop := len(w.Segments) - max(1, w.Size)
	if drop <= 0 {
		return
	}
	for _, old := range w.Segments[:drop] {
		w.Sequence++
		if old.Discontinuity {
			w.DiscontinuitySequence++
		}
	}
	// Moved to the front, so that a window of a long stream stays in its memory.
	n := copy(w.Segments, w.Segments[drop:])
	clear(w.Segments[n:])
	w.Segments = w.Segments[:n]
}
