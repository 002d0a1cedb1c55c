package mpegts

import "encoding/binary"

// PIDs, the same as ffmpeg's: players and probes have met them.
const (
	pidPAT   = 0
	pidPMT   = 0x1000
	pidVideo = 0x100
	pidAudio = 0x101
)

// stream types, ISO/IEC 13818-1 table 2-34
const (
	typeADTS = 0x0f
	typeH264 = 0x1b
	typeHEVC = 0x24
)

// Program says which elementary streams there are. At least one is set. The
// clock is with the video, or with the audio if there is no video.
type Program struct {
	Video bool // H.264 in Annex B form
	HEVC  bool // the video, if there is one, is HEVC instead
	Audio bool // AAC in ADTS frames
}

func (p Program) pcrPID() uint16 {
	if p.Video {
		return pidVideo
	}
	return pidAudio
}

// patPacket is the whole packet of the program association table, except for
// the continuity counter. ISO/IEC 13818-1 §2.4.4.3.
func patPacket() (p [PacketSize]byte) {
	section := []byte{
		0x00, 0xb0, 0x0d, // table id, length
		0x00, 0x01, // transport stream id
		0xc1, 0x00, 0x00, // version 0, current; section 0 of 0
		0x00, 0x01, 0xe0 | pidPMT>>8, pidPMT & 0xff,
	}
	putSection(&p, pidPAT, section)
	return p
}

// pmtPacket is the same for the program map table, ISO/IEC 13818-1 §2.4.4.8.
func pmtPacket(prog Program, version uint8) (p [PacketSize]byte) {
	pcr := prog.pcrPID()
	section := []byte{
		0x02, 0xb0, 0, // table id, length below
		0x00, 0x01, // program number
		0xc1 | version&0x1f<<1, 0x00, 0x00,
		0xe0 | byte(pcr>>8), byte(pcr),
		0xf0, 0x00, // no descriptors
	}
	if prog.Video {
		typ := byte(typeH264)
		if prog.HEVC {
			typ = typeHEVC
		}
		section = append(section, typ, 0xe0|pidVideo>>8, pidVideo&0xff, 0xf0, 0x00)
	}
	if prog.Audio {
		section = append(section, typeADTS, 0xe0|pidAudio>>8, pidAudio&0xff, 0xf0, 0x00)
	}
	section[2] = byte(len(section) - 3 + 4)
	putSection(&p, pidPMT, section)
	return p
}

func putSection(p *[PacketSize]byte, pid uint16, section []byte) {
	section = binary.BigEndian.AppendUint32(section, crc32(section))
	b := append(p[:0], syncByte, 0x40|byte(pid>>8), byte(pid), payloadOnly, 0 /* pointer field */)
	b = append(b, section...)
	for i := len(b); i < PacketSize; i++ {
		p[i] = 0xff
	}
}

// crc32 is the checksum of ISO/IEC 13818-1 annex A. Unlike hash/crc32 it takes
// the highest bit first. Tables are made once a program: no need for speed.
func crc32(b []byte) uint32 {
	crc := ^uint32(0)
	for _, c := range b {
		crc ^= uint32(c) << 24
		for range 8 {
			if crc&(1<<31) != 0 {
				crc = crc<<1 ^ 0x04c11db7
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}
