package segmenter

import (
	"bytes"
	"errors"

	"osslive/rtmp/flv"
)

var (
	errNAL    = errors.New("NAL unit exceeds its access unit")
	errAnnexB = errors.New("malformed sequence header in Annex B form")
)

var startCode = []byte{0, 0, 0, 1}

// role is what a NAL unit is to us.
type role uint8

const (
	roleOther    role = iota // goes into the segment as it is
	roleLeftOut              // padding, an end that may not be one, a delimiter: we write our own
	roleSlice                // of a picture
	roleKeySlice             // of a picture at which decoding can start
	roleVPS                  // parameter sets, in the order in which a decoder wants them
	roleSPS
	rolePPS
)

// codec is all that differs between H.264 and HEVC.
type codec struct {
	fourCC    flv.VideoCodec
	delimiter []byte // starts every access unit we write: any slice type
	roles     [64]role
	shift     uint8 // of the NAL unit type in the first byte
	mask      byte
	header    int  // bytes before the payload of a NAL unit
	flagged   bool // decoding may start at a picture of which only the tag says so
	hasVPS    bool
	maxPPS    uint32 // id

	parseSPS func(nal []byte) (sps, error)
	// parseRecord reads the sets of a sequence header into p and returns the
	// size of the lengths before NAL units.
	parseRecord func(b []byte, p *parameterSets) (lengthSize int, err error)
}

// codecOf returns the codec if segments may carry it, else nil.
func (s *Segmenter) codecOf(c flv.VideoCodec) *codec {
	switch {
	case c == flv.AVC:
		return &avc
	case c == flv.HEVC && s.cfg.AllowHEVC:
		return &hevc
	}
	return nil
}

// role of a NAL unit, which may be empty.
func (c *codec) role(nal []byte) role {
	if len(nal) < c.header {
		return roleLeftOut
	}
	if c.header == 2 && nal[0]&1|nal[1]>>3 != 0 {
		return roleLeftOut // HEVC: a layer above the one that all decoders know
	}
	return c.roles[nal[0]>>c.shift&c.mask]
}

// kept reports whether a NAL unit goes into the segment where it stands.
func (r role) kept() bool { return r <= roleKeySlice && r != roleLeftOut }

// decoderConfig is what a sequence header tells.
type decoderConfig struct {
	lengthSize int // bytes before each NAL unit, 1 to 4
	sets       parameterSets
}

// parseConfig reads a sequence header. One without parameter sets is legal: they
// come with the pictures. Some encoders send the sets in Annex B form.
func (c *codec) parseConfig(b []byte) (decoderConfig, error) {
	d := decoderConfig{lengthSize: 4, sets: parameterSets{codec: c}}
	var err error
	if _, ok := startsWithStartCode(b); ok {
		err = d.sets.putAnnexB(b)
	} else {
		d.lengthSize, err = c.parseRecord(b, &d.sets)
	}
	if err != nil {
		return decoderConfig{}, err
	}
	return d, nil
}

func (p *parameterSets) putAnnexB(b []byte) error {
	for len(b) > 0 {
		skip, ok := startsWithStartCode(b)
		if !ok {
			return errAnnexB
		}
		b = b[skip:]
		end := bytes.Index(b, []byte{0, 0, 1})
		if end < 0 {
			end = len(b)
		}
		nal := bytes.TrimRight(b[:end], "\x00")
		if p.codec.role(nal) >= roleVPS {
			if err := p.put(nal); err != nil {
				return err
			}
		}
		b = b[end:]
	}
	return nil
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

// accessUnit sums up the NAL units of one video tag.
type accessUnit struct {
	size    int  // in Annex B form, of what is kept
	picture bool // has a slice
	random  bool // decoding can start here
	sets    bool // has parameter sets
}

// scan checks all lengths, so that later walks cannot fail.
func (c *codec) scan(b []byte, lengthSize int) (u accessUnit, err error) {
	for len(b) > 0 {
		var nal []byte
		if nal, b, err = cutNAL(b, lengthSize); err != nil {
			return accessUnit{}, err
		}
		role := c.role(nal)
		switch role {
		case roleKeySlice:
			u.picture, u.random = true, true
		case roleSlice:
			u.picture = true
		case roleVPS, roleSPS, rolePPS:
			u.sets = true
		}
		if role.kept() {
			u.size += len(startCode) + len(nal)
		}
	}
	return u, nil
}
