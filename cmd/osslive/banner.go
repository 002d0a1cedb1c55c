package main

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"osslive/server/node"
)

// bannerExpiry is how long the URLs in the banner work.
const bannerExpiry = 24 * time.Hour

// banner prints what a user needs to go on.
func banner(w io.Writer, n *node.Node, c node.Config) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "  %-12s %s\n", name, fmt.Sprintf(format, args...))
	}
	fmt.Fprintf(w, "osslive %s\n", version)
	line("endpoint", "%s  (region %s)", endpoint(n, c), c.Region)
	secret := "(as configured)"
	if n.Key == node.DefaultKey {
		secret = n.Key.Secret
	}
	line("key id", "%s", n.Key.ID)
	line("key secret", "%s", secret)
	for _, b := range n.Buckets {
		line("bucket", "%s (%s)", b.Name, b.ACL)
	}
	if n.RTMP != "" {
		line("rtmp", "%s, and the endpoint's port", reachable(n.RTMP))
	} else {
		line("rtmp", "the endpoint's port")
	}
	line("data", "%s", dataText(c))
	if n.Admin != "" {
		line("console", "http://%s/", reachable(n.Admin))
	}
}

// publishLines prints how to publish to a live channel and to look at it.
func publishLines(w io.Writer, n *node.Node, c node.Config, ch node.Channel) {
	api, err := url.Parse(endpoint(n, c))
	if err != nil {
		return // Start has checked it
	}
	expires := time.Now().Add(bannerExpiry)
	signed := signPublish(publishURL(api.Host, ch.Bucket, ch.Name), ch.Bucket, ch.Name, nil, n.Key, expires)
	base, _, _ := strings.Cut(signed, "?")
	server := base[:strings.LastIndex(base, "/")]
	play := api.JoinPath(ch.Bucket, ch.Name, ch.Playlist).String()
	if ch.Private {
		if play, err = sign(play+"?x-oss-process=hls/sign", "", n.Key, expires); err != nil {
			return
		}
	}

	fmt.Fprintf(w, "\nPublish to live channel %s/%s (signed for %.0f hours):\n", ch.Bucket, ch.Name, bannerExpiry.Hours())
	fmt.Fprintf(w, "  ffmpeg -re -f lavfi -i testsrc2=size=1280x720:rate=30 -f lavfi -i sine -c:v libx264 -preset veryfast -pix_fmt yuv420p -g 60 -c:a aac -f flv %s\n", quote(signed))
	fmt.Fprintf(w, "OBS, Settings > Stream > Custom:\n")
	fmt.Fprintf(w, "  Server      %s\n", server)
	fmt.Fprintf(w, "  Stream Key  %s\n", strings.TrimPrefix(signed, server+"/"))
	fmt.Fprintf(w, "Play:\n  %s\n", play)
	if n.Admin != "" {
		fmt.Fprintf(w, "  %s\n", channelPage(n, ch))
	}
	fmt.Fprintln(w)
}

// channelPage is the address of a channel's page in the console.
func channelPage(n *node.Node, ch node.Channel) string {
	return "http://" + reachable(n.Admin) + "/channel/" + url.PathEscape(ch.Bucket) + "/" + url.PathEscape(ch.Name)
}

// endpoint is what a client of this machine sets as its endpoint.
func endpoint(n *node.Node, c node.Config) string {
	if c.PublicURL != "" {
		return c.PublicURL
	}
	return "http://" + reachable(n.Listen)
}

// quote makes one word of s for a shell; double quotes would do for no URL with
// a dollar, single ones for none with an apostrophe.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "%27") + "'" }

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
