package rtmp

import (
	"math/bits"
	"sync"
)

// readBufferSize is the size of the read buffers that publishers share, bulkBufferSize
// that of those for publishers which are faster than real time. A publisher that
// cannot be waited for has one of its own, and so has a connection that waits for its
// publish: that one holds a handshake.
const (
	readBufferSize    = 64 << 10
	bulkBufferSize    = 1 << 20
	waitingBufferSize = 4 << 10
)

// bodies of up to 1<<maxClass bytes are used again, in sizes that are powers of two
// from 1<<minClass on; a larger one is made for its message alone.
const (
	minClass = 9
	maxClass = 20
)

// memory is what all connections of a server share. Each has some of it only while
// bytes are under way: a publisher that is waited for costs its goroutine and little
// more.
type memory struct {
	reads  sync.Pool // of *[readBufferSize]byte
	bodies [maxClass - minClass + 1]sync.Pool

	mu   sync.Mutex
	bulk [][]byte // of bulkBufferSize, at most maxFreeBulk; a pool would have one for each thread, and drop it
}

// maxFreeBulk is how many buffers of bulkBufferSize are kept.
const maxFreeBulk = 4

// buffer holds the body of a message whose chunks are put together.
type buffer struct{ b []byte }

// readBuffer returns a buffer to read into when so many bytes have come.
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
