package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

type explainCmd struct {
	ID    string `arg:"" optional:"" name:"request-id" help:"The x-oss-request-id of the answer, or the RequestId in the text that a publisher got; without one the last refusals are listed."`
	Admin string `default:"127.0.0.1:9001" placeholder:"HOST:PORT" help:"Admin address of the server (${default})."`
	Token string `name:"admin-token" placeholder:"TOKEN" help:"The server's --admin-token, if it is on another machine."`
	JSON  bool   `name:"json" help:"Print JSON."`
}

func (e *explainCmd) Run(ctx context.Context, c *console) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	path := "/refusals"
	if e.ID != "" {
		path += "/" + url.PathEscape(strings.TrimSpace(e.ID))
	}
	if path += ".txt"; e.JSON {
		path = strings.TrimSuffix(path, ".txt") + ".json"
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+reachable(e.Admin)+path, nil)
	if err != nil {
		return fmt.Errorf("--admin %q: %w", e.Admin, err)
	}
	r.Header.Set("X-Osslive-Token", e.Token)
	// The console redirects to its login.
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		return fmt.Errorf("ask the server: %w; --admin is its admin address", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusSeeOther {
		return errors.New("the server needs its --admin-token from another machine; give it with --admin-token")
	}
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 1024))
		return fmt.Errorf("%s: %s", answer.Status, strings.TrimSpace(string(text)))
	}
	_, err = io.Copy(c.out, answer.Body)
	return err
}
