package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

type entry struct {
	name string
	mode int64
	data []byte
}

// archive writes NAME.tar.gz, for Windows NAME.zip: a folder NAME with the binary, the
// licences and the README. All dates are that of the commit.
func (r *release) archive(name, system string, binary []byte) error {
	program := "osslive"
	if system == "windows" {
		program += ".exe"
	}
	entries := []entry{{name + "/" + program, 0o755, binary}}
	for _, f := range []struct{ source, name string }{
		{"LICENSE", "LICENSE"}, {"cmd/osslive/licenses.txt", "THIRD_PARTY_LICENSES.txt"}, {"README.md", "README.md"},
	} {
		data, err := os.ReadFile(f.source)
		if err != nil {
			return err
		}
		entries = append(entries, entry{name + "/" + f.name, 0o644, data})
	}
	if system == "windows" {
		return r.zip(name, entries)
	}
	return r.tar(name, entries)
}

func (r *release) tar(name string, entries []entry) error {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return err
	}
	w := tar.NewWriter(z)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: e.mode, Size: int64(len(e.data)), ModTime: r.time, Format: tar.FormatPAX}
		if err := w.WriteHeader(h); err != nil {
			return err
		}
		if _, err := w.Write(e.data); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return r.write(name+".tar.gz", b.Bytes())
}

func (r *release) zip(name string, entries []entry) error {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate, Modified: r.time}
		h.SetMode(os.FileMode(e.mode))
		f, err := w.CreateHeader(h)
		if err != nil {
			return err
		}
		if _, err := f.Write(e.data); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return r.write(name+".zip", b.Bytes())
}

func (r *release) write(name string, data []byte) error {
	return os.WriteFile(filepath.Join(r.out, name), data, 0o644)
}

// checksums writes SHA256SUMS, in the form of sha256sum, over all files of the release.
func (r *release) checksums() error {
	files, err := os.ReadDir(r.out)
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(r.out, f.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%x  %s\n", sha256.Sum256(data), f.Name())
	}
	return r.write("SHA256SUMS", []byte(b.String()))
}
