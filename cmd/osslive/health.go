package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

type healthCmd struct {
	Admin string `default:"127.0.0.1:9001" placeholder:"HOST:PORT" help:"Admin address of the server (${default})."`
}

func (h *healthCmd) Run(ctx context.Context, c *console) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+reachable(h.Admin)+"/health/ready", nil)
	if err != nil {
		return fmt.Errorf("--admin %q: %w", h.Admin, err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("not ready: %w", err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1024))
	if err != nil || answer.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready: %s: %s", answer.Status, strings.TrimSpace(string(text)))
	}
	_, err = fmt.Fprintln(c.out, "ready")
	return err
}
