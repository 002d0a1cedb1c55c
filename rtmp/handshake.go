package rtmp

import (
	"crypto/rand"
	"io"
)

const (
	version       = 3
	handshakeSize = 1536 // of C1, S1, C2 and S2, RTMP 1.0 §5.2.3
)

// checkVersion checks C0: versions 3 to 31 are answered with 3 (RTMP 1.0 §5.2.2).
func checkVersion(c0 byte) error {
	switch {
	case c0 == 0x16:
		return protocolErrorf("first byte 0x16: this looks like TLS, but the port speaks plain RTMP")
	case c0 >= 'A' && c0 <= 'Z':
		return protocolErrorf("first byte %q: this looks like HTTP, but the port speaks RTMP", c0)
	case c0 == 6, c0 == 8, c0 == 9:
		return protocolErrorf("first byte %d: encrypted RTMP is not supported", c0)
	case c0 < version, c0 >= 32:
		return protocolErrorf("first byte 0x%02x: not RTMP", c0)
	}
	return nil
}

// acceptHandshake reads C0, C1 and C2 and writes S0, S1 and S2. S2 is a copy of C1, which
// some clients compare. C2 is not compared, because GStreamer changes it. Bytes 4 to 7 of S1
// are zero: other values ask for a digest.
func acceptHandshake(r *chunkReader, w io.Writer) error {
	if err := r.need(1); err != nil {
		return err
	}
	if err := checkVersion(r.buf[r.pos]); err != nil {
		return err
	}
	if err := r.need(1 + handshakeSize); err != nil {
		return unexpectedEOF(err)
	}
	answer := make([]byte, 1+2*handshakeSize)
	answer[0] = version
	rand.Read(answer[1+8 : 1+handshakeSize])
	copy(answer[1+handshakeSize:], r.buf[r.pos+1:])
	r.pos += 1 + handshakeSize
	if _, err := w.Write(answer); err != nil {
		return err
	}
	if err := r.need(handshakeSize); err != nil {
		return unexpectedEOF(err)
	}
	r.pos += handshakeSize
	return nil
}

// offerHandshake is the client's side of the handshake.
func offerHandshake(r *chunkReader, w io.Writer) error {
	hello := make([]byte, 1+handshakeSize)
	hello[0] = version
	rand.Read(hello[1+8:])
	if _, err := w.Write(hello); err != nil {
		return err
	}
	if err := r.need(1 + handshakeSize); err != nil {
		return unexpectedEOF(err)
	}
	if s0 := r.buf[r.pos]; s0 != version {
		return protocolErrorf("server answers with version %d", s0)
	}
	echo := r.buf[r.pos+1 : r.pos+1+handshakeSize]
	if _, err := w.Write(echo); err != nil {
		return err
	}
	r.pos += 1 + handshakeSize
	if err := r.need(handshakeSize); err != nil {
		return unexpectedEOF(err)
	}
	r.pos += handshakeSize
	return nil
}
