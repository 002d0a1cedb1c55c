package integration

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/asticode/go-astits"
)

// tsSegment is one segment as a player got it, with what the playlist said of it.
type tsSegment struct {
	entry
	Data []byte
}

// tsChecker reads consecutive segments by ISO/IEC 13818-1 and RFC 8216, packet
// by packet, and notes every broken rule. It shares no code with the server;
// what the packets hold is compared with go-astits' reading of them.
type tsChecker struct {
	inter bool // segments may start without a keyframe: the encoder sends none

	findings []string
	frames   int           // video access units, or PES packets of audio where there is no video
	maxPCR   time.Duration // widest distance of two PCRs
	wraps    int           // of the 33-bit clock

	segment  string
	last     *tsSpan           // the segment before
	resumed  map[uint16]bool   // PIDs met since a discontinuity; nil in a segment that continues the one before
	counters map[uint16]uint8  // last continuity counter of each PID, over segments
	clocks   map[uint16]int64  // last DTS of each PID within a continuous run
	open     map[uint16]*tsPES // PES packets not yet complete
	pcr      int64             // 27 MHz; -1: none in this run
	pmtPID   uint16
	videoPID uint16
	audioPID uint16
	hevc     bool // what the video is coded in, else H.264
}

type tsPES struct {
	pid      uint16
	pts, dts int64 // 90 kHz
	length   int   // PES_packet_length
	random   bool  // random_access_indicator
	payload  []byte
}

const (
	tsPacket  = 188
	maxPCRGap = 100 * time.Millisecond
	wrap33    = 1 << 33
)

// checkTS returns what is wrong with the segments, in order; nothing when all is well.
func checkTS(segments []tsSegment) *tsChecker {
	c := &tsChecker{}
	c.check(segments)
	return c
}

func (c *tsChecker) check(segments []tsSegment) {
	for _, s := range segments {
		c.next(s)
	}
	c.end()
}

// tsSpan is a segment's time by its frames, in 90 kHz on the 33-bit clock.
type tsSpan struct {
	entry
	first, end int64 // first DTS, last DTS and one frame more
	one        int64 // a frame
}

// next checks the segment that follows. Its duration is looked at with the one after.
func (c *tsChecker) next(s tsSegment) {
	if c.counters == nil {
		c.counters, c.clocks, c.open, c.pcr = map[uint16]uint8{}, map[uint16]int64{}, map[uint16]*tsPES{}, -1
	}
	c.segment = s.URI
	c.resumed = nil
	if s.Discontinuity {
		c.resumed, c.clocks, c.pcr = map[uint16]bool{}, map[uint16]int64{}, -1
	}
	video := c.read(s.Data)
	if len(video) == 0 {
		c.note("no frame")
		c.end()
		return
	}
	c.frames += len(video)
	c.compare(s.Data, video)
	n := len(video) - 1
	span := &tsSpan{s.entry, video[0].dts, 0, 3600}
	if n > 0 {
		span.one = after(video[n].dts, span.first) / int64(n)
	}
	span.end = video[n].dts + span.one
	if c.last != nil && !s.Discontinuity {
		c.last.end = span.first
	}
	c.end()
	c.last = span
}

// end checks the duration of the last segment.
func (c *tsChecker) end() {
	if s := c.last; s != nil {
		media, one := ticks(after(s.end, s.first)), ticks(s.one)
		if d := s.Duration - media; d < -one-time.Millisecond || d > one+time.Millisecond {
			c.segment = s.URI
			c.note("EXTINF %v, media %v: further apart than a frame (%v)", s.Duration, media, one)
		}
	}
	c.last = nil
}

func ticks(n int64) time.Duration { return time.Duration(n) * time.Second / 90000 }

func (c *tsChecker) note(format string, args ...any) {
	c.findings = append(c.findings, c.segment+": "+fmt.Sprintf(format, args...))
}

// leader is the track that segments start with.
func (c *tsChecker) leader() uint16 {
	if c.videoPID == 0 {
		return c.audioPID
	}
	return c.videoPID
}

// read walks one segment and returns its video access units, or its audio where
// there is no video.
func (c *tsChecker) read(data []byte) (video []*tsPES) {
	if len(data) == 0 || len(data)%tsPacket != 0 {
		c.note("%d bytes: not whole packets", len(data))
	}
	for n := 0; (n+1)*tsPacket <= len(data); n++ {
		p := data[n*tsPacket : (n+1)*tsPacket]
		if p[0] != 0x47 {
			c.note("packet %d: sync byte %#x", n, p[0])
			return video
		}
		pid := uint16(p[1]&0x1f)<<8 | uint16(p[2])
		starts := p[1]&0x40 != 0
		c.order(n, pid, starts, p)
		payload, random := c.adaptation(n, pid, p)
		if payload == nil {
			continue
		}
		switch {
		case pid == 0 || (c.pmtPID != 0 && pid == c.pmtPID):
			if starts {
				c.section(n, pid, payload)
			}
		case starts:
			if done := c.finish(pid); done != nil {
				video = append(video, done)
			}
			c.begin(n, pid, payload, random)
		case c.open[pid] == nil:
			c.note("packet %d: PID %#x goes on with a PES that did not start in this segment", n, pid)
		default:
			c.open[pid].payload = append(c.open[pid].payload, payload...)
		}
	}
	for _, pid := range []uint16{c.videoPID, c.audioPID} {
		if done := c.finish(pid); done != nil {
			video = append(video, done)
		}
	}
	return video
}

// order checks what a player that joins here needs: PAT, PMT, then a video
// frame, with the clock and random access marked.
func (c *tsChecker) order(n int, pid uint16, starts bool, p []byte) {
	switch n {
	case 0:
		if pid != 0 || !starts {
			c.note("first packet: PID %#x, want the PAT", pid)
		}
	case 1:
		if pid != c.pmtPID || pid == 0 || !starts {
			c.note("second packet: PID %#x, want the PMT", pid)
		}
	case 2:
		marks := byte(0x50)
		if c.inter {
			marks = 0x10
		}
		if pid != c.leader() || !starts {
			c.note("third packet: PID %#x, want the start of PID %#x", pid, c.leader())
		} else if p[3]&0x20 == 0 || p[4] == 0 || p[5]&marks != marks {
			c.note("first media packet: no random_access_indicator with PCR")
		}
	}
}

// adaptation checks the counter and the PCR of a packet, and returns its payload.
func (c *tsChecker) adaptation(n int, pid uint16, p []byte) (payload []byte, random bool) {
	control, counter := p[3]>>4&3, p[3]&0xf
	jump := false
	payload = p[4:]
	if control&2 != 0 {
		length := int(p[4])
		if length > 183 {
			c.note("packet %d: adaptation field of %d bytes", n, length)
			return nil, false
		}
		payload = p[5+length:]
		if length > 0 {
			jump, random = p[5]&0x80 != 0, p[5]&0x40 != 0
			if p[5]&0x10 != 0 {
				c.clock(n, p[6:12])
			}
		}
	}
	if control&1 == 0 {
		return nil, random
	}
	// A new stream's counters may start anywhere: those of media say so, tables have no field to say it in.
	mayJump := c.resumed != nil && !c.resumed[pid] && (jump || pid == 0 || pid == c.pmtPID)
	if c.resumed != nil {
		c.resumed[pid] = true
	}
	if last, ok := c.counters[pid]; ok && counter != (last+1)&0xf && !mayJump {
		c.note("packet %d: PID %#x: continuity counter %d after %d", n, pid, counter, last)
	}
	c.counters[pid] = counter
	return payload, random
}

func (c *tsChecker) clock(n int, b []byte) {
	base := int64(b[0])<<25 | int64(b[1])<<17 | int64(b[2])<<9 | int64(b[3])<<1 | int64(b[4])>>7
	pcr := base*300 + int64(b[4]&1)<<8 + int64(b[5])
	if c.pcr >= 0 {
		gap := time.Duration(pcr-c.pcr) * 1000 / 27
		if pcr < c.pcr-wrap33*300/2 {
			c.wraps++
			gap += wrap33 * 300 / 27 * 1000
		}
		if gap < 0 || gap > maxPCRGap {
			c.note("packet %d: PCR %v after the one before", n, gap)
		}
		c.maxPCR = max(c.maxPCR, gap)
	}
	c.pcr = pcr
}

// section reads a PAT or PMT that fits one packet.
func (c *tsChecker) section(n int, pid uint16, b []byte) {
	if int(b[0])+4 > len(b) {
		c.note("packet %d: pointer_field %d", n, b[0])
		return
	}
	b = b[1+int(b[0]):]
	length := 3 + int(b[1]&0xf)<<8 + int(b[2])
	if length < 16 || length > len(b) {
		c.note("packet %d: section of %d bytes", n, length)
		return
	}
	b = b[:length]
	if crc32MPEG(b) != 0 {
		c.note("packet %d: CRC of the section is wrong", n)
	}
	if pid == 0 {
		c.pmtPID = uint16(b[10]&0x1f)<<8 | uint16(b[11])
		return
	}
	c.videoPID, c.audioPID = 0, 0
	for es := b[12+int(b[10]&0xf)<<8+int(b[11]) : len(b)-4]; len(es) >= 5; {
		pid := uint16(es[1]&0x1f)<<8 | uint16(es[2])
		switch es[0] {
		case 0x1b, 0x24:
			c.videoPID, c.hevc = pid, es[0] == 0x24
		case 0x0f:
			c.audioPID = pid
		default:
			c.note("packet %d: stream type %#x", n, es[0])
		}
		es = es[min(len(es), 5+int(es[3]&0xf)<<8+int(es[4])):]
	}
}

// crc32MPEG is CRC-32/MPEG-2; over a section with its own CRC it is 0.
func crc32MPEG(b []byte) uint32 {
	crc := uint32(math.MaxUint32)
	for _, v := range b {
		crc ^= uint32(v) << 24
		for range 8 {
			carry := crc >> 31
			crc = crc<<1 ^ carry*0x04c11db7
		}
	}
	return crc
}

// begin reads a PES header and checks its times against the clocks.
func (c *tsChecker) begin(n int, pid uint16, b []byte, random bool) {
	if len(b) < 14 || !bytes.Equal(b[:3], []byte{0, 0, 1}) || 9+int(b[8]) > len(b) || b[7]&0x80 == 0 {
		c.note("packet %d: PID %#x: not a PES header with a PTS", n, pid)
		return
	}
	pes := &tsPES{pid: pid, length: int(b[4])<<8 | int(b[5]), random: random, pts: timestamp(b[9:])}
	pes.dts = pes.pts
	if b[7]&0x40 != 0 {
		pes.dts = timestamp(b[14:])
	}
	pes.payload = append(pes.payload, b[9+int(b[8]):]...)
	if pes.length > 0 {
		pes.length -= 3 + int(b[8]) // of the payload
	}
	if after(pes.dts, pes.pts) > 0 {
		c.note("packet %d: PID %#x: DTS %d after PTS %d", n, pid, pes.dts, pes.pts)
	}
	if last, ok := c.clocks[pid]; ok && after(pes.dts, last) <= 0 {
		c.note("packet %d: PID %#x: DTS %d not above %d", n, pid, pes.dts, last)
	}
	if c.pcr >= 0 && after(c.pcr/300, pes.dts) > 0 {
		c.note("packet %d: PID %#x: PCR %d above DTS %d", n, pid, c.pcr/300, pes.dts)
	}
	c.clocks[pid] = pes.dts
	c.open[pid] = pes
}

func timestamp(b []byte) int64 {
	return int64(b[0]>>1&7)<<30 | int64(b[1])<<22 | int64(b[2]>>1)<<15 | int64(b[3])<<7 | int64(b[4]>>1)
}

// after is a-b on the 33-bit clock.
func after(a, b int64) int64 { return (a - b) << 31 >> 31 }

// finish checks the PES that ends and returns it when it is video.
func (c *tsChecker) finish(pid uint16) *tsPES {
	pes := c.open[pid]
	delete(c.open, pid)
	switch {
	case pes == nil:
		return nil
	case pes.length > 0 && pes.length != len(pes.payload):
		c.note("PID %#x at %d: PES of %d bytes says %d", pid, pes.pts, len(pes.payload), pes.length)
	}
	if pid == c.videoPID {
		c.accessUnit(pes)
		return pes
	}
	if b := pes.payload; len(b) < 7 || b[0] != 0xff || b[1]&0xf6 != 0xf0 {
		c.note("PID %#x at %d: audio does not start with an ADTS header", pid, pes.pts)
	}
	if pid == c.leader() {
		return pes
	}
	return nil
}

// accessUnit checks the order of NAL units: one delimiter, first; parameter
// sets in front of every IDR picture.
func (c *tsChecker) accessUnit(pes *tsPES) {
	if c.hevc {
		c.accessUnitHEVC(pes)
		return
	}
	var kinds []byte
	sets := map[string]bool{}
	for _, nalu := range bytes.Split(pes.payload, []byte{0, 0, 1})[1:] {
		if len(nalu) == 0 {
			continue
		}
		kind := nalu[0] & 0x1f
		kinds = append(kinds, kind)
		if set := string(bytes.TrimRight(nalu, "\x00")); kind == 7 || kind == 8 {
			if sets[set] {
				c.note("video at %d: NAL units %v: the same parameter set twice", pes.pts, kinds)
			}
			sets[set] = true
		}
	}
	if len(kinds) == 0 || kinds[0] != 9 || bytes.Count(kinds, []byte{9}) != 1 {
		c.note("video at %d: NAL units %v: want one delimiter (9), first", pes.pts, kinds)
	}
	idr, sps, pps := bytes.IndexByte(kinds, 5), bytes.IndexByte(kinds, 7), bytes.IndexByte(kinds, 8)
	if idr >= 0 && (sps < 0 || pps < 0 || sps > idr || pps > idr) {
		c.note("video at %d: NAL units %v: want SPS (7) and PPS (8) before the IDR picture (5)", pes.pts, kinds)
	}
	if idr >= 0 && !pes.random {
		c.note("video at %d: an IDR picture without random_access_indicator", pes.pts)
	}
}

// accessUnitHEVC is the same for H.265: table 7-1, random access points are 16 to 21.
func (c *tsChecker) accessUnitHEVC(pes *tsPES) {
	var kinds []byte
	for _, nalu := range bytes.Split(pes.payload, []byte{0, 0, 1})[1:] {
		if len(nalu) > 0 {
			kinds = append(kinds, nalu[0]>>1&0x3f)
		}
	}
	if len(kinds) == 0 || kinds[0] != 35 || bytes.Count(kinds, []byte{35}) != 1 {
		c.note("video at %d: NAL units %v: want one delimiter (35), first", pes.pts, kinds)
	}
	random := bytes.IndexFunc(kinds, func(kind rune) bool { return 16 <= kind && kind <= 21 })
	for _, set := range []byte{32, 33, 34} {
		if at := bytes.IndexByte(kinds, set); random >= 0 && (at < 0 || at > random || bytes.Count(kinds, []byte{set}) != 1) {
			c.note("video at %d: NAL units %v: want VPS (32), SPS (33) and PPS (34) once before the random access point", pes.pts, kinds)
		}
	}
	if random >= 0 && !pes.random {
		c.note("video at %d: a random access point without random_access_indicator", pes.pts)
	}
}

// compare lets go-astits read the segment alone and expects the same frames.
func (c *tsChecker) compare(data []byte, video []*tsPES) {
	demuxer := astits.NewDemuxer(context.Background(), bytes.NewReader(data), astits.DemuxerOptPacketSize(tsPacket))
	var got []int64
	for {
		d, err := demuxer.NextData()
		if errors.Is(err, astits.ErrNoMorePackets) {
			break
		}
		if err != nil {
			c.note("go-astits: %v", err)
			return
		}
		if d.PES != nil && d.PID == c.leader() {
			got = append(got, d.PES.Header.OptionalHeader.PTS.Base)
		}
	}
	if len(got) != len(video) {
		c.note("go-astits reads %d frames, the walk %d", len(got), len(video))
		return
	}
	for i := range got {
		if got[i] != video[i].pts {
			c.note("frame %d: go-astits reads PTS %d, the walk %d", i, got[i], video[i].pts)
			return
		}
	}
}
