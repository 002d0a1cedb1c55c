package mpegts_test

import (
	"bytes"
	"testing"

	"osslive/segmenter/mpegts"
	"osslive/segmenter/mpegts/mpegtstest"
)

// Frames of any size, in any pieces, at any distance, in segments of any length:
// the independent reader finds them all and nothing to complain about. Four
// bytes are a frame: what it is, its distance, and its size.
func FuzzWriter(f *testing.F) {
	f.Add([]byte{0x01, 40, 0, 200, 0x00, 40, 1, 3, 0x02, 10, 0, 90, 0x11, 40, 0, 184, 0x03, 5, 0, 1}, true)
	f.Add([]byte{0x01, 255, 0, 157, 0x00, 255, 0, 158, 0x10, 255, 0, 170, 0x30, 1, 0, 171}, true)
	f.Add([]byte{0x02, 40, 0, 1, 0x12, 200, 3, 3, 0x33, 1, 8, 8}, false)
	f.Fuzz(func(t *testing.T, script []byte, video bool) {
		var w mpegts.Writer
		w.SetProgram(mpegts.Program{Video: video, Audio: true})
		var segments [][]byte
		var out bytes.Buffer
		var now, sound mpegts.Ticks
		var want [2]int
		frame := bytes.Repeat([]byte{0xa5}, 1<<16)
		begin := func(broken bool) { w.Begin(&out, broken) }
		end := func() {
			if err := w.Finish(now); err != nil {
				t.Fatal(err)
			}
			segments = append(segments, bytes.Clone(out.Bytes()))
			out.Reset()
		}
		empty := true
		begin(true)
		for len(script) >= 4 && len(segments) < 50 {
			kind, step, size := script[0], mpegts.Ticks(script[1]), int(script[2])<<8|int(script[3])
			script = script[4:]
			if kind&0x10 != 0 && !empty {
				end()
				begin(kind&0x20 != 0)
				empty = true
			}
			now += 1 + step*step
			size = max(size, 7)
			if video && kind&2 == 0 {
				w.Video(now+step*90, now, kind&1 != 0, size)
				w.Append(frame[:size/3])
				w.Append(frame[size/3 : size])
				want[0]++
			} else {
				// One ADTS frame, as long as its header can say.
				size = min(size, 8191)
				sound = max(sound+1, now)
				w.Audio(sound, size)
				w.Append([]byte{0xff, 0xf1, 0x50, 0x80 | byte(size>>11), byte(size >> 3), byte(size<<5) | 0x1f, 0xfc})
				w.Append(frame[:size-7])
				want[1]++
			}
			empty = false
		}
		if empty {
			return
		}
		end()
		r, err := mpegtstest.InspectTransport(segments...)
		if err != nil {
			t.Fatal(err)
		}
		var got [2]int
		for _, s := range r.Segments {
			got[0] += s.Pictures
			got[1] += s.AudioFrames
		}
		if got != want {
			t.Fatalf("got %d pictures and AAC frames, want %d", got, want)
		}
	})
}
