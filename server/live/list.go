package live

import (
	"osslive/hls"
	"osslive/store"
)

// list renders a channel's live playlist. It keeps its memory from one version to the
// next.
type list struct {
	least int  // FragDuration in seconds: the least target duration
	ended bool // the publish is over, and the list says so

	playlist hls.Playlist
	text     []byte
}

// render returns the text for a position, valid until the next call. It raises the
// target duration to hold each segment; that never falls (RFC 8216 §6.2.1).
func (l *list) render(pos *store.Position) []byte {
	p := &l.playlist
	p.Sequence, p.DiscontinuitySequence, p.Ended = pos.Sequence, pos.DiscontinuitySequence, l.ended
	p.TargetDuration = max(pos.TargetDuration, l.least)
	p.Segments = p.Segments[:0]
	for _, seg := range pos.Window {
		p.Segments = append(p.Segments, hls.Segment{URI: seg.Name, Duration: seg.Duration, Discontinuity: seg.Discontinuity})
		p.TargetDuration = max(p.TargetDuration, hls.TargetDuration(seg.Duration))
	}
	pos.TargetDuration = p.TargetDuration
	l.text = p.AppendText(l.text[:0])
	return l.text
}
