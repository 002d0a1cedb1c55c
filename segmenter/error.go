package segmenter

import (
	"errors"
	"fmt"
	"strings"

	"osslive/rtmp/flv"
)

// Reasons to end a publish. Their texts are for the person at the encoder.
var (
	ErrNoVideo  = errors.New("the stream must contain H.264 video: only audio was received")
	ErrNoConfig = errors.New("video without a sequence header (SPS and PPS): no picture can be decoded")
	// ErrNoKeyframe: pictures come, but for as long as a segment may last none that
	// one can start with.
	ErrNoKeyframe = errors.New("video without a keyframe that a segment can start with: set a keyframe interval of a few seconds in the encoder")
)

// UnsupportedError reports a codec that a segment cannot carry.
type UnsupportedError struct {
	Codec   string
	Message string // says what to choose instead
}

func (e *UnsupportedError) Error() string { return e.Message }

func unsupportedVideo(c flv.VideoCodec, hevc bool) error {
	choose := "H.264 (AVC)"
	if hevc {
		choose = "H.264 (AVC) or HEVC"
	}
	return &UnsupportedError{
		Codec: c.String(),
		Message: fmt.Sprintf("video codec %s is not supported by LiveChannel: choose %s as the encoder, "+
			"for example x264 in OBS or -c:v libx264 in ffmpeg", strings.TrimPrefix(c.String(), "codec "), choose),
	}
}

func unsupportedAAC(what string) error {
	return &UnsupportedError{
		Codec:   "AAC",
		Message: fmt.Sprintf("AAC with %s cannot be carried in MPEG-TS, audio is dropped: choose AAC-LC, mono or stereo", what),
	}
}

var errClosed = errors.New("the segmenter is closed")

// maxBad is how many malformed messages in a row a stream survives.
const maxBad = 50

// CorruptError reports a stream with too many malformed messages in a row.
type CorruptError struct {
	Track string // "video" or "audio"
	Count int
	Err   error // the last one's
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("%d malformed %s messages in a row: %v", e.Count, e.Track, e.Err)
}

func (e *CorruptError) Unwrap() error { return e.Err }
