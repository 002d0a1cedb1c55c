package live

import (
	"errors"
	"strings"
	"testing"

	"osslive/rtmp"
	"osslive/server/refusal"
)

// TestRefusalsAreKept finds each refused publish under the ID that the publisher was
// told, the ones that are cut off and those without a URL included.
func TestRefusalsAreKept(t *testing.T) {
	w := newWorld(t)
	w.Refusals = refusal.New(refusal.Config{Store: w.Store, Keys: w.Keys})
	told := func(err error) *refusal.Refusal {
		t.Helper()
		var rejected *rtmp.RejectError
		if !errors.As(err, &rejected) {
			t.Fatalf("got %v, want a refusal", err)
		}
		_, id, _ := strings.Cut(strings.TrimSuffix(rejected.Description, ")"), "(RequestId ")
		kept := w.Refusals.Get(id)
		if kept == nil || !strings.HasPrefix(rejected.Description, kept.Code+": "+kept.Message) {
			t.Fatalf("%q is kept as %+v", rejected.Description, kept)
		}
		return kept
	}

	r := w.request("demo", "ch", nil)
	r.Query.Set("Signature", "guessed")
	_, err := w.Publish(t.Context(), r)
	if kept := told(err); kept.Bucket != "demo" || kept.Name != "ch" || w.Refusals.LastPublish("demo", "ch") != kept {
		t.Errorf("a wrong signature is kept as %+v", kept)
	}

	s := w.publish(w.request("demo", "ch", nil)).(*session)
	defer s.Close(nil)
	if kept := told(s.refusal(errStopping)); kept.Code != "ServiceUnavailable" || kept.Name != "ch" {
		t.Errorf("one that is cut off is kept as %+v", kept)
	}

	malformed := w.Malformed(w.request("demo", "ch", nil), &rtmp.RejectError{Code: rtmp.CodeBadName, Description: "InvalidArgument: the URL contains a line break"})
	if kept := told(malformed); kept.Name != "" || !kept.Publish() {
		t.Errorf("one without a URL is kept as %+v", kept)
	}
}
