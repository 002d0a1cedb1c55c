package api

import (
	"errors"
	"io"
	"os"
	"time"
)

// pace is how slowly a client may send or take a body before its connection is cut.
type pace struct {
	grace time.Duration // before the rate counts
	rate  int64         // bytes a second on average
}

// of returns the longest time that n bytes may take.
func (p pace) of(n int64) time.Duration {
	return time.Duration(float64(n) / float64(p.rate) * float64(time.Second))
}

// pacedBody is a request's body that fails with errTooSlow when it arrives too slowly.
// It sets deadlines of the connection; a connection without deadlines is not paced.
type pacedBody struct {
	io.Reader
	w     *response
	began time.Time // time of the first Read
	n     int64     // bytes read
}

func (b *pacedBody) Read(p []byte) (int, error) {
	connection, pace := &b.w.connection, b.w.pace
	if b.began.IsZero() {
		b.began = time.Now()
		// net/http may send 100 Continue now; a deadline of the last request must not stop it.
		b.w.deadline = time.Time{}
		connection.SetWriteDeadline(b.w.deadline)
	}
	connection.SetReadDeadline(b.began.Add(max(pace.grace, pace.of(b.n))))
	n, err := b.Reader.Read(p)
	b.n += int64(n)
	switch {
	case err == io.EOF:
		// From now on net/http reads to notice that the connection breaks. A deadline
		// would look like a break.
		connection.SetReadDeadline(time.Time{})
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = errTooSlow
	}
	return n, err
}

// leave sets the deadlines for what net/http does after the handler: it reads a little
// of a body that the handler did not read, and sends the end of the answer.
func (w *response) leave(body *pacedBody) {
	if body != nil && body.began.IsZero() {
		now := time.Now()
		w.connection.SetReadDeadline(now.Add(w.grace))
		w.connection.SetWriteDeadline(now.Add(2 * w.grace))
		return
	}
	w.expectTaken(0)
}

// sendAtOnce is how many bytes of an object are sent under one deadline.
const sendAtOnce = 256 << 10

// expectTaken sets the deadline for sending n bytes. Setting one is expensive, so it
// leaves one that is nearly as late.
func (w *response) expectTaken(n int) {
	deadline := time.Now().Add(w.grace + w.of(int64(n)))
	if deadline.Sub(w.deadline) > w.grace/8 {
		w.deadline = deadline
		w.connection.SetWriteDeadline(deadline)
	}
}
