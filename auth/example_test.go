package auth_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"osslive/auth"
)

// A server parses a request once, and verifies it before it looks at the body.
func ExampleVerifyRequest() {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	r := &auth.Request{Method: "PUT", Bucket: "media", Key: "lecture.mp4", Header: http.Header{"Content-Type": {"video/mp4"}}}
	auth.SignRequest(r, auth.Key{ID: "id", Secret: "secret"}, now)
	keys := auth.NewKeys(auth.Key{ID: "id", Secret: "secret"})

	who, err := auth.VerifyRequest(r, keys, now)
	fmt.Println(who.KeyID(), err)

	r.Header.Set("Content-Type", "text/plain") // a proxy changes what was signed
	_, err = auth.VerifyRequest(r, keys, now)
	var mismatch *auth.MismatchError
	fmt.Println(errors.As(err, &mismatch))
	fmt.Println(r.Text())
	// Output:
	// id <nil>
	// true
	// PUT
	//
	// text/plain
	// Fri, 02 Jan 2026 03:04:05 GMT
	// /media/lecture.mp4
}

// The URL with which an encoder publishes is signed for one channel, until a time.
func ExampleVerifyPublish() {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	key := auth.Key{ID: "id", Secret: "secret"}
	p := &auth.Publish{Bucket: "media", Channel: "lecture", Query: url.Values{"playlistName": {"list.m3u8"}}}
	p.Query = auth.SignPublish(p, key, now.Add(time.Hour))
	fmt.Println("rtmp://localhost/media/live/lecture?" + p.Query.Encode())

	who, err := auth.VerifyPublish(p, auth.NewKeys(key), now)
	fmt.Println(who.KeyID(), who.Expires().UTC().Format(time.TimeOnly), err)

	_, err = auth.VerifyPublish(p, auth.NewKeys(key), now.Add(2*time.Hour))
	fmt.Println(err)
	// Output:
	// rtmp://localhost/media/live/lecture?Expires=1767326645&OSSAccessKeyId=id&Signature=Lp9qEC79DPxS0L1yBBLU1mC7ouE%3D&playlistName=list.m3u8
	// id 04:04:05 <nil>
	// signed URL has expired
}
