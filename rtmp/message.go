package rtmp

import (
	"encoding/binary"
	"fmt"

	"osslive/rtmp/flv"
)

// messageType is the type of a message, RTMP 1.0 §5.4 and §7.1. Audio, video and AMF0 data
// have the numbers of FLV tags.
type messageType uint8

const (
	typeSetChunkSize     messageType = 1
	typeAbort            messageType = 2
	typeAcknowledgement  messageType = 3
	typeUserControl      messageType = 4
	typeWindowSize       messageType = 5
	typeSetPeerBandwidth messageType = 6
	typeAudio            messageType = 8
	typeVideo            messageType = 9
	typeDataAMF3         messageType = 15
	typeCommandAMF3      messageType = 17
	typeData             messageType = 18
	typeCommand          messageType = 20
	typeAggregate        messageType = 22
)

// User control events, RTMP 1.0 §7.1.7.
const (
	eventStreamBegin  = 0
	eventPingRequest  = 6
	eventPingResponse = 7
)

// message is one message of the protocol. The body of a message that was read belongs to
// the reader and is valid until the next read.
type message struct {
	typ    messageType
	stream uint32 // message stream ID; 0 is the connection itself
	time   flv.Millis
	body   []byte
}

// messageLimit returns the greatest length of a message of that type, in bytes, and the
// name of the limit.
func (l *Limits) messageLimit(typ messageType) (int, string) {
	switch typ {
	case typeSetChunkSize, typeAbort, typeAcknowledgement, typeUserControl, typeWindowSize, typeSetPeerBandwidth:
		return l.ControlMessage, "ControlMessage"
	case typeAudio:
		return l.AudioMessage, "AudioMessage"
	case typeVideo, typeAggregate:
		return l.VideoMessage, "VideoMessage"
	case typeCommand, typeCommandAMF3:
		return l.CommandMessage, "CommandMessage"
	}
	return l.DataMessage, "DataMessage"
}

// String returns the name of a type that users know, else its number.
func (t messageType) String() string {
	switch t {
	case typeAudio:
		return "audio message"
	case typeVideo:
		return "video message"
	case typeData, typeDataAMF3:
		return "metadata"
	case typeCommand, typeCommandAMF3:
		return "command"
	}
	return fmt.Sprintf("message of type %d", byte(t))
}

// uint32Body returns the number at the beginning of a control message.
func (m message) uint32Body() (uint32, error) {
	if len(m.body) < 4 {
		return 0, protocolErrorf("control %v has %d bytes, at least 4 are needed", m.typ, len(m.body))
	}
	return binary.BigEndian.Uint32(m.body), nil
}

func controlMessage(typ messageType, v uint32, more ...byte) message {
	return message{typ: typ, body: append(binary.BigEndian.AppendUint32(nil, v), more...)}
}

func eventMessage(event uint16, v uint32) message {
	b := binary.BigEndian.AppendUint16(nil, event)
	return message{typ: typeUserControl, body: binary.BigEndian.AppendUint32(b, v)}
}

// pong returns the answer if m is a ping. Other events, and truncated ones, get no answer.
func (m message) pong() (message, bool) {
	if len(m.body) < 6 || binary.BigEndian.Uint16(m.body) != eventPingRequest {
		return message{}, false
	}
	return eventMessage(eventPingResponse, binary.BigEndian.Uint32(m.body[2:])), true
}

// amf0Body returns the body of a command or data message. In messages of AMF3 types it
// leaves out the first byte, which says that AMF0 follows.
func (m message) amf0Body() []byte {
	amf3 := m.typ == typeCommandAMF3 || m.typ == typeDataAMF3
	if amf3 && len(m.body) > 0 && m.body[0] == 0 {
		return m.body[1:]
	}
	return m.body
}
