package main

import (
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"osslive/server/node"
)

// bannerExpiry is how long the publish URL in the banner works.
const bannerExpiry = 24 * time.Hour

// banner prints what a user needs to go on.
func banner(w io.Writer, n *node.Node, c node.Config) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "  %-12s %s\n", name, fmt.Sprintf(format, args...))
	}
	fmt.Fprintf(w, "osslive %s\n", version)
	line("endpoint", "http://%s  (region %s)", n.Listen, c.Region)
	secret := "(as configured)"
	if n.Key == node.DefaultKey {
		secret = n.Key.Secret
	}
	line("key id", "%s", n.Key.ID)
	line("key secret", "%s", secret)
	for _, b := range c.Buckets {
		line("bucket", "%s (%s)", b.Name, b.ACL)
	}
	if n.RTMP != "" {
		line("rtmp", "%s, and the endpoint's port", n.RTMP)
	} else {
		line("rtmp", "the endpoint's port")
	}
	line("data", "%s", dataText(c))
	if n.Admin != "" {
		line("console", "http://%s/", reachable(n.Admin))
	}
}

// publishLines prints how to publish to a live channel and to look at it.
func publishLines(w io.Writer, n *node.Node, ch node.Channel) {
	host := reachable(n.Listen)
	server := "rtmp://" + host + "/" + ch.Bucket + "/live"
	signed := signPublish(server+"/"+ch.Name, ch.Bucket, ch.Name, "", n.Key, time.Now().Add(bannerExpiry))
	fmt.Fprintf(w, "\nPublish to live channel %s/%s (signed for %.0f hours):\n", ch.Bucket, ch.Name, bannerExpiry.Hours())
	fmt.Fprintf(w, "  ffmpeg -re -f lavfi -i testsrc2=size=1280x720:rate=30 -f lavfi -i sine -c:v libx264 -preset veryfast -pix_fmt yuv420p -g 60 -c:a aac -f flv '%s'\n", signed)
	fmt.Fprintf(w, "OBS, Settings > Stream > Custom:\n")
	fmt.Fprintf(w, "  Server      %s\n", server)
	fmt.Fprintf(w, "  Stream Key  %s\n", strings.TrimPrefix(signed, server+"/"))
	fmt.Fprintf(w, "Play:\n  http://%s/%s/%s/playlist.m3u8\n", host, ch.Bucket, ch.Name)
	if n.Admin != "" {
		fmt.Fprintf(w, "  http://%s/channel/%s/%s\n", reachable(n.Admin), ch.Bucket, ch.Name)
	}
	fmt.Fprintln(w)
}

func dataText(c node.Config) string {
	switch {
	case c.Data == node.Memory:
		return "in memory, gone at exit"
	case c.Relaxed:
		return c.Data + " (relaxed durability)"
	}
	return c.Data + " (strict durability)"
}

// reachable replaces an address that stands for all interfaces by one that a
// client on this machine can dial.
func reachable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip.IsUnspecified()) {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return address
}
