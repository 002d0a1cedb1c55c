package segmenter_test

import (
	"fmt"
	"io"
	"time"

	"osslive/rtmp/flv"
	"osslive/segmenter"
)

// printer is a Sink that prints each segment and drops its bytes.
type printer struct{}

func (printer) Open() (io.Writer, error) { return io.Discard, nil }

func (printer) Finish(s segmenter.Segment) error {
	fmt.Printf("%v, %d packets, ended by %v\n", s.Duration, s.Bytes/188, s.Ending)
	return nil
}

// Five seconds of pictures with a keyframe each second become segments of two seconds.
func ExampleSegmenter() {
	s := segmenter.New(segmenter.Config{FragDuration: 2 * time.Second}, printer{})
	tags := []flv.Tag{avcC(0, sps, pps)} // the sequence header comes first
	for at := flv.Millis(0); at < 5000; at += 1000 {
		tags = append(tags, gop(at, at+1000, 40)...)
	}
	for _, tag := range tags {
		if err := s.WriteTag(tag); err != nil {
			fmt.Println(err)
			return
		}
	}
	if err := s.Close(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 2s, 52 packets, ended by key frame
	// 2s, 52 packets, ended by key frame
	// 1s, 27 packets, ended by end of the publish
}
