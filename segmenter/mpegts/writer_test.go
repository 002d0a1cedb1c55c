package mpegts

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"io"
	"strings"
	"testing"
	"time"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// The same bytes as ffmpeg 5.1 writes.
func TestTables(t *testing.T) {
	pat := patPacket()
	want := unhex("47 40 00 10 00 00 b0 0d 00 01 c1 00 00 00 01 f0 00 2a b1 04 b2")
	if got := pat[:len(want)]; !bytes.Equal(got, want) {
		t.Errorf("PAT: got % x, want % x", got, want)
	}
	pmt := pmtPacket(Program{Video: true, Audio: true}, 0)
	want = unhex("47 50 00 10 00 02 b0 17 00 01 c1 00 00 e1 00 f0 00 1b e1 00 f0 00 0f e1 01 f0 00 2f 44 b9 9b ff")
	if got := pmt[:len(want)]; !bytes.Equal(got, want) {
		t.Errorf("PMT: got % x, want % x", got, want)
	}
	if got := pmtPacket(Program{Audio: true}, 33)[5+5]; got != 0xc3 {
		t.Errorf("PMT version 33: got %#x, want 0xc3", got)
	}
}

// The first packet of a picture as ffmpeg 5.1 writes it, but for the
// discontinuity that we announce.
func TestFirstPacket(t *testing.T) {
	var out bytes.Buffer
	var w Writer
	w.SetProgram(Program{Video: true})
	w.Begin(&out, false)
	w.Video(7200, 0, true, 300)
	w.Append(make([]byte, 300))
	if err := w.Finish(0); err != nil {
		t.Fatal(err)
	}
	want := unhex("47 41 00 30 07 50 00 00 7b 0c 7e 00 00 00 01 e0 00 00 80 c0 0a 31 00 09 10 a1 11 00 07 d8 61")
	if got := out.Bytes()[2*PacketSize:][:len(want)]; !bytes.Equal(got, want) {
		t.Errorf("got  % x\nwant % x", got, want)
	}
}

func TestTicks(t *testing.T) {
	for _, tt := range []struct {
		ticks Ticks
		want  time.Duration
	}{{0, 0}, {1, 11111}, {90000, time.Second}, {Second * 3600 * 24 * 365, 365 * 24 * time.Hour}} {
		if got := tt.ticks.Duration(); got != tt.want {
			t.Errorf("%d: got %v, want %v", tt.ticks, got, tt.want)
		}
	}
}

// Frames far apart get packets with nothing but the clock between them.
func TestClockOfSlowVideo(t *testing.T) {
	var out bytes.Buffer
	var w Writer
	w.SetProgram(Program{Video: true})
	w.Begin(&out, false)
	for i := range Ticks(3) {
		w.Video(i*Second, i*Second, true, 1)
		w.Append([]byte{1})
	}
	w.Finish(3 * Second)
	clocks := 0
	for b := out.Bytes(); len(b) > 0; b = b[PacketSize:] {
		if b[3]&0x30 == adaptationOnly {
			clocks++
		}
	}
	if want := 3 * 11; clocks != want {
		t.Errorf("got %d clock packets, want %d", clocks, want)
	}
}

// No audio has a time stamp before the clock, though it comes after the pictures of its
// time, and the clock goes on in small steps all the same.
func TestClockWaitsForLateAudio(t *testing.T) {
	const picture = Second / 25
	for _, late := range []Ticks{0, Second * 9 / 10, Second * 3 / 2} {
		var out bytes.Buffer
		var w Writer
		w.SetProgram(Program{Video: true, Audio: true})
		for segment := range Ticks(3) {
			w.Begin(&out, segment == 0)
			for at := segment * 4 * Second; at < (segment+1)*4*Second; at += picture {
				w.Video(at, at, at%Second == 0, 1)
				w.Append([]byte{1})
				if at >= late {
					w.Audio(at-late, 1)
					w.Append([]byte{1})
				}
			}
			w.Finish((segment + 1) * 4 * Second)
		}
		clock, sounds := Ticks(-1), 0
		for b := out.Bytes(); len(b) > 0; b = b[PacketSize:] {
			pid := uint16(b[1]&0x1f)<<8 | uint16(b[2])
			if b[3]&adaptationOnly != 0 && b[4] > 0 && b[5]&flagPCR != 0 {
				now := Ticks(binary.BigEndian.Uint32(b[6:]))<<1 | Ticks(b[10]>>7)
				if step := now - clock; clock >= 0 && (step < 0 || step > Second/10) {
					t.Errorf("audio %d ms late: the clock steps by %d ms", late/90, step/90)
				}
				clock = now
			}
			if pid == pidAudio {
				sounds++
				stamp := b[5+int(b[4])+pesStart:]
				pts := Ticks(stamp[0]>>1&7)<<30 | Ticks(binary.BigEndian.Uint16(stamp[1:])>>1)<<15 | Ticks(binary.BigEndian.Uint16(stamp[3:])>>1)
				if pts < clock {
					t.Errorf("audio %d ms late: it is %d ms before the clock", late/90, (clock-pts)/90)
				}
			}
		}
		if want := int((12*Second - late) / picture); sounds < want {
			t.Errorf("audio %d ms late: got %d packets of it, want %d", late/90, sounds, want)
		}
	}
}

// pieceWriter checks how a segment is handed over.
type pieceWriter struct {
	t     *testing.T
	sizes []int
	err   error
}

func (p *pieceWriter) Write(b []byte) (int, error) {
	p.sizes = append(p.sizes, len(b))
	if len(b) > 64<<10 || len(b)%PacketSize != 0 {
		p.t.Errorf("got a piece of %d bytes", len(b))
	}
	return len(b), p.err
}

// The buffer is held while it has packets in it, and no longer.
func TestPieces(t *testing.T) {
	p := &pieceWriter{t: t}
	var w Writer
	w.SetProgram(Program{Video: true})
	if w.piece != nil {
		t.Error("a buffer before the first segment")
	}
	w.Begin(p, false)
	w.Video(0, 0, true, 2*longFrom)
	w.Append(make([]byte, 2*longFrom))
	short := longFrom/pieceSize + 1
	if long := (int(w.Bytes()) - short*pieceSize) / longPieceSize; len(p.sizes) != short+long || w.piece == nil {
		t.Errorf("got pieces %v in mid segment, want %d short and %d long ones", p.sizes, short, long)
	}
	w.Finish(0)
	if w.piece != nil {
		t.Error("a buffer after Finish")
	}
	written := len(p.sizes)
	w.Begin(p, false)
	w.Drop()
	if w.piece != nil || len(p.sizes) != written {
		t.Errorf("after Drop: buffer %v, pieces %v", w.piece != nil, p.sizes)
	}
}

func TestWriteErrorSticks(t *testing.T) {
	p := &pieceWriter{t: t, err: io.ErrShortWrite}
	var w Writer
	w.SetProgram(Program{Video: true})
	w.Begin(p, false)
	for range 2 {
		w.Video(0, 0, true, 100_000)
		w.Append(make([]byte, 100_000))
	}
	if err := w.Finish(0); err != io.ErrShortWrite || w.Err() != err {
		t.Errorf("got %v, %v, want %v", err, w.Err(), io.ErrShortWrite)
	}
	if len(p.sizes) != 1 {
		t.Errorf("got %d writes, want none after the first", len(p.sizes))
	}
	var good bytes.Buffer
	w.Begin(&good, false)
	if err := w.Finish(0); err != nil || good.Len() != 2*PacketSize {
		t.Errorf("next segment: got %d bytes, %v", good.Len(), err)
	}
}
