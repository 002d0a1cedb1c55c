package api

import (
	"errors"
	"io"
	"os"
	"time"
)

// pace is how slow a client may be: slower, and its connection is more of a burden
// than a request.
type pace struct {
	grace time.Duration // during which nothing is expected
	rate  int64         // bytes a second on average, afterwards
}

// of is the time in which n bytes pass at the slowest.
func (p pace) of(n int64) time.Duration {
	return time.Duration(float64(n) / float64(p.rate) * float64(time.Second))
}

// pacedBody is a request's body that fails with errTooSlow when it comes too
// slowly. Deadlines belong to the connection; one that has none is not paced.
type pacedBody struct {
	io.Reader
	w     *response
	began time.Time // of the first Read
	n     int64     // bytes so far
}

func (b *pacedBody) Read(p []byte) (int, error) {
	connection, pace := &b.w.connection, b.w.pace
	if b.began.IsZero() {
		b.began = time.Now()
		// net/http may answer with 100 now, and there may be a deadline of the request before.
		b.w.deadline = time.Time{}
		connection.SetWriteDeadline(b.w.deadline)
	}
	connection.SetReadDeadline(b.began.Add(max(pace.grace, pace.of(b.n))))
	n, err := b.Reader.Read(p)
	b.n += int64(n)
	switch {
	case err == io.EOF:
		// From now on net/http waits for the connection to break, which must not
		// look like that because of us.
		connection.SetReadDeadline(time.Time{})
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = errTooSlow
	}
	return n, err
}

// leave is called when the handler is done. net/http reads a little of a body that
// the handler did not, for which it may not wait for ever, and sends the end of the
// answer afterwards.
func (w *response) leave(body *pacedBody) {
	if body != nil && body.began.IsZero() {
		now := time.Now()
		w.connection.SetReadDeadline(now.Add(w.grace))
		w.connection.SetWriteDeadline(now.Add(2 * w.grace))
		return
	}
	w.expectTaken(0)
}

// sendAtOnce is how much of an object is sent under one deadline, in bytes.
const sendAtOnce = 256 << 10

// expectTaken gives the client time to take n bytes. Setting a deadline has a price:
// one that is there and nearly as late will do.
func (w *response) expectTaken(n int) {
	deadline := time.Now().Add(w.grace + w.of(int64(n)))
	if deadline.Sub(w.deadline) > w.grace/8 {
		w.deadline = deadline
		w.connection.SetWriteDeadline(deadline)
	}
}
