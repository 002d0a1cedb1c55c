package console

import (
	"bytes"
	"errors"
	"net/http"
	"time"

	"osslive/store"
)

const (
	maxStreams   = 256
	refresh      = 500 * time.Millisecond // how old a page can be
	heartbeat    = 15 * time.Second       // what finds out that a browser is gone
	streamsWrite = 10 * time.Second
)

// events sends the part of a page that changes, whenever it has changed, as
// server-sent events (HTML Living Standard, "Server-sent events").
func (k *console) events(name string, build builder) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case k.streams <- struct{}{}:
			defer func() { <-k.streams }()
		default:
			http.Error(w, "Too many pages are open; close some.", http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		out := http.NewResponseController(w)
		tick := time.NewTicker(refresh)
		defer tick.Stop()
		var sent []byte
		var last time.Time
		for {
			text, err := k.fragment(r, name, build)
			if err != nil {
				if errors.Is(err, store.ErrNoSuchChannel) || errors.Is(err, store.ErrNoSuchBucket) {
					w.Write([]byte("event: gone\ndata:\n\n"))
				}
				return
			}
			now := time.Now()
			var message []byte
			switch {
			case !bytes.Equal(text, sent):
				message = event(text)
			case now.Sub(last) >= heartbeat:
				message = []byte(":\n\n")
			}
			if message != nil {
				sent, last = text, now
				out.SetWriteDeadline(now.Add(streamsWrite))
				if _, err := w.Write(message); err != nil || out.Flush() != nil {
					return
				}
			}
			select {
			case <-r.Context().Done():
				return
			case <-tick.C:
			}
		}
	}
}

func (k *console) fragment(r *http.Request, name string, build builder) ([]byte, error) {
	p, err := k.newPage(r, build)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	err = pages().ExecuteTemplate(&text, name, p)
	return text.Bytes(), err
}

// event writes text as the data of one event: a field for each line. A line
// ends at a CR as well.
func event(text []byte) []byte {
	var e []byte
	text = bytes.ReplaceAll(text, []byte("\r"), []byte("\n"))
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		e = append(append(append(e, "data: "...), line...), '\n')
	}
	return append(e, '\n')
}
