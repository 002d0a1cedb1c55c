// Package mpegts writes one program, H.264 or HEVC video and AAC audio, as an MPEG
// transport stream that is split into segments, one [io.Writer] each.
//
// A [Writer] packs frames as they come straight into 188-byte packets, without
// keeping or allocating anything per frame. Every segment starts with PAT and
// PMT and can be read on its own; continuity counters and the clock run on from
// one to the next.
//
// It owns the packets, their clock and the output time. It must not know where a segment
// ends or what is in a frame: package segmenter decides the one and parses the other.
//
// Source: ISO/IEC 13818-1.
package mpegts

import (
	"encoding/binary"
	"time"
)

// Ticks is a media time in units of 1/90000 s, counted from the start of the
// session. It is cut to the 33 bits of a time stamp only when it is written.
type Ticks int64

// Second is one second of media.
const Second Ticks = 90000

// Duration converts t, rounded down to whole nanoseconds.
func (t Ticks) Duration() time.Duration {
	return time.Duration(t/Second)*time.Second + time.Duration(t%Second)*time.Second/time.Duration(Second)
}

const (
	// origin is the time stamp of Ticks 0: 1.4 s, so that the clock and audio
	// from slightly before the first picture stay positive.
	origin = Second * 14 / 10
	// pcrLead is how long before its decoding time a frame enters the decoder.
	pcrLead = Second * 7 / 10
	// pcrGap is the longest step of the clock we write. The limit is 100 ms,
	// ISO/IEC 13818-1 §2.7.2.
	pcrGap = Second * 9 / 100

	// The clock is that of the pictures, but waits for audio that is more than
	// lateAudio behind them, less than pcrLead. Audio that is lostAudio behind has
	// stopped, or has time stamps before the clock.
	lateAudio = Second / 2
	lostAudio = 2 * Second

	mask33 = 1<<33 - 1
)

// putStamp writes a PTS or DTS of 5 bytes, ISO/IEC 13818-1 §2.4.3.7. Prefix is
// 2 for a lone PTS, 3 for a PTS before a DTS, 1 for that DTS.
func putStamp(b []byte, prefix byte, t Ticks) {
	v := uint64(t+origin) & mask33
	b[0] = prefix<<4 | byte(v>>29)&0x0e | 1
	binary.BigEndian.PutUint16(b[1:], uint16(v>>14)|1)
	binary.BigEndian.PutUint16(b[3:], uint16(v<<1)|1)
}

// putPCR writes the 6 bytes of the clock for data that is decoded at t,
// ISO/IEC 13818-1 §2.4.3.5. The 27 MHz extension is always 0.
func putPCR(b []byte, t Ticks) {
	v := uint64(t+origin-pcrLead) & mask33
	binary.BigEndian.PutUint32(b, uint32(v>>1))
	b[4] = byte(v<<7) | 0x7e
	b[5] = 0
}
