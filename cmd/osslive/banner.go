package main

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"time"

	"osslive/server"
	"osslive/server/publishing"
)

// bannerExpiry is how long the signed URLs of the banner are valid.
const bannerExpiry = 24 * time.Hour

// banner prints the addresses and the key of a server.
func banner(w io.Writer, n *server.Server, c server.Config) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "  %-12s %s\n", name, fmt.Sprintf(format, args...))
	}
	fmt.Fprintf(w, "osslive %s\n", version)
	line("endpoint", "%s  (region %s)", endpoint(n, c), c.Region)
	secret := "(as configured)"
	if n.Key == server.DefaultKey {
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
	if c.TLSCert != "" {
		line("tls", "https:// and rtmps:// on the endpoint's port, by %s", c.TLSCert)
	}
	line("data", "%s", dataText(c))
	if n.Admin != "" {
		line("console", "http://%s/", reachable(n.Admin))
	}
}

// publishLines prints how to publish to a live channel and how to play it.
func publishLines(w io.Writer, n *server.Server, c server.Config, ch server.Channel) {
	api, err := url.Parse(endpoint(n, c))
	if err != nil {
		return // Start has checked it
	}
	expires := time.Now().Add(bannerExpiry)
	signed := publishing.URL(api.Host, ch.Bucket, ch.Name, signedPublish(ch.Bucket, ch.Name, nil, n.Key, expires))
	server, key := publishing.SplitOBS(signed)
	play := api.JoinPath(ch.Bucket, ch.Name, ch.Playlist).String()
	if ch.Private {
		if play, err = sign(play+"?x-oss-process=hls/sign", "", n.Key, expires); err != nil {
			return
		}
	}

	fmt.Fprintf(w, "\nPublish to live channel %s/%s (signed for %.0f hours):\n", ch.Bucket, ch.Name, bannerExpiry.Hours())
	fmt.Fprintf(w, "  %s\n", publishing.FFmpeg(publishing.Sh, signed, ch.FragDuration))
	fmt.Fprintf(w, "OBS, Settings > Stream > Custom:\n")
	fmt.Fprintf(w, "  Server      %s\n", server)
	fmt.Fprintf(w, "  Stream Key  %s\n", key)
	fmt.Fprintf(w, "Play:\n  %s\n", play)
	if n.Admin != "" {
		fmt.Fprintf(w, "  %s\n", channelPage(n, ch))
	}
	fmt.Fprintln(w)
}

// channelPage returns the URL of a channel's page in the console.
func channelPage(n *server.Server, ch server.Channel) string {
	return "http://" + reachable(n.Admin) + "/channel/" + url.PathEscape(ch.Bucket) + "/" + url.PathEscape(ch.Name)
}

// endpoint returns the endpoint for clients on this machine.
func endpoint(n *server.Server, c server.Config) string {
	if c.PublicURL != "" {
		return c.PublicURL
	}
	return "http://" + reachable(n.Listen)
}

func dataText(c server.Config) string {
	switch {
	case c.Data == server.Memory:
		return "in memory, gone at exit"
	case c.Durability == "relaxed":
		return c.Data + " (relaxed durability)"
	}
	return c.Data + " (strict durability)"
}

// reachable returns an address that clients on this machine can dial: loopback in
// place of an address that stands for all interfaces.
func reachable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip.IsUnspecified()) {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return address
}
