package console

import (
	"errors"
	"net/http"
	"strings"

	"osslive/server/refusal"
)

// errNoRefusal says that the log of refusals has no entry for a request ID.
var errNoRefusal = errors.New("no such refusal")

// listedRefusals is how many refusals the page lists.
const listedRefusals = 200

func (k *console) refusals(*http.Request) (string, any, error) {
	return "Refusals", k.config.Refusals.Summaries(listedRefusals), nil
}

// refusal serves the page of one refusal. After an ID with .txt or .json it sends the
// text or the document that "osslive explain" prints.
func (k *console) refusal(w http.ResponseWriter, r *http.Request) {
	if id := r.PathValue("id"); strings.HasSuffix(id, ".txt") || strings.HasSuffix(id, ".json") {
		k.config.Refusals.ServeHTTP(w, r)
		return
	}
	k.page("refusal.html", func(r *http.Request) (string, any, error) {
		e := k.config.Refusals.Explain(r.Context(), r.PathValue("id"))
		if e == nil {
			return "", nil, errNoRefusal
		}
		return e.Code, e, nil
	})(w, r)
}

// lastRefusal returns the last refused publish to a channel, nil if there is none.
func (k *console) lastRefusal(bucket, channel string) *refusal.Summary {
	r := k.config.Refusals.LastPublish(bucket, channel)
	if r == nil {
		return nil
	}
	s := k.config.Refusals.Summary(r)
	return &s
}
