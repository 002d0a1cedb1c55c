// Package segmenter turns the tags of an FLV stream, H.264 or HEVC and AAC, into
// MPEG-TS segments as HTTP Live Streaming wants them.
//
// A [Segmenter] is given tags with WriteTag and writes to a [Sink]: it opens a
// writer for each segment, fills it while frames come in, and finishes it with
// its [Segment]. What happens to a tag:
//
//	flv.Tag → frame (access unit or AAC frame, decoding time) → place on the
//	timeline → cut? → mpegts.Writer → the sink's writer
//
// Start. Nothing is written before the first keyframe whose parameter sets are
// known; a stream without one for as long as a segment may last is ended. If the other track has not shown up by then, frames are kept for a
// moment, since a segment has to say which streams it holds.
//
// Cut. A segment ends before the first keyframe at which it is FragDuration
// long; if there is none within twice that time, at least 60 s, before any
// frame (PutLiveChannel API page, FragDuration). So it does at its size limit, and
// when twice that time has passed by the real clock: the times of some senders
// stand still. Every segment starts with all that a decoder needs.
//
// Time. Output time starts at 0 with the first picture and never goes back. A
// jump of the sender's clock, back by more than a second or forward by more than
// 10 s, becomes a discontinuity: output time goes on without a gap, with the next
// keyframe, and the audio with it.
//
// # What a stream costs
//
// A tag goes through all of it at once, in the goroutine of its connection, and
// nothing is allocated or kept: NAL units are found in the message, start codes and
// packet headers written between their bytes, all straight into the piece of 32 or
// 64 KiB that the sink is given when it is full ([mpegts.Writer]). Only what waits
// for the start, and up to 150 ms of AAC for one packet, is copied. Pieces are lent:
// a stream has one while it has bytes in it. A look at the real clock costs as much as
// the rest of what decides on a cut, so it is looked at each 64 frames, and rates are
// measured once a second.
//
// Sources: ISO/IEC 14496-15 §5.3 and §8.3 (sequence headers), ISO/IEC 14496-3
// (AAC), ITU-T H.264 and H.265, RFC 8216 §3.2.
package segmenter
