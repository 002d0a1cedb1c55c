package console

import (
	"errors"
	"net/http"
	"strings"

	"osslive/server/refusal"
)

// errNoRefusal is a request ID that leads nowhere.
var errNoRefusal = errors.New("no such refusal")

// listedRefusals is how many of those that are kept the page shows.
const listedRefusals = 200

func (k *console) refusals(*http.Request) (string, any, error) {
	return "Refusals", k.config.Refusals.Summaries(listedRefusals), nil
}

// refusal is the page of one refusal; with .txt or .json after the ID it is what
// "osslive explain" prints.
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

// lastRefusal is the last refused publish to a channel, nil for none.
func (k *console) lastRefusal(bucket, channel string) *refusal.Summary {
	r := k.config.Refusals.LastPublish(bucket, channel)
	if r == nil {
		return nil
	}
	s := k.config.Refusals.Summary(r)
	return &s
}
