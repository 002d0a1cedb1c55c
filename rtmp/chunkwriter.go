package rtmp

import "io"

// Chunk streams that this package sends on.
const (
	csidControl = 2
	csidCommand = 3
	csidAudio   = 4
	csidStatus  = 5
	csidVideo   = 6
	csidData    = 7
)

// chunkWriter collects messages and writes them at once: small writes would wait for each
// other in the TCP stack.
type chunkWriter struct {
	w         io.Writer
	chunkSize int
	buf       []byte
}

// add appends m, to be sent on chunk stream csid. A Set Chunk Size takes effect
// at once. Every message begins with a full header.
func (w *chunkWriter) add(csid byte, m message) {
	body := m.body
	w.buf = appendHeader(w.buf, csid, m)
	for {
		n := min(len(body), w.chunkSize)
		w.buf = append(w.buf, body[:n]...)
		if body = body[n:]; len(body) == 0 {
			break
		}
		w.buf = appendContinuation(w.buf, csid, m)
	}
	if m.typ == typeSetChunkSize {
		n, _ := m.uint32Body()
		w.chunkSize = int(n)
	}
}

// flush writes the collected messages.
func (w *chunkWriter) flush() error {
	if len(w.buf) == 0 {
		return nil
	}
	_, err := w.w.Write(w.buf)
	w.buf = w.buf[:0]
	return err
}
