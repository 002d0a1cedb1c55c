package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"osslive/auth"
	"osslive/server"
	"osslive/server/publishing"
)

type obsCmd struct {
	URL          string        `arg:"" optional:"" name:"url" default:"rtmp://127.0.0.1:9000/demo/live/stream" help:"rtmp://HOST/BUCKET/live/CHANNEL; signed already, or signed here (${default})."`
	Key          keyFlag       `placeholder:"ID:SECRET[:TOKEN]" help:"Access key to sign the URL with (the built-in one)."`
	Expires      time.Duration `default:"720h" help:"How long the profile is good."`
	FragDuration int           `default:"5" placeholder:"SECONDS" help:"FragDuration of the channel: key frames are to fit (${default})."`
	Out          string        `default:"." placeholder:"DIR" help:"Where to make the profile's folder (${default})."`
}

func (o *obsCmd) Run(c *console) error {
	if o.FragDuration < 1 || o.FragDuration > 100 {
		return &server.ConfigError{Setting: "--frag-duration", Value: fmt.Sprint(o.FragDuration), Problem: "is not from 1 to 100 (seconds)"}
	}
	u, err := url.Parse(o.URL)
	if err != nil || u.Scheme != "rtmp" && u.Scheme != "rtmps" {
		return &server.ConfigError{Setting: "URL", Value: o.URL, Problem: "is not rtmp://HOST/BUCKET/live/CHANNEL"}
	}
	publish := o.URL
	if !u.Query().Has("Signature") {
		if publish, err = sign(o.URL, "", orDefault(auth.Key(o.Key)), time.Now().Add(o.Expires)); err != nil {
			return err
		}
	}
	folder, files := publishing.Profile(filepath.Base(u.Path), publish, o.FragDuration)
	dir := filepath.Join(o.Out, folder)
	if err := writeProfile(dir, files); err != nil {
		return err
	}
	server, key := publishing.SplitOBS(publish)
	_, err = fmt.Fprintf(c.out, "Wrote %s\nIn OBS: Profile > Import, choose that folder, then Start Streaming. By hand, Settings > Stream > Custom:\n"+
		"  Server      %s\n  Stream Key  %s\n", dir, server, key)
	return err
}

// writeProfile writes the files to a new folder. One of them holds the key, so that
// only this user may read them. It does not replace a folder of the same name.
func writeProfile(dir string, files []publishing.File) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return &server.ConfigError{Setting: "--out", Value: dir, Problem: "is there already; remove it, or choose another folder"}
		}
		return &server.ConfigError{Setting: "--out", Value: dir, Problem: err.Error()}
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Text, 0o600); err != nil {
			return fmt.Errorf("write profile: %w", err)
		}
	}
	return nil
}
