package refusal

import (
	"context"
	"time"
)

// Limits of what is explained without a request: a flood of forged requests must
// not keep a processor busy.
const (
	maxWaiting   = 16
	hintInterval = time.Second
)

// Hints explains refused publishes, and requests answered with 403, as they come,
// until ctx is done. It does not delay them: those that come too fast are left out.
func (l *Log) Hints(ctx context.Context, say func(*Explanation)) {
	pace := time.NewTicker(hintInterval)
	defer pace.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case id := <-l.waiting:
			if e := l.Explain(ctx, id); e != nil && ctx.Err() == nil {
				say(e)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-pace.C:
		}
	}
}

// wait queues r for Hints if there is room.
func (l *Log) wait(r *Refusal) {
	if !r.Publish() && r.Status != 403 {
		return
	}
	select {
	case l.waiting <- r.ID:
	default:
	}
}
