package mpegts

import "bytes"

// PacketSize is the size of a transport stream packet in bytes.
const PacketSize = 188

const (
	headerSize  = 4
	payloadSize = PacketSize - headerSize
	syncByte    = 0x47
)

// adaptation_field_control, with the continuity counter in the low bits
const (
	payloadOnly    = 0x10
	adaptationOnly = 0x20
	bothFields     = 0x30
)

// flags of the adaptation field, ISO/IEC 13818-1 §2.4.3.4
const (
	flagDiscontinuity = 0x80
	flagRandomAccess  = 0x40
	flagPCR           = 0x10
)

// indexes into Writer.counters
const (
	countPAT = iota
	countPMT
	countVideo
	countAudio
)

func counterOf(pid uint16) int {
	if pid == pidVideo {
		return countVideo
	}
	return countAudio
}

// count returns the continuity counter of the next packet with payload.
func (w *Writer) count(i int) byte {
	c := w.counters[i]
	w.counters[i] = (c + 1) & 0x0f
	return c
}

func putHeader(p *[PacketSize]byte, pid uint16, start, control byte) {
	p[0] = syncByte
	p[1] = start | byte(pid>>8)
	p[2] = byte(pid)
	p[3] = control
}

// putAdaptation writes a field of size bytes, its length included, and stuffs
// what it does not need. A field of one byte is the length alone.
func putAdaptation(b []byte, size int, flags byte, clock Ticks) {
	b[0] = byte(size - 1)
	if size == 1 {
		return
	}
	b[1] = flags
	used := 2
	if flags&flagPCR != 0 {
		putPCR(b[2:8], clock)
		used = 8
	}
	copy(b[used:size], stuffing[:])
}

// stuffing is what an adaptation field is filled up with.
var stuffing = [payloadSize]byte(bytes.Repeat([]byte{0xff}, payloadSize))

// next starts the following packet of the frame. Only the last one is stuffed:
// as much as the bytes left do not fill.
func (w *Writer) next() {
	p := w.packet()
	cc := w.count(counterOf(w.pid))
	if w.left >= payloadSize {
		putHeader(p, w.pid, 0, payloadOnly|cc)
		w.room = p[headerSize:]
		return
	}
	stuffing := payloadSize - w.left
	putHeader(p, w.pid, 0, bothFields|cc)
	putAdaptation(p[headerSize:], stuffing, 0, 0)
	w.room = p[headerSize+stuffing:]
}

// tick writes the clock, as often as it must be, until at most pcrGap before t.
// Packets without payload do not count.
func (w *Writer) tick(t Ticks) {
	pid := w.program.pcrPID()
	i := counterOf(pid)
	for !w.ticking || t-w.clock > pcrGap {
		flags := byte(flagPCR)
		if w.ticking {
			w.clock += pcrGap
		} else {
			w.clock, w.ticking = t, true
		}
		if w.breaks[i-countVideo] {
			flags |= flagDiscontinuity
			w.breaks[i-countVideo] = false
		}
		p := w.packet()
		putHeader(p, pid, 0, adaptationOnly|(w.counters[i]-1)&0x0f)
		putAdaptation(p[headerSize:], payloadSize, flags, w.clock)
	}
}
