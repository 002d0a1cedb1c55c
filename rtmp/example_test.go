package rtmp_test

import (
	"context"
	"fmt"
	"net"
	"strings"

	"osslive/rtmp"
	"osslive/rtmp/flv"
)

// printer accepts every publish and prints what it gets.
type printer struct{ ended chan struct{} }

func (p printer) Publish(_ context.Context, r *rtmp.PublishRequest) (rtmp.Stream, error) {
	fmt.Println("publish", strings.Join(r.Path, "/"), r.Query.Get("key"))
	return p, nil
}

func (printer) WriteTag(t flv.Tag) error {
	fmt.Println(t.Type, t.Time, len(t.Data))
	return nil
}

func (p printer) Close(cause error) {
	fmt.Println("closed", cause)
	close(p.ended)
}

// A client publishes two tags to a server on this machine.
func Example() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	p := printer{make(chan struct{})}
	server := &rtmp.Server{Handler: p}
	go server.Serve(l)

	ctx := context.Background()
	client, err := rtmp.Dial(ctx, "rtmp://"+l.Addr().String()+"/live/camera?key=1")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, tag := range []flv.Tag{
		{Type: flv.Video, Time: 0, Data: make([]byte, 100)},
		{Type: flv.Audio, Time: 20, Data: make([]byte, 10)},
	} {
		if err := client.WriteTag(tag); err != nil {
			fmt.Println(err)
		}
	}
	if err := client.Close(); err != nil {
		fmt.Println(err)
	}
	<-p.ended
	if err := server.Shutdown(ctx); err != nil {
		fmt.Println(err)
	}
	// Output:
	// publish live/camera 1
	// video 0 100
	// audio 20 10
	// closed <nil>
}
