package mpegtstest

// finish checks the PES packet that was collected for a PID.
func (r *reader) finish(pid int) {
	u := r.units[pid]
	if u == nil || u.data == nil {
		return
	}
	here := r.packet
	r.packet = u.packet
	defer func() { r.packet = here }()

	b := u.data
	u.data = nil
	if len(b) < 9 || b[0] != 0 || b[1] != 0 || b[2] != 1 || b[6]&0xf0 != 0x80 || len(b) < 9+int(b[8]) {
		r.fault("PID %#x: malformed PES header", pid)
		return
	}
	length, stamps, header := int(b[4])<<8|int(b[5]), b[7], b[9:9+int(b[8])]
	payload := b[9+int(b[8]):]
	var pts, dts int64
	var ok bool
	switch {
	case stamps == 0x80 && len(header) == 5:
		pts, ok = stamp(header, 2)
		dts = pts
	case stamps == 0xc0 && len(header) == 10:
		var okDTS bool
		pts, ok = stamp(header, 3)
		dts, okDTS = stamp(header[5:], 1)
		ok = ok && okDTS && pts != dts
	}
	if !ok {
		r.fault("PID %#x: malformed time stamps", pid)
		return
	}
	if pid == r.videoPID {
		if b[3] != 0xe0 || length != 0 {
			r.fault("video PES with stream id %#02x, length %d", b[3], length)
		}
		r.picture(u, pts, dts, payload)
		return
	}
	if b[3] != 0xc0 || length != len(b)-6 {
		r.fault("audio PES with stream id %#02x, length %d of %d", b[3], length, len(b)-6)
	}
	r.sound(u, pts, payload)
}

// stamp reads a PTS or DTS with its prefix and markers.
func stamp(b []byte, prefix byte) (int64, bool) {
	v := int64(b[0]>>1&7)<<30 | int64(b[1])<<22 | int64(b[2]>>1)<<15 | int64(b[3])<<7 | int64(b[4]>>1)
	return v, b[0]>>4 == prefix && b[0]&b[2]&b[4]&1 == 1
}

func (r *reader) picture(u *unit, pts, dts int64, payload []byte) {
	pts = dts + (pts-dts)&(1<<33-1) // as far ahead as it says
	wrapped := dts
	dts = unwrap(dts, r.dts, r.hasDTS)
	pts += dts - wrapped
	if pts-dts > 60*second {
		r.fault("PTS before DTS")
	}
	if r.hasDTS && dts <= r.dts {
		r.fault("DTS %d after %d", dts, r.dts)
	}
	if !u.pcr {
		r.fault("picture without PCR")
	}
	if unwrap(wrapped, u.clock, true) < u.clock {
		r.fault("DTS is before the clock")
	}
	r.dts, r.hasDTS = dts, true

	first := r.cur.Pictures == 0
	if first {
		r.cur.Keyframe = u.random
	}
	r.starts(u, dts)
	r.cur.Pictures++
	r.cur.LastDTS = dts
	if !r.opaque {
		r.accessUnit(payload, first, u.random)
	}
}

// starts keeps the time of the segment's first PES packet. They are not
// finished in the order in which they start.
func (r *reader) starts(u *unit, dts int64) {
	if r.firstPacket == 0 || u.packet < r.firstPacket {
		r.firstPacket, r.cur.FirstDTS = u.packet, dts
	}
}

// accessUnit checks that a picture has one delimiter, at its start, and, if a
// player may join there, the parameter sets before its slices.
func (r *reader) accessUnit(b []byte, first, random bool) {
	kindOf := kindH264
	if r.cur.HEVC {
		kindOf = kindHEVC
	}
	var seen [kinds]int
	for i, nal := range splitAnnexB(b) {
		if len(nal) == 0 {
			r.fault("empty NAL unit")
			continue
		}
		kind := kindOf(nal)
		seen[kind]++
		slices := seen[slice] + seen[joinSlice]
		switch {
		case kind == delimiter && i != 0:
			r.fault("access unit delimiter is NAL unit %d", i)
		case kind == filler:
			r.fault("filler data")
		case kind == joinSlice && !random:
			r.fault("picture to join at is no random access point")
		}
		if slices == 1 && (kind == joinSlice || kind == slice && first) &&
			(seen[sps] == 0 || seen[pps] == 0 || seen[vps] == 0 && r.cur.HEVC) {
			r.fault("slice % x without parameter sets before it", nal[:min(2, len(nal))])
		}
	}
	if slices := seen[slice] + seen[joinSlice]; seen[delimiter] != 1 || slices == 0 {
		r.fault("access unit with %d delimiters, %d slices", seen[delimiter], slices)
	}
	if r.cur.HEVC && random && seen[joinSlice] == 0 {
		r.fault("random access point without an IRAP picture")
	}
}

// kinds of NAL units
const (
	otherKind = iota
	delimiter
	vps
	sps
	pps
	filler
	slice
	joinSlice // of a picture at which a player may join
	kinds
)

func kindH264(nal []byte) int {
	switch nal[0] & 0x1f {
	case 9:
		return delimiter
	case 7:
		return sps
	case 8:
		return pps
	case 12:
		return filler
	case 1, 2, 3, 4:
		return slice
	case 5:
		return joinSlice
	}
	return otherKind
}

func kindHEVC(nal []byte) int {
	switch typ := nal[0] >> 1 & 0x3f; {
	case typ == 35:
		return delimiter
	case typ == 32:
		return vps
	case typ == 33:
		return sps
	case typ == 34:
		return pps
	case typ == 38:
		return filler
	case typ <= 9:
		return slice
	case 16 <= typ && typ <= 21:
		return joinSlice
	}
	return otherKind
}

// splitAnnexB returns what stands between start codes. Zeros before a start
// code belong to it.
func splitAnnexB(b []byte) (nals [][]byte) {
	begin := -1
	for i := 0; i+2 < len(b); i++ {
		if b[i] != 0 || b[i+1] != 0 || b[i+2] != 1 {
			continue
		}
		if begin >= 0 {
			nals = append(nals, trimZeros(b[begin:i]))
		}
		begin = i + 3
		i += 2
	}
	if begin >= 0 {
		nals = append(nals, b[begin:])
	}
	return nals
}

func trimZeros(b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	return b
}

func (r *reader) sound(u *unit, pts int64, payload []byte) {
	near, known := r.lastPTS, r.hasAudio
	if !known {
		near, known = r.dts, r.hasDTS
	}
	pts = unwrap(pts, near, known)
	if r.hasAudio && pts <= r.lastPTS {
		r.fault("audio PTS %d after %d", pts, r.lastPTS)
	}
	r.lastPTS, r.hasAudio = pts, true
	if r.cur.AudioFrames == 0 {
		r.cur.FirstAudio = pts
	}
	if r.cur.HasVideo && r.hasDTS {
		r.cur.AudioLead = max(r.cur.AudioLead, pts-r.dts)
	}
	if !r.cur.HasVideo && !(u.pcr && u.random) {
		r.fault("audio without video, and without PCR or random access")
	}
	if r.cur.Pictures == 0 {
		r.cur.LastDTS = pts
	}
	if !r.cur.VideoFirst {
		r.starts(u, pts)
	}
	for len(payload) > 0 {
		if len(payload) < 7 || payload[0] != 0xff || payload[1] != 0xf1 {
			r.fault("no ADTS header")
			return
		}
		n := int(payload[3]&3)<<11 | int(payload[4])<<3 | int(payload[5]>>5)
		if n < 7 || n > len(payload) || payload[6]&3 != 0 {
			r.fault("ADTS frame of %d bytes in %d", n, len(payload))
			return
		}
		r.cur.AudioFrames++
		payload = payload[n:]
	}
}
