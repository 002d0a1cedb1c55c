package segmenter

import (
	"bytes"

	"osslive/segmenter/mpegts"
)

// frame is an access unit or an AAC frame before it has its place in the output.
type frame struct {
	video bool
	at    mpegts.Ticks // decoding time by the sender's clock
	data  []byte       // the tag's body: NAL units with lengths, or raw AAC

	// video only
	codec       *codec
	composition mpegts.Ticks // PTS less DTS
	lengthSize  int
	unit        accessUnit
	key         bool
}

// bounds of what is kept while waiting
const (
	maxQueueTime  = 3 * mpegts.Second
	maxQueueBytes = 4 << 20
	frameOverhead = 160 // of a frame without data
)

// queue keeps copies of frames until the first segment can start.
type queue struct {
	frames []frame
	bytes  int
}

func (q *queue) push(f *frame) {
	c := *f
	c.data = bytes.Clone(f.data)
	q.frames = append(q.frames, c)
	q.bytes += len(c.data) + frameOverhead
}

// full says that one of the bounds is reached.
func (q *queue) full() bool {
	if len(q.frames) == 0 {
		return false
	}
	span := q.frames[len(q.frames)-1].at - q.frames[0].at
	return span >= maxQueueTime || span < 0 || q.bytes >= maxQueueBytes
}

// trim drops the oldest frames until the queue is within its bounds.
func (q *queue) trim() {
	n := 0
	for rest := *q; rest.full(); n++ {
		rest.bytes -= len(rest.frames[0].data) + frameOverhead
		rest.frames = rest.frames[1:]
		q.bytes = rest.bytes
	}
	if n > 0 {
		kept := copy(q.frames, q.frames[n:])
		clear(q.frames[kept:])
		q.frames = q.frames[:kept]
	}
}

// take empties the queue.
func (q *queue) take() []frame {
	frames := q.frames
	*q = queue{}
	return frames
}
