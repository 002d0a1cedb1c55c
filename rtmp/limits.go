package rtmp

import (
	"time"

	"osslive/rtmp/flv"
)

// Limits bounds what a connection may cost. Sizes are in bytes.
type Limits struct {
	Waiting int // connections without an accepted publish; one more ends another, see headStart

	Handshake time.Duration // for the whole of it
	Publish   time.Duration // from the handshake, or the end of a publish, to the next publish
	Idle      time.Duration // without a complete message while publishing
	Write     time.Duration // for one group of replies
	Drain     time.Duration // for a refused client to read why

	VideoMessage   int // at most flv.MaxData; aggregate messages too
	AudioMessage   int
	DataMessage    int // metadata, shared objects and unknown types too
	CommandMessage int
	ControlMessage int // the longest that means something, SetBufferLength, has 10

	Buffered        int // of unfinished messages of all chunk streams, while publishing
	BufferedWaiting int // the same before

	ChunkStreams   int
	MessageStreams int // created for a publish
	Commands       int // before a publish
	URLPart        int // app, tcUrl and stream name, each
}

// DefaultLimits returns limits for a server that anyone may connect to.
func DefaultLimits() Limits {
	return Limits{
		Waiting:         1024,
		Handshake:       5 * time.Second,
		Publish:         15 * time.Second,
		Idle:            15 * time.Second,
		Write:           5 * time.Second,
		Drain:           time.Second,
		VideoMessage:    flv.MaxData,
		AudioMessage:    1 << 20,
		DataMessage:     64 << 10,
		CommandMessage:  64 << 10,
		ControlMessage:  64,
		Buffered:        32 << 20,
		BufferedWaiting: 64 << 10,
		ChunkStreams:    64,
		MessageStreams:  8,
		Commands:        64,
		URLPart:         4096,
	}
}
