package segmenter

import (
	"encoding/binary"
	"errors"

	"osslive/rtmp/flv"
)

// NAL unit types, ITU-T H.264 table 7-1
const (
	nalSlice       = 1
	nalPartitionA  = 2
	nalPartitionC  = 4
	nalIDR         = 5
	nalSPS         = 7
	nalPPS         = 8
	nalAUD         = 9
	nalEndSequence = 10
	nalEndStream   = 11
	nalFiller      = 12
)

var errAVCC = errors.New("malformed AVCDecoderConfigurationRecord")

// avc is H.264. A picture that only the tag calls a keyframe may be one: open
// GOPs and gradual refresh have no mark in the slice.
var avc = codec{
	fourCC:    flv.AVC,
	delimiter: []byte{0, 0, 0, 1, nalAUD, 0xf0},
	roles: [64]role{
		nalSlice: roleSlice, nalPartitionA: roleSlice, nalPartitionA + 1: roleSlice, nalPartitionC: roleSlice,
		nalIDR: roleKeySlice,
		nalSPS: roleSPS, nalPPS: rolePPS,
		nalAUD: roleLeftOut, nalEndSequence: roleLeftOut, nalEndStream: roleLeftOut, nalFiller: roleLeftOut,
	},
	mask:        0x1f,
	header:      1,
	flagged:     true,
	maxPPS:      255,
	parseSPS:    parseSPS,
	parseRecord: parseAVCC,
}

// parseAVCC reads an AVCDecoderConfigurationRecord, ISO/IEC 14496-15 §5.3.3.1.
// What stands after the PPS is optional in practice and not needed.
func parseAVCC(b []byte, sets *parameterSets) (lengthSize int, err error) {
	if len(b) < 6 || b[0] != 1 {
		return 0, errAVCC
	}
	lengthSize = int(b[4]&3) + 1
	count, b := int(b[5]&0x1f), b[6:]
	for _, want := range []role{roleSPS, rolePPS} {
		if want == rolePPS {
			if len(b) < 1 {
				return 0, errAVCC
			}
			count, b = int(b[0]), b[1:]
		}
		for range count {
			if len(b) < 2 {
				return 0, errAVCC
			}
			n := int(binary.BigEndian.Uint16(b))
			if b = b[2:]; n > len(b) || sets.codec.role(b[:n]) != want {
				return 0, errAVCC
			}
			if err := sets.put(b[:n]); err != nil {
				return 0, err
			}
			b = b[n:]
		}
	}
	return lengthSize, nil
}
