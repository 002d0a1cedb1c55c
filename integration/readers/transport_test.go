package readers

import (
	"bytes"
	"context"
	"errors"
	"osslive/segmenter/mpegts"
	"testing"

	"github.com/asticode/go-astits"
)

// Every size of frame, so every amount of stuffing, comes out of another
// implementation's demultiplexer as it went in.
func TestSizes(t *testing.T) {
	var out bytes.Buffer
	var w mpegts.Writer
	w.SetProgram(mpegts.Program{Video: true, Audio: true})
	w.Begin(&out, true)
	const n = 600
	frame := make([]byte, n)
	for i := range frame {
		frame[i] = byte(i*7) | 1
	}
	for size := 1; size < n; size++ {
		at := mpegts.Ticks(size) * 3600
		w.Video(at+3600*mpegts.Ticks(size%3), at, size%50 == 1, size)
		w.Append(frame[:size/3])
		w.Append(frame[size/3 : size])
		w.Audio(at, size)
		w.Append(frame[:size])
	}
	if err := w.Finish(0); err != nil {
		t.Fatal(err)
	}
	if got := int64(out.Len()); got != w.Bytes() || got%mpegts.PacketSize != 0 {
		t.Errorf("got %d bytes, Bytes says %d", got, w.Bytes())
	}

	d := astits.NewDemuxer(context.Background(), &out)
	const pidVideo, pidAudio = 0x100, 0x101
	sizes := map[uint16]int{}
	for {
		data, err := d.NextData()
		if errors.Is(err, astits.ErrNoMorePackets) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if data.PES == nil {
			continue
		}
		sizes[data.PID]++
		size := sizes[data.PID]
		if !bytes.Equal(data.PES.Data, frame[:size]) {
			t.Fatalf("PID %#x: got %d bytes, want %d", data.PID, len(data.PES.Data), size)
		}
		at := int64(size)*3600 + 126000
		o := data.PES.Header.OptionalHeader
		pts := at
		if data.PID == pidVideo {
			pts += 3600 * int64(size%3)
		}
		if o.PTS.Base != pts || o.DTS != nil && o.DTS.Base != at {
			t.Fatalf("PID %#x, %d bytes: got PTS %d, DTS %v, want %d, %d", data.PID, size, o.PTS.Base, o.DTS, pts, at)
		}
	}
	if sizes[pidVideo] != n-1 || sizes[pidAudio] != n-1 {
		t.Errorf("got %d pictures, %d audio packets, want %d of each", sizes[pidVideo], sizes[pidAudio], n-1)
	}
}
