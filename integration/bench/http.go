package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const perCPU = "requests per CPU second"

// connections is the number of connections that send requests at the same time.
const connections = 16

const playlist = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:7\n" +
	"#EXTINF:2.000,\n7.ts\n#EXTINF:2.000,\n8.ts\n#EXTINF:2.000,\n9.ts\n"

// objects are the sizes, by name, of the objects that exist before the first request.
var objects = map[string]string{
	"playlist.m3u8": playlist,
	"1KiB":          strings.Repeat("x", 1<<10),
	"1MiB":          strings.Repeat("y", 1<<20),
}

// requests asks a server for one object, or puts 1 KiB under a thousand names in
// turn, for a window.
func requests(ctx context.Context, r *running, method, name string, window time.Duration) (figures, error) {
	for object, body := range objects {
		req, err := http.NewRequestWithContext(ctx, http.MethodPut, r.http+object, strings.NewReader(body))
		if err != nil {
			return nil, err
		}
		if _, err = fetch(req); err != nil {
			return nil, err
		}
	}
	base, err := url.Parse(r.http)
	if err != nil {
		return nil, err
	}
	ready := [][]byte{fmt.Appendf(nil, "%s %s%s HTTP/1.1\r\nHost: %s\r\n\r\n", method, base.Path, name, base.Host)}
	if method == http.MethodPut {
		ready = nil
		for i := range 1000 {
			ready = append(ready, fmt.Appendf(nil, "PUT %s%s-%d HTTP/1.1\r\nHost: %s\r\nContent-Length: 1024\r\n\r\n%s",
				base.Path, name, i, base.Host, objects["1KiB"]))
		}
	}

	asking, stop := context.WithCancel(ctx)
	defer stop()
	var answered atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, connections)
	for i := range errs {
		wg.Go(func() {
			if errs[i] = ask(asking, base.Host, ready, i*61, &answered); errs[i] != nil {
				stop()
			}
		})
	}
	pause(asking, window/8)
	before, from := r.cpu(), answered.Load()
	pause(asking, window)
	f := figures{perCPU: float64(answered.Load()-from) / (r.cpu() - before)}
	stop()
	wg.Wait()
	return f, errors.Join(append(errs, ctx.Err())...)
}

// ask sends requests one after the other on one connection, and counts the answers.
func ask(ctx context.Context, host string, ready [][]byte, next int, answered *atomic.Int64) error {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", host)
	if err != nil {
		return err
	}
	defer c.Close()
	in := textproto.NewReader(bufio.NewReaderSize(c, 64<<10))
	for ; ctx.Err() == nil; next++ {
		c.SetDeadline(time.Now().Add(10 * time.Second))
		if _, err := c.Write(ready[next%len(ready)]); err != nil {
			return err
		}
		status, err := in.ReadLineBytes()
		if err != nil {
			return err
		}
		if !bytes.HasPrefix(status, []byte("HTTP/1.1 200")) {
			return fmt.Errorf("%s: %s", bytes.SplitN(ready[next%len(ready)], []byte(" HTTP"), 2)[0], status)
		}
		length := int64(0)
		for {
			line, err := in.ReadLineBytes()
			if err != nil {
				return err
			}
			if len(line) == 0 {
				break
			}
			if name, value, _ := bytes.Cut(line, []byte(": ")); bytes.EqualFold(name, []byte("Content-Length")) {
				length, err = strconv.ParseInt(string(value), 10, 64)
				if err != nil {
					return err
				}
			}
		}
		if _, err := io.CopyN(io.Discard, in.R, length); err != nil {
			return err
		}
		answered.Add(1)
	}
	return nil
}
