package hls_test

import (
	"fmt"
	"time"

	"osslive/hls"
)

// A live list after its second segment has slid out.
func ExamplePlaylist_AppendText() {
	p := hls.Playlist{
		Sequence:       2,
		TargetDuration: 5,
		Segments: []hls.Segment{
			{URI: "1543895711266.ts", Duration: 5 * time.Second},
			{URI: "1543895799000.ts", Duration: 4800 * time.Millisecond, Discontinuity: true},
		},
	}
	fmt.Print(string(p.AppendText(nil)))
	// Output:
	// #EXTM3U
	// #EXT-X-VERSION:3
	// #EXT-X-MEDIA-SEQUENCE:2
	// #EXT-X-TARGETDURATION:5
	// #EXTINF:5.000,
	// 1543895711266.ts
	// #EXT-X-DISCONTINUITY
	// #EXTINF:4.800,
	// 1543895799000.ts
}
