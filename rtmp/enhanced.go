package rtmp

import (
	"encoding/binary"

	"osslive/rtmp/amf0"
)

// Enhanced RTMP v2, connect: what is told of a codec, and of the rest.
const (
	canForward = 4 // FourCcInfoMask
	capsModEx  = 4 // CapsExMask: modifiers before a packet are understood
)

// capabilities is what the server takes, under the names under which the client
// has told what it can: one that says nothing of Enhanced RTMP gets the answer
// of 2011. Enhanced RTMP v2, "Enhancing NetConnection connect Command".
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
