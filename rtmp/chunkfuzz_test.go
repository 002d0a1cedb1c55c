package rtmp

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// checkChunks reads wire at once and byte by byte: the messages and the error
// are the same, and memory stays within the budget.
func checkChunks(t *testing.T, wire []byte) {
	t.Helper()
	limits := openLimits()
	limits.ChunkStreams = 8
	limits.BufferedWaiting = 1 << 16
	r := newChunkReader(bytes.NewReader(wire), make([]byte, maxUnread+1+len(wire)), limits, new(memory))
	var want []messageSum
	var wantErr error
	for wantErr == nil {
		var m message
		if m, wantErr = r.next(); wantErr != nil {
			break
		}
		switch m.typ {
		case typeSetChunkSize:
			wantErr = r.setChunkSize(m)
		case typeAbort:
			wantErr = r.abort(m)
		default:
			want = append(want, sumMessage(m))
		}
	}
	held := 0
	for cs := range r.all {
		held += cap(cs.body)
	}
	if held != r.held || held > r.budget || r.count > limits.ChunkStreams {
		t.Fatalf("%d bytes held by %d chunk streams, accounted for %d", held, r.count, r.held)
	}
	got, err := readChunks(iotest.OneByteReader(bytes.NewReader(wire)), 16, limits)
	if !slices.Equal(got, want) || fmt.Sprint(err) != fmt.Sprint(wantErr) {
		// What arrives at once can need no memory at all, or grow in larger steps.
		if ranOut(err) || ranOut(wantErr) {
			return
		}
		t.Fatalf("byte by byte: got %v, %v; at once: %v, %v", got, err, want, wantErr)
	}
}

// ranOut reports whether err is the limit on unfinished messages.
func ranOut(err error) bool {
	var limit *LimitError
	return errors.As(err, &limit) && strings.HasPrefix(limit.Limit, "Buffered")
}

func FuzzChunkReader(f *testing.F) {
	w := &chunker{size: 128}
	for _, m := range sourceMessages()[:3] {
		w.message(m.csid, m.typ, m.time+0xfffff0, m.body[:min(len(m.body), 400)])
	}
	w.setSize(300)
	w.header(0, 70, 5, 400, 9, 1)
	w.part(make([]byte, 400))
	w.header(0, 2, 0, 4, 2, 0)
	w.Write([]byte{0, 0, 0, 70})
	w.header(1, 70, 0xfffffff0, 3, 8, 1)
	w.Write([]byte("abc"))
	w.header(2, 70, 40, 0, 0, 0)
	w.Write([]byte("abc"))
	w.basic(3, 70)
	w.Write([]byte("abc"))
	f.Add(w.Bytes())
	f.Add([]byte("\x03\xff\xff\xff\x00\x00\x8a\x09\x01\x00\x00\x00\x01\x00\x00\x00" + strings.Repeat("x", 128) + "\xc301234567"))
	f.Fuzz(checkChunks)
}

// Headers in any order on any chunk stream, which random bytes rarely are (R6):
// three bytes are a header's form and chunk stream, its time, and its length and
// type; what the length says follows, or less.
func FuzzChunkHeaders(f *testing.F) {
	f.Add([]byte{0x00, 0, 0x29, 0x40, 10, 0x29, 0xc0, 0, 0})            // all forms on a chunk stream
	f.Add([]byte{0x80, 0, 0})                                           // without one before
	f.Add([]byte{0x0b, 0xff, 0xf9, 0xc3, 0, 0, 0x43, 0xfe, 0x30, 0xc3}) // extended times, torn bodies
	f.Add([]byte{0x00, 1, 0xf9, 0x09, 2, 0xf8, 0xc0, 0, 0, 0x04, 0, 0x03, 0xc1, 0, 0, 0x04, 0, 0x0c, 0xc0, 0, 0})
	csids := [...]int{3, 4, 2, 63, 64, 319, 320, 65599}
	types := [...]messageType{typeVideo, typeAudio, typeCommand, typeSetChunkSize, typeAbort, typeData, typeAggregate, typeWindowSize}
	f.Fuzz(func(t *testing.T, script []byte) {
		w := &chunker{size: 128}
		for len(script) >= 3 && w.Len() < 64<<10 {
			form, at, shape := script[0], script[1], script[2]
			script = script[3:]
			csid, typ := csids[form&7], types[shape&7]
			w.twoByte = form&8 != 0
			time := uint32(at) * 7
			switch at {
			case 0xff:
				time = 0xffffff
			case 0xfe:
				time = 0xfffffff0 // 16 ms back
			}
			size := int(shape>>3) * 13
			body := bytes.Repeat([]byte{at}, size)
			if size <= 52 && (typ == typeSetChunkSize || typ == typeAbort) {
				size, body = 4, []byte{0, 0, at & 1, shape}
			}
			w.header(int(form>>6), csid, time, size, int(typ), int(form>>4&1))
			if time >= 0xffffff && form>>6 == 3 && form&0x20 == 0 {
				w.Write([]byte{0, 0xff, 0xff, 0xff})
			}
			w.part(body) // no more than a chunk: the rest needs headers of its own
		}
		checkChunks(t, w.Bytes())
	})
}
