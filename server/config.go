// Package server starts osslive: it turns a Config into a running server, and stops
// it in order.
//
//	s, err := server.Start(ctx, server.Config{Listen: "127.0.0.1:0", RTMP: server.Off, Admin: server.Off, Data: server.Memory})
//	defer s.Stop()
//
// It owns the order of start and stop, and the wiring: the store over its backends,
// the sockets (server/door), OSS over HTTP (server/api), publishers (server/live),
// and the admin address with the console (server/console), metrics and health. The
// command line and tests start the same server.
//
// It must not know a protocol: no wing sees another, and what a request or a publish
// does is decided in the wings.
package server

import (
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"time"

	"osslive/auth"
	"osslive/server/address"
	"osslive/server/door"
	"osslive/store"
	"osslive/store/seam"
)

// Off is the address of a listener that is not wanted.
const Off = door.Off

// Memory is the data directory that keeps everything in memory.
const Memory = "memory"

// DefaultKey is the built-in key pair. It is public, so it works on loopback
// only unless Config.InsecureDefaultKey allows more.
var DefaultKey = auth.Key{ID: "osslive", Secret: "osslive-secret"}

const minAdminToken = 16

// Config says what to run. Listen, Admin and Data must be set; every other field has
// a zero value that works. The command line reads the tags: each field with a help
// is a flag, and a variable of the environment.
type Config struct {
	// Addresses are HOST:PORT; port 0 takes a free one.

	Listen string `group:"Addresses:" default:"127.0.0.1:9000" placeholder:"HOST:PORT" help:"API: HTTP and RTMP on one port (${default})."`
	RTMP   string `group:"Addresses:" name:"rtmp" placeholder:"HOST:PORT" help:"RTMP on a port of its own, or off (127.0.0.1:1935 if that is free)."`
	Admin  string `group:"Addresses:" default:"127.0.0.1:9001" placeholder:"HOST:PORT" help:"Console, metrics and health, or off (${default})."`

	TLSCert string `group:"Addresses:" name:"tls-cert" placeholder:"FILE" help:"PEM certificate: HTTPS and RTMPS on the API port too; read again when it changes."`
	TLSKey  string `group:"Addresses:" name:"tls-key" placeholder:"FILE" help:"PEM private key of --tls-cert."`

	Data       string        `group:"Data:" placeholder:"DIR" help:"Directory for everything, or memory (serve: ./osslive-data, demo: memory)."`
	Durability string        `group:"Data:" enum:"strict,relaxed" default:"strict" help:"strict survives a power cut, relaxed a killed process."`
	Retain     time.Duration `group:"Data:" placeholder:"DURATION" help:"Remove segments older than this (serve: never, demo: 10m)."`

	Keys               []auth.Key `group:"Keys, buckets, live channels:" name:"key" placeholder:"ID:SECRET[:TOKEN]" help:"Access key; may be repeated (osslive:osslive-secret)."`
	KeyFiles           []string   `group:"Keys, buckets, live channels:" name:"key-file" placeholder:"FILE" help:"File with an access key on each line, as --key has it; may be repeated."`
	InsecureDefaultKey bool       `group:"Keys, buckets, live channels:" help:"Allow the built-in key on addresses that other machines can reach."`
	Buckets            []Bucket   `group:"Keys, buckets, live channels:" name:"bucket" placeholder:"NAME[:ACL]" help:"Bucket to create if missing; ACL is private, public-read or public-read-write; may be repeated (demo:public-read)."`
	Channels           []Channel  `group:"Keys, buckets, live channels:" name:"channel" placeholder:"BUCKET/NAME" help:"Live channel to create if missing; may be repeated (demo/stream, with the default bucket)."`

	Region      string   `group:"Names in URLs:" default:"oss-cn-local" help:"Region that answers name."`
	BaseDomains []string `group:"Names in URLs:" name:"base-domain" placeholder:"NAME" help:"Domain under which BUCKET.NAME is a bucket, besides localhost; may be repeated."`
	CNAMEs      []CNAME  `group:"Names in URLs:" name:"cname" placeholder:"HOST=BUCKET" help:"Host name that stands for one bucket; may be repeated."`
	PublicURL   string   `group:"Names in URLs:" name:"public-url" placeholder:"URL" help:"http:// or https:// and HOST[:PORT] of the URLs in answers (what the client used)."`
	CORS        string   `group:"Names in URLs:" name:"cors" enum:"open,rules" default:"open" help:"open lets any page read objects, rules only those that the bucket's rules name."`

	PublisherIdle  time.Duration `group:"Publishing:" placeholder:"DURATION" help:"End a publish that has sent nothing for so long (15s)."`
	AllowAudioOnly bool          `group:"Publishing:" help:"Accept a publish without video."`
	AllowHEVC      bool          `group:"Publishing:" name:"allow-hevc" help:"Accept HEVC (H.265) video, which the service refuses."`
	EndList        bool          `group:"Publishing:" name:"endlist" help:"Write EXT-X-ENDLIST when a publish ends."`

	AdminHosts []string `group:"Console:" name:"admin-host" placeholder:"NAME" help:"Host name, besides loopback, under which the admin address may be reached; may be repeated."`
	AdminToken string   `group:"Console:" placeholder:"TOKEN" help:"Opens the console to other machines, to sign and to change things; of 16 characters or more."`

	AdminTokenFile string `group:"Console:" placeholder:"FILE" help:"File with the admin token."`

	Pprof bool `group:"Log:" help:"Profiles at /debug/pprof/ of the admin address."`

	// What follows is for programs that start a server.

	Logger   *slog.Logger     `kong:"-"` // nil logs nothing
	Access   *slog.Logger     `kong:"-"` // a line for each request, and each begin and end of a publish; nil: Logger
	Version  string           `kong:"-"` // as the metrics name it
	Now      func() time.Time `kong:"-"` // wall clock of signatures, names, dates and retention; nil: time.Now
	Backends *Backends        `kong:"-"` // in place of Data and Durability; the caller closes them after Stop

	limits door.Limits // zero: the default ones
}

// Backends are the three seams of a store.
type Backends struct {
	KV     seam.KV
	Leases seam.Leases
	Blobs  seam.Blobs
}

// Bucket is a bucket to start with. ACL is private, public-read or
// public-read-write; empty is private.
type Bucket struct {
	Name, ACL string
}

// UnmarshalText reads NAME or NAME:ACL.
func (b *Bucket) UnmarshalText(text []byte) error {
	name, acl, found := strings.Cut(string(text), ":")
	if !found {
		acl = "private"
	}
	b.Name, b.ACL = name, acl
	return nil
}

// CNAME is a host name that stands for one bucket.
type CNAME struct {
	Host, Bucket string
}

// UnmarshalText reads HOST=BUCKET.
func (n *CNAME) UnmarshalText(text []byte) error {
	host, bucket, found := strings.Cut(string(text), "=")
	if !found {
		return fmt.Errorf("%q is not HOST=BUCKET", text)
	}
	n.Host, n.Bucket = host, bucket
	return nil
}

// Channel is a live channel to start with. A zero FragDuration (seconds) or
// FragCount stands for the default of PutLiveChannel.
type Channel struct {
	Bucket, Name            string
	FragDuration, FragCount int

	// These are known once the server runs.
	Playlist string // its name
	Private  bool   // players need a signed URL
}

// UnmarshalText reads BUCKET/NAME.
func (c *Channel) UnmarshalText(text []byte) error {
	bucket, name, found := strings.Cut(string(text), "/")
	if !found {
		return fmt.Errorf("%q is not BUCKET/NAME", text)
	}
	c.Bucket, c.Name = bucket, name
	return nil
}

// ConfigError reports a setting that cannot work, and what to do about it.
type ConfigError = door.ConfigError

func configError(setting, value, problem string) error {
	return &ConfigError{Setting: setting, Value: value, Problem: problem}
}

// Check returns a *ConfigError for a setting that cannot work, before anything is
// opened. It reads the files of secrets into Keys and AdminToken.
func (c *Config) Check() error {
	if err := c.readSecrets(); err != nil {
		return err
	}
	for _, a := range []struct{ setting, value string }{
		{"--listen", c.Listen}, {"--rtmp", c.RTMP}, {"--admin", c.Admin},
	} {
		if a.value == Off && a.setting != "--listen" || a.value == "" && a.setting == "--rtmp" {
			continue
		}
		if _, _, err := net.SplitHostPort(a.value); err != nil {
			return configError(a.setting, a.value, "is not HOST:PORT, such as 127.0.0.1:9000")
		}
	}
	for _, half := range []struct{ setting, value, other, name string }{
		{"--tls-cert", c.TLSCert, c.TLSKey, "--tls-key"}, {"--tls-key", c.TLSKey, c.TLSCert, "--tls-cert"},
	} {
		if half.value == "" && half.other != "" {
			return configError(half.setting, "", "is missing: "+half.name+" is half of a pair, name the other file too")
		}
	}
	if c.Data == "" && c.Backends == nil {
		return configError("--data", c.Data, "is empty; name a directory, or memory")
	}
	for _, choice := range []struct {
		setting, value string
		of             [2]string
	}{
		{"--durability", c.Durability, [2]string{"strict", "relaxed"}}, {"--cors", c.CORS, [2]string{"open", "rules"}},
	} {
		if choice.value != "" && choice.value != choice.of[0] && choice.value != choice.of[1] {
			return configError(choice.setting, choice.value, "is neither "+choice.of[0]+" nor "+choice.of[1])
		}
	}
	if c.PublicURL != "" {
		u, err := url.Parse(c.PublicURL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Path != "" && u.Path != "/" {
			return configError("--public-url", c.PublicURL, "is not http://HOST[:PORT]")
		}
		if ip := net.ParseIP(u.Hostname()); ip != nil && ip.IsUnspecified() {
			return configError("--public-url", c.PublicURL, "is an address that nobody can connect to; name the one that clients use")
		}
	}
	for _, domain := range c.BaseDomains {
		if domain == "" || strings.ContainsAny(domain, " /:@") {
			return configError("--base-domain", domain, "is not a domain name, such as oss.example.com")
		}
	}
	if err := c.checkCNAMEs(); err != nil {
		return err
	}
	if n := len(c.AdminToken); n > 0 && n < minAdminToken {
		// The value is a secret: never echoed.
		return configError("--admin-token", "", fmt.Sprintf("has %d characters; at least %d are hard to guess", n, minAdminToken))
	}
	if c.Retain < 0 {
		return configError("--retain", c.Retain.String(), "is negative; give a duration such as 10m, or 0 to keep everything")
	}
	return c.checkExposure()
}

func (c *Config) checkCNAMEs() error {
	buckets := map[string]string{}
	for _, n := range c.CNAMEs {
		value := n.Host + "=" + n.Bucket
		host := address.Hostname(n.Host)
		if host == "" || strings.ContainsAny(host, "/:@") || strings.Contains(n.Host, ":") {
			return configError("--cname", value, "is not HOST=BUCKET with a host name, such as media.example.com=films")
		}
		if err := store.CheckBucketName(n.Bucket); err != nil {
			return configError("--cname", value, err.Error())
		}
		if other, twice := buckets[host]; twice && other != n.Bucket {
			return configError("--cname", value, "names a second bucket for the host; the first is "+other)
		}
		buckets[host] = n.Bucket
	}
	return nil
}

// domains returns the host names that name a bucket.
func (c *Config) domains() address.Domains {
	d := address.Domains{Base: c.BaseDomains, CNAMEs: map[string]string{}}
	for _, n := range c.CNAMEs {
		d.CNAMEs[address.Hostname(n.Host)] = n.Bucket
	}
	return d
}

// checkExposure refuses to serve the built-in key pair to other machines.
func (c *Config) checkExposure() error {
	if c.InsecureDefaultKey {
		return nil
	}
	usesDefault := len(c.Keys) == 0
	for _, k := range c.Keys {
		usesDefault = usesDefault || k == DefaultKey
	}
	for _, a := range []struct{ setting, value string }{{"--listen", c.Listen}, {"--rtmp", c.RTMP}} {
		if usesDefault && a.value != "" && a.value != Off && !loopback(a.value) {
			return configError(a.setting, a.value,
				"can be reached from other machines, and the built-in key pair is public; set --key ID:SECRET, or --insecure-default-key if that is meant")
		}
	}
	return nil
}

// loopback reports whether an address is reachable from this machine only.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
