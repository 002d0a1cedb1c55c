// Package hls writes HTTP Live Streaming media playlists: live ones, and recorded ones of
// any length, piece by piece.
//
// It owns the text: the tags of protocol version 3, which is what the MPEG-TS segments of
// a live channel need and every player knows, their order, and how names are escaped. It
// must not know where segments come from or when a list changes: a live list slides in
// package store.
//
// Source: RFC 8216.
package hls

import (
	"slices"
	"strconv"
	"time"
)

// Segment is one entry of a playlist.
type Segment struct {
	// URI is the segment's name relative to the playlist, not escaped and not
	// empty. It is percent-encoded when written.
	URI string
	// Duration is written in whole milliseconds, never less than one.
	Duration time.Duration
	// Discontinuity says that the timestamps or the encoding do not continue those
	// of the segment before.
	Discontinuity bool
}

// Playlist is a media playlist.
type Playlist struct {
	// Sequence is the media sequence number of Segments[0]. It must never fall
	// over the life of a playlist.
	Sequence uint64
	// DiscontinuitySequence counts the discontinuities before Segments[0].
	DiscontinuitySequence uint64
	// TargetDuration is in seconds. No segment's duration, rounded by
	// [TargetDuration], may exceed it, and it should not change while clients
	// read the playlist. RFC 8216 §4.3.3.1.
	TargetDuration int
	Segments       []Segment
	// Ended says that no segment will follow.
	Ended bool
}

// TargetDuration is the smallest target duration, in seconds, of a playlist
// that lists a segment of d: d rounded to the nearest second, at least one.
// RFC 8216 §4.3.3.1.
func TargetDuration(d time.Duration) int {
	return int(max(1, (millis(d)+500)/1000))
}

// AppendText appends the playlist's text to b.
func (p *Playlist) AppendText(b []byte) []byte {
	b = p.AppendHeader(b)
	for i := range p.Segments {
		b = p.Segments[i].AppendText(b)
	}
	if p.Ended {
		b = AppendEnd(b)
	}
	return b
}

// AppendHeader appends the tags before the first segment; it ignores Segments. With
// [Segment.AppendText] and [AppendEnd] it writes a list of any length piece by piece.
func (p *Playlist) AppendHeader(b []byte) []byte {
	b = append(b, "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-MEDIA-SEQUENCE:"...)
	b = strconv.AppendUint(b, p.Sequence, 10)
	if p.DiscontinuitySequence > 0 {
		b = append(b, "\n#EXT-X-DISCONTINUITY-SEQUENCE:"...)
		b = strconv.AppendUint(b, p.DiscontinuitySequence, 10)
	}
	b = append(b, "\n#EXT-X-TARGETDURATION:"...)
	b = strconv.AppendInt(b, int64(max(1, p.TargetDuration)), 10)
	return append(b, '\n')
}

// AppendText appends the segment's lines to b.
func (s *Segment) AppendText(b []byte) []byte {
	if s.Discontinuity {
		b = append(b, "#EXT-X-DISCONTINUITY\n"...)
	}
	ms := millis(s.Duration)
	b = append(b, "#EXTINF:"...)
	b = strconv.AppendInt(b, ms/1000, 10)
	b = append(b, '.', byte('0'+ms/100%10), byte('0'+ms/10%10), byte('0'+ms%10), ',', '\n')
	b = appendURI(b, s.URI)
	return append(b, '\n')
}

// AppendEnd appends the line that closes a playlist for good.
func AppendEnd(b []byte) []byte { return append(b, "#EXT-X-ENDLIST\n"...) }

// millis rounds to whole milliseconds, at least one: a segment of no length makes
// players divide by zero.
func millis(d time.Duration) int64 {
	return max(1, d.Round(time.Millisecond).Milliseconds())
}

// appendURI escapes everything but the unreserved characters of RFC 3986 §2.3
// and the slash, so that no name can start a tag, end a line or name a scheme.
func appendURI(b []byte, name string) []byte {
	const hex = "0123456789ABCDEF"
	b = slices.Grow(b, len(name))
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			c == '-', c == '.', c == '_', c == '~', c == '/':
			b = append(b, c)
		default:
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return b
}
