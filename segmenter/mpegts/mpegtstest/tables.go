package mpegtstest

// readSection checks a PAT or PMT that fills one packet, ISO/IEC 13818-1 §2.4.4.
func (r *reader) readSection(pid int, b []byte) {
	if b[0] != 0 {
		r.fault("PID %#x: pointer field %d", pid, b[0])
		return
	}
	b = b[1:]
	size := 3 + int(b[1]&0x0f)<<8 + int(b[2])
	if b[1]&0xf0 != 0xb0 || size < 16 || size > len(b) {
		r.fault("PID %#x: section of %d bytes", pid, size)
		return
	}
	for _, c := range b[size:] {
		if c != 0xff {
			r.fault("PID %#x: byte %#02x after the section", pid, c)
			return
		}
	}
	s := b[:size]
	if sum := checksum(s); sum != 0 {
		r.fault("PID %#x: checksum does not match", pid)
	}
	if s[5]&1 == 0 || s[6] != 0 || s[7] != 0 {
		r.fault("PID %#x: section is not current, or not alone", pid)
	}
	body := s[8 : size-4]
	if pid == 0 {
		if s[0] != 0 || len(body) != 4 || body[0] != 0 || body[1] != 1 || int(body[2]&0x1f)<<8|int(body[3]) != 0x1000 {
			r.fault("PAT does not hold just program 1 with PMT 0x1000")
		}
		return
	}
	r.readProgram(s[0], int(s[5]>>1&0x1f), body)
}

func (r *reader) readProgram(table byte, version int, b []byte) {
	if table != 2 || len(b) < 4 || b[2]&0x0f != 0 || b[3] != 0 {
		r.fault("PMT is malformed or has descriptors")
		return
	}
	r.pcrPID = int(b[0]&0x1f)<<8 | int(b[1])
	r.cur.Version = version
	for b = b[4:]; len(b) >= 5; b = b[5:] {
		pid := int(b[1]&0x1f)<<8 | int(b[2])
		switch b[0] {
		case 0x1b, 0x24:
			r.videoPID, r.cur.HasVideo, r.cur.HEVC = pid, true, b[0] == 0x24
		case 0x0f:
			r.audioPID, r.cur.HasAudio = pid, true
		default:
			r.fault("stream type %#02x", b[0])
		}
		if b[3]&0x0f != 0 || b[4] != 0 {
			r.fault("stream descriptors")
			return
		}
	}
	if len(b) != 0 || r.pcrPID != r.videoPID && (r.cur.HasVideo || r.pcrPID != r.audioPID) {
		r.fault("PMT with PCR PID %#x, video %#x, audio %#x", r.pcrPID, r.videoPID, r.audioPID)
	}
	if n := len(r.report.Segments); n > 0 {
		last := r.report.Segments[n-1]
		same := last.HasVideo == r.cur.HasVideo && last.HasAudio == r.cur.HasAudio && last.HEVC == r.cur.HEVC
		if !same && version != (last.Version+1)&0x1f {
			r.fault("PMT changed from version %d to %d", last.Version, version)
		}
	}
}

// checksum is 0 over a section with its CRC at the end. Table-driven a nibble
// at a time, polynomial 0x04C11DB7.
func checksum(b []byte) uint32 {
	var table [16]uint32
	for i := range table {
		v := uint32(i) << 28
		for range 4 {
			top := v >> 31
			v = v<<1 ^ top*0x04c11db7
		}
		table[i] = v
	}
	sum := uint32(0xffffffff)
	for _, c := range b {
		sum = sum<<4 ^ table[byte(sum>>28)^c>>4]
		sum = sum<<4 ^ table[byte(sum>>28)^c&15]
	}
	return sum
}
