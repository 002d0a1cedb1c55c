// Package segmenter turns the tags of an FLV stream, H.264 or HEVC and AAC, into MPEG-TS
// segments for HTTP Live Streaming.
//
// A [Segmenter] takes tags by WriteTag and writes to a [Sink]: it opens a writer for each
// segment, fills it while frames come in, and finishes it with its [Segment]. What happens
// to a tag:
//
//	flv.Tag → frame (access unit or AAC frame, decoding time) → place on the
//	timeline → cut? → mpegts.Writer → the sink's writer
//
// It owns the timeline, the cut and the codecs. It must not know RTMP, names of segments,
// playlists or the wall clock: real time comes in as Config.Elapsed.
//
// Start. Nothing is written before the first keyframe whose parameter sets are known. A
// segment says which tracks it has, so if the other track has not come by then, frames
// wait for it for a moment. A stream without a keyframe for as long as a segment may last
// is ended.
//
// Cut. cut.go has every reason for the end of a segment. The usual one: a segment ends
// before the first keyframe at which it is FragDuration long (PutLiveChannel API page). If
// none comes within twice that time, at least 60 s, it ends before any frame; so it does
// at its size limit, and when it has been open for twice that time by the real clock,
// since the times of some senders stand still. Every segment starts with all that a
// decoder needs.
//
// Time. Output time starts at 0 with the first picture and never goes back. A jump of the
// sender's clock, back by more than a second or forward by more than 10 s, becomes a
// discontinuity: output time goes on without a gap, with the next keyframe, and the audio
// with it.
//
// # What a stream costs
//
// The goroutine of the connection takes a tag through all of this at once and allocates
// nothing: it finds the NAL units in the message and writes start codes and packet headers
// between their bytes, into a piece of 32 or 64 KiB that the sink gets when it is full
// ([mpegts.Writer]). Only frames that wait for the start, and up to 150 ms of AAC for one
// packet, are copied. A stream borrows a piece from a pool while it has bytes in it. The
// real clock is read each 64 frames, because that costs as much as the rest of what
// decides on a cut, and rates are measured once a second.
//
// Sources: ISO/IEC 14496-15 §5.3 and §8.3 (sequence headers), ISO/IEC 14496-3 (AAC),
// ITU-T H.264 and H.265, RFC 8216 §3.2.
package segmenter
