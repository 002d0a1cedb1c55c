package main

import (
	"cmp"
	"log/slog"
	"strings"

	"osslive/auth"
	"osslive/server"
)

// serverFlags are the settings of a server, for serve, demo and doctor: the fields of
// server.Config and those that only a command has.
type serverFlags struct {
	server.Config

	PortsFile string `group:"Addresses:" placeholder:"FILE" help:"Write the bound addresses there, as JSON, once ready."`
	LogLevel  string `group:"Log:" enum:"debug,info,warn,error" default:"warn" help:"Least level that is logged: debug, info, warn or error."`
	LogFormat string `group:"Log:" enum:"text,json" default:"text" help:"Form of the log's lines, on standard error: text or json."`
	AccessLog bool   `group:"Log:" help:"Log each request, and each begin and end of a publish, whatever --log-level says."`
}

// config returns the server's configuration. data is where its data goes if the user
// did not say.
func (f *serverFlags) config(c *console, data string) (server.Config, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.LogLevel)); err != nil {
		return server.Config{}, err
	}
	cfg := f.Config
	cfg.Data = cmp.Or(cfg.Data, data)
	cfg.PublicURL = strings.TrimSuffix(cfg.PublicURL, "/")
	cfg.Version = version
	cfg.Logger = f.logger(c, level)
	if f.AccessLog {
		cfg.Access = f.logger(c, min(level, slog.LevelInfo))
	}
	if len(cfg.Buckets) == 0 {
		cfg.Buckets = []server.Bucket{{Name: "demo", ACL: "public-read"}}
		if len(cfg.Channels) == 0 {
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

// keyFlag is the key of a command that needs one. OSSLIVE_KEY may hold a list, for the
// server: the first is taken.
type keyFlag auth.Key

func (k *keyFlag) UnmarshalText(text []byte) error {
	first, _, _ := strings.Cut(string(text), ",")
	return (*auth.Key)(k).UnmarshalText([]byte(first))
}
