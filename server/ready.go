package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
)

// readiness reports whether the server can do all its work. It logs changes only, so
// that a probe each second does not fill the log.
type readiness struct {
	log *slog.Logger
	// checks are the parts that can fail while the process runs. Each is cheap
	// and safe for concurrent use.
	checks []func(context.Context) error

	mu      sync.Mutex
	down    []error // listeners that have ended by themselves
	unready bool
}

// listenerEnded makes the server unready until it is restarted: nothing opens the
// listener again.
func (r *readiness) listenerEnded(server string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down = append(r.down, fmt.Errorf("the %s listener has ended: %w; restart osslive", server, err))
}

// check returns why the server is not ready, nil if it is ready.
func (r *readiness) check(ctx context.Context) error {
	var problems []error
	for _, check := range r.checks {
		problems = append(problems, check(ctx))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	err := errors.Join(append(problems, r.down...)...)
	switch unready := err != nil; {
	case unready && !r.unready:
		r.log.Error("not ready", "error", err)
		r.unready = true
	case !unready && r.unready:
		r.log.Warn("ready again")
		r.unready = false
	}
	return err
}
