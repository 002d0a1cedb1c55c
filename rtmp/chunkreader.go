package rtmp

import (
	"errors"
	"io"

	"osslive/rtmp/flv"
)

const (
	defaultChunkSize = 128 // RTMP 1.0 §5.4.1

	// growStep bounds the memory that is allocated for a message ahead of its bytes.
	growStep = 4 << 10
)

// chunkReader reads messages from chunks. Its memory stays within limits and grows with
// the bytes that arrive, and it holds memory only while a message is in progress. The
// first error sticks.
type chunkReader struct {
	src io.Reader
	err error

	buf      []byte // bytes read from src are buf[pos:end]
	pos, end int

	memory *memory
	wait   waiter // for src to have something; buf is from memory, and not needed before
	rest   [maxUnread]byte

	partial *chunkStream // whose message is in progress; nil between chunks
	handed  *chunkStream // whose body the last message has

	limits    *Limits
	budget    int // for the bodies of all chunk streams
	held      int // their capacity
	chunkSize uint32
	omitsTime bool // the peer does not repeat extended times

	streams     [64]*chunkStream        // by ID
	moreStreams map[uint32]*chunkStream // 64 and above
	count       int
}

// waiter returns when its source has something to read, with the number of bytes that are
// likely there.
type waiter func() (mark int, err error)

// maxUnread bounds the unread bytes in buf when the next read is due: the longest chunk
// header less one byte, RTMP 1.0 §5.3.1.
const maxUnread = 3 + 11 + 4 - 1

// newChunkReader returns a reader of src through buf; bodies come from memory.
func newChunkReader(src io.Reader, buf []byte, limits *Limits, memory *memory) *chunkReader {
	return &chunkReader{src: src, buf: buf, limits: limits, memory: memory, budget: limits.BufferedWaiting, chunkSize: defaultChunkSize}
}

// widen makes the reader read more at once. If wait says when src has something to read,
// each read borrows a buffer from memory; if wait is nil the reader gets its own.
func (r *chunkReader) widen(wait waiter) {
	var buf []byte
	if wait != nil {
		buf = r.memory.readBuffer(1)
	} else {
		buf = make([]byte, readBufferSize)
	}
	r.end = copy(buf, r.buf[r.pos:r.end])
	r.pos, r.buf, r.wait = 0, buf, wait
}

// close returns everything to memory. Later reads fail.
func (r *chunkReader) close() {
	if r.wait != nil {
		r.memory.putReadBuffer(r.buf)
	}
	r.buf, r.pos, r.end = nil, 0, 0
	for cs := range r.all {
		r.release(cs)
	}
}

// next returns the following message; its body is valid until the next call.
// The error is io.EOF at the end of src if no message is in progress there.
func (r *chunkReader) next() (message, error) {
	if r.err != nil {
		return message{}, r.err
	}
	if r.handed != nil {
		r.release(r.handed)
		r.handed = nil
	}
	for {
		cs, err := r.header()
		if err == nil {
			var body []byte
			if body, err = r.payload(cs); err == nil && cs.left == 0 {
				return message{cs.typ, cs.stream, flv.Millis(cs.time), body}, nil
			}
		}
		if err != nil {
			if errors.Is(err, io.EOF) && r.busy() {
				err = io.ErrUnexpectedEOF
			}
			r.err = err
			return message{}, err
		}
	}
}

// payload reads the rest of a chunk, and of those that follow it while they continue the
// message, and returns what has arrived of the body.
func (r *chunkReader) payload(cs *chunkStream) ([]byte, error) {
	n := min(cs.left, r.chunkSize)
	if n == cs.length && int(n) <= r.end-r.pos {
		// The whole message is in buf: no copy.
		body := r.buf[r.pos : r.pos+int(n)]
		r.pos += int(n)
		cs.left = 0
		return body, nil
	}
	r.handed = cs
	for {
		if err := r.part(cs, int(n)); err != nil {
			return nil, err
		}
		// The header of a continuation is mostly one byte, the same each time.
		if cs.left == 0 || cs.extended || r.pos == r.end || uint16(r.buf[r.pos]) != cs.more {
			break
		}
		r.pos++
		n = min(cs.left, r.chunkSize)
	}
	if cs.left > 0 {
		r.handed = nil
	}
	return cs.body, nil
}

// part reads n bytes of cs's message.
func (r *chunkReader) part(cs *chunkStream, n int) error {
	for n > 0 {
		if r.pos == r.end {
			r.partial = cs
			err := r.need(1)
			r.partial = nil
			if err != nil {
				return unexpectedEOF(err)
			}
		}
		k := min(n, r.end-r.pos)
		if len(cs.body)+k > cap(cs.body) {
			if err := r.grow(cs, k); err != nil {
				return err
			}
		}
		cs.body = append(cs.body, r.buf[r.pos:r.pos+k]...)
		r.pos += k
		n -= k
		cs.left -= uint32(k)
	}
	return nil
}

// need makes at least n unread bytes available, n at most len(r.buf).
func (r *chunkReader) need(n int) error {
	if r.end-r.pos >= n {
		return nil
	}
	return r.fill(n)
}

func (r *chunkReader) fill(n int) error {
	copy(r.buf, r.buf[r.pos:r.end])
	r.end -= r.pos
	r.pos = 0
	for tries := 0; r.end < n; tries++ {
		k, err := r.read()
		r.end += k
		if err != nil && r.end < n {
			if r.end > 0 {
				return unexpectedEOF(err)
			}
			return err
		}
		if k == 0 && tries == 100 {
			return io.ErrNoProgress
		}
	}
	return nil
}

// read reads once behind buf[:end]. It waits without a shared buffer, so that others can
// use that.
func (r *chunkReader) read() (int, error) {
	if r.wait != nil && r.end <= maxUnread {
		copy(r.rest[:], r.buf[:r.end])
		r.memory.putReadBuffer(r.buf)
		mark, err := r.wait()
		r.buf = r.memory.readBuffer(mark)
		copy(r.buf, r.rest[:r.end])
		if err != nil {
			return 0, err
		}
	}
	return r.src.Read(r.buf[r.end:])
}

func unexpectedEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (r *chunkReader) lookup(id uint32) *chunkStream {
	if id < uint32(len(r.streams)) {
		return r.streams[id]
	}
	return r.moreStreams[id]
}

// chunkStream returns the state of a chunk stream. A new one may begin with a time delta,
// as librtmp does, but its header must have length and type.
func (r *chunkReader) chunkStream(id uint32, format byte) (*chunkStream, error) {
	if cs := r.lookup(id); cs != nil {
		return cs, nil
	}
	if format > formatNoStream {
		return nil, protocolErrorf("chunk stream %d begins with a header of format %d", id, format)
	}
	if r.count == r.limits.ChunkStreams {
		return nil, limitErrorf("ChunkStreams", "more than %d chunk streams: use the same for all messages of a kind", r.count)
	}
	r.count++
	cs := &chunkStream{more: notOneByte}
	if id < uint32(len(r.streams)) {
		cs.more = formatNone<<6 | uint16(id)
		r.streams[id] = cs
	} else {
		if r.moreStreams == nil {
			r.moreStreams = make(map[uint32]*chunkStream)
		}
		r.moreStreams[id] = cs
	}
	return cs, nil
}

// begin starts a message with the header that cs now has.
func (r *chunkReader) begin(cs *chunkStream) error {
	if limit, name := r.limits.messageLimit(cs.typ); int(cs.length) > limit {
		return limitErrorf(name, "%v of %d bytes, at most %d are taken", cs.typ, cs.length, limit)
	}
	cs.left = cs.length
	return nil
}

// grow makes room for k more bytes of cs's message, and for those of it that have arrived,
// within the budget.
func (r *chunkReader) grow(cs *chunkStream, k int) error {
	size := min(int(cs.length), max(len(cs.body)+k, len(cs.body)+r.end-r.pos, 2*cap(cs.body), growStep))
	body := r.memory.body(size)
	more := cap(body.b) - cap(cs.body)
	if r.held+more > r.budget {
		r.memory.putBody(body)
		name := "Buffered"
		if r.budget == r.limits.BufferedWaiting {
			name = "BufferedWaiting"
		}
		return limitErrorf(name, "unfinished messages on all chunk streams take more than %d bytes: send fewer at a time", r.budget)
	}
	r.held += more
	body.b = append(body.b[:0], cs.body...)
	if cs.memory != nil {
		r.memory.putBody(cs.memory)
	}
	cs.memory, cs.body = body, body.b
	return nil
}

// release returns the memory of a message's body.
func (r *chunkReader) release(cs *chunkStream) {
	if cs.memory != nil {
		r.held -= cap(cs.body)
		r.memory.putBody(cs.memory)
	}
	cs.memory, cs.body = nil, nil
}

// all yields every chunk stream.
func (r *chunkReader) all(yield func(*chunkStream) bool) {
	for _, cs := range r.streams {
		if cs != nil && !yield(cs) {
			return
		}
	}
	for _, cs := range r.moreStreams {
		if !yield(cs) {
			return
		}
	}
}

// busy reports whether a message is in progress.
func (r *chunkReader) busy() bool {
	for cs := range r.all {
		if cs.left > 0 {
			return true
		}
	}
	return false
}

// setChunkSize applies Set Chunk Size, RTMP 1.0 §5.4.1. No memory is allocated by the size
// that the peer claims.
func (r *chunkReader) setChunkSize(m message) error {
	n, err := m.uint32Body()
	if err != nil {
		return err
	}
	if n == 0 || n >= 1<<31 {
		return protocolErrorf("Set Chunk Size to %d: it must be from 1 to 2147483647", n)
	}
	r.chunkSize = min(n, flv.MaxData)
	return nil
}

// abort applies Abort, RTMP 1.0 §5.4.2: it drops the message in progress on a chunk
// stream. Later headers still inherit from its header.
func (r *chunkReader) abort(m message) error {
	id, err := m.uint32Body()
	if err != nil {
		return err
	}
	if cs := r.lookup(id); cs != nil {
		cs.left = 0
		r.release(cs)
	}
	return nil
}
