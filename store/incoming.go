package store

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"hash"
	"hash/crc64"
	"io"
	"strings"
	"sync"
)

// pieceSize is the size, in bytes, of a read of a body and of a write to a blob.
const pieceSize = 64 << 10

// pieces are buffers of a piece and one byte: the byte shows that a body is longer than
// maxBody.
var pieces = sync.Pool{New: func() any { return new([pieceSize + 1]byte) }}

// incoming receives the body of a request.
type incoming struct {
	md5   hash.Hash
	crc64 hash.Hash64
	size  int64
	limit int64  // most bytes
	small []byte // all of it, when it is at most maxBody; else it went to a blob
}

func newIncoming() *incoming {
	return &incoming{md5: md5.New(), crc64: crc64.New(ecma), limit: maxBodyBytes}
}

// receive reads body to its end, writes it to w unless it is small, and checks it against
// opt.
func (in *incoming) receive(w io.Writer, body io.Reader, opt PutOptions) error {
	if opt.Length > in.limit {
		return ErrBodyTooLarge
	}
	if err := in.read(w, body, opt.Length); err != nil {
		return err
	}
	if opt.MD5 != nil && !bytes.Equal(opt.MD5, in.md5.Sum(nil)) {
		return ErrBadDigest
	}
	return nil
}

// receiveAll is receive for a body that becomes a blob whatever its size.
func (in *incoming) receiveAll(w io.Writer, body io.Reader, opt PutOptions) error {
	if err := in.receive(w, body, opt); err != nil || in.small == nil {
		return err
	}
	_, err := w.Write(in.small)
	return err
}

func (in *incoming) read(w io.Writer, body io.Reader, length int64) error {
	buf := pieces.Get().(*[pieceSize + 1]byte)
	defer pieces.Put(buf)
	n, err := in.fill(body, buf[:maxBody+1])
	if errors.Is(err, io.EOF) {
		in.small = bytes.Clone(buf[:n])
		if in.small == nil {
			in.small = []byte{}
		}
	}
	for err == nil {
		if _, err := w.Write(buf[:n]); err != nil {
			return err
		}
		if length >= 0 && in.size > length {
			return ErrBodyLength
		}
		if in.size > in.limit {
			return ErrBodyTooLarge
		}
		n, err = in.fill(body, buf[:pieceSize])
	}
	if !errors.Is(err, io.EOF) {
		return err
	}
	if length >= 0 && in.size != length {
		return ErrBodyLength
	}
	if in.size > in.limit {
		return ErrBodyTooLarge
	}
	if in.small == nil {
		_, err := w.Write(buf[:n])
		return err
	}
	return nil
}

// fill reads until buf is full. Unlike io.ReadFull it does not mix up the end of the body
// with an io.ErrUnexpectedEOF of the reader, which is a body that was cut off.
func (in *incoming) fill(r io.Reader, buf []byte) (n int, err error) {
	for n < len(buf) && err == nil {
		var m int
		m, err = r.Read(buf[n:])
		n += m
	}
	in.write(buf[:n])
	return n, err
}

func (in *incoming) write(p []byte) {
	in.md5.Write(p)
	in.crc64.Write(p)
	in.size += int64(len(p))
}

func (in *incoming) etag() string {
	return strings.ToUpper(hex.EncodeToString(in.md5.Sum(nil)))
}
