package main

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"time"

	"osslive/server"
	"osslive/server/publishing"
)

// clip is the built-in clip; clip/README.md says how it was made.
//
//go:embed clip/clip.flv
var clip []byte

// demoRetain is how long the demo keeps segments.
const demoRetain = 10 * time.Minute

type demoCmd struct {
	serverFlags
}

func (d *demoCmd) Run(ctx context.Context, c *console) error {
	d.Retain = cmp.Or(d.Retain, demoRetain)
	cfg, err := d.config(c, server.Memory)
	if err != nil {
		return err
	}
	film := server.Channel{Bucket: cfg.Buckets[0].Name, Name: "film", FragDuration: 2, FragCount: 5}
	cfg.Channels = append(cfg.Channels, film)
	n, err := server.Start(ctx, cfg)
	if err != nil {
		return err
	}
	defer n.Stop()
	if err := writePorts(d.PortsFile, n); err != nil {
		return err
	}
	banner(c.out, n, cfg)
	where := endpoint(n, cfg) + "/" + film.Bucket + "/" + film.Name + "/playlist.m3u8"
	if n.Admin != "" {
		where = channelPage(n, film)
	}
	fmt.Fprintf(c.out, "\nThe built-in clip is on the air. Look at it here:\n  %s\n\nReady.\n", where)
	return broadcast(ctx, c, n, film)
}

// broadcast pushes the clip until ctx is done. When a push ends it tries again: the
// user may have disabled the channel, and may enable it.
func broadcast(ctx context.Context, c *console, n *server.Server, film server.Channel) error {
	const retry = 2 * time.Second
	for {
		target := publishing.URL(reachable(n.Listen), film.Bucket, film.Name,
			signedPublish(film.Bucket, film.Name, nil, n.Key, time.Now().Add(time.Hour)))
		err := push(ctx, bytes.NewReader(clip), target, true, nil)
		if ctx.Err() != nil {
			return nil
		}
		fmt.Fprintf(c.err, "osslive: the demo's push ended, trying again in %v: %v\n", retry, err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(retry):
		}
	}
}
