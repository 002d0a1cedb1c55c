package rtmp

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"osslive/rtmp/amf0"
	"osslive/rtmp/flv"
)

// Whatever arrives, the connection ends, each Stream is closed once, and nothing
// panics.
func FuzzConn(f *testing.F) {
	files, err := filepath.Glob(filepath.Join(captureDir, "*.rtmp"))
	if err != nil || len(files) == 0 {
		f.Fatalf("captures: %v, %v", files, err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b[1+2*handshakeSize : min(len(b), 1+2*handshakeSize+6000)])
	}
	p := &peer{w: chunker{size: 128}}
	p.command(0, "connect", 1, amf0.Object{{Name: "app", Value: amf0.String("live")},
		{Name: "fourCcList", Value: amf0.StrictArray{amf0.String("hvc1")}}, {Name: "capsEx", Value: amf0.Number(4)},
		{Name: "videoFourCcInfoMap", Value: amf0.Object{{Name: "*", Value: amf0.Number(7)}}}})
	p.command(0, "createStream", 2, amf0.Null{})
	p.command(1, "publish", 3, amf0.Null{}, amf0.String("ch"), amf0.String("live"))
	p.w.message(4, typeAggregate, 9, flv.AppendTag(nil, testTags[1]))
	p.command(1, "deleteStream", 4, amf0.Null{}, amf0.Number(1))
	f.Add(p.w.Bytes())
	hello := append([]byte{3}, make([]byte, 2*handshakeSize)...)
	f.Fuzz(func(t *testing.T, wire []byte) {
		h := &recorder{begun: make(chan *recording, 1+len(wire))}
		var end CloseInfo
		s := &Server{Handler: h, Video: []flv.VideoCodec{flv.AVC, flv.HEVC}, OnClose: func(i CloseInfo) { end = i }}
		s.ServeConn(&scripted{io.MultiReader(bytes.NewReader(hello), bytes.NewReader(wire))})
		close(h.begun)
		for r := range h.begun {
			if r.closes != 1 {
				t.Fatalf("closed %d times", r.closes)
			}
		}
		var panicked *PanicError
		if errors.As(end.Reason, &panicked) {
			t.Fatalf("%v\n%s", panicked, panicked.Stack)
		}
		if s.waiting != 0 || len(s.conns) != 0 {
			t.Fatalf("%d connections left, %d waiting", len(s.conns), s.waiting)
		}
	})
}

// scripted is a connection whose client has said everything already.
type scripted struct{ io.Reader }

func (*scripted) Write(p []byte) (int, error)      { return len(p), nil }
func (*scripted) Close() error                     { return nil }
func (*scripted) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (*scripted) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (*scripted) SetDeadline(time.Time) error      { return nil }
func (*scripted) SetReadDeadline(time.Time) error  { return nil }
func (*scripted) SetWriteDeadline(time.Time) error { return nil }
