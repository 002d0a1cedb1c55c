package rtmp

import (
	"encoding/binary"

	"osslive/rtmp/flv"
)

// chunk formats, RTMP 1.0 §5.3.1.2: each leaves out more than the one before.
const (
	formatFull     = 0 // time, length, type, message stream
	formatNoStream = 1 // time delta, length, type
	formatDelta    = 2 // time delta
	formatNone     = 3
)

// headerSize is the size of the message header by format.
var headerSize = [4]int{11, 7, 3, 0}

const (
	extendedTime = 0xffffff // in the 24-bit field: 32 bits follow the header

	// maxFirstDelta decides what the time of a full header means to a following
	// chunk of format 3. Up to this value it is the delta to repeat (RTMP 1.0
	// §5.3.1.2.4; encoders that begin near zero do so); above it there is no delta,
	// which is what GStreamer sends.
	maxFirstDelta = 1000 // ms
)

// chunkStream is what the headers of a chunk stream inherit from each other, and
// the message in progress.
type chunkStream struct {
	time   uint32 // of the current message, ms
	delta  uint32 // mod 2^32: librtmp sends negative ones
	length uint32
	typ    messageType
	stream uint32

	extended  bool   // the last header had an extended time
	timeField uint32 // which was this

	more uint16 // the header of a continuation that is one byte, or notOneByte

	left   uint32  // bytes missing of the message in progress; 0 between messages
	body   []byte  // what has arrived of it, if not all at once
	memory *buffer // of body
}

// notOneByte is the oneByte of chunk streams whose ID takes more than one byte. It is not
// the value of a byte, so that no header equals it.
const notOneByte = 1 << 8

// header reads a chunk header and returns its chunk stream. left is greater than 0 unless
// the message is empty.
func (r *chunkReader) header() (*chunkStream, error) {
	format, id, err := r.basicHeader()
	if err != nil {
		return nil, err
	}
	cs, err := r.chunkStream(id, format)
	if err != nil {
		return nil, err
	}
	if format == formatNone {
		if cs.extended {
			if err := r.skipRepeatedTime(cs); err != nil {
				return nil, err
			}
		}
		if cs.left > 0 {
			return cs, nil
		}
		cs.time += cs.delta
		return cs, r.begin(cs)
	}

	size := headerSize[format]
	if err := r.need(size); err != nil {
		return nil, unexpectedEOF(err)
	}
	h := r.buf[r.pos : r.pos+size]
	r.pos += size
	time, length, typ, stream := uint24(h), cs.length, cs.typ, cs.stream
	if format <= formatNoStream {
		length, typ = uint24(h[3:]), messageType(h[6])
	}
	if format == formatFull {
		stream = binary.LittleEndian.Uint32(h[7:])
	}
	extended := time == extendedTime
	if extended {
		if err := r.need(4); err != nil {
			return nil, unexpectedEOF(err)
		}
		time = binary.BigEndian.Uint32(r.buf[r.pos:])
		r.pos += 4
	}

	if cs.left > 0 {
		// Some encoders repeat the header with every chunk.
		if length == cs.length && typ == cs.typ {
			return cs, nil
		}
		return nil, protocolErrorf("chunk stream %d: new message with %d bytes of the last one missing", id, cs.left)
	}
	cs.length, cs.typ, cs.stream = length, typ, stream
	cs.extended, cs.timeField = extended, time
	if format == formatFull {
		cs.time, cs.delta = time, 0
		if time <= maxFirstDelta {
			cs.delta = time
		}
	} else {
		cs.delta = time
		cs.time += time
	}
	return cs, r.begin(cs)
}

// basicHeader reads format and chunk stream ID, RTMP 1.0 §5.3.1.1.
func (r *chunkReader) basicHeader() (format byte, id uint32, err error) {
	if err := r.need(1); err != nil {
		return 0, 0, err
	}
	b := r.buf[r.pos]
	format, id = b>>6, uint32(b&0x3f)
	more := 0
	if id < 2 {
		more = int(id) + 1
		if err := r.need(1 + more); err != nil {
			return 0, 0, unexpectedEOF(err)
		}
		b := r.buf[r.pos+1:]
		if more == 1 {
			id = 64 + uint32(b[0])
		} else {
			id = 64 + uint32(binary.LittleEndian.Uint16(b))
		}
	}
	r.pos += 1 + more
	return format, id, nil
}

// skipRepeatedTime skips the extended time that most senders repeat in chunks of format 3.
// RTMP 1.0 is not clear about it, so the bytes decide: if they are not the time, they are
// payload. Some senders repeat the absolute time although the header had a delta.
func (r *chunkReader) skipRepeatedTime(cs *chunkStream) error {
	if r.omitsTime {
		return nil
	}
	if cs.left > 0 {
		field, abs := true, true
		for n := range 4 {
			// Byte by byte: if it is payload, no more may come.
			if err := r.need(n + 1); err != nil {
				return unexpectedEOF(err)
			}
			b := r.buf[r.pos+n]
			field = field && b == byte(cs.timeField>>(24-8*n))
			abs = abs && b == byte(cs.time>>(24-8*n))
			if !field && !abs {
				r.omitsTime = true
				return nil
			}
		}
	}
	if err := r.need(4); err != nil {
		return unexpectedEOF(err)
	}
	r.pos += 4
	return nil
}

// appendHeader appends the full header of m's first chunk on chunk stream csid,
// 2 to 63.
func appendHeader(b []byte, csid byte, m message) []byte {
	n := len(m.body)
	time := min(uint32(m.time), extendedTime)
	b = append(b, formatFull<<6|csid,
		byte(time>>16), byte(time>>8), byte(time),
		byte(n>>16), byte(n>>8), byte(n), byte(m.typ))
	b = binary.LittleEndian.AppendUint32(b, m.stream)
	return appendExtended(b, m.time)
}

// appendContinuation appends the header of a following chunk.
func appendContinuation(b []byte, csid byte, m message) []byte {
	return appendExtended(append(b, formatNone<<6|csid), m.time)
}

func appendExtended(b []byte, t flv.Millis) []byte {
	if t >= extendedTime {
		b = binary.BigEndian.AppendUint32(b, uint32(t))
	}
	return b
}

func uint24(b []byte) uint32 {
	return uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2])
}
