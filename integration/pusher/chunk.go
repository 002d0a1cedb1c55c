package pusher

import "encoding/binary"

// message types, RTMP 1.0 §5.4, §6.2 and §7.1
const (
	SetChunkSize = 1
	Abort        = 2
	Audio        = 8
	Video        = 9
	Data         = 18
	Command      = 20
	Aggregate    = 22
)

// chunk streams that Conn uses, as ffmpeg does; any from 2 to 65599 is legal
const (
	ControlID = 2
	CommandID = 3
	AudioID   = 4
	DataID    = 5
	VideoID   = 6
)

// DefaultChunkSize is the chunk size with which both sides begin, in bytes.
const DefaultChunkSize = 128

// extended in the 24 bits of a time says that 32 bits follow the header.
const extended = 0xffffff

// Message is one RTMP message. Its body is not copied.
type Message struct {
	Type   byte
	Stream uint32 // 0 for the connection's own
	Time   uint32 // ms
	Body   []byte
}

// Chunker cuts messages into chunks. The zero value writes the form that every server
// reads: full headers, the shortest form of chunk stream IDs, 128 bytes of a message in
// each chunk.
type Chunker struct {
	Size     int  // bytes of a message in each chunk; 0 is DefaultChunkSize. See SetSize
	IDBytes  int  // 3 for the longest form of IDs from 64 to 319 too, which have a shorter one
	Compress bool // leave out of headers what they may inherit, RTMP 1.0 §5.3.1.2
	NoRepeat bool // do not repeat an extended time in chunks of format 3

	Headers [4]int // message headers written, by format

	last map[uint32]*header // by chunk stream
}

// header has the fields that a chunk stream's next header may inherit.
type header struct {
	message  Message // without body
	length   int
	delta    uint32
	hasDelta bool // format 3 repeats this delta
}

// Partial is a message of which some chunks have been written.
type Partial struct {
	c       *Chunker
	id      uint32
	message Message
	rest    []byte
	begun   bool
	field   uint32 // the header's time
}

// Begin returns a message of which no chunk has been written. Chunks of other chunk
// streams may come between its chunks.
func (c *Chunker) Begin(id uint32, m Message) *Partial {
	return &Partial{c: c, id: id, message: m, rest: m.Body}
}

// Done reports whether all chunks have been written.
func (p *Partial) Done() bool { return p.begun && len(p.rest) == 0 }

// Last reports whether the next chunk is the last one.
func (p *Partial) Last() bool { return len(p.rest) <= p.c.size() }

// Next appends the next chunk.
func (p *Partial) Next(b []byte) []byte {
	if !p.begun {
		b = p.header(b)
		p.begun = true
	} else {
		b = p.c.basic(b, 3, p.id)
		if p.field >= extended && !p.c.NoRepeat {
			b = binary.BigEndian.AppendUint32(b, p.field)
		}
	}
	n := min(len(p.rest), p.c.size())
	b = append(b, p.rest[:n]...)
	p.rest = p.rest[n:]
	return b
}

// Append appends all chunks of a message.
func (c *Chunker) Append(b []byte, id uint32, m Message) []byte {
	for p := c.Begin(id, m); !p.Done(); {
		b = p.Next(b)
	}
	return b
}

// SetSize appends the control message that announces a chunk size, and uses it
// from the next chunk on.
func (c *Chunker) SetSize(b []byte, size int) []byte {
	b = c.Append(b, ControlID, Message{Type: SetChunkSize, Body: binary.BigEndian.AppendUint32(nil, uint32(size))})
	c.Size = size
	return b
}

func (c *Chunker) size() int {
	if c.Size == 0 {
		return DefaultChunkSize
	}
	return c.Size
}

// header appends a message's first header in the shortest format allowed.
func (p *Partial) header(b []byte) []byte {
	c, m := p.c, p.message
	if c.last == nil {
		c.last = map[uint32]*header{}
	}
	before := c.last[p.id]
	format := byte(0)
	delta := uint32(0)
	if c.Compress && before != nil && before.message.Stream == m.Stream {
		format = 1
		delta = m.Time - before.message.Time // modulo 2^32: a negative one wraps, as in librtmp
		if before.message.Type == m.Type && before.length == len(m.Body) {
			format = 2
			if before.hasDelta && before.delta == delta {
				format = 3
			}
		}
	}
	c.Headers[format]++
	c.last[p.id] = &header{Message{m.Type, m.Stream, m.Time, nil}, len(m.Body), delta, format > 0}

	p.field = m.Time
	if format > 0 {
		p.field = delta
	}
	b = c.basic(b, format, p.id)
	short := min(p.field, extended)
	if format < 3 {
		b = append(b, byte(short>>16), byte(short>>8), byte(short))
	}
	if n := len(m.Body); format < 2 {
		b = append(b, byte(n>>16), byte(n>>8), byte(n), m.Type)
	}
	if format == 0 {
		b = binary.LittleEndian.AppendUint32(b, m.Stream)
	}
	if short == extended && (format < 3 || !c.NoRepeat) {
		b = binary.BigEndian.AppendUint32(b, p.field)
	}
	return b
}

// basic appends a basic header, RTMP 1.0 §5.3.1.1.
func (c *Chunker) basic(b []byte, format byte, id uint32) []byte {
	switch {
	case id < 64: // has no longer form
		return append(b, format<<6|byte(id))
	case id < 320 && c.IDBytes < 3:
		return append(b, format<<6, byte(id-64))
	}
	return append(b, format<<6|1, byte(id-64), byte((id-64)>>8))
}
