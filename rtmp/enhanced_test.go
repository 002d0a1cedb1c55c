package rtmp

import (
	"net"
	"reflect"
	"testing"

	"osslive/rtmp/amf0"
	"osslive/rtmp/flv"
)

// The answer to connect speaks of Enhanced RTMP as far as the client did, and of
// nothing that is not taken.
func TestCapabilities(t *testing.T) {
	property := func(name string, v amf0.Value) amf0.Property { return amf0.Property{Name: name, Value: v} }
	any := amf0.Object{property("*", amf0.Number(7))}
	avc := []flv.VideoCodec{flv.AVC}
	both := []flv.VideoCodec{flv.AVC, flv.HEVC}
	tests := []struct {
		name  string
		video []flv.VideoCodec
		asked amf0.Object
		want  amf0.Object
	}{
		{"client of 2011", both, nil, nil},
		{"list", avc, amf0.Object{property("fourCcList", amf0.StrictArray{amf0.String("*")})},
			amf0.Object{property("fourCcList", amf0.StrictArray{amf0.String("avc1"), amf0.String("mp4a")})}},
		{"list of other codecs", both, amf0.Object{property("fourCcList", amf0.StrictArray{amf0.String("av01")})},
			amf0.Object{property("fourCcList", amf0.StrictArray{amf0.String("avc1"), amf0.String("hvc1"), amf0.String("mp4a")})}},
		{"list that is none", avc, amf0.Object{property("fourCcList", amf0.String("hvc1"))},
			amf0.Object{property("fourCcList", amf0.StrictArray{amf0.String("avc1"), amf0.String("mp4a")})}},
		{"maps", both, amf0.Object{property("audioFourCcInfoMap", any), property("videoFourCcInfoMap", any)},
			amf0.Object{
				property("videoFourCcInfoMap", amf0.Object{property("avc1", amf0.Number(4)), property("hvc1", amf0.Number(4))}),
				property("audioFourCcInfoMap", amf0.Object{property("mp4a", amf0.Number(4))}),
			}},
		{"reconnect, multitrack, modifiers, nanoseconds", avc, amf0.Object{property("capsEx", amf0.Number(15))},
			amf0.Object{property("capsEx", amf0.Number(4))}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &Server{Handler: newRecorder(), Video: tt.video, Audio: []flv.AudioCodec{flv.AAC}}
			near, far := net.Pipe()
			defer near.Close()
			go s.ServeConn(far)
			p := &peer{t: t, nc: near, in: newChunkReader(near, make([]byte, 4096), openLimits(), new(memory)), w: chunker{size: 128}}
			if err := offerHandshake(p.in, p.nc); err != nil {
				t.Fatal(err)
			}
			p.command(0, "connect", 1, append(amf0.Object{property("app", amf0.String("live"))}, tt.asked...))
			p.send()
			o := p.await("_result").object(0)
			if len(o) < 3 || o.Get("capabilities") != amf0.Number(31) {
				t.Fatalf("got %v", o)
			}
			if got := o[3:]; len(got)+len(tt.want) > 0 && !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %v\nwant %v", got, tt.want)
			}
		})
	}
}
