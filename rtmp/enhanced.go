package rtmp

import (
	"encoding/binary"

	"osslive/rtmp/amf0"
)

// Flags of Enhanced RTMP v2, in connect: what a side can do with a codec, and in general.
const (
	canForward = 4 // FourCcInfoMask
	capsModEx  = 4 // CapsExMask: modifiers before a packet are understood
)

// capabilities returns the server's codecs under the property names that the client used
// for its own. A client without Enhanced RTMP gets none. Enhanced RTMP v2, "Enhancing
// NetConnection connect Command".
func (s *Server) capabilities(client amf0.Object) (o amf0.Object) {
	var all amf0.StrictArray
	var video, audio amf0.Object
	for _, c := range s.Video {
		all = append(all, fourCC(uint32(c)))
		video = append(video, amf0.Property{Name: string(fourCC(uint32(c))), Value: amf0.Number(canForward)})
	}
	for _, c := range s.Audio {
		all = append(all, fourCC(uint32(c)))
		audio = append(audio, amf0.Property{Name: string(fourCC(uint32(c))), Value: amf0.Number(canForward)})
	}
	for _, p := range []amf0.Property{
		{Name: "fourCcList", Value: all},
		{Name: "videoFourCcInfoMap", Value: video},
		{Name: "audioFourCcInfoMap", Value: audio},
		{Name: "capsEx", Value: amf0.Number(capsModEx)},
	} {
		if client.Get(p.Name) != nil {
			o = append(o, p)
		}
	}
	return o
}

func fourCC(c uint32) amf0.String {
	return amf0.String(binary.BigEndian.AppendUint32(nil, c))
}
