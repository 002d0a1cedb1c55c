package main

import (
	"cmp"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"osslive/auth"
	"osslive/server"
)

// serverFlags are the settings of a server, for serve and demo.
type serverFlags struct {
	Listen    string `group:"Addresses:" default:"127.0.0.1:9000" placeholder:"HOST:PORT" help:"API: HTTP and RTMP on one port (${default})."`
	RTMP      string `group:"Addresses:" name:"rtmp" placeholder:"HOST:PORT" help:"RTMP on a port of its own, or off (127.0.0.1:1935 if that is free)."`
	Admin     string `group:"Addresses:" default:"127.0.0.1:9001" placeholder:"HOST:PORT" help:"Console, metrics and health, or off (${default})."`
	TLSCert   string `group:"Addresses:" name:"tls-cert" placeholder:"FILE" help:"PEM certificate: HTTPS and RTMPS on the API port too; read again when it changes."`
	TLSKey    string `group:"Addresses:" name:"tls-key" placeholder:"FILE" help:"PEM private key of --tls-cert."`
	PortsFile string `group:"Addresses:" placeholder:"FILE" help:"Write the bound addresses there, as JSON, once ready."`

	Data       string        `group:"Data:" placeholder:"DIR" help:"Directory for everything, or memory (serve: ./osslive-data, demo: memory)."`
	Durability string        `group:"Data:" enum:"strict,relaxed" default:"strict" help:"strict survives a power cut, relaxed a killed process."`
	Retain     time.Duration `group:"Data:" placeholder:"DURATION" help:"Remove segments older than this (serve: never, demo: 10m)."`

	Key                []keyFlag     `group:"Keys, buckets, live channels:" placeholder:"ID:SECRET[:TOKEN]" help:"Access key; may be repeated (osslive:osslive-secret)."`
	InsecureDefaultKey bool          `group:"Keys, buckets, live channels:" help:"Allow the built-in key on addresses that other machines can reach."`
	Bucket             []bucketFlag  `group:"Keys, buckets, live channels:" placeholder:"NAME[:ACL]" help:"Bucket to create if missing; ACL is private, public-read or public-read-write; may be repeated (demo:public-read)."`
	Channel            []channelFlag `group:"Keys, buckets, live channels:" placeholder:"BUCKET/NAME" help:"Live channel to create if missing; may be repeated (demo/stream, with the default bucket)."`

	Region     string      `group:"Names in URLs:" default:"oss-cn-local" help:"Region that answers name."`
	BaseDomain []string    `group:"Names in URLs:" placeholder:"NAME" help:"Domain under which BUCKET.NAME is a bucket, besides localhost; may be repeated."`
	CNAME      []cnameFlag `group:"Names in URLs:" name:"cname" placeholder:"HOST=BUCKET" help:"Host name that stands for one bucket; may be repeated."`
	PublicURL  string      `group:"Names in URLs:" name:"public-url" placeholder:"URL" help:"http:// or https:// and HOST[:PORT] of the URLs in answers (what the client used)."`
	Cors       string      `group:"Names in URLs:" enum:"open,rules" default:"open" help:"open lets any page read objects, rules only those that the bucket's rules name."`

	PublisherIdle  time.Duration `group:"Publishing:" default:"15s" help:"End a publish that has sent nothing for so long."`
	AllowAudioOnly bool          `group:"Publishing:" help:"Accept a publish without video."`
	AllowHEVC      bool          `group:"Publishing:" name:"allow-hevc" help:"Accept HEVC (H.265) video, which the service refuses."`
	Endlist        bool          `group:"Publishing:" help:"Write EXT-X-ENDLIST when a publish ends."`

	AdminHost  []string `group:"Console:" placeholder:"NAME" help:"Host name, besides loopback, under which the admin address may be reached; may be repeated."`
	AdminToken string   `group:"Console:" placeholder:"TOKEN" help:"Opens the console to other machines, to sign and to change things; of 16 characters or more."`

	LogLevel  string `group:"Log:" enum:"debug,info,warn,error" default:"warn" help:"Least level that is logged: debug, info, warn or error."`
	LogFormat string `group:"Log:" enum:"text,json" default:"text" help:"Form of the log's lines, on standard error: text or json."`
	AccessLog bool   `group:"Log:" help:"Log each request, and each begin and end of a publish, whatever --log-level says."`
	Pprof     bool   `group:"Log:" help:"Profiles at /debug/pprof/ of the admin address."`
}

// dataOr sets where data goes if the user did not.
func (f *serverFlags) dataOr(data string) { f.Data = cmp.Or(f.Data, data) }

// config turns the flags into a node's configuration.
func (f *serverFlags) config(c *console) (server.Config, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.LogLevel)); err != nil {
		return server.Config{}, err
	}
	cfg := server.Config{
		Listen: f.Listen, RTMP: f.RTMP, Admin: f.Admin,
		TLSCert: f.TLSCert, TLSKey: f.TLSKey,
		Data: f.Data, Relaxed: f.Durability == "relaxed",
		InsecureDefaultKey: f.InsecureDefaultKey,
		Region:             f.Region, BaseDomains: f.BaseDomain, PublicURL: strings.TrimSuffix(f.PublicURL, "/"),
		CORSRules: f.Cors == "rules", AdminHosts: f.AdminHost, AdminToken: f.AdminToken,
		Retain: f.Retain, PublisherIdle: f.PublisherIdle, AllowAudioOnly: f.AllowAudioOnly, AllowHEVC: f.AllowHEVC, EndList: f.Endlist,
		Logger: f.logger(c, level), Pprof: f.Pprof, Version: version,
	}
	if f.AccessLog {
		cfg.Access = f.logger(c, min(level, slog.LevelInfo))
	}
	for _, k := range f.Key {
		cfg.Keys = append(cfg.Keys, auth.Key(k))
	}
	for _, b := range f.Bucket {
		cfg.Buckets = append(cfg.Buckets, server.Bucket(b))
	}
	for _, n := range f.CNAME {
		cfg.CNAMEs = append(cfg.CNAMEs, server.CNAME(n))
	}
	for _, ch := range f.Channel {
		cfg.Channels = append(cfg.Channels, server.Channel(ch))
	}
	if len(f.Bucket) == 0 {
		cfg.Buckets = []server.Bucket{{Name: "demo", ACL: "public-read"}}
		if len(f.Channel) == 0 {
			cfg.Channels = []server.Channel{{Bucket: "demo", Name: "stream"}}
		}
	}
	return cfg, nil
}

func (f *serverFlags) logger(c *console, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if f.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(c.err, options))
	}
	return slog.New(slog.NewTextHandler(c.err, options))
}

// keyFlag is ID:SECRET or ID:SECRET:TOKEN. Of a list, which OSSLIVE_KEY may be for
// the server, a command that needs one key takes the first.
type keyFlag auth.Key

func (k *keyFlag) UnmarshalText(text []byte) error {
	first, _, _ := strings.Cut(string(text), ",")
	part := strings.SplitN(first, ":", 3)
	if len(part) < 2 || part[0] == "" || part[1] == "" {
		return fmt.Errorf("is not ID:SECRET or ID:SECRET:TOKEN") // the value is a secret: never echoed
	}
	k.ID, k.Secret = part[0], part[1]
	if len(part) == 3 {
		k.Token = part[2]
	}
	return nil
}

// bucketFlag is NAME or NAME:ACL.
type bucketFlag server.Bucket

func (b *bucketFlag) UnmarshalText(text []byte) error {
	name, acl, found := strings.Cut(string(text), ":")
	if !found {
		acl = "private"
	}
	b.Name, b.ACL = name, acl
	return nil
}

// cnameFlag is HOST=BUCKET.
type cnameFlag server.CNAME

func (n *cnameFlag) UnmarshalText(text []byte) error {
	host, bucket, found := strings.Cut(string(text), "=")
	if !found {
		return fmt.Errorf("%q is not HOST=BUCKET", text)
	}
	n.Host, n.Bucket = host, bucket
	return nil
}

// channelFlag is BUCKET/NAME.
type channelFlag server.Channel

func (c *channelFlag) UnmarshalText(text []byte) error {
	bucket, name, found := strings.Cut(string(text), "/")
	if !found {
		return fmt.Errorf("%q is not BUCKET/NAME", text)
	}
	c.Bucket, c.Name = bucket, name
	return nil
}
