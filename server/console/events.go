package console

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"time"

	"osslive/store"
)

const (
	maxStreams   = 256                    // open streams of events
	refresh      = 500 * time.Millisecond // between two renderings of a stream
	heartbeat    = 15 * time.Second       // longest time between two writes; a write fails if the browser is gone
	writeTimeout = 10 * time.Second       // of one event
)

// events returns a handler that sends the template name as server-sent events (HTML
// Living Standard, "Server-sent events"): at once, and again whenever it has changed.
// The event "gone" says that the channel or its bucket is deleted.
func (k *console) events(name string, build builder) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case k.streams <- struct{}{}:
			defer func() { <-k.streams }()
		default:
			http.Error(w, fmt.Sprintf("%d pages are open, as many as the server updates; close some.", maxStreams), http.StatusServiceUnavailable)
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
				out.SetWriteDeadline(now.Add(writeTimeout))
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

// fragment renders the template name.
func (k *console) fragment(r *http.Request, name string, build builder) ([]byte, error) {
	p, err := k.newPage(r, build)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	err = pages().ExecuteTemplate(&text, name, p)
	return text.Bytes(), err
}

// event returns an event with text as its data, one field for each line. A CR ends a
// line too.
func event(text []byte) []byte {
	var e []byte
	text = bytes.ReplaceAll(text, []byte("\r"), []byte("\n"))
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		e = append(append(append(e, "data: "...), line...), '\n')
	}
	return append(e, '\n')
}
