package segmenter

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
)

// NAL unit types, ITU-T H.264 table 7-1
const (
	nalSlice       = 1
	nalIDR         = 5
	nalSPS         = 7
	nalPPS         = 8
	nalAUD         = 9
	nalEndSequence = 10
	nalEndStream   = 11
	nalFiller      = 12
)

// limits on parameter sets: what the standard allows, and in bytes far more
// than encoders need
const (
	maxSets     = 32 + 256
	maxSetSize  = 4 << 10
	maxSetsSize = 64 << 10
)

var (
	errAVCC     = errors.New("malformed AVCDecoderConfigurationRecord")
	errNAL      = errors.New("NAL unit exceeds its access unit")
	errPPS      = errors.New("malformed picture parameter set")
	errSetLimit = errors.New("too many or too large parameter sets")
)

var startCode = []byte{0, 0, 0, 1}

// accessUnitDelimiter starts every access unit we write: any slice type.
var accessUnitDelimiter = []byte{0, 0, 0, 1, nalAUD, 0xf0}

// parameterSet is one SPS or PPS.
type parameterSet struct {
	id  uint32
	nal []byte
}

// parameterSets are the sequence and picture parameter sets that are in force.
type parameterSets struct {
	sps, pps []parameterSet // in the order of their first appearance
	size     int
}

// put adds a set, or replaces the one with the same id, and reports whether
// that changed anything. It keeps a copy of nal.
func (p *parameterSets) put(nal []byte) (changed bool, err error) {
	if len(nal) > maxSetSize {
		return false, errSetLimit
	}
	list, id := &p.sps, uint32(0)
	if nal[0]&0x1f == nalSPS {
		s, err := parseSPS(nal)
		if err != nil {
			return false, err
		}
		id = s.id
	} else {
		r := bitReader{b: nal[1:]}
		if id = r.ue(); r.bad || id > 255 {
			return false, errPPS
		}
		list = &p.pps
	}
	i := slices.IndexFunc(*list, func(s parameterSet) bool { return s.id == id })
	if i >= 0 && bytes.Equal((*list)[i].nal, nal) {
		return false, nil
	}
	size := p.size + len(nal)
	if i >= 0 {
		size -= len((*list)[i].nal)
	}
	if size > maxSetsSize || len(p.sps)+len(p.pps) >= maxSets {
		return false, errSetLimit
	}
	p.size = size
	set := parameterSet{id, bytes.Clone(nal)}
	if i >= 0 {
		(*list)[i] = set
	} else {
		*list = append(*list, set)
	}
	return true, nil
}

// has reports whether nal is one of the sets.
func (p *parameterSets) has(nal []byte) bool {
	list := p.pps
	if nal[0]&0x1f == nalSPS {
		list = p.sps
	}
	for i := range list {
		if bytes.Equal(list[i].nal, nal) {
			return true
		}
	}
	return false
}

// complete says that a picture can be decoded.
func (p *parameterSets) complete() bool { return len(p.sps) > 0 && len(p.pps) > 0 }

func (p *parameterSets) clone() parameterSets {
	return parameterSets{slices.Clone(p.sps), slices.Clone(p.pps), p.size}
}

func (p *parameterSets) sameSPS(o *parameterSets) bool {
	return slices.EqualFunc(p.sps, o.sps, func(a, b parameterSet) bool { return bytes.Equal(a.nal, b.nal) })
}

// prefix is what stands before the slices of a keyframe: the access unit
// delimiter, then all sets.
func (p *parameterSets) prefix() []byte {
	b := bytes.Clone(accessUnitDelimiter)
	for _, list := range [][]parameterSet{p.sps, p.pps} {
		for _, s := range list {
			b = append(append(b, startCode...), s.nal...)
		}
	}
	return b
}

// avcConfig is what a sequence header tells.
type avcConfig struct {
	lengthSize int // bytes before each NAL unit, 1 to 4
	sets       parameterSets
}

// parseAVCC reads an AVCDecoderConfigurationRecord, ISO/IEC 14496-15 §5.3.3.1.
// A record without parameter sets is legal: they come with the pictures. What
// stands after the PPS is optional in practice and not needed. Some encoders
// send the sets in Annex B form instead.
func parseAVCC(b []byte) (avcConfig, error) {
	if _, ok := startsWithStartCode(b); ok {
		return parseAnnexB(b)
	}
	if len(b) < 6 || b[0] != 1 {
		return avcConfig{}, errAVCC
	}
	c := avcConfig{lengthSize: int(b[4]&3) + 1}
	count, b := int(b[5]&0x1f), b[6:]
	for _, want := range []byte{nalSPS, nalPPS} {
		if want == nalPPS {
			if len(b) < 1 {
				return avcConfig{}, errAVCC
			}
			count, b = int(b[0]), b[1:]
		}
		for range count {
			if len(b) < 2 {
				return avcConfig{}, errAVCC
			}
			n := int(binary.BigEndian.Uint16(b))
			if b = b[2:]; n == 0 || n > len(b) || b[0]&0x1f != want {
				return avcConfig{}, errAVCC
			}
			if _, err := c.sets.put(b[:n]); err != nil {
				return avcConfig{}, err
			}
			b = b[n:]
		}
	}
	return c, nil
}

func parseAnnexB(b []byte) (avcConfig, error) {
	c := avcConfig{lengthSize: 4}
	for len(b) > 0 {
		skip, ok := startsWithStartCode(b)
		if !ok {
			return avcConfig{}, errAVCC
		}
		b = b[skip:]
		end := bytes.Index(b, []byte{0, 0, 1})
		if end < 0 {
			end = len(b)
		}
		nal := bytes.TrimRight(b[:end], "\x00")
		if len(nal) > 0 && (nal[0]&0x1f == nalSPS || nal[0]&0x1f == nalPPS) {
			if _, err := c.sets.put(nal); err != nil {
				return avcConfig{}, err
			}
		}
		b = b[end:]
	}
	return c, nil
}

// cutNAL takes the first NAL unit off an access unit, whose NAL units each
// follow their length. It may be empty.
func cutNAL(b []byte, lengthSize int) (nal, rest []byte, err error) {
	if len(b) < lengthSize {
		return nil, nil, errNAL
	}
	n := 0
	for _, c := range b[:lengthSize] {
		n = n<<8 | int(c)
	}
	b = b[lengthSize:]
	if n > len(b) {
		return nil, nil, errNAL
	}
	return b[:n], b[n:], nil
}

// kept reports whether a NAL unit goes into the segment as it is. Delimiters
// and parameter sets we write ourselves; the rest is padding, or an end that
// may not be one.
func kept(nal []byte) bool {
	if len(nal) == 0 {
		return false
	}
	switch nal[0] & 0x1f {
	case nalSPS, nalPPS, nalAUD, nalEndSequence, nalEndStream, nalFiller:
		return false
	}
	return true
}

// accessUnit sums up the NAL units of one video tag.
type accessUnit struct {
	size    int  // in Annex B form, of what is kept
	picture bool // has a slice
	idr     bool
	sets    bool // has SPS or PPS
}

// scanAccessUnit checks all lengths, so that later walks cannot fail.
func scanAccessUnit(b []byte, lengthSize int) (u accessUnit, err error) {
	for len(b) > 0 {
		var nal []byte
		if nal, b, err = cutNAL(b, lengthSize); err != nil {
			return accessUnit{}, err
		}
		if len(nal) == 0 {
			continue
		}
		switch typ := nal[0] & 0x1f; typ {
		case nalSPS, nalPPS:
			u.sets = true
		case nalIDR:
			u.idr = true
			u.picture = true
		default:
			u.picture = u.picture || nalSlice <= typ && typ < nalIDR
		}
		if kept(nal) {
			u.size += len(startCode) + len(nal)
		}
	}
	return u, nil
}
