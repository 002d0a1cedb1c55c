// Package flv reads and writes Flash Video: the tags that RTMP carries and the
// files that hold them.
//
// A [Tag] is one audio, video or script message. [ParseVideo] and [ParseAudio]
// split the first bytes of a tag's data from the payload of the codec;
// [Metadata] finds onMetaData in a script tag. [Reader] and [Writer] handle
// whole files.
//
// It owns the layout of tags and files. It must not know the codecs: what follows the first
// bytes of a tag is a payload.
//
// Sources: Adobe Flash Video File Format Specification 10.1, annex E; Enhanced
// RTMP v2 (github.com/veovera/enhanced-rtmp) for extended headers.
package flv

import "fmt"

// Millis is a time in milliseconds. It wraps after 49.7 days; some senders wrap
// already at 2^31.
type Millis uint32

// TagType is the kind of a tag. Its values are also RTMP message types.
type TagType uint8

// Kinds of tags, FLV 10.1 §E.4.1.
const (
	Audio  TagType = 8
	Video  TagType = 9
	Script TagType = 18 // AMF0 data such as onMetaData
)

func (t TagType) String() string {
	switch t {
	case Audio:
		return "audio"
	case Video:
		return "video"
	case Script:
		return "script"
	}
	return fmt.Sprintf("tag type %d", uint8(t))
}

// MaxData is the largest number of bytes in a tag: its length field has 24 bits.
const MaxData = 1<<24 - 1

// Tag is one message of a stream. The function that returns or passes a Tag says how long
// Data is valid. Data must not be changed.
type Tag struct {
	Type TagType
	Time Millis
	Data []byte
}
