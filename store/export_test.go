package store

import "context"

// Position returns the channel's position and the name of its last segment. The error is
// ErrSessionLost if the position is another session's.
func (x *Session) Position(ctx context.Context) (pos Position, last string, err error) {
	r, _, err := x.position(ctx)
	return r.position(), r.LastName, err
}
