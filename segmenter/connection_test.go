package segmenter_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime/metrics"
	"testing"
	"time"

	"osslive/rtmp"
	"osslive/rtmp/amf0"
	"osslive/rtmp/flv"
	"osslive/segmenter"
)

// publishers is an rtmp.Handler that segments every publish.
type publishers struct {
	cfg     segmenter.Config
	opaque  bool // publishers may put anything into NAL units
	streams []*publishing
}

type publishing struct {
	*segmenter.Segmenter
	out    sink
	tags   int
	closes int
}

func (h *publishers) Publish(context.Context, *rtmp.PublishRequest) (rtmp.Stream, error) {
	p := &publishing{out: sink{opaque: h.opaque}}
	cfg := h.cfg
	cfg.Elapsed = func() time.Duration { return time.Duration(p.tags) * 20 * time.Millisecond }
	p.Segmenter = segmenter.New(cfg, &p.out)
	h.streams = append(h.streams, p)
	return p, nil
}

func (p *publishing) WriteTag(t flv.Tag) error {
	p.tags++
	return p.Segmenter.WriteTag(t)
}

func (p *publishing) Close(error) {
	p.closes++
	p.Segmenter.Close()
}

// said is a connection whose client has said everything already.
type said struct{ io.Reader }

func (said) Write(p []byte) (int, error)      { return len(p), nil }
func (said) Close() error                     { return nil }
func (said) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (said) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (said) SetDeadline(time.Time) error      { return nil }
func (said) SetReadDeadline(time.Time) error  { return nil }
func (said) SetWriteDeadline(time.Time) error { return nil }

const handshake = 1 + 2*1536 // bytes from the client

// allocated is how much this process has ever allocated, in bytes.
func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// Memory that a connection may allocate: of its own, and for each byte that it
// sent or that became of it. The constant is what buffers, tables and the first
// of everything take; the factor is ruled by values of AMF, 17 bytes for one.
const (
	memoryFixed   = 1 << 20
	memoryPerByte = 64
)

// checkConnection serves a connection whose client says wire after its
// handshake. Whatever that is, nothing panics, memory follows the bytes that
// came, and the segments, which it counts, are valid.
func checkConnection(t *testing.T, cfg segmenter.Config, opaque bool, wire []byte) (segments int) {
	t.Helper()
	var took, limit uint64
	// All goroutines of the process allocate, the fuzzing engine's too: what is too
	// much has to be so again.
	for range 3 {
		before := allocated()
		h := serve(t, cfg, opaque, wire)
		took = allocated() - before
		segments = 0
		written := 0
		for i, p := range h.streams {
			if p.closes != 1 {
				t.Errorf("publish %d was closed %d times", i, p.closes)
			}
			p.out.check(t)
			for _, b := range p.out.data {
				segments++
				written += len(b)
			}
		}
		// The sink of the test copies each segment, growing by doubling.
		limit = uint64(memoryFixed + memoryPerByte*len(wire) + 6*written)
		if took <= limit {
			return segments
		}
	}
	t.Errorf("%d bytes allocated for %d received, want at most %d", took, len(wire), limit)
	return segments
}

// serve is the whole life of one connection.
func serve(t *testing.T, cfg segmenter.Config, opaque bool, wire []byte) *publishers {
	t.Helper()
	hello := make([]byte, handshake)
	hello[0] = 3
	h := &publishers{cfg: cfg, opaque: opaque}
	var end rtmp.CloseInfo
	s := rtmp.Server{Handler: h, OnClose: func(i rtmp.CloseInfo) { end = i }}
	s.ServeConn(said{io.MultiReader(bytes.NewReader(hello), bytes.NewReader(wire))})
	var panicked *rtmp.PanicError
	if errors.As(end.Reason, &panicked) {
		t.Fatalf("%v\n%s", panicked, panicked.Stack)
	}
	return h
}

// client makes what a client says, in chunks that hold any message.
type client struct{ bytes.Buffer }

func (c *client) message(typ byte, at flv.Millis, body []byte) {
	c.Write([]byte{4, byte(at >> 16), byte(at >> 8), byte(at), byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body)), typ, 1, 0, 0, 0})
	c.Write(body)
}

func (c *client) command(name string, args ...amf0.Value) {
	c.message(20, 0, amf0.Append(nil, append([]amf0.Value{amf0.String(name), amf0.Number(0), amf0.Null{}}, args...)...))
}

func say(tags []flv.Tag) []byte {
	var c client
	c.message(1, 0, binary.BigEndian.AppendUint32(nil, 1<<16))
	c.command("connect")
	c.command("publish", amf0.String("ch"), amf0.String("live"))
	for _, t := range tags {
		c.message(byte(t.Type), t.Time, t.Data)
	}
	c.command("deleteStream", amf0.Number(1))
	return c.Bytes()
}

// Bytes in, segments out.
func FuzzConnection(f *testing.F) {
	files, err := filepath.Glob("../rtmp/testdata/capture/*.rtmp")
	if err != nil || len(files) == 0 {
		f.Fatalf("captures: %v, %v", files, err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b[handshake:min(len(b), handshake+8000)], false)
	}
	config := one(hevcConfig(0, hevcVPS, hevcSPS, hevcPPS))
	audio := join(one(asc(0, mono44)), evenly(10, 1024.0/44.1))
	f.Add(say(frames(0, 1)[:30]), false)
	f.Add(say(live(0, 3)[:60]), false)
	f.Add(say(join(one(avcC(0, sps, pps)), gop(0, 900, 300), gop(1000, 1900, 300), gop(2_000_000, 2_000_900, 300))), false)
	f.Add(say(join(config, audio[:1], hevcGOP(0, 3), hevcGOP(1000, 3), one(avcC(0, sps, pps)), gop(2000, 2100, 40))), false)
	f.Add(say(audio), true)
	f.Add(append(say(audio[:3]), say(gop(0, 100, 40))...), true)
	f.Fuzz(func(t *testing.T, wire []byte, audioOnly bool) {
		checkConnection(t, segmenter.Config{FragDuration: time.Second, AllowAudioOnly: audioOnly, AllowHEVC: true, MaxBytes: 64 << 10}, true, wire)
	})
}

// The captures of real publishers, whole, and what this file says itself.
func TestConnections(t *testing.T) {
	wires := map[string][]byte{"say": say(live(0, 3))}
	files, _ := filepath.Glob("../rtmp/testdata/capture/*.rtmp")
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		wires[filepath.Base(name)] = b[handshake:]
	}
	for name, wire := range wires {
		t.Run(name, func(t *testing.T) {
			if n := checkConnection(t, segmenter.Config{FragDuration: time.Second}, false, wire); n < 1 {
				t.Error("no segment")
			}
		})
	}
}
