package mpegts

import "encoding/binary"

// stream ids of PES packets
const (
	idVideo = 0xe0
	idAudio = 0xc0
)

const (
	pesStart   = 9 // up to PES_header_data_length
	stampSize  = 5
	maxPESSize = pesStart + 2*stampSize
)

// Video starts a picture of size bytes, an access unit in Annex B form. DTS
// must rise from picture to picture, and PTS be at least DTS. Decoding can
// start at a random picture.
func (w *Writer) Video(pts, dts Ticks, random bool, size int) {
	w.silent = false
	if w.ticking {
		t := w.pace(dts)
		w.tick(t)
		// The clock may be ahead after audio kept it going alone; it never goes back.
		w.clock = max(w.clock, t)
	} else {
		w.clock, w.ticking = dts, true
		w.heard = dts // as if: audio is about to come
	}
	flags := byte(flagPCR)
	if random {
		flags |= flagRandomAccess
	}
	w.start(pidVideo, idVideo, flags, pts, dts, size)
}

// pace is how far the clock may go at dts.
func (w *Writer) pace(dts Ticks) Ticks {
	if late := dts - w.heard; w.program.Audio && lateAudio < late && late < lostAudio {
		return w.heard + lateAudio
	}
	return dts
}

// Audio starts one or more ADTS frames of size bytes together, fewer than 65,528: the
// length field of a PES packet has 16 bits. PTS is that of the first.
func (w *Writer) Audio(pts Ticks, size int) {
	var flags byte
	switch {
	case !w.program.Video:
		if w.ticking {
			w.tick(pts)
		}
		w.clock, w.ticking = max(w.clock, pts), true
		flags = flagPCR | flagRandomAccess
	case w.silent:
		// The video has stalled: somebody has to keep the clock going.
		w.tick(pts)
	}
	w.heard = pts
	w.start(pidAudio, idAudio, flags, pts, pts, size)
}

// start writes the PES header and what of the adaptation field goes with it.
func (w *Writer) start(pid uint16, id, flags byte, pts, dts Ticks, size int) {
	var h [maxPESSize]byte
	n := putPES(&h, id, pts, dts, size)

	w.pid, w.left = pid, n+size
	i := counterOf(pid)
	if w.breaks[i-countVideo] {
		flags |= flagDiscontinuity
		w.breaks[i-countVideo] = false
	}
	field := 0
	if flags&flagPCR != 0 {
		field = 8
	} else if flags != 0 {
		field = 2
	}
	field = max(field, payloadSize-w.left)

	p := w.packet()
	control := byte(payloadOnly)
	if field > 0 {
		control = bothFields
		putAdaptation(p[headerSize:], field, flags, w.clock)
	}
	putHeader(p, pid, 0x40, control|w.count(i))
	w.room = p[headerSize+field:]
	w.Append(h[:n])
}

// putPES writes the header of a PES packet, ISO/IEC 13818-1 §2.4.3.6, and
// returns its size. Video has no length: a picture may exceed 16 bits, and the
// start of the next one ends it.
func putPES(h *[maxPESSize]byte, id byte, pts, dts Ticks, size int) int {
	n := pesStart + stampSize
	stamps := byte(0x80)
	if dts == pts {
		putStamp(h[pesStart:], 2, pts)
	} else {
		n += stampSize
		stamps = 0xc0
		putStamp(h[pesStart:], 3, pts)
		putStamp(h[pesStart+stampSize:], 1, dts)
	}
	h[2], h[3] = 1, id
	if id == idAudio {
		binary.BigEndian.PutUint16(h[4:], uint16(n-6+size))
	}
	h[6] = 0x80
	h[7] = stamps
	h[8] = byte(n - pesStart)
	return n
}

// Append supplies the next bytes of the frame.
func (w *Writer) Append(b []byte) {
	for len(b) > 0 {
		if len(w.room) == 0 {
			b = w.whole(b)
			if len(b) == 0 {
				return
			}
			w.next()
		}
		n := copy(w.room, b)
		w.room, b = w.room[n:], b[n:]
		w.left -= n
	}
}

// whole writes as many packets as b fills, which is nearly all of a large frame.
func (w *Writer) whole(b []byte) []byte {
	i := counterOf(w.pid)
	cc := w.counters[i]
	for len(b) >= payloadSize {
		p := w.packet()
		putHeader(p, w.pid, 0, payloadOnly|cc&0x0f)
		*(*[payloadSize]byte)(p[headerSize:]) = [payloadSize]byte(b)
		b = b[payloadSize:]
		w.left -= payloadSize
		cc++
	}
	w.counters[i] = cc & 0x0f
	return b
}
