package rtmp

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"osslive/rtmp/flv"
)

var update = flag.Bool("update", false, "take the captures again, with the publishers installed here")

const (
	captureDir  = "testdata/capture"
	captureClip = captureDir + "/clip.flv"
)

// captures are publishers and how each is made to send the clip, or what it
// makes itself where the command names no CLIP. URL stands for the target. A
// pipeline that muxes anew keeps the bytes of the audio and the number of
// pictures, but not the times.
var captures = []struct {
	name    string
	remuxed bool
	command string
}{
	{"ffmpeg", false, "ffmpeg -v error -i CLIP -c copy -f flv URL"},
	{"ffmpeg-4h40", false, "ffmpeg -v error -i CLIP -c copy -output_ts_offset 16776 -f flv URL"},
	{"ffmpeg-5h33", false, "ffmpeg -v error -i CLIP -c copy -output_ts_offset 20000 -f flv URL"},
	{"rtmpsink", false, "gst-launch-1.0 -q filesrc location=CLIP ! rtmpsink location=URL"},
	{"rtmp2sink", true, "gst-launch-1.0 -q filesrc location=CLIP ! flvdemux name=d" +
		" d.video ! queue ! h264parse ! flvmux name=m streamable=true ! rtmp2sink location=URL" +
		" d.audio ! queue ! aacparse ! m."},
	{"obs", false, "sh " + captureDir + "/obs.sh URL"},
}

const capturePath = "/live/chan1?OSSAccessKeyId=id&Expires=1800000000&Signature=aB%2Bc%2Fdefghijklmnopqrstuvwx%3D"

// takeCapture records what a publisher sends.
func takeCapture(t *testing.T, name, command string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var bytes bytes.Buffer
	served := make(chan struct{})
	go func() {
		defer close(served)
		if nc, err := l.Accept(); err == nil {
			h := newRecorder()
			(&Server{Handler: h}).ServeConn(teeConn{nc, &bytes})
		}
	}()
	args := strings.Fields(command)
	for i, arg := range args {
		arg = strings.Replace(arg, "URL", "rtmp://"+l.Addr().String()+capturePath, 1)
		args[i] = strings.Replace(arg, "CLIP", captureClip, 1)
	}
	out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	if err != nil {
		t.Logf("%s: %v\n%s", name, err, out)
	}
	l.Close()
	receive(t, served, "end of the connection")
	if bytes.Len() == 0 {
		t.Fatalf("%s sent nothing:\n%s", name, out)
	}
	if err := os.WriteFile(filepath.Join(captureDir, name+".rtmp"), bytes.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
}

// teeConn records all bytes read.
type teeConn struct {
	net.Conn
	w io.Writer
}

func (c teeConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.w.Write(p[:n])
	return n, err
}

// replay sends bytes to a server as a client would and returns the recording.
func replay(t *testing.T, sent []byte) (*recording, CloseInfo) {
	t.Helper()
	h := newRecorder()
	ended := make(chan CloseInfo, 1)
	s := &Server{Handler: h, OnClose: func(i CloseInfo) { ended <- i }}
	client, server := net.Pipe()
	go io.Copy(io.Discard, client)
	go func() {
		client.Write(sent)
		client.Close()
	}()
	s.ServeConn(server)
	return h.wait(t), <-ended
}

// publishedName returns the argument of the publish command as the publisher
// put it on the wire: some decode what the user typed, some do not.
func publishedName(t *testing.T, sent []byte) string {
	t.Helper()
	afterHandshake := bytes.NewReader(sent[1+2*handshakeSize:])
	p := &peer{t: t, in: newChunkReader(afterHandshake, make([]byte, 4096), openLimits(), new(memory))}
	return p.await("publish").text(1)
}

// describe writes down what a publisher asked for and sent.
func describe(name string, r *recording, end CloseInfo) string {
	var b strings.Builder
	fmt.Fprintf(&b, "name %q\nhost %s\npath %q\n", name, r.request.Host, r.request.Path)
	for _, k := range slices.Sorted(maps.Keys(r.request.Query)) {
		fmt.Fprintf(&b, "query %s %q\n", k, r.request.Query[k])
	}
	fmt.Fprintf(&b, "type %s\nflashVer %s\nend %v\n", r.request.Type, r.request.FlashVer, end.Reason)
	for _, tag := range r.tags {
		fmt.Fprintf(&b, "%v %d ms %d bytes %08x\n", tag.Type, tag.Time, tag.Size, tag.CRC)
	}
	return b.String()
}

func TestCaptures(t *testing.T) {
	for _, c := range captures {
		t.Run(c.name, func(t *testing.T) {
			if *update {
				takeCapture(t, c.name, c.command)
			}
			sent, err := os.ReadFile(filepath.Join(captureDir, c.name+".rtmp"))
			if err != nil {
				t.Fatal(err)
			}
			r, end := replay(t, sent)
			got := describe(publishedName(t, sent), r, end)
			golden := filepath.Join(captureDir, c.name+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if strings.Contains(c.command, "CLIP") {
				checkAgainstClip(t, r, c.remuxed)
			}
		})
	}
}

// checkAgainstClip compares with the file that was sent, which our chunk reader
// had no part in: frames have the same bytes and the same distance in time.
func checkAgainstClip(t *testing.T, r *recording, remuxed bool) {
	t.Helper()
	f, err := os.Open(captureClip)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want := map[flv.TagType][]tagSum{}
	for fr := flv.NewReader(f); ; {
		tag, err := fr.ReadTag()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		want[tag.Type] = append(want[tag.Type], sumTag(tag))
	}
	got := map[flv.TagType][]tagSum{}
	for _, tag := range r.tags {
		got[tag.Type] = append(got[tag.Type], tag)
	}
	for _, typ := range []flv.TagType{flv.Audio, flv.Video} {
		g, w := got[typ], want[typ]
		if len(g) != len(w) || len(g) < 2 {
			t.Errorf("%v: got %d tags, want %d", typ, len(g), len(w))
			continue
		}
		if remuxed && typ == flv.Video {
			continue
		}
		// The first is the sequence header, which may keep its own time.
		offset := g[1].Time - w[1].Time
		for i := range g {
			w[i].Time += offset
			if i == 0 || remuxed || w[i].Size == endOfSequence {
				w[i].Time = g[i].Time
			}
			if g[i] != w[i] {
				t.Errorf("%v tag %d: got %+v, want %+v", typ, i, g[i], w[i])
			}
		}
	}
}

const endOfSequence = 5 // bytes in such a video tag
