package segmenter

import (
	"encoding/binary"
	"errors"

	"osslive/rtmp/flv"
)

// NAL unit types, ITU-T H.265 table 7-1
const (
	hevcTrailing = 0  // to 9: pictures at which decoding cannot start
	hevcIRAP     = 16 // to 21: BLA, IDR and CRA pictures, at which it can
	hevcVPS      = 32 // then SPS and PPS
	hevcSPS      = 33
	hevcAUD      = 35 // then two kinds of end, and filler
)

var (
	errHVCC    = errors.New("malformed HEVCDecoderConfigurationRecord")
	errHEVCSPS = errors.New("malformed HEVC sequence parameter set")
)

// hevc is H.265. Every picture at which decoding can start says so itself.
var hevc = codec{
	fourCC:    flv.HEVC,
	delimiter: []byte{0, 0, 0, 1, hevcAUD << 1, 1, 0x50},
	roles: [64]role{
		hevcTrailing: roleSlice, roleSlice, roleSlice, roleSlice, roleSlice, roleSlice, roleSlice, roleSlice, roleSlice, roleSlice,
		hevcIRAP: roleKeySlice, roleKeySlice, roleKeySlice, roleKeySlice, roleKeySlice, roleKeySlice,
		hevcVPS: roleVPS, roleSPS, rolePPS,
		hevcAUD: roleLeftOut, roleLeftOut, roleLeftOut, roleLeftOut,
	},
	shift:       1,
	mask:        0x3f,
	header:      2,
	hasVPS:      true,
	maxPPS:      63,
	parseSPS:    parseHEVCSPS,
	parseRecord: parseHVCC,
}

// parseHVCC reads an HEVCDecoderConfigurationRecord, ISO/IEC 14496-15 §8.3.3.1.
// Its arrays may hold SEI messages too, which are not needed.
func parseHVCC(b []byte, sets *parameterSets) (lengthSize int, err error) {
	if len(b) < 23 || b[0] != 1 {
		return 0, errHVCC
	}
	lengthSize = int(b[21]&3) + 1
	arrays, b := int(b[22]), b[23:]
	for range arrays {
		if len(b) < 3 {
			return 0, errHVCC
		}
		want, count := sets.codec.roles[b[0]&0x3f], int(binary.BigEndian.Uint16(b[1:]))
		b = b[3:]
		for range count {
			if len(b) < 2 {
				return 0, errHVCC
			}
			n := int(binary.BigEndian.Uint16(b))
			if b = b[2:]; n > len(b) {
				return 0, errHVCC
			}
			if role := sets.codec.role(b[:n]); role >= roleVPS {
				if role != want {
					return 0, errHVCC
				}
				if err := sets.put(b[:n]); err != nil {
					return 0, err
				}
			}
			b = b[n:]
		}
	}
	return lengthSize, nil
}

// parseHEVCSPS reads a NAL unit of type 33, ITU-T H.265 §7.3.2.2.1. What follows
// the cropping is not looked at.
func parseHEVCSPS(nal []byte) (sps, error) {
	if len(nal) < 2 || nal[0]>>1&0x3f != hevcSPS {
		return sps{}, errHEVCSPS
	}
	r := bitReader{b: unescape(nal[2:])}
	r.skip(4) // sps_video_parameter_set_id
	layers := int(r.bits(3))
	r.skip(1)
	skipProfileTierLevel(&r, layers)
	s := sps{id: r.ue()}

	chroma := r.ue()
	if chroma == 3 {
		r.skip(1) // separate_colour_plane_flag
	}
	width, height := uint64(r.ue()), uint64(r.ue())
	if r.bit() { // conformance_window_flag
		unitX, unitY := uint64(1), uint64(1)
		if chroma == 1 || chroma == 2 {
			unitX = 2
		}
		if chroma == 1 {
			unitY = 2
		}
		x := (uint64(r.ue()) + uint64(r.ue())) * unitX
		y := (uint64(r.ue()) + uint64(r.ue())) * unitY
		if x >= width || y >= height {
			return sps{}, errHEVCSPS
		}
		width -= x
		height -= y
	}
	if r.bad || s.id > 15 || chroma > 3 || width == 0 || height == 0 || width > maxSide || height > maxSide {
		return sps{}, errHEVCSPS
	}
	s.width, s.height = int(width), int(height)
	return s, nil
}

// skipProfileTierLevel, ITU-T H.265 §7.3.3, with layers above the lowest.
func skipProfileTierLevel(r *bitReader, layers int) {
	const profile, level = 88, 8 // bits
	r.skip(profile + level)
	if layers == 0 {
		return
	}
	present := r.bits(16) // two flags for each of 7, 8 would be malformed
	for i := range layers {
		flags := present >> (14 - 2*i)
		if flags&2 != 0 {
			r.skip(profile)
		}
		if flags&1 != 0 {
			r.skip(level)
		}
	}
}
