package flv

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrFormat reports a file that is not FLV version 1.
var ErrFormat = errors.New("flv: not an FLV file")

const (
	fileHeaderSize = 9
	tagHeaderSize  = 11
	backSize       = 4 // PreviousTagSize, after every tag

	// growStep bounds the memory that is allocated ahead of the bytes.
	growStep = 64 << 10
)

// tagHeader reads the first tagHeaderSize bytes of an encoded tag. FLV 10.1
// §E.4.1: bits 7 and 6 of the type are reserved, bit 5 is set for encrypted
// data, the time has its highest byte last.
func tagHeader(b []byte) (typ TagType, size uint32, time Millis, err error) {
	if b[0]&0x20 != 0 {
		return 0, 0, 0, errors.New("flv: encrypted tag")
	}
	return TagType(b[0] & 0x1f), uint24(b[1:]), Millis(uint24(b[4:]) | uint32(b[7])<<24), nil
}

// AppendTag appends t as it stands in a file, the size that follows it
// included. Data beyond MaxData is the caller's error and is cut.
func AppendTag(b []byte, t Tag) []byte {
	data := t.Data[:min(len(t.Data), MaxData)]
	n := uint32(len(data))
	b = append(b, byte(t.Type)&0x1f, byte(n>>16), byte(n>>8), byte(n),
		byte(t.Time>>16), byte(t.Time>>8), byte(t.Time), byte(t.Time>>24), 0, 0, 0)
	b = append(b, data...)
	return binary.BigEndian.AppendUint32(b, tagHeaderSize+n)
}

// CutTag returns the first tag of b, as a file or an RTMP aggregate message has it, and the
// rest of b. The tag's data is part of b. The size behind the last tag may be missing. A
// tag that is cut short is io.ErrUnexpectedEOF.
func CutTag(b []byte) (t Tag, rest []byte, err error) {
	if len(b) < tagHeaderSize {
		return Tag{}, nil, io.ErrUnexpectedEOF
	}
	typ, size, time, err := tagHeader(b)
	if err != nil {
		return Tag{}, nil, err
	}
	b = b[tagHeaderSize:]
	if int(size) > len(b) {
		return Tag{}, nil, io.ErrUnexpectedEOF
	}
	t = Tag{Type: typ, Time: time, Data: b[:size]}
	b = b[size:]
	return t, b[min(backSize, len(b)):], nil
}

// Reader reads an FLV file tag by tag. It makes many small reads: give it a
// buffered reader.
type Reader struct {
	r       io.Reader
	started bool
	buf     []byte
	err     error
}

// NewReader returns a Reader of r. It reads nothing before the first ReadTag.
func NewReader(r io.Reader) *Reader { return &Reader{r: r} }

// ReadTag returns the next tag; its data is valid until the following call.
// Tags of an unknown type are returned too. The error is io.EOF at the end of
// the file, io.ErrUnexpectedEOF inside a tag, ErrFormat for another kind of
// file; every later call returns it again.
func (r *Reader) ReadTag() (Tag, error) {
	if r.err != nil {
		return Tag{}, r.err
	}
	t, err := r.readTag()
	r.err = err
	return t, err
}

func (r *Reader) readTag() (Tag, error) {
	if !r.started {
		if err := r.readHeader(); err != nil {
			return Tag{}, err
		}
		r.started = true
	}
	// Sizes before a tag are often wrong in real files, and nothing needs them.
	var h [backSize + tagHeaderSize]byte
	if n, err := io.ReadFull(r.r, h[:]); err != nil {
		if n == backSize && err == io.ErrUnexpectedEOF {
			err = io.EOF
		}
		return Tag{}, err
	}
	typ, size, time, err := tagHeader(h[backSize:])
	if err != nil {
		return Tag{}, err
	}
	if err := r.fill(int(size)); err != nil {
		return Tag{}, fmt.Errorf("flv: %v tag of %d bytes: %w", typ, size, err)
	}
	return Tag{Type: typ, Time: time, Data: r.buf}, nil
}

func (r *Reader) readHeader() error {
	var h [fileHeaderSize]byte
	if _, err := io.ReadFull(r.r, h[:]); err != nil {
		if err == io.ErrUnexpectedEOF {
			err = ErrFormat
		}
		return err
	}
	offset := binary.BigEndian.Uint32(h[5:])
	if string(h[:4]) != "FLV\x01" || offset < fileHeaderSize {
		return ErrFormat
	}
	if _, err := io.CopyN(io.Discard, r.r, int64(offset-fileHeaderSize)); err != nil {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// fill reads size bytes into r.buf, which grows as they arrive.
func (r *Reader) fill(size int) error {
	r.buf = r.buf[:0]
	for len(r.buf) < size {
		n := len(r.buf)
		end := min(size, max(cap(r.buf), n+growStep))
		if end > cap(r.buf) {
			r.buf = append(make([]byte, 0, max(end, min(2*n, size))), r.buf...)
		}
		r.buf = r.buf[:end]
		if _, err := io.ReadFull(r.r, r.buf[n:]); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
	}
	return nil
}

// Writer writes an FLV file.
type Writer struct {
	w   io.Writer
	buf []byte
	err error
}

// NewWriter writes to w, nothing before the first tag. The file header
// announces both audio and video.
func NewWriter(w io.Writer) *Writer {
	return &Writer{w: w, buf: append([]byte("FLV\x01\x05"), 0, 0, 0, fileHeaderSize, 0, 0, 0, 0)}
}

// WriteTag writes t with one call of Write. After an error, every later call
// returns it again.
func (w *Writer) WriteTag(t Tag) error {
	if w.err != nil {
		return w.err
	}
	if len(t.Data) > MaxData {
		return fmt.Errorf("flv: %v tag of %d bytes is too long", t.Type, len(t.Data))
	}
	w.buf = AppendTag(w.buf, t)
	_, w.err = w.w.Write(w.buf)
	w.buf = w.buf[:0]
	return w.err
}
