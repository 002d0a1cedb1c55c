package refusal

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxListed is the number of refusals in a list.
const maxListed = 200

// Summary is a line of the list of refusals, redacted.
type Summary struct {
	ID      string    `json:"requestId"`
	Time    time.Time `json:"time"`
	Kind    string    `json:"kind"` // request or publish
	Code    string    `json:"code"`
	Message string    `json:"message"`
	Bucket  string    `json:"bucket,omitempty"`
	Name    string    `json:"name,omitempty"` // key or channel
	Remote  string    `json:"remote"`
}

// Summaries returns the last refusals, the latest first.
func (l *Log) Summaries(limit int) []Summary {
	all := []Summary{}
	for _, r := range l.Recent(limit) {
		all = append(all, l.Summary(r))
	}
	return all
}

// Summary returns the summary of r, with a name fit for a line.
func (l *Log) Summary(r *Refusal) Summary {
	s := l.question(context.Background(), r).summary()
	s.Name = cut(s.Name, 200)
	return s
}

func (q *question) summary() Summary {
	r, kind := q.r, "request"
	if r.Publish() {
		kind = "publish"
	}
	return Summary{r.ID, r.Time, kind, q.plain(r.Code), q.plain(r.Message), q.plain(r.Bucket), q.plain(r.Name), r.Remote}
}

// ServeHTTP answers GET /refusals.json and .txt with the last refusals, and
// /refusals/ID.json and .txt with an explanation.
func (l *Log) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, form := strings.CutSuffix(r.URL.Path, ".json")
	if !form {
		path = strings.TrimSuffix(r.URL.Path, ".txt")
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	id, one := strings.CutPrefix(path, "/refusals/")
	if !one {
		all := l.Summaries(maxListed)
		write(w, form, all, list(all))
		return
	}
	e := l.Explain(r.Context(), id)
	if e == nil {
		http.Error(w, "No refusal with this request ID is kept: the last "+strconv.Itoa(maxKept)+" are, until the server ends.", http.StatusNotFound)
		return
	}
	write(w, form, e, e.Text())
}

func write(w http.ResponseWriter, asJSON bool, value any, text string) {
	if asJSON {
		w.Header().Set("Content-Type", "application/json")
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		_ = e.Encode(value) // a client that is gone needs none
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(w, text)
}

func list(all []Summary) string {
	var b strings.Builder
	for _, s := range all {
		fmt.Fprintf(&b, "%s  %s  %-7s  %s  %s\n", s.ID, s.Time.UTC().Format(time.TimeOnly), s.Kind, s.Code, strings.Trim(s.Bucket+"/"+s.Name, "/"))
	}
	if len(all) == 0 {
		return "Nothing was refused since the server started.\n"
	}
	return b.String()
}
