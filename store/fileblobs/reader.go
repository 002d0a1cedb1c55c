package fileblobs

import (
	"io"
	"os"
)

// reader reads a part of a file. Its WriteTo passes the file itself to a connection, so that
// the kernel sends it without a copy (sendfile).
type reader struct {
	file *os.File
	size int64 // of the file
	left int64
}

func (r *reader) Size() int64 { return r.size }

func (r *reader) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, io.EOF
	}
	n, err := r.file.Read(p[:min(int64(len(p)), r.left)])
	r.left -= int64(n)
	return n, err
}

func (r *reader) WriteTo(w io.Writer) (int64, error) {
	// A connection uses sendfile for a LimitedReader around a file.
	n, err := io.Copy(w, &io.LimitedReader{R: r.file, N: r.left})
	r.left -= n
	return n, err
}

func (r *reader) Close() error { return r.file.Close() }
