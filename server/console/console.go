// Package console shows buckets, live channels and objects, plays channels and
// says how to publish to them, on the admin address: a different origin from
// the API's, so that no page here can be shadowed by an object and no object
// runs as a page here.
//
// Pages are rendered by the server (templates); what changes by itself is the
// element "live" of a page, sent again whenever it has changed (events.go).
// The one script (static/console.js) puts it in place, plays, and copies text;
// the Content-Security-Policy allows no other. What a page may show and do is
// decided in access.go.
package console

import (
	"embed"
	"errors"
	"html/template"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"osslive/auth"
	"osslive/server/address"
	"osslive/server/answer"
	"osslive/server/refusal"
	"osslive/store"
)

//go:embed templates static snippets
var files embed.FS

// Config is what the pages need. Token and PublicURL may be empty.
type Config struct {
	Store     *store.Store
	Refusals  *refusal.Log // nil has none
	Key       auth.Key     // signs the URLs that the pages show
	BuiltIn   bool         // Key is the public, built-in one: pages may show its secret on loopback
	Token     string       // opens what is closed to other machines; "" opens it for none
	Listen    string       // API address, HOST:PORT
	PublicURL string       // http://HOST[:PORT] of the API where browsers reach it elsewhere
	Metrics   prometheus.Gatherer
	Now       func() time.Time
	Logger    *slog.Logger
}

type console struct {
	config  Config
	streams chan struct{} // a slot for each open stream of events
	logins  chan struct{} // a slot for each wrong login that waits
}

// pages returns the parsed templates. They are parsed once a process, at the first
// page: parsing takes longer than the rest of a server's start.
var pages = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Funcs(functions).ParseFS(files, "templates/*.html"))
})

// New returns the pages.
func New(c Config) http.Handler {
	k := &console{
		config:  c,
		streams: make(chan struct{}, maxStreams),
		logins:  make(chan struct{}, maxLogins),
	}
	static, err := fs.Sub(files, "static")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", k.page("overview.html", k.overview))
	mux.HandleFunc("GET /events", k.events("overview-live", k.overview))
	mux.HandleFunc("GET /channel/{bucket}/{channel}", k.page("channel.html", k.channel))
	mux.HandleFunc("GET /channel/{bucket}/{channel}/events", k.events("channel-live", k.channel))
	mux.HandleFunc("GET /refusals", k.closed(k.page("refusals.html", k.refusals)))
	mux.HandleFunc("GET /refusals.txt", k.closed(k.config.Refusals.ServeHTTP))
	mux.HandleFunc("GET /refusals.json", k.closed(k.config.Refusals.ServeHTTP))
	mux.HandleFunc("GET /refusals/{id}", k.closed(k.refusal))
	mux.HandleFunc("POST /channel/{bucket}/{channel}/status", k.change(k.setStatus))
	mux.HandleFunc("POST /channel/{bucket}/{channel}/delete", k.change(k.deleteChannel))
	mux.HandleFunc("POST /channel/{bucket}/{channel}/vod", k.change(k.createVOD))
	mux.HandleFunc("GET /new", k.closed(k.page("new.html", k.newChannel)))
	mux.HandleFunc("POST /new", k.change(k.createChannel))
	mux.HandleFunc("GET /publish/{bucket}/{channel}", k.closed(k.page("publish.html", k.publish)))
	mux.HandleFunc("GET /publish/{bucket}/{channel}/obs.zip", k.closed(k.obsProfile))
	mux.HandleFunc("GET /play/{bucket}", k.closed(k.page("play.html", k.play)))
	mux.HandleFunc("GET /objects/{bucket}", k.closed(k.page("objects.html", k.objects)))
	mux.HandleFunc("GET /object/{bucket}", k.closed(k.page("object.html", k.object)))
	mux.HandleFunc("GET /download/{bucket}", k.closed(k.download))
	mux.HandleFunc("POST /delete/{bucket}", k.change(k.deleteObject))
	mux.HandleFunc("GET /snippets", k.page("snippets.html", k.snippets))
	mux.HandleFunc("GET /snippets/{file}", k.snippetFile)
	mux.HandleFunc("GET /login", k.page("login.html", noData))
	mux.HandleFunc("POST /login", k.login)
	mux.Handle("GET /static/", http.StripPrefix("/static/", http.FileServerFS(static)))
	return k.secured(mux)
}

// page is a page before it is rendered.
type page struct {
	Title   string
	Trusted bool // may sign and change
	Local   bool // the browser is on this machine
	Login   bool // there is a token to log in with
	Data    any
}

// builder makes what a template shows.
type builder func(*http.Request) (title string, data any, err error)

func noData(*http.Request) (string, any, error) { return "osslive", nil, nil }

func (k *console) newPage(r *http.Request, build builder) (page, error) {
	title, data, err := build(r)
	return page{
		Title: title, Trusted: k.trusted(r), Local: local(r), Login: k.config.Token != "", Data: data,
	}, err
}

// page renders a template with what build returns.
func (k *console) page(name string, build builder) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p, err := k.newPage(r, build)
		if err != nil {
			k.problem(w, r, err)
			return
		}
		k.render(w, r, http.StatusOK, name, p)
	}
}

func (k *console) render(w http.ResponseWriter, r *http.Request, status int, name string, p page) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := pages().ExecuteTemplate(w, name, p); err != nil && r.Context().Err() == nil {
		k.config.Logger.Error("console page", "path", r.URL.Path, "error", err)
	}
}

// problem answers with a page that says what went wrong.
func (k *console) problem(w http.ResponseWriter, r *http.Request, err error) {
	status, text := k.explain(err)
	if status == http.StatusInternalServerError && r.Context().Err() == nil {
		k.config.Logger.Error("console page", "path", r.URL.Path, "error", err)
	}
	p, _ := k.newPage(r, func(*http.Request) (string, any, error) { return http.StatusText(status), text, nil })
	k.render(w, r, status, "problem.html", p)
}

// explain returns status and text of an error.
func (k *console) explain(err error) (status int, text string) {
	var invalid *store.InvalidError
	var input inputError
	switch {
	case errors.As(err, &input):
		return http.StatusBadRequest, string(input)
	case errors.As(err, &invalid):
		return http.StatusBadRequest, invalid.Error()
	case errors.Is(err, errNoRefusal):
		return http.StatusNotFound, "No refusal with this request ID is kept: the last 1,000 are, until the server ends."
	}
	if a := answer.Of(err); a.Page != "" {
		return a.Status, a.Page
	}
	return http.StatusInternalServerError, "The page could not be made; the server's log says why."
}

// inputError says what is wrong with a field of a form, in words for its user.
type inputError string

func (e inputError) Error() string { return string(e) }

// secured refuses to be framed, to run what is not ours, and to be kept.
func (k *console) secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; media-src "+
			k.api(r)+" blob:; connect-src 'self' "+k.api(r)+"; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		// "no-referrer" would make the Origin of our own forms null.
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// api returns scheme and authority of the API as this browser reaches it.
func (k *console) api(r *http.Request) string {
	if k.config.PublicURL != "" {
		return k.config.PublicURL
	}
	_, port, _ := net.SplitHostPort(k.config.Listen)
	return "http://" + net.JoinHostPort(address.Hostname(r.Host), port)
}
