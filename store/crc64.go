package store

import "hash/crc64"

// ecma is the table of CRC-64/XZ, which the API calls crc64ecma.
var ecma = crc64.MakeTable(crc64.ECMA)

// joinCRC64 returns the checksum of a sequence from those of its two parts and the
// length of the second. A checksum is a polynomial over GF(2) modulo that of the
// code; n bytes behind it multiply it by x^8n (zlib's crc32_combine).
func joinCRC64(first, second uint64, n int64) uint64 {
	const one, x8 = uint64(1) << 63, uint64(1) << (63 - 8) // the highest bit is x^0
	power, square := one, x8
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			power = multiply(power, square)
		}
		square = multiply(square, square)
	}
	return multiply(first, power) ^ second
}

// multiply returns a·b modulo the polynomial of the code.
func multiply(a, b uint64) uint64 {
	var product uint64
	for ; a != 0; a <<= 1 {
		if a>>63 == 1 {
			product ^= b
		}
		low := b & 1
		b = b>>1 ^ low*crc64.ECMA
	}
	return product
}
