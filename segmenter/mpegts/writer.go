package mpegts

import (
	"io"
	"sync"
)

// A piece is what is given to the destination at once: whole packets within 32 KiB.
// Every stream holds one nearly all the time, so that its size is most of what a
// stream takes. What of a segment is beyond longFrom goes in pieces of 64 KiB, which
// saves a twentieth of the time flat out; segments of small streams are mostly shorter.
const (
	pieceSize     = 32 << 10 / PacketSize * PacketSize
	longPieceSize = 64 << 10 / PacketSize * PacketSize
	longFrom      = 512 << 10
)

// Pieces are shared by all writers. Each holds one only while it has packets in it.
var (
	pieces     = sync.Pool{New: func() any { return new([pieceSize]byte) }}
	longPieces = sync.Pool{New: func() any { return new([longPieceSize]byte) }}
)

// Writer writes segments one after the other. The order of calls is SetProgram,
// then for each segment Begin, any number of frames, and Finish. A frame is one
// call of Video or Audio, which announces its size, and calls of Append that
// supply exactly that many bytes.
//
// Write errors of the destination stick: later frames are lost, and Finish
// returns the error. Drop gives up a segment without writing.
type Writer struct {
	program  Program
	tables   [2][PacketSize]byte // PAT and PMT
	version  uint8               // of the PMT
	counters [4]uint8            // of the next packet with payload, by counterOf

	dst   io.Writer
	err   error
	piece []byte // nil while there is nothing in it
	n     int    // bytes in piece
	bytes int64  // of this segment, piece included

	clock   Ticks   // decoding time that the last PCR was written for
	ticking bool    // clock is set
	silent  bool    // no video yet in this segment
	heard   Ticks   // PTS of the last audio
	breaks  [2]bool // video, audio: the next packet must say that the stream breaks here

	// the frame being written
	pid  uint16
	room []byte // what is free of the current packet
	left int    // bytes that are still to come
}

// SetProgram changes what the following segments hold. Call it before the first
// segment, and between segments whenever a stream comes, goes or changes its
// configuration: the PMT gets a new version.
func (w *Writer) SetProgram(p Program) {
	if w.program == (Program{}) {
		w.tables[0] = patPacket()
	} else {
		w.version++
	}
	w.program = p
	w.tables[1] = pmtPacket(p, w.version)
}

// Program is what was last set.
func (w *Writer) Program() Program { return w.program }

// Begin starts a segment in dst. At a discontinuity, the time stamps need not
// go on from those of the segment before.
func (w *Writer) Begin(dst io.Writer, discontinuity bool) {
	w.dst, w.err, w.bytes, w.silent = dst, nil, 0, true
	if discontinuity {
		w.ticking = false
		w.breaks = [2]bool{true, true}
	}
	for i := range w.tables {
		p := w.packet()
		*p = w.tables[i]
		p[3] |= w.count(i)
	}
}

// Finish ends the segment and hands all of it to the destination. The clock is
// written up to next, the time at which the following segment starts.
func (w *Writer) Finish(next Ticks) error {
	if w.ticking {
		w.tick(w.pace(next))
	}
	w.flush()
	w.release()
	return w.err
}

// Drop ends the segment without writing what is left of it.
func (w *Writer) Drop() { w.release() }

// Bytes is the size of the segment so far.
func (w *Writer) Bytes() int64 { return w.bytes }

// Err is the first error of the segment's destination.
func (w *Writer) Err() error { return w.err }

// packet returns room for one packet, all of which is to be overwritten.
func (w *Writer) packet() *[PacketSize]byte {
	if w.n == len(w.piece) {
		w.turn()
	}
	p := (*[PacketSize]byte)(w.piece[w.n:])
	w.n += PacketSize
	w.bytes += PacketSize
	return p
}

// turn hands over the piece, which is full or not there yet, and takes one that fits
// the segment.
func (w *Writer) turn() {
	w.flush()
	long := w.bytes >= longFrom
	if w.piece != nil && long == (len(w.piece) == longPieceSize) {
		return
	}
	w.putPiece()
	if long {
		w.piece = longPieces.Get().(*[longPieceSize]byte)[:]
	} else {
		w.piece = pieces.Get().(*[pieceSize]byte)[:]
	}
}

func (w *Writer) flush() {
	if w.n > 0 && w.err == nil {
		_, w.err = w.dst.Write(w.piece[:w.n])
	}
	w.n = 0
}

func (w *Writer) release() {
	w.putPiece()
	w.n, w.room, w.dst = 0, nil, nil
}

func (w *Writer) putPiece() {
	switch len(w.piece) {
	case pieceSize:
		pieces.Put((*[pieceSize]byte)(w.piece))
	case longPieceSize:
		longPieces.Put((*[longPieceSize]byte)(w.piece))
	}
	w.piece = nil
}
