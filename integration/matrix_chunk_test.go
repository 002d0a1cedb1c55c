package integration

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"testing"

	"osslive/integration/pusher"
)

// However messages are cut into chunks, the segments have the same bytes.
var chunkRows = []row{{"27 chunk-level variations", chunkVariations}}

// variation is a way to write messages; start is what the first of them has for a time.
type variation struct {
	name  string
	start uint32
	write func(t *testing.T, c *pusher.Conn, messages []pusher.Message)
}

func chunkVariations(t *testing.T, m *matrix) {
	source := readClip(t, short(t))
	base := m.take(t, 1)
	base.send(t, source)
	want := base.recorded(t)
	if len(want) < 5 {
		t.Fatalf("the baseline has segments of %s", shape(want))
	}
	for _, f := range checkTS(want).findings {
		t.Errorf("baseline: segment %s", f)
	}
	for _, v := range variations() {
		k := m.take(t, 1)
		c := k.open(t)
		v.write(t, c, later(source, v.start))
		if err := c.Finish(); err != nil {
			t.Errorf("%s: %v", v.name, err)
			continue
		}
		identical(t, v.name, k.recorded(t), want)
	}
	t.Logf("%d variations of %d messages give the same %d segments", len(variations()), len(source), len(want))
}

// later adds to every time, modulo 2^32.
func later(messages []pusher.Message, ms uint32) []pusher.Message {
	all := slices.Clone(messages)
	for i := range all {
		all[i].Time += ms
	}
	return all
}

func variations() []variation {
	var all []variation
	for _, size := range []int{1, 127, 128, 65536, math.MaxInt32} {
		all = append(all, variation{fmt.Sprintf("chunks of %d", size), 0, func(t *testing.T, c *pusher.Conn, messages []pusher.Message) {
			write(t, c, c.SetSize(nil, size))
			send(t, c, messages)
		}})
	}
	for _, n := range []int{2, 3} {
		all = append(all, variation{fmt.Sprintf("chunk stream IDs of %d bytes", n), 0, func(t *testing.T, c *pusher.Conn, messages []pusher.Message) {
			c.IDBytes = n
			write(t, c, onStreams(c, messages, 64, 300, 319))
		}})
	}
	all = append(all,
		variation{"chunk stream IDs up to 65599", 0, func(t *testing.T, c *pusher.Conn, messages []pusher.Message) {
			write(t, c, onStreams(c, messages, 320, 40_000, 65_599))
		}},
		variation{"both long forms of an ID in turn", 0, func(t *testing.T, c *pusher.Conn, messages []pusher.Message) {
			var b []byte
			for i, m := range messages {
				p := c.Begin(200+pusher.ID(m.Type), m)
				for n := i; !p.Done(); n++ {
					c.IDBytes = 2 + n%2
					b = p.Next(b)
				}
			}
			c.IDBytes = 0
			write(t, c, b)
		}},
		variation{"headers inherit", 0, compressed},
		variation{"all on one chunk stream, time goes back", 0, func(t *testing.T, c *pusher.Conn, messages []pusher.Message) {
			c.Compress = true
			write(t, c, onStreams(c, messages, 4, 4, 4))
			if c.Headers[1] < len(messages)/2 {
				t.Errorf("headers by format: %v, want most of format 1", c.Headers)
			}
		}},
		variation{"chunk size changes inside messages", 0, resized},
		variation{"aborted messages between", 0, aborted},
		variation{"three chunk streams byte by byte", 0, interleaved},
		variation{"writes of one byte", 0, func(t *testing.T, c *pusher.Conn, messages []pusher.Message) {
			c.Piece = 1
			send(t, c, messages)
		}},
		variation{"aggregate messages", 0, aggregates},
		variation{"control messages on the media's stream", 0, func(t *testing.T, c *pusher.Conn, messages []pusher.Message) {
			var b []byte
			for i, m := range messages {
				if i%50 == 0 {
					b = c.Append(b, 77, pusher.Message{Type: pusher.SetChunkSize, Stream: 1, Body: []byte{0, 0, 2, byte(i)}})
					c.Size = 512 + i%256
				}
				b = c.Append(b, pusher.ID(m.Type), m)
			}
			write(t, c, b)
		}},
	)
	// Beyond 0xffffff ms times take four bytes more; 31 and 32 bits end in mid stream.
	for _, start := range []struct {
		name string
		ms   uint32
	}{{"extended times", 20_000_000}, {"times that become extended", 0xffffff - 2500}, {"31 bits wrap", 1<<31 - 2500}, {"32 bits wrap", math.MaxUint32 - 2500}} {
		for _, noRepeat := range []bool{false, true} {
			for _, compress := range []bool{false, true} {
				name := fmt.Sprintf("%s, repeated: %v, headers inherit: %v", start.name, !noRepeat, compress)
				all = append(all, variation{name, start.ms, func(t *testing.T, c *pusher.Conn, messages []pusher.Message) {
					c.NoRepeat, c.Compress = noRepeat, compress
					write(t, c, c.SetSize(nil, 128))
					if start.ms == 1<<31-2500 { // as ffmpeg and OBS do
						messages = slices.Clone(messages)
						for i := range messages {
							messages[i].Time &= math.MaxInt32
						}
					}
					send(t, c, messages)
				}})
			}
		}
	}
	return all
}

func write(t *testing.T, c *pusher.Conn, b []byte) {
	t.Helper()
	if err := c.Flush(b); err != nil {
		t.Error(err)
	}
}

func send(t *testing.T, c *pusher.Conn, messages []pusher.Message) {
	t.Helper()
	if err := c.Send(messages...); err != nil {
		t.Error(err)
	}
}

// onStreams writes audio, video and data on chunk streams of choice.
func onStreams(c *pusher.Conn, messages []pusher.Message, audio, video, data uint32) (b []byte) {
	ids := map[byte]uint32{pusher.Audio: audio, pusher.Video: video, pusher.Data: data}
	for _, m := range messages {
		b = c.Append(b, ids[m.Type], m)
	}
	return b
}

func compressed(t *testing.T, c *pusher.Conn, messages []pusher.Message) {
	c.Compress = true
	// Audio frames of one length at even distances are what format 3 is for;
	// every length has a chunk stream of its own here, so that there are some.
	var b []byte
	for _, m := range messages {
		b = c.Append(b, pusher.ID(m.Type), m)
	}
	for range 3 { // unknown to the server, and without effect
		b = c.Append(b, 20, pusher.Message{Type: 99, Stream: 1, Time: 7, Body: []byte("abc")})
	}
	write(t, c, b)
	for format, n := range c.Headers {
		if n == 0 {
			t.Errorf("no header of format %d was written: %v", format, c.Headers)
		}
	}
}

// resized announces another chunk size before every second chunk.
func resized(t *testing.T, c *pusher.Conn, messages []pusher.Message) {
	var b []byte
	sizes := []int{128, 1, 4096, 33, 700}
	n := 0
	for _, m := range messages {
		for p := c.Begin(pusher.ID(m.Type), m); !p.Done(); n++ {
			b = p.Next(b)
			if n%2 == 0 {
				b = c.SetSize(b, sizes[n/2%len(sizes)])
			}
		}
	}
	write(t, c, b)
}

// aborted begins messages that it takes back: a video message in front of one on
// the same chunk stream, and one on a chunk stream of its own.
func aborted(t *testing.T, c *pusher.Conn, messages []pusher.Message) {
	abort := func(b []byte, id uint32) []byte {
		return c.Append(b, pusher.ControlID, pusher.Message{Type: pusher.Abort, Body: binary.BigEndian.AppendUint32(nil, id)})
	}
	write(t, c, c.SetSize(nil, 100))
	wrong := make([]byte, 1000)
	var b []byte
	for i, m := range messages {
		id := pusher.ID(m.Type)
		if i%7 == 0 {
			b = c.Begin(id, pusher.Message{Type: m.Type, Stream: 1, Time: m.Time + 99, Body: wrong}).Next(b)
			b = abort(b, id)
		}
		if i%11 == 0 {
			p := c.Begin(50, pusher.Message{Type: pusher.Video, Stream: 1, Time: m.Time, Body: wrong})
			b = abort(p.Next(p.Next(b)), 50)
			b = abort(b, 51) // which there is not
		}
		b = c.Append(b, id, m)
	}
	write(t, c, b)
}

// interleaved sends three messages at a time, one byte of each in turn; they end in
// their order.
func interleaved(t *testing.T, c *pusher.Conn, messages []pusher.Message) {
	b := c.SetSize(nil, 1)
	for three := range slices.Chunk(messages, 3) {
		var open []*pusher.Partial
		for i, m := range three {
			open = append(open, c.Begin([]uint32{8, 100, 1000}[i], m))
		}
		for len(open) > 0 {
			for i, p := range open {
				if i == 0 || !p.Last() {
					b = p.Next(b)
				}
			}
			if open[0].Done() {
				open = open[1:]
			}
		}
	}
	write(t, c, b)
}

// aggregates puts five messages into each aggregate message.
func aggregates(t *testing.T, c *pusher.Conn, messages []pusher.Message) {
	var b []byte
	for five := range slices.Chunk(messages, 5) {
		var body []byte
		for _, m := range five {
			// Only the distances of these times count.
			at := m.Time - five[0].Time + 123_456
			n := len(m.Body)
			body = append(body, m.Type, byte(n>>16), byte(n>>8), byte(n), byte(at>>16), byte(at>>8), byte(at), byte(at>>24), 0, 0, 0)
			body = append(body, m.Body...)
			body = binary.BigEndian.AppendUint32(body, uint32(11+n))
		}
		b = c.Append(b, pusher.VideoID, pusher.Message{Type: pusher.Aggregate, Stream: 1, Time: five[0].Time, Body: body})
	}
	write(t, c, b)
}
