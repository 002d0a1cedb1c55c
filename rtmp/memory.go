package rtmp

import (
	"math/bits"
	"sync"
)

// readBufferSize is the size of the read buffers that publishers share, bulkBufferSize that
// of the buffers for publishers faster than real time. Where there is no low-water mark
// (TLS, not Linux) a publisher owns its buffer. Before its publish every connection owns a
// small one, large enough for a handshake.
const (
	readBufferSize    = 64 << 10
	bulkBufferSize    = 1 << 20
	waitingBufferSize = 4 << 10
)

// Bodies of up to 1<<maxClass bytes are reused; their sizes are powers of two from
// 1<<minClass. A larger one is allocated for its message.
const (
	minClass = 9
	maxClass = 20
)

// memory holds the buffers that all connections of a server share. A connection borrows some
// only while it has bytes to handle: a publisher that waits costs its goroutine and little
// more.
type memory struct {
	reads  sync.Pool // of *[readBufferSize]byte
	bodies [maxClass - minClass + 1]sync.Pool

	mu   sync.Mutex
	bulk [][]byte // of bulkBufferSize, at most maxFreeBulk; a pool would have one for each thread, and drop it
}

// maxFreeBulk is the number of free buffers of bulkBufferSize that stay for reuse.
const maxFreeBulk = 4

// buffer holds the body of a message of several chunks.
type buffer struct{ b []byte }

// readBuffer returns a buffer for a read of about that many bytes.
func (m *memory) readBuffer(mark int) []byte {
	if mark > maxMark {
		return m.bulkBuffer()
	}
	if b, ok := m.reads.Get().(*[readBufferSize]byte); ok {
		return b[:]
	}
	return make([]byte, readBufferSize)
}

func (m *memory) bulkBuffer() (b []byte) {
	m.mu.Lock()
	if n := len(m.bulk); n > 0 {
		b, m.bulk = m.bulk[n-1], m.bulk[:n-1]
	}
	m.mu.Unlock()
	if b == nil {
		b = make([]byte, bulkBufferSize)
	}
	return b
}

func (m *memory) putReadBuffer(b []byte) {
	if len(b) < bulkBufferSize {
		m.reads.Put((*[readBufferSize]byte)(b))
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.bulk) < maxFreeBulk {
		m.bulk = append(m.bulk, b)
	}
}

// class is the power of two that holds size bytes, less minClass.
func class(size int) int { return max(minClass, bits.Len(uint(size-1))) - minClass }

// body returns a buffer for at least size bytes, size > 0.
func (m *memory) body(size int) *buffer {
	c := class(size)
	if c >= len(m.bodies) {
		return &buffer{make([]byte, 0, size)}
	}
	if b, ok := m.bodies[c].Get().(*buffer); ok {
		return b
	}
	return &buffer{make([]byte, 0, 1<<(c+minClass))}
}

func (m *memory) putBody(b *buffer) {
	if c := class(cap(b.b)); c < len(m.bodies) {
		m.bodies[c].Put(b)
	}
}
