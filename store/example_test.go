package store_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"osslive/store"
	"osslive/store/memstore"
)

// A store in memory: a bucket, an object, and its content.
func ExampleStore() {
	ctx := context.Background()
	s := store.New(store.Config{
		KV: memstore.NewKV(), Leases: memstore.NewLeases(), Blobs: memstore.NewBlobs(), Now: time.Now,
	})
	check := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	_, err := s.Recover(ctx)
	check(err)
	_, err = s.PutBucket(ctx, "films", store.PublicRead)
	check(err)
	_, err = s.PutObject(ctx, store.Object{Bucket: "films", Key: "hello.txt"}, strings.NewReader("hello"), store.PutOptions{Length: 5})
	check(err)

	o, err := s.Object(ctx, "films", "hello.txt")
	check(err)
	body, err := s.OpenObject(ctx, o, 0, -1)
	check(err)
	defer body.Close()
	text, err := io.ReadAll(body)
	check(err)
	fmt.Printf("%s: %s, %s", o.Key, text, o.ETag)
	// Output: hello.txt: hello, 5D41402ABC4B2A76B9719D911017C592
}
