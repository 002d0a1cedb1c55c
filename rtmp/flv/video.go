package flv

import "fmt"

// PacketType is the kind of data that follows a video or audio header.
type PacketType uint8

const (
	// Ignored marks a well-formed tag without anything to play: an empty one,
	// a command, colour metadata, or tracks other than the first.
	Ignored PacketType = iota
	Config             // sequence header: AVCDecoderConfigurationRecord, AudioSpecificConfig, ...
	Coded              // a frame
	End                // end of sequence, without a body
)

// FrameType is the kind of a video frame, FLV 10.1 §E.4.3.1.
type FrameType uint8

// Kinds of video frames.
const (
	KeyFrame        FrameType = 1
	InterFrame      FrameType = 2
	DisposableFrame FrameType = 3
	GeneratedKey    FrameType = 4 // reserved for servers
	CommandFrame    FrameType = 5
)

// VideoCodec is a FourCC, or the codec ID of FLV 10.1 where there is none.
type VideoCodec uint32

// Video codecs.
const (
	SorensonH263 VideoCodec = 2
	ScreenVideo  VideoCodec = 3
	VP6          VideoCodec = 4
	VP6Alpha     VideoCodec = 5
	ScreenVideo2 VideoCodec = 6

	AVC  VideoCodec = 'a'<<24 | 'v'<<16 | 'c'<<8 | '1'
	HEVC VideoCodec = 'h'<<24 | 'v'<<16 | 'c'<<8 | '1'
	VVC  VideoCodec = 'v'<<24 | 'v'<<16 | 'c'<<8 | '1'
	AV1  VideoCodec = 'a'<<24 | 'v'<<16 | '0'<<8 | '1'
	VP8  VideoCodec = 'v'<<24 | 'p'<<16 | '0'<<8 | '8'
	VP9  VideoCodec = 'v'<<24 | 'p'<<16 | '0'<<8 | '9'
)

// legacy codec IDs that have a FourCC too
const (
	legacyAVC  = 7
	legacyHEVC = 12 // never standardised, common in SDKs from China
)

func (c VideoCodec) String() string {
	switch c {
	case SorensonH263:
		return "H263"
	case ScreenVideo, ScreenVideo2:
		return "Screen Video"
	case VP6, VP6Alpha:
		return "VP6"
	case AVC:
		return "H264"
	case HEVC:
		return "HEVC"
	case VVC:
		return "VVC"
	case AV1:
		return "AV1"
	case VP8:
		return "VP8"
	case VP9:
		return "VP9"
	}
	return codecName(uint32(c))
}

// codecName returns a name for a codec that the tables do not have.
func codecName(c uint32) string {
	if c < 16 {
		return fmt.Sprintf("codec %d", c)
	}
	return fmt.Sprintf("%q", []byte{byte(c >> 24), byte(c >> 16), byte(c >> 8), byte(c)})
}

// VideoHeader is the start of a video tag's data. Codec is zero if Packet is
// Ignored.
type VideoHeader struct {
	FrameType FrameType
	Codec     VideoCodec
	Packet    PacketType

	// CompositionTime is the presentation time less the tag's time, in ms,
	// -2^23 to 2^23-1. It is zero unless Packet is Coded and the codec is AVC,
	// HEVC or VVC.
	CompositionTime int32
}

// video packet types, Enhanced RTMP v2, ExVideoTagHeader
const (
	exCodedFrames  = 1
	exCodedFramesX = 3
	exVideoTracks  = 6
)

// ParseVideo splits the data of a video tag. The body is part of b and may be
// empty. If the data ends inside the header, or a length in it is false, the error is
// ErrTruncated.
func ParseVideo(b []byte) (VideoHeader, []byte, error) {
	if len(b) == 0 {
		return VideoHeader{}, nil, nil
	}
	if b[0]&0x80 != 0 {
		return parseExVideo(b)
	}

	h := VideoHeader{FrameType: FrameType(b[0] >> 4)}
	if h.FrameType == CommandFrame {
		return h, nil, nil
	}
	switch id := b[0] & 0x0f; id {
	case legacyAVC:
		h.Codec = AVC
	case legacyHEVC:
		h.Codec = HEVC
	default:
		h.Codec, h.Packet = VideoCodec(id), Coded
		return h, b[1:], nil
	}

	if len(b) < 5 {
		return VideoHeader{}, nil, ErrTruncated
	}
	switch b[1] {
	case 0:
		h.Packet = Config
	case 1:
		h.Packet, h.CompositionTime = Coded, int24(b[2:])
	case 2:
		h.Packet = End
		return h, nil, nil
	default:
		return VideoHeader{FrameType: h.FrameType}, nil, nil
	}
	return h, b[5:], nil
}

func parseExVideo(b []byte) (VideoHeader, []byte, error) {
	h := VideoHeader{FrameType: FrameType(b[0] >> 4 & 7)}
	packet, b, err := cutModEx(b[0]&0x0f, b[1:])
	if err != nil {
		return VideoHeader{}, nil, err
	}
	if h.FrameType == CommandFrame || packet == exMetadata {
		return h, nil, nil
	}
	packet, fourCC, b, err := cutTrack(packet, exVideoTracks, b)
	if err != nil {
		return VideoHeader{}, nil, err
	}

	codec := VideoCodec(fourCC)
	switch packet {
	case exSequenceStart:
		h.Packet = Config
	case exSequenceEnd:
		h.Packet, b = End, nil
	case exCodedFrames:
		h.Packet = Coded
		if codec == AVC || codec == HEVC || codec == VVC {
			if len(b) < 3 {
				return VideoHeader{}, nil, ErrTruncated
			}
			h.CompositionTime, b = int24(b), b[3:]
		}
	case exCodedFramesX:
		h.Packet = Coded
	default:
		return h, nil, nil
	}
	h.Codec = codec
	return h, b, nil
}

// int24 is the signed big-endian number in the first three bytes of b.
func int24(b []byte) int32 {
	return int32(uint32(b[0])<<24|uint32(b[1])<<16|uint32(b[2])<<8) >> 8
}
