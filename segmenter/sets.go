package segmenter

import (
	"bytes"
	"errors"
	"slices"
)

// limits on parameter sets: what the standards allow, and in bytes far more
// than encoders need
const (
	maxSets     = 32 + 256
	maxSetSize  = 4 << 10
	maxSetsSize = 64 << 10
)

var (
	errPPS      = errors.New("malformed picture parameter set")
	errVPS      = errors.New("malformed video parameter set")
	errSetLimit = errors.New("too many or too large parameter sets")
)

// parameterSet is one VPS, SPS or PPS.
type parameterSet struct {
	id  uint32
	nal []byte
}

// parameterSets are those in force, or about to be.
type parameterSets struct {
	codec         *codec
	vps, sps, pps []parameterSet // in the order of their first appearance
	size          int
}

// list is where sets of that role are kept.
func (p *parameterSets) list(r role) *[]parameterSet {
	switch r {
	case roleVPS:
		return &p.vps
	case roleSPS:
		return &p.sps
	}
	return &p.pps
}

// put adds a set, or replaces the one with the same id. It keeps a copy of nal.
func (p *parameterSets) put(nal []byte) error {
	if len(nal) > maxSetSize {
		return errSetLimit
	}
	role := p.codec.role(nal)
	id, err := p.codec.setID(role, nal)
	if err != nil {
		return err
	}
	list := p.list(role)
	i := slices.IndexFunc(*list, func(s parameterSet) bool { return s.id == id })
	if i >= 0 && bytes.Equal((*list)[i].nal, nal) {
		return nil
	}
	size := p.size + len(nal)
	if i >= 0 {
		size -= len((*list)[i].nal)
	}
	if size > maxSetsSize || len(p.vps)+len(p.sps)+len(p.pps) >= maxSets {
		return errSetLimit
	}
	p.size = size
	set := parameterSet{id, bytes.Clone(nal)}
	if i >= 0 {
		(*list)[i] = set
	} else {
		*list = append(*list, set)
	}
	return nil
}

// setID is the number by which other sets and slices refer to a set.
func (c *codec) setID(role role, nal []byte) (uint32, error) {
	r := bitReader{b: nal[c.header:]}
	switch role {
	case roleVPS:
		if id := r.bits(4); !r.bad {
			return id, nil
		}
		return 0, errVPS
	case roleSPS:
		s, err := c.parseSPS(nal)
		return s.id, err
	}
	if id := r.ue(); !r.bad && id <= c.maxPPS {
		return id, nil
	}
	return 0, errPPS
}

// has reports whether nal is one of the sets.
func (p *parameterSets) has(nal []byte) bool {
	return slices.ContainsFunc(*p.list(p.codec.role(nal)), func(s parameterSet) bool { return bytes.Equal(s.nal, nal) })
}

// complete says that a picture can be decoded.
func (p *parameterSets) complete() bool {
	return len(p.sps) > 0 && len(p.pps) > 0 && (len(p.vps) > 0 || !p.codec.hasVPS)
}

func (p *parameterSets) clone() parameterSets {
	return parameterSets{p.codec, slices.Clone(p.vps), slices.Clone(p.sps), slices.Clone(p.pps), p.size}
}

// sameSequence says that a decoder can go from one to the other without a new
// start: nothing but PPS differs.
func (p *parameterSets) sameSequence(o *parameterSets) bool {
	same := func(a, b parameterSet) bool { return bytes.Equal(a.nal, b.nal) }
	return p.codec == o.codec && slices.EqualFunc(p.vps, o.vps, same) && slices.EqualFunc(p.sps, o.sps, same)
}

// prefix is what stands before the slices of a keyframe: the access unit
// delimiter, then all sets.
func (p *parameterSets) prefix() []byte {
	b := bytes.Clone(p.codec.delimiter)
	for _, list := range [][]parameterSet{p.vps, p.sps, p.pps} {
		for _, s := range list {
			b = append(append(b, startCode...), s.nal...)
		}
	}
	return b
}
