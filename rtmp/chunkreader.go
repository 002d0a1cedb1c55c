package rtmp

import (
	"io"

	"osslive/rtmp/flv"
)

const (
	defaultChunkSize = 128 // RTMP 1.0 §5.4.1

	// growStep bounds the memory taken for a message ahead of its bytes.
	growStep = 4 << 10

	// A body buffer over keepBody is let go after keepFor messages that needed
	// less than an eighth of it.
	keepBody = 64 << 10
	keepFor  = 1000
)

// chunkReader reads messages from chunks. It takes no more memory than limits
// allow and than bytes have arrived for. The first error sticks.
type chunkReader struct {
	src io.Reader
	err error

	buf      []byte // bytes read from src are buf[pos:end]
	pos, end int

	limits    *Limits
	budget    int // for the bodies of all chunk streams
	held      int // their capacity
	chunkSize uint32
	omitsTime bool // the peer does not repeat extended times

	streams     [64]*chunkStream        // by ID
	moreStreams map[uint32]*chunkStream // 64 and above
	count       int
}

// newChunkReader reads from src through buf.
func newChunkReader(src io.Reader, buf []byte, limits *Limits) *chunkReader {
	return &chunkReader{src: src, buf: buf, limits: limits, budget: limits.BufferedWaiting, chunkSize: defaultChunkSize}
}

// next returns the following message; its body is valid until the next call.
// The error is io.EOF at the end of src if no message is in progress there.
func (r *chunkReader) next() (message, error) {
	if r.err != nil {
		return message{}, r.err
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
			if err == io.EOF && r.busy() {
				err = io.ErrUnexpectedEOF
			}
			r.err = err
			return message{}, err
		}
	}
}

// payload reads the rest of a chunk and returns what has arrived of the message.
func (r *chunkReader) payload(cs *chunkStream) ([]byte, error) {
	n := min(cs.left, r.chunkSize)
	if n == cs.length && int(n) <= r.end-r.pos {
		// The whole message is in our hands: nothing to put together.
		body := r.buf[r.pos : r.pos+int(n)]
		r.pos += int(n)
		cs.left = 0
		return body, nil
	}
	for n > 0 {
		if r.pos == r.end {
			if err := r.need(1); err != nil {
				return nil, unexpectedEOF(err)
			}
		}
		k := min(int(n), r.end-r.pos)
		if len(cs.body)+k > cap(cs.body) {
			if err := r.grow(cs, len(cs.body)+k); err != nil {
				return nil, err
			}
		}
		cs.body = append(cs.body, r.buf[r.pos:r.pos+k]...)
		r.pos += k
		n -= uint32(k)
		cs.left -= uint32(k)
	}
	return cs.body, nil
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
		k, err := r.src.Read(r.buf[r.end:])
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

func unexpectedEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// useBuffer replaces the read buffer by a longer one and returns the old.
func (r *chunkReader) useBuffer(buf []byte) []byte {
	old := r.buf
	r.end = copy(buf, r.buf[r.pos:r.end])
	r.pos = 0
	r.buf = buf
	return old
}

func (r *chunkReader) lookup(id uint32) *chunkStream {
	if id < uint32(len(r.streams)) {
		return r.streams[id]
	}
	return r.moreStreams[id]
}

// chunkStream returns the state of a chunk stream. One that is not yet known may
// begin with a time delta, as librtmp does, but must say length and type.
func (r *chunkReader) chunkStream(id uint32, format byte) (*chunkStream, error) {
	if cs := r.lookup(id); cs != nil {
		return cs, nil
	}
	if format > formatNoStream {
		return nil, protocolErrorf("chunk stream %d begins with a header of format %d", id, format)
	}
	if r.count == r.limits.ChunkStreams {
		return nil, limitErrorf("ChunkStreams", "more than %d chunk streams", r.count)
	}
	r.count++
	cs := new(chunkStream)
	if id < uint32(len(r.streams)) {
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
		return limitErrorf(name, "message of type %d has %d bytes, more than %d", cs.typ, cs.length, limit)
	}
	if cap(cs.body) > keepBody && int(cs.length) < cap(cs.body)/8 {
		if cs.small++; cs.small > keepFor {
			r.release(cs)
		}
	} else {
		cs.small = 0
	}
	cs.body = cs.body[:0]
	cs.left = cs.length
	return nil
}

// grow makes room for size bytes of cs's message, within the budget.
func (r *chunkReader) grow(cs *chunkStream, size int) error {
	size = min(int(cs.length), max(size+growStep, 2*cap(cs.body)))
	more := size - cap(cs.body)
	if r.held+more > r.budget {
		for other := range r.all {
			if other.left == 0 {
				r.release(other)
			}
		}
	}
	if r.held+more > r.budget {
		name := "Buffered"
		if r.budget == r.limits.BufferedWaiting {
			name = "BufferedWaiting"
		}
		return limitErrorf(name, "unfinished messages need more than %d bytes", r.budget)
	}
	r.held += more
	body := make([]byte, len(cs.body), size)
	copy(body, cs.body)
	cs.body = body
	return nil
}

func (r *chunkReader) release(cs *chunkStream) {
	r.held -= cap(cs.body)
	cs.body, cs.small = nil, 0
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

// setChunkSize applies Set Chunk Size, RTMP 1.0 §5.4.1. The size is the peer's
// word and never sizes memory.
func (r *chunkReader) setChunkSize(m message) error {
	n, err := m.uint32Body()
	if err != nil {
		return err
	}
	if n == 0 || n >= 1<<31 {
		return protocolErrorf("chunk size of %d", n)
	}
	r.chunkSize = min(n, flv.MaxData)
	return nil
}

// abort applies Abort, RTMP 1.0 §5.4.2: the message in progress on a chunk
// stream is dropped. Its headers still inherit.
func (r *chunkReader) abort(m message) error {
	id, err := m.uint32Body()
	if err != nil {
		return err
	}
	if cs := r.lookup(id); cs != nil {
		cs.left = 0
		cs.body = cs.body[:0]
	}
	return nil
}
