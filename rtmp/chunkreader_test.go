package rtmp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"osslive/rtmp/flv"
)

func openLimits() *Limits {
	l := DefaultLimits()
	l.BufferedWaiting = l.Buffered
	return &l
}

// readChunks reads messages up to an error and obeys what they say about chunks.
func readChunks(src io.Reader, bufSize int, limits *Limits) ([]messageSum, error) {
	r := newChunkReader(src, make([]byte, bufSize), limits, new(memory))
	var sums []messageSum
	for {
		m, err := r.next()
		if err != nil {
			return sums, err
		}
		switch m.typ {
		case typeSetChunkSize:
			err = r.setChunkSize(m)
		case typeAbort:
			err = r.abort(m)
		default:
			sums = append(sums, sumMessage(m))
		}
		if err != nil {
			return sums, err
		}
	}
}

func TestChunkVariations(t *testing.T) {
	type variation struct {
		name  string
		write func(w *chunker, messages []source)
	}
	plain := func(w *chunker, messages []source) {
		for _, m := range messages {
			w.message(m.csid, m.typ, m.time, m.body)
		}
	}
	variations := []variation{{"plain", plain}}
	for _, size := range []int{1, 127, 128, 4096, 65536, 1<<31 - 1} {
		variations = append(variations, variation{fmt.Sprintf("chunks of %d", size), func(w *chunker, messages []source) {
			w.setSize(size)
			plain(w, messages)
		}})
	}
	for _, csid := range []int{3, 63, 64, 319, 320, 65599} {
		for _, twoByte := range []bool{true, false} {
			variations = append(variations, variation{fmt.Sprintf("chunk stream %d, short form %v", csid, twoByte), func(w *chunker, messages []source) {
				w.twoByte = twoByte
				for _, m := range messages {
					w.message(csid, m.typ, m.time, m.body)
				}
			}})
		}
	}
	variations = append(variations,
		variation{"both forms of a chunk stream ID", func(w *chunker, messages []source) {
			for i, m := range messages {
				w.header(0, 100, m.time, len(m.body), int(m.typ), 1)
				w.twoByte = i%2 == 0
				w.rest(100, m.time, w.part(m.body))
			}
		}},
		variation{"deltas", func(w *chunker, messages []source) {
			for i, m := range messages {
				format, time := 1, uint32(40)
				if i == 0 {
					format, time = 0, m.time
				}
				w.header(format, 5, time, len(m.body), int(m.typ), 1)
				w.rest(5, 0, w.part(m.body))
			}
		}},
		variation{"aborted messages between", func(w *chunker, messages []source) {
			for _, m := range messages {
				w.header(0, 9, 7, 1000, int(typeVideo), 1)
				w.part(make([]byte, 1000))
				w.header(0, 2, 0, 4, int(typeAbort), 0)
				w.Write([]byte{0, 0, 0, 9})
				w.message(m.csid, m.typ, m.time, m.body)
			}
		}},
		variation{"headers repeated in continuations", func(w *chunker, messages []source) {
			for i, m := range messages {
				w.header(0, m.csid, m.time, len(m.body), int(m.typ), 1)
				for body := w.part(m.body); len(body) > 0; {
					w.header(i%2, m.csid, m.time, len(m.body), int(m.typ), 1)
					body = w.part(body)
				}
			}
		}},
		variation{"chunk size changes inside messages", func(w *chunker, messages []source) {
			for i, m := range messages {
				w.header(0, m.csid, m.time, len(m.body), int(m.typ), 1)
				body := w.part(m.body)
				for n := 0; len(body) > 0; n++ {
					if n%5 == 0 {
						w.setSize([]int{1, 300, 128, 4096, 5}[(i+n/5)%5])
					}
					w.basic(3, m.csid)
					body = w.part(body)
				}
			}
		}},
	)

	messages := sourceMessages()
	var want []messageSum
	for _, m := range messages {
		want = append(want, m.sum())
	}
	for _, v := range variations {
		w := &chunker{size: 128}
		v.write(w, messages)
		for _, read := range []struct {
			name string
			src  io.Reader
			buf  int
		}{
			{"at once", bytes.NewReader(w.Bytes()), 64 << 10},
			{"byte by byte", iotest.OneByteReader(bytes.NewReader(w.Bytes())), 64 << 10},
			{"small buffer", iotest.HalfReader(bytes.NewReader(w.Bytes())), 16},
		} {
			t.Run(v.name+", "+read.name, func(t *testing.T) {
				got, err := readChunks(read.src, read.buf, openLimits())
				if err != io.EOF {
					t.Fatalf("after %d messages: got %v, want %v", len(got), err, io.EOF)
				}
				if !slices.Equal(got, want) {
					t.Errorf("got %d messages that differ from the %d sent", len(got), len(want))
				}
			})
		}
	}
}

// Messages of three chunk streams, chunk by chunk in turn: each stream's
// messages arrive whole and in order.
func TestChunkInterleaving(t *testing.T) {
	messages := sourceMessages()
	for _, size := range []int{1, 128, 5000} {
		w := &chunker{size: 128}
		w.setSize(size)
		queues := make([][]source, 3)
		for i, m := range messages {
			queues[i%3] = append(queues[i%3], m)
		}
		left := make([][]byte, 3)
		for busy := true; busy; {
			busy = false
			for i := range queues {
				if len(left[i]) > 0 {
					w.basic(3, 10+i)
					left[i] = w.part(left[i])
				} else if len(queues[i]) > 0 {
					m := queues[i][0]
					queues[i] = queues[i][1:]
					w.header(0, 10+i, m.time, len(m.body), int(m.typ), 1)
					left[i] = w.part(m.body)
				}
				busy = busy || len(left[i]) > 0 || len(queues[i]) > 0
			}
		}
		got, err := readChunks(&w.Buffer, 64<<10, openLimits())
		if err != io.EOF || len(got) != len(messages) {
			t.Fatalf("chunks of %d: got %d messages, %v, want %d", size, len(got), err, len(messages))
		}
		for _, m := range messages {
			if !slices.Contains(got, m.sum()) {
				t.Errorf("chunks of %d: message at %d ms is missing", size, m.time)
			}
		}
	}
}

// Times of messages by their headers. In want, each message is its time.
func TestChunkTimes(t *testing.T) {
	const body = "0123456789" // in chunks of 8
	tests := []struct {
		name string
		wire string
		want []flv.Millis
	}{
		{"format 3 repeats the delta", "\x43\x00\x00\x28\x00\x00\x01\x08a\xc3b\xc3c", []flv.Millis{40, 80, 120}},
		{"format 2 changes it", "\x43\x00\x00\x28\x00\x00\x01\x08a\x83\x00\x00\x02b\xc3c", []flv.Millis{40, 42, 44}},
		{"format 3 after a small time repeats it", "\x03\x00\x00\x1a\x00\x00\x01\x08\x01\x00\x00\x00a\xc3b", []flv.Millis{26, 52}},
		{"1000 ms is small", "\x03\x00\x03\xe8\x00\x00\x01\x08\x01\x00\x00\x00a\xc3b", []flv.Millis{1000, 2000}},
		{"format 3 after a large time does not", "\x03\x00\x03\xe9\x00\x00\x01\x08\x01\x00\x00\x00a\xc3b", []flv.Millis{1001, 1001}},
		{"empty messages", "\x03\x00\x00\x05\x00\x00\x00\x08\x01\x00\x00\x00\xc3", []flv.Millis{5, 10}},
		{"negative delta", "\x03\x00\x10\x00\x00\x00\x01\x08\x01\x00\x00\x00a\x43\xff\xff\xff\x00\x00\x01\x08\xff\xff\xff\xfeb", []flv.Millis{4096, 4094}},
		{"wrap at 2^32", "\x03\xff\xff\xff\x00\x00\x01\x08\x01\x00\x00\x00\xff\xff\xff\xf0a\x43\x00\x00\x20\x00\x00\x01\x08b", []flv.Millis{0xfffffff0, 0x10}},
		{"extended at exactly 0xffffff", "\x03\xff\xff\xff\x00\x00\x01\x08\x01\x00\x00\x00\x00\xff\xff\xffa", []flv.Millis{0xffffff}},
		{"extended below 0xffffff", "\x03\xff\xff\xff\x00\x00\x01\x08\x01\x00\x00\x00\x00\x00\x00\x07a", []flv.Millis{7}},
		{"extended time repeated",
			"\x03\xff\xff\xff\x00\x00\x0a\x09\x01\x00\x00\x00\x01\x00\x00\x0001234567\xc3\x01\x00\x00\x0089", []flv.Millis{1 << 24}},
		{"extended time not repeated",
			"\x03\xff\xff\xff\x00\x00\x0a\x09\x01\x00\x00\x00\x01\x00\x00\x0001234567\xc389", []flv.Millis{1 << 24}},
		{"nor in later messages",
			"\x03\xff\xff\xff\x00\x00\x0a\x09\x01\x00\x00\x00\x01\x00\x00\x0001234567\xc389\xc301234567\xc389", []flv.Millis{1 << 24, 1 << 24}},
		{"extended delta repeated",
			"\x43\xff\xff\xff\x00\x00\x0a\x09\x01\x00\x00\x0001234567\xc3\x01\x00\x00\x0089\xc3\x01\x00\x00\x0001234567\xc3\x01\x00\x00\x0089", []flv.Millis{1 << 24, 2 << 24}},
		{"absolute time where the header had a delta",
			"\x03\x00\x10\x00\x00\x00\x01\x09\x01\x00\x00\x00a\x43\xff\xff\xff\x00\x00\x0a\x09\x01\x00\x00\x0001234567\xc3\x01\x00\x10\x0089", []flv.Millis{4096, 1<<24 + 4096}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, src := range []io.Reader{strings.NewReader(tt.wire), iotest.OneByteReader(strings.NewReader(tt.wire))} {
				r := newChunkReader(src, make([]byte, 64), openLimits(), new(memory))
				r.chunkSize = 8
				var got []flv.Millis
				for {
					m, err := r.next()
					if err == io.EOF {
						break
					}
					if err != nil {
						t.Fatalf("after %v: %v", got, err)
					}
					if len(m.body) > 1 && string(m.body) != body {
						t.Errorf("got %q, want %q", m.body, body)
					}
					got = append(got, m.time)
				}
				if !slices.Equal(got, tt.want) {
					t.Errorf("got %d, want %d", got, tt.want)
				}
			}
		})
	}
}

func TestChunkErrors(t *testing.T) {
	limit := func(name string) func(error) bool {
		return func(err error) bool {
			var l *LimitError
			return errors.As(err, &l) && l.Limit == name
		}
	}
	protocol := func(err error) bool {
		var p *ProtocolError
		return errors.As(err, &p)
	}
	is := func(want error) func(error) bool {
		return func(err error) bool { return err == want }
	}
	announce := func(typ, length int) string {
		w := &chunker{size: 128}
		w.header(0, 3, 0, length, typ, 1)
		return w.String()
	}
	var manyStreams chunker
	manyStreams.size = 128
	for id := 2; id < 2+65; id++ {
		manyStreams.message(id, typeAudio, 0, []byte("x"))
	}
	tests := []struct {
		name string
		wire string
		want func(error) bool
	}{
		{"nothing", "", is(io.EOF)},
		{"between messages", announce(8, 1) + "x", is(io.EOF)},
		{"inside the chunk stream ID", "\x00", is(io.ErrUnexpectedEOF)},
		{"after the chunk stream ID", "\x03", is(io.ErrUnexpectedEOF)},
		{"inside a header", announce(8, 1)[:6], is(io.ErrUnexpectedEOF)},
		{"after a header", announce(8, 1), is(io.ErrUnexpectedEOF)},
		{"inside an extended time", "\x03\xff\xff\xff\x00\x00\x01\x08\x01\x00\x00\x00\x01", is(io.ErrUnexpectedEOF)},
		{"between the chunks of a message", announce(8, 200) + strings.Repeat("x", 128), is(io.ErrUnexpectedEOF)},
		{"format 2 on a new chunk stream", "\x83\x00\x00\x01x", protocol},
		{"format 3 on a new chunk stream", "\xc3x", protocol},
		{"format 3 on a new long chunk stream", "\xc1\x00\x01x", protocol},
		{"another message before the last has ended", announce(8, 200) + strings.Repeat("x", 128) + announce(8, 100), protocol},
		{"another type before the last has ended", announce(8, 200) + strings.Repeat("x", 128) + announce(9, 200), protocol},
		{"chunk size 0", "\x02\x00\x00\x00\x00\x00\x04\x01\x00\x00\x00\x00\x00\x00\x00\x00", protocol},
		{"chunk size with the top bit", "\x02\x00\x00\x00\x00\x00\x04\x01\x00\x00\x00\x00\x80\x00\x00\x01", protocol},
		{"chunk size too short", "\x02\x00\x00\x00\x00\x00\x03\x01\x00\x00\x00\x00\x00\x00\x01", protocol},
		{"abort too short", "\x02\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00", protocol},
		{"65 chunk streams", manyStreams.String(), limit("ChunkStreams")},
		{"long control message", announce(4, 65), limit("ControlMessage")},
		{"long audio", announce(8, 1<<20+1), limit("AudioMessage")},
		{"long command", announce(20, 64<<10+1), limit("CommandMessage")},
		{"long AMF3 command", announce(17, 64<<10+1), limit("CommandMessage")},
		{"long metadata", announce(18, 64<<10+1), limit("DataMessage")},
		{"long unknown", announce(99, 64<<10+1), limit("DataMessage")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := readChunks(strings.NewReader(tt.wire), 64<<10, openLimits())
			if !tt.want(err) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// The longest messages of each type pass.
func TestChunkLongest(t *testing.T) {
	for typ, size := range map[messageType]int{
		typeVideo: flv.MaxData, typeAudio: 1 << 20, typeData: 64 << 10, typeCommand: 64 << 10,
	} {
		w := &chunker{size: 128}
		w.setSize(100_000)
		w.message(5, typ, 0, make([]byte, size))
		got, err := readChunks(&w.Buffer, 64<<10, openLimits())
		if err != io.EOF || len(got) != 1 || got[0].size != size {
			t.Errorf("type %d: got %v, %v, want one message of %d bytes", typ, got, err, size)
		}
	}
}

func TestChunkReaderErrorSticks(t *testing.T) {
	r := newChunkReader(strings.NewReader("\xc3\x03\x00\x00"), make([]byte, 64), openLimits(), new(memory))
	_, first := r.next()
	if _, second := r.next(); first == nil || second != first {
		t.Errorf("got %v, then %v, want the same twice", first, second)
	}
}

// What we write is read back, through every chunk size.
func TestChunkWriter(t *testing.T) {
	for _, size := range []int{1, 128, 65536} {
		var wire bytes.Buffer
		w := chunkWriter{w: &wire, chunkSize: defaultChunkSize}
		w.add(csidControl, controlMessage(typeSetChunkSize, uint32(size)))
		var want []messageSum
		for i, m := range sourceMessages() {
			out := message{m.typ, 1, flv.Millis(m.time), m.body}
			if i > 20 {
				out.time += extendedTime - 1000
			}
			w.add(byte(m.csid), out)
			want = append(want, sumMessage(out))
		}
		if err := w.flush(); err != nil {
			t.Fatal(err)
		}
		got, err := readChunks(&wire, 4096, openLimits())
		if err != io.EOF || !slices.Equal(got, want) {
			t.Errorf("chunks of %d: got %d messages, %v, want the %d written", size, len(got), err, len(want))
		}
	}
}
