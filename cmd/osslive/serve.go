package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"osslive/server"
)

// serveData is the data directory of serve if --data is not given.
const serveData = "./osslive-data"

type serveCmd struct {
	serverFlags
}

func (s *serveCmd) Run(ctx context.Context, c *console) error {
	cfg, err := s.config(c, serveData)
	if err != nil {
		return err
	}
	n, err := server.Start(ctx, cfg)
	if err != nil {
		return err
	}
	defer n.Stop()
	if err := writePorts(s.PortsFile, n); err != nil {
		return err
	}
	banner(c.out, n, cfg)
	if len(n.Channels) > 0 {
		publishLines(c.out, n, cfg, n.Channels[0])
	}
	fmt.Fprintln(c.out, "Ready.")
	<-ctx.Done()
	return nil
}

// writePorts writes the bound addresses for scripts, as JSON, to a file that appears
// with its whole content.
func writePorts(file string, n *server.Server) error {
	if file == "" {
		return nil
	}
	text, err := json.Marshal(map[string]string{"listen": n.Listen, "rtmp": n.RTMP, "admin": n.Admin})
	if err != nil {
		return err
	}
	t, err := os.CreateTemp(filepath.Dir(file), ".ports-*")
	if err != nil {
		return &server.ConfigError{Setting: "--ports-file", Value: file, Problem: err.Error()}
	}
	_, err = t.Write(append(text, '\n'))
	if e := t.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(t.Name(), file)
	}
	if err != nil {
		os.Remove(t.Name())
		return fmt.Errorf("--ports-file %s: %w", file, err)
	}
	return nil
}
