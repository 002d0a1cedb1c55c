package flv

// AudioCodec is a FourCC, or one more than the sound format of FLV 10.1 where
// there is none; zero is no codec.
type AudioCodec uint32

// Audio codecs.
const (
	LinearPCM    AudioCodec = 1 // in the byte order of the sender's machine
	ADPCM        AudioCodec = 2
	LinearPCMLE  AudioCodec = 4
	Nellymoser16 AudioCodec = 5
	Nellymoser8  AudioCodec = 6
	Nellymoser   AudioCodec = 7
	G711ALaw     AudioCodec = 8
	G711MuLaw    AudioCodec = 9
	Speex        AudioCodec = 12

	AAC  AudioCodec = 'm'<<24 | 'p'<<16 | '4'<<8 | 'a'
	MP3  AudioCodec = '.'<<24 | 'm'<<16 | 'p'<<8 | '3'
	Opus AudioCodec = 'O'<<24 | 'p'<<16 | 'u'<<8 | 's'
	FLAC AudioCodec = 'f'<<24 | 'L'<<16 | 'a'<<8 | 'C'
	AC3  AudioCodec = 'a'<<24 | 'c'<<16 | '-'<<8 | '3'
	EAC3 AudioCodec = 'e'<<24 | 'c'<<16 | '-'<<8 | '3'
)

// sound formats, FLV 10.1 §E.4.2.1
const (
	soundMP3      = 2
	soundExtended = 9
	soundAAC      = 10
	soundMP38k    = 14
)

func (c AudioCodec) String() string {
	switch c {
	case LinearPCM, LinearPCMLE:
		return "PCM"
	case ADPCM:
		return "ADPCM"
	case Nellymoser16, Nellymoser8, Nellymoser:
		return "Nellymoser"
	case G711ALaw:
		return "G711 A-law"
	case G711MuLaw:
		return "G711 mu-law"
	case Speex:
		return "Speex"
	case AAC:
		return "AAC"
	case MP3:
		return "MP3"
	case Opus:
		return "Opus"
	case FLAC:
		return "FLAC"
	case AC3:
		return "AC-3"
	case EAC3:
		return "E-AC-3"
	}
	if c > 0 && c <= 16 {
		c--
	}
	return codecName(uint32(c))
}

// AudioHeader is the start of an audio tag's data. Codec is zero if Packet is
// Ignored. It omits the rate and size bits of the old header: they mean nothing for AAC.
type AudioHeader struct {
	Codec  AudioCodec
	Packet PacketType
}

const exAudioTracks = 5 // Enhanced RTMP v2, AudioPacketType

// ParseAudio splits the data of an audio tag. The body is part of b and may be
// empty. An empty tag, which some senders use for silence, is Ignored. If the
// data ends inside the header, or a length in it is false, the error is ErrTruncated.
func ParseAudio(b []byte) (AudioHeader, []byte, error) {
	if len(b) == 0 {
		return AudioHeader{}, nil, nil
	}
	switch format := b[0] >> 4; format {
	case soundExtended:
		return parseExAudio(b)
	case soundMP3, soundMP38k:
		return AudioHeader{MP3, Coded}, b[1:], nil
	case soundAAC:
	default:
		return AudioHeader{AudioCodec(format) + 1, Coded}, b[1:], nil
	}

	if len(b) < 2 {
		return AudioHeader{}, nil, ErrTruncated
	}
	switch b[1] {
	case 0:
		return AudioHeader{AAC, Config}, b[2:], nil
	case 1:
		return AudioHeader{AAC, Coded}, b[2:], nil
	}
	return AudioHeader{}, nil, nil
}

func parseExAudio(b []byte) (AudioHeader, []byte, error) {
	packet, b, err := cutModEx(b[0]&0x0f, b[1:])
	if err != nil || packet == exMetadata {
		return AudioHeader{}, nil, err
	}
	packet, fourCC, b, err := cutTrack(packet, exAudioTracks, b)
	if err != nil {
		return AudioHeader{}, nil, err
	}
	codec := AudioCodec(fourCC)
	switch packet {
	case exSequenceStart:
		return AudioHeader{codec, Config}, b, nil
	case exCodedFrames:
		return AudioHeader{codec, Coded}, b, nil
	case exSequenceEnd:
		return AudioHeader{codec, End}, nil, nil
	}
	return AudioHeader{}, nil, nil
}
