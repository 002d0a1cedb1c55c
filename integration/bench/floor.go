package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
)

// copyToFiles does the least work of a server that stores streams: it reads 64 KiB at a
// time and writes them to a file for each connection. It parses nothing.
func copyToFiles(ln net.Listener, dir string) error {
	for i := 0; ; i++ {
		c, err := ln.Accept()
		if err != nil {
			return err
		}
		f, err := os.Create(filepath.Join(dir, fmt.Sprint(i)))
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			defer f.Close()
			// These types hide ReadFrom and WriteTo, so that io.CopyBuffer uses the
			// buffer.
			io.CopyBuffer(struct{ io.Writer }{f}, struct{ io.Reader }{c}, make([]byte, 64<<10))
		}()
	}
}

// serveFiles does the least work of an object server in Go: net/http on files, PUT by a
// temporary file and a rename, without rules for names, metadata and signatures.
func serveFiles(ln net.Listener, dir string) error {
	return http.Serve(ln, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := filepath.Join(dir, filepath.Base(r.URL.Path))
		if r.Method == http.MethodPut {
			f, err := os.CreateTemp(dir, ".put-*")
			if err == nil {
				_, err = io.Copy(f, r.Body)
				f.Close()
			}
			if err == nil {
				err = os.Rename(f.Name(), path)
			}
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
			return
		}
		f, err := os.Open(path)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		http.ServeContent(w, r, "", info.ModTime(), f)
	}))
}
