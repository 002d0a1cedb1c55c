package flv

import (
	"encoding/binary"
	"errors"
)

// ErrTruncated reports a tag that ends inside one of its own headers.
var ErrTruncated = errors.New("flv: truncated tag data")

// packet types that extended video and audio headers have in common
const (
	exSequenceStart = 0
	exSequenceEnd   = 2
	exMetadata      = 4 // video: AMF metadata; audio: MultichannelConfig
	exModEx         = 7

	exNothing = 0xff // none of the packet types; not on the wire
)

// multitrack types, Enhanced RTMP v2, AvMultitrackType
const (
	oneTrack             = 0
	manyTracksManyCodecs = 2
)

// cutModEx removes the modifiers before a packet and returns the type of the
// packet itself. Enhanced RTMP v2, VideoPacketModExType.
func cutModEx(packet byte, b []byte) (byte, []byte, error) {
	for packet == exModEx {
		if len(b) < 1 {
			return 0, nil, ErrTruncated
		}
		size := int(b[0]) + 1
		b = b[1:]
		if size == 256 {
			if len(b) < 2 {
				return 0, nil, ErrTruncated
			}
			size = int(binary.BigEndian.Uint16(b)) + 1
			b = b[2:]
		}
		if len(b) < size+1 {
			return 0, nil, ErrTruncated
		}
		packet = b[size] & 0x0f
		b = b[size+1:]
	}
	return packet, b, nil
}

// cutTrack removes the FourCC and, if packet is the type multitrack, all tracks
// but the one with ID 0. Without such a track the packet is exNothing.
func cutTrack(packet, multitrack byte, b []byte) (_ byte, fourCC uint32, _ []byte, err error) {
	if packet != multitrack {
		fourCC, b, err = cutFourCC(b)
		return packet, fourCC, b, err
	}
	if len(b) < 1 {
		return 0, 0, nil, ErrTruncated
	}
	kind := b[0] >> 4
	packet = b[0] & 0x0f
	b = b[1:]
	if kind != manyTracksManyCodecs {
		if fourCC, b, err = cutFourCC(b); err != nil {
			return 0, 0, nil, err
		}
	}
	for len(b) > 0 {
		if kind == manyTracksManyCodecs {
			if fourCC, b, err = cutFourCC(b); err != nil {
				return 0, 0, nil, err
			}
		}
		if len(b) < 1 {
			return 0, 0, nil, ErrTruncated
		}
		id := b[0]
		b = b[1:]
		size := len(b)
		if kind != oneTrack {
			if len(b) < 3 {
				return 0, 0, nil, ErrTruncated
			}
			size = int(uint24(b))
			b = b[3:]
		}
		if size > len(b) {
			return 0, 0, nil, ErrTruncated
		}
		if id == 0 {
			return packet, fourCC, b[:size], nil
		}
		b = b[size:]
	}
	return exNothing, 0, nil, nil
}

func cutFourCC(b []byte) (uint32, []byte, error) {
	if len(b) < 4 {
		return 0, nil, ErrTruncated
	}
	return binary.BigEndian.Uint32(b), b[4:], nil
}

func uint24(b []byte) uint32 {
	return uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2])
}
