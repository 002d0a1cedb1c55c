package main

import (
	"context"
	"net/http"
	"slices"
)

// scenario is one kind of run, made with each of its servers in turn.
type scenario struct {
	name         string
	servers      []string
	clip         clip // none for HTTP
	chunk        int
	streams      int
	times        int // runs in each round; 0 is one. More where one run is too short for a steady figure
	disk, strict bool
	run          func(ctx context.Context, b *bench, r *running, s *sample) (figures, error)
	alone        func(ctx context.Context, binary, dir string) (figures, error) // replaces the run, and starts the server itself
}

var (
	takeStreams  = []string{"floor", "osslive", nginx.name}
	toCompare    = []string{"floor", "osslive"}
	takeRequests = []string{"net/http", "osslive"}
	only         = []string{"osslive"}
)

var scenarios = []scenario{
	{name: "flat", servers: takeStreams, clip: fullHD, chunk: 4096, streams: 1, times: 3, run: flat},
	{name: "flat 128", servers: takeStreams[1:], clip: fullHD, chunk: 128, streams: 1, times: 3, run: flat},
	{name: "flat small", servers: takeStreams, clip: small, chunk: 4096, streams: 1, times: 3, run: flatSmall},
	{name: "1", servers: takeStreams, clip: fullHD, chunk: 4096, streams: 1, run: live(1, (*viewer).delays)},
	{name: "50", servers: takeStreams, clip: fullHD, chunk: 4096, streams: 50, run: live(50, (*viewer).delays)},
	{name: "100", servers: takeStreams, clip: fullHD, chunk: 4096, streams: 100, run: live(100, nil)},
	{name: "200 small", servers: takeStreams, clip: small, chunk: 4096, streams: 200, run: live(200, (*viewer).lateness)},
	{name: "allocations", servers: only, clip: small, chunk: 4096,
		run: func(ctx context.Context, _ *bench, r *running, s *sample) (figures, error) {
			return allocations(ctx, r, s)
		}},
	{name: "GET playlist", servers: takeRequests, times: 3, run: asked(http.MethodGet, "playlist.m3u8")},
	{name: "GET 1 KiB", servers: takeRequests, times: 3, run: asked(http.MethodGet, "1KiB")},
	{name: "GET 1 MiB", servers: takeRequests, times: 3, run: asked(http.MethodGet, "1MiB")},
	{name: "PUT 1 KiB", servers: takeRequests, times: 3, run: asked(http.MethodPut, "put")},
	{name: "start", servers: only,
		alone: startup},
	{name: "flat disk", servers: toCompare, clip: fullHD, chunk: 4096, streams: 1, disk: true, run: flat},
	{name: "flat strict", servers: only, clip: fullHD, chunk: 4096, streams: 1, disk: true, strict: true, run: flat},
	{name: "50 disk", servers: toCompare, clip: fullHD, chunk: 4096, streams: 50, disk: true, run: live(50, nil)},
	{name: "50 strict", servers: only, clip: fullHD, chunk: 4096, streams: 50, disk: true, strict: true, run: live(50, nil)},
}

func flat(ctx context.Context, b *bench, r *running, s *sample) (figures, error) {
	return flatOut(ctx, r, s, b.megabytes)
}

// Here a third of the bytes makes ten times as many segments.
func flatSmall(ctx context.Context, b *bench, r *running, s *sample) (figures, error) {
	return flatOut(ctx, r, s, b.megabytes/3)
}

func live(n int, l look) func(context.Context, *bench, *running, *sample) (figures, error) {
	return func(ctx context.Context, b *bench, r *running, s *sample) (figures, error) {
		return realTime(ctx, r, s, n, b.window, l, b.look)
	}
}

func asked(method, name string) func(context.Context, *bench, *running, *sample) (figures, error) {
	return func(ctx context.Context, b *bench, r *running, _ *sample) (figures, error) {
		return requests(ctx, r, method, name, b.window/2)
	}
}

// needs returns the runs, by scenario and server, that the rows use.
func needs(rows []row) map[[2]string]bool {
	wanted := map[[2]string]bool{}
	for _, r := range rows {
		servers := scenarios[slices.IndexFunc(scenarios, func(s scenario) bool { return s.name == r.run })].servers
		for _, server := range servers {
			wanted[[2]string{r.run, server}] = true
			if r.over != nil {
				wanted[r.base(server)] = true
			}
		}
	}
	return wanted
}
