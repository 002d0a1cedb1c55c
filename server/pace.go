package server

import (
	"errors"
	"io"
	"net/http"
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
	pace
	connection *http.ResponseController
	began      time.Time // of the first Read
	n          int64     // bytes so far
}

func (b *pacedBody) Read(p []byte) (int, error) {
	if b.began.IsZero() {
		b.began = time.Now()
	}
	b.connection.SetReadDeadline(b.began.Add(max(b.grace, b.of(b.n))))
	n, err := b.Reader.Read(p)
	b.n += int64(n)
	switch {
	case err == io.EOF:
		// From now on net/http waits for the connection to break, which must not
		// look like that because of us.
		b.connection.SetReadDeadline(time.Time{})
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = errTooSlow
	}
	return n, err
}

// leave is called when the handler is done. net/http reads a little of a body that
// the handler did not, for which it may not wait for ever, and sends the end of the
// answer afterwards.
func (b *pacedBody) leave() {
	now := time.Now()
	if b.began.IsZero() && b.Reader != http.NoBody {
		b.connection.SetReadDeadline(now.Add(b.grace))
	}
	b.connection.SetWriteDeadline(now.Add(2 * b.grace))
}

// sendAtOnce is how much of an object is sent under one deadline, in bytes.
const sendAtOnce = 64 << 10

// expectTaken gives the client time to take n bytes.
func (w *response) expectTaken(n int) {
	w.connection.SetWriteDeadline(time.Now().Add(w.pace.grace + w.pace.of(int64(n))))
}
