package segmenter

// bitReader reads from the highest bit of each byte. It remembers that it ran
// out of data or met a number that is too long; from then on it returns zeros.
type bitReader struct {
	b   []byte
	pos int // in bits
	bad bool
}

// left is the number of bits that are still to come.
func (r *bitReader) left() int { return len(r.b)*8 - r.pos }

// bits returns the next n bits, at most 32.
func (r *bitReader) bits(n int) (v uint32) {
	if r.bad || n > r.left() {
		r.bad = true
		return 0
	}
	for range n {
		v = v<<1 | uint32(r.b[r.pos>>3]>>(7-r.pos&7)&1)
		r.pos++
	}
	return v
}

func (r *bitReader) bit() bool { return r.bits(1) == 1 }

func (r *bitReader) skip(n int) {
	if n > r.left() {
		r.bad = true
		return
	}
	r.pos += n
}

// ue returns an unsigned Exp-Golomb number, ITU-T H.264 §9.1.
func (r *bitReader) ue() uint32 {
	zeros := 0
	for !r.bit() {
		zeros++
		if r.bad || zeros >= 32 {
			r.bad = true
			return 0
		}
	}
	return uint32(1)<<zeros - 1 + r.bits(zeros)
}

// se returns a signed Exp-Golomb number, ITU-T H.264 §9.1.1.
func (r *bitReader) se() int32 {
	v := r.ue()
	if v&1 == 1 {
		return int32(v>>1) + 1
	}
	return -int32(v >> 1)
}

// unescape returns the payload of a NAL unit without its emulation prevention
// bytes, ITU-T H.264 §7.3.1.
func unescape(nal []byte) []byte {
	out := make([]byte, 0, len(nal))
	zeros := 0
	for _, c := range nal {
		if zeros >= 2 && c == 3 {
			zeros = 0
			continue
		}
		if c == 0 {
			zeros++
		} else {
			zeros = 0
		}
		out = append(out, c)
	}
	return out
}

// startsWithStartCode reports whether b starts like a byte stream of
// ITU-T H.264 annex B, and the length of its start code.
func startsWithStartCode(b []byte) (int, bool) {
	zeros := 0
	for zeros < len(b) && b[zeros] == 0 {
		zeros++
	}
	return zeros + 1, zeros >= 2 && zeros < len(b) && b[zeros] == 1
}
