package live

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"

	"osslive/rtmp"
	"osslive/server/refusal"
	"osslive/store"
)

// TestRefusalsAreKept finds each refused publish under the ID in the publisher's
// answer, also those that are cut off and those whose URL cannot be read.
func TestRefusalsAreKept(t *testing.T) {
	w := newWorld(t)
	w.config.Refusals = refusal.New(refusal.Config{Store: w.config.Store, Keys: w.config.Keys})
	told := func(err error) *refusal.Refusal {
		t.Helper()
		var rejected *rtmp.RejectError
		if !errors.As(err, &rejected) {
			t.Fatalf("got %v, want a refusal", err)
		}
		_, id, _ := strings.Cut(strings.TrimSuffix(rejected.Description, ")"), "(RequestId ")
		kept := w.config.Refusals.Get(id)
		if kept == nil || !strings.HasPrefix(rejected.Description, kept.Code+": "+kept.Message) {
			t.Fatalf("%q is kept as %+v", rejected.Description, kept)
		}
		return kept
	}

	r := w.request("demo", "ch", nil)
	r.Query.Set("Signature", "guessed")
	_, err := w.Publish(t.Context(), r)
	kept := told(err)
	if kept.Bucket != "demo" || kept.Name != "ch" || w.config.Refusals.LastPublish("demo", "ch") != kept {
		t.Errorf("a wrong signature is kept as %+v", kept)
	}
	if e := w.config.Refusals.Explain(t.Context(), kept.ID); len(e.Server) == 0 {
		t.Errorf("a wrong signature is explained without what the server signed: %+v", e)
	}

	s := w.publish(w.request("demo", "ch", nil)).(*session)
	defer s.Close(nil)
	kept = told(s.cutOff(store.ErrChannelDisabled))
	if kept.Code != "LiveChannelDisabled" || kept.Name != "ch" {
		t.Errorf("one that is cut off is kept as %+v", kept)
	}
	if e := w.config.Refusals.Explain(t.Context(), kept.ID); len(e.Server) > 0 {
		t.Errorf("one whose signature was right is explained by signatures: %+v", e)
	}

	malformed := w.Malformed(w.request("demo", "ch", nil), &rtmp.RejectError{Code: rtmp.CodeBadName, Description: "InvalidArgument: the URL contains a line break"})
	if kept := told(malformed); kept.Name != "" || !kept.Publish() {
		t.Errorf("one without a URL is kept as %+v", kept)
	}
}

// TestBrokenConnectionsAreLogged: a connection that breaks the protocol or a limit before
// a publish gets no ID, and a line of the log.
func TestBrokenConnectionsAreLogged(t *testing.T) {
	for _, tt := range []struct {
		reason    error
		published bool
		lines     int64
	}{
		{&rtmp.ProtocolError{Message: "no RTMP"}, false, 1},
		{&rtmp.LimitError{Limit: "URLPart", Message: "a part of the URL has 5000 bytes"}, false, 1},
		{&rtmp.LimitError{Limit: "Idle", Message: "no message within 15s"}, true, 0}, // that the publish has ended is logged
		{io.EOF, false, 0},
	} {
		w := newWorld(t)
		log := &noted{text: "rtmp connection closed"}
		w.config.Logger = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn}))
		w.Ended(rtmp.CloseInfo{RemoteAddr: &net.TCPAddr{}, Published: tt.published, Reason: tt.reason})
		if n := log.lines.Load(); n != tt.lines {
			t.Errorf("%v, published %v: %d lines, want %d", tt.reason, tt.published, n, tt.lines)
		}
	}
}
