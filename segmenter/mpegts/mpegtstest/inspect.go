// Package mpegtstest reads MPEG-TS segments and checks what players, analysers and
// standards ask of them.
//
// It owns the checker. It must not know the writer: it shares no code with package mpegts.
//
// Source: ISO/IEC 13818-1; ITU-T H.264 and H.265, annex B; ISO/IEC 13818-7 §6.2 (ADTS).
package mpegtstest

import (
	"errors"
	"fmt"
	"testing"
)

// Report holds what was found in each segment.
type Report struct {
	Segments []Segment
}

// Segment is what a report says of one segment. Times are in units of 1/90000
// s, unwrapped over all segments of the report.
type Segment struct {
	// FirstDTS is of the first PES packet: of a picture, unless the segment
	// starts with audio.
	FirstDTS int64
	// LastDTS is of the last picture, or audio if there are no pictures.
	LastDTS       int64
	Pictures      int
	AudioFrames   int
	Keyframe      bool // the first picture is a random access point
	Discontinuity bool // the first clock says that the stream breaks here
	VideoFirst    bool // a picture follows the tables, nothing before it
	HasVideo      bool // as the program map says
	HasAudio      bool
	HEVC          bool  // the video is HEVC, not H.264
	FirstAudio    int64 // PTS of the first audio
	AudioLead     int64 // the most that audio was ahead of the pictures before it
	Version       int   // of the program map
}

// Check fails t for everything that Inspect finds wrong.
func Check(t testing.TB, segments ...[]byte) Report {
	t.Helper()
	report, err := Inspect(segments...)
	if err != nil {
		t.Errorf("MPEG-TS:\n%v", err)
	}
	return report
}

// maxErrors is how many faults are reported; one often brings many others.
const maxErrors = 20

// Inspect reads consecutive segments of one session. The error joins the faults
// found, each with the place; the report is as complete as they allow.
func Inspect(segments ...[]byte) (Report, error) { return inspect(false, segments) }

// InspectTransport does the same but leaves access units alone: an encoder whose
// NAL units hold start codes has spoilt them itself.
func InspectTransport(segments ...[]byte) (Report, error) { return inspect(true, segments) }

func inspect(opaque bool, segments [][]byte) (Report, error) {
	r := reader{opaque: opaque, counters: map[int]int{}, lastPTS: -1}
	for i, b := range segments {
		r.segment, r.packet = i, 0
		r.readSegment(b)
	}
	return r.report, errors.Join(r.errs...)
}

const (
	packetSize = 188
	second     = 90000
	maxPCRGap  = second / 10
)

// reader is what runs on over packets and segments.
type reader struct {
	opaque   bool // access units are
	report   Report
	errs     []error
	segment  int
	packet   int
	counters map[int]int // last continuity counter of each PID

	pcr      int64 // last clock, unwrapped
	hasPCR   bool
	dts      int64 // of the last picture, unwrapped
	hasDTS   bool
	lastPTS  int64 // of the last audio, unwrapped
	hasAudio bool

	// this segment
	cur         Segment
	ticked      bool // a clock was read
	firstPacket int  // where the first PES packet starts; 0 before
	pcrPID      int
	videoPID    int
	audioPID    int
	units       map[int]*unit
}

// unit is a PES packet being collected.
type unit struct {
	data   []byte
	packet int // where it starts
	random bool
	pcr    bool
	clock  int64 // when it started
}

func (r *reader) fault(format string, args ...any) {
	if len(r.errs) < maxErrors {
		r.errs = append(r.errs, fmt.Errorf("segment %d, packet %d: %s", r.segment, r.packet, fmt.Sprintf(format, args...)))
	}
}

func (r *reader) readSegment(b []byte) {
	r.cur, r.units, r.ticked, r.firstPacket = Segment{}, map[int]*unit{}, false, 0
	r.pcrPID, r.videoPID, r.audioPID = -1, -1, -1
	if len(b) == 0 || len(b)%packetSize != 0 {
		r.fault("size %d is no multiple of %d", len(b), packetSize)
	}
	for ; len(b) >= packetSize; b = b[packetSize:] {
		r.readPacket(b[:packetSize])
		r.packet++
	}
	for pid := range r.units {
		r.finish(pid)
	}
	if r.cur.Pictures == 0 && r.cur.AudioFrames == 0 {
		r.fault("no picture and no audio")
	}
	r.report.Segments = append(r.report.Segments, r.cur)
}

func (r *reader) readPacket(p []byte) {
	if p[0] != 0x47 {
		r.fault("no sync byte")
		return
	}
	if p[1]&0xa0 != 0 || p[3]&0xc0 != 0 {
		r.fault("error, priority or scrambling bits set")
	}
	pid := int(p[1]&0x1f)<<8 | int(p[2])
	start := p[1]&0x40 != 0
	hasField, hasPayload := p[3]&0x20 != 0, p[3]&0x10 != 0
	switch {
	case r.packet == 0 && (pid != 0 || !start):
		r.fault("PID %#x first, want the PAT", pid)
	case r.packet == 1 && (pid != 0x1000 || !start):
		r.fault("PID %#x second, want the PMT", pid)
	case r.packet > 1 && pid != r.videoPID && pid != r.audioPID && pid != 0 && pid != 0x1000:
		r.fault("PID %#x is not in the PMT", pid)
	}

	payload := p[4:]
	var flags byte
	if hasField {
		size := int(p[4])
		if size > 183 || size == 183 && hasPayload || size != 183 && !hasPayload {
			r.fault("adaptation field of %d bytes", size)
			return
		}
		field := p[5 : 5+size]
		payload = p[5+size:]
		if size > 0 {
			flags = field[0]
			r.readField(pid, field)
		}
	}
	if hasPayload != (len(payload) > 0) {
		r.fault("payload of %d bytes", len(payload))
		return
	}
	r.count(pid, int(p[3]&0x0f), hasPayload)

	switch {
	case !hasPayload:
	case pid == 0 || pid == 0x1000:
		r.readSection(pid, payload)
	default:
		if start {
			r.finish(pid)
			r.units[pid] = &unit{
				packet: r.packet,
				random: flags&0x40 != 0, pcr: flags&0x10 != 0,
				clock: r.pcr,
			}
			if r.packet == 2 {
				r.cur.VideoFirst = pid == r.videoPID
			}
		}
		u := r.units[pid]
		if u == nil {
			r.fault("PID %#x goes on without a start", pid)
			return
		}
		u.data = append(u.data, payload...)
	}
}

// count checks a continuity counter, ISO/IEC 13818-1 §2.4.3.3. Even at a
// discontinuity our counters go on.
func (r *reader) count(pid, cc int, payload bool) {
	last, seen := r.counters[pid]
	switch {
	case !seen:
	case payload && cc != (last+1)&15:
		r.fault("PID %#x: continuity counter %d after %d", pid, cc, last)
	case !payload && cc != last:
		r.fault("PID %#x: continuity counter %d after %d without payload", pid, cc, last)
	}
	r.counters[pid] = cc
}

// readField checks stuffing and clock of an adaptation field.
func (r *reader) readField(pid int, f []byte) {
	flags := f[0]
	if flags&0x2f != 0 {
		r.fault("adaptation field has flags %#02x", flags)
	}
	rest := f[1:]
	if flags&0x10 != 0 {
		if len(rest) < 6 {
			r.fault("PCR is cut")
			return
		}
		base := int64(rest[0])<<25 | int64(rest[1])<<17 | int64(rest[2])<<9 | int64(rest[3])<<1 | int64(rest[4]>>7)
		if rest[4]&0x7e != 0x7e || rest[4]&1 != 0 || rest[5] != 0 {
			r.fault("PCR has extension or reserved bits %02x %02x", rest[4], rest[5])
		}
		if pid != r.pcrPID {
			r.fault("PCR on PID %#x, the PMT names %#x", pid, r.pcrPID)
		}
		if !r.ticked {
			r.cur.Discontinuity = flags&0x80 != 0
			r.ticked = true
		}
		r.clock(base, flags&0x80 != 0)
		rest = rest[6:]
	}
	for _, c := range rest {
		if c != 0xff {
			r.fault("stuffing byte %#02x", c)
			return
		}
	}
}

func (r *reader) clock(base int64, discontinuity bool) {
	pcr := unwrap(base, r.pcr, r.hasPCR)
	if r.hasPCR && !discontinuity {
		if d := pcr - r.pcr; d < 0 || d > maxPCRGap {
			r.fault("PCR steps by %d ms", d/90)
		}
	}
	r.pcr, r.hasPCR = pcr, true
}

// unwrap continues a value of 33 bits from the last one.
func unwrap(v, last int64, hasLast bool) int64 {
	if !hasLast {
		return v
	}
	d := (v - last) & (1<<33 - 1)
	if d >= 1<<32 {
		d -= 1 << 33
	}
	return last + d
}
