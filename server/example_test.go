package server_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"osslive/auth"
	"osslive/server"
)

// A server in memory on a free port: upload an object with a signed URL, read it back
// from a bucket that anybody may read.
func ExampleStart() {
	ctx := context.Background()
	s, err := server.Start(ctx, server.Config{
		Listen: "127.0.0.1:0", RTMP: server.Off, Admin: server.Off, Data: server.Memory,
		Buckets: []server.Bucket{{Name: "films", ACL: "public-read"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Stop()

	r := auth.Request{Method: http.MethodPut, Header: http.Header{}, Bucket: "films", Key: "hello.txt"}
	query := auth.SignURL(&r, s.Key, time.Now().Add(time.Minute))
	url := "http://" + s.Listen + "/films/hello.txt"
	put, err := http.NewRequestWithContext(ctx, http.MethodPut, url+"?"+query.Encode(), strings.NewReader("hello"))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, request := range []func() (*http.Response, error){
		func() (*http.Response, error) { return http.DefaultClient.Do(put) },
		func() (*http.Response, error) { return http.Get(url) },
	} {
		answer, err := request()
		if err != nil {
			fmt.Println(err)
			return
		}
		body, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		fmt.Printf("%s %q\n", answer.Status, body)
	}
	// Output:
	// 200 OK ""
	// 200 OK "hello"
}
