package store

import (
	"hash/crc64"
	"math/rand/v2"
	"testing"
)

func TestJoinCRC64(t *testing.T) {
	data := make([]byte, 5000)
	for i := range data {
		data[i] = byte(rand.Uint32())
	}
	sum := func(b []byte) uint64 { return crc64.Checksum(b, ecma) }
	for n := range len(data) + 1 {
		if n > 20 && n%499 != 0 {
			continue
		}
		if got, want := joinCRC64(sum(data[:n]), sum(data[n:]), int64(len(data)-n)), sum(data); got != want {
			t.Errorf("%d and %d bytes: got %x, want %x", n, len(data)-n, got, want)
		}
	}
	// Lengths that cannot be tried: joining is associative.
	const a, b, c, nb, nc = 0x123456789abcdef0, 0xfedcba987654321f, 0x0f1e2d3c4b5a6978, 5<<30 - 1, 1<<40 + 12345
	left, right := joinCRC64(joinCRC64(a, b, nb), c, nc), joinCRC64(a, joinCRC64(b, c, nc), nb+nc)
	if left != right {
		t.Errorf("(ab)c is %x and a(bc) %x", left, right)
	}
}
