// Package console serves the web pages of the admin address. They show buckets,
// live channels, objects and refusals, play channels, give the URL and the commands
// to publish with, and create, change and delete channels and objects.
//
// The package owns the templates, the script and style of the pages, the rules for
// who may see and do what (access.go), the streams of events that keep open pages up
// to date (events.go), and the example programs (snippets). The server renders
// every page. The element with the ID "live" changes while a page is open: events.go
// sends it again, and static/console.js puts it in place. The Content-Security-Policy
// allows the package's own scripts and no others.
//
// The package reads and changes data through packages store and vod, and takes refusals
// from package refusal and the text of an error from package answer. It must not know
// the API's requests and XML, RTMP, the publishers' connections, or how segments are
// cut. The admin address is another origin than the API's, so an object never runs as
// a page of the console.
package console

import (
	"embed"
	"errors"
	"fmt"
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

// Config is what New needs. Refusals, Token and PublicURL are optional.
type Config struct {
	Store     *store.Store
	Refusals  *refusal.Log        // nil: the pages list no refusals
	Key       auth.Key            // signs the URLs that the pages show
	BuiltIn   bool                // Key is the public, built-in one: pages may show its secret on loopback
	Token     string              // admin token, trusts browsers on other machines; "": none are trusted
	Listen    string              // address of the API, HOST:PORT
	PublicURL string              // scheme and authority of the API, if browsers do not reach it at Listen's port
	Metrics   prometheus.Gatherer // source of the overview's figures
	Now       func() time.Time    // wall clock
	Logger    *slog.Logger
}

type console struct {
	config  Config
	streams chan struct{} // a slot for each open stream of events
	logins  chan struct{} // a slot for each wrong login that waits
}

// pages returns the templates. It parses them once a process, for the first page:
// parsing takes longer than the rest of a server's start.
var pages = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Funcs(functions).ParseFS(files, "templates/*.html"))
})

// New returns the handler of all pages.
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
	mux.HandleFunc("GET /refusals", k.restricted(k.page("refusals.html", k.refusals)))
	mux.HandleFunc("GET /refusals.txt", k.restricted(k.config.Refusals.ServeHTTP))
	mux.HandleFunc("GET /refusals.json", k.restricted(k.config.Refusals.ServeHTTP))
	mux.HandleFunc("GET /refusals/{id}", k.restricted(k.refusal))
	mux.HandleFunc("POST /channel/{bucket}/{channel}/status", k.change(k.setStatus))
	mux.HandleFunc("POST /channel/{bucket}/{channel}/delete", k.change(k.deleteChannel))
	mux.HandleFunc("POST /channel/{bucket}/{channel}/vod", k.change(k.createVOD))
	mux.HandleFunc("GET /new", k.restricted(k.page("new.html", k.newChannel)))
	mux.HandleFunc("POST /new", k.change(k.createChannel))
	mux.HandleFunc("GET /publish/{bucket}/{channel}", k.restricted(k.page("publish.html", k.publish)))
	mux.HandleFunc("GET /publish/{bucket}/{channel}/obs.zip", k.restricted(k.obsProfile))
	mux.HandleFunc("GET /play/{bucket}", k.restricted(k.page("play.html", k.play)))
	mux.HandleFunc("GET /objects/{bucket}", k.restricted(k.page("objects.html", k.objects)))
	mux.HandleFunc("GET /object/{bucket}", k.restricted(k.page("object.html", k.object)))
	mux.HandleFunc("GET /download/{bucket}", k.restricted(k.download))
	mux.HandleFunc("POST /delete/{bucket}", k.change(k.deleteObject))
	mux.HandleFunc("GET /snippets", k.page("snippets.html", k.snippets))
	mux.HandleFunc("GET /snippets/{file}", k.snippetFile)
	mux.HandleFunc("GET /login", k.page("login.html", noData))
	mux.HandleFunc("POST /login", k.login)
	mux.Handle("GET /static/", http.StripPrefix("/static/", http.FileServerFS(static)))
	return k.withHeaders(mux)
}

// page is the data of a template.
type page struct {
	Title   string
	Trusted bool // the caller may sign, see objects and change things
	Login   bool // there is a token to log in with
	Data    any  // from the builder of the page
}

// builder returns the title and the data of a page.
type builder func(*http.Request) (title string, data any, err error)

func noData(*http.Request) (string, any, error) { return "osslive", nil, nil }

func (k *console) newPage(r *http.Request, build builder) (page, error) {
	title, data, err := build(r)
	return page{Title: title, Trusted: k.trusted(r), Login: k.config.Token != "", Data: data}, err
}

// page returns a handler that renders the template name with the data of build.
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

// render writes the template name. It logs a failure that is not the browser's.
func (k *console) render(w http.ResponseWriter, r *http.Request, status int, name string, p page) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := pages().ExecuteTemplate(w, name, p); err != nil && r.Context().Err() == nil {
		k.config.Logger.Error("console page", "path", r.URL.Path, "error", err)
	}
}

// problem writes a page about err.
func (k *console) problem(w http.ResponseWriter, r *http.Request, err error) {
	status, text := problemText(err)
	if status == http.StatusInternalServerError && r.Context().Err() == nil {
		k.config.Logger.Error("console page", "path", r.URL.Path, "error", err)
	}
	p, _ := k.newPage(r, func(*http.Request) (string, any, error) { return http.StatusText(status), text, nil })
	k.render(w, r, status, "problem.html", p)
}

// problemText returns the status and the text of the page about err.
func problemText(err error) (status int, text string) {
	var invalid *store.InvalidError
	var input inputError
	switch {
	case errors.As(err, &input):
		return http.StatusBadRequest, string(input)
	case errors.As(err, &invalid):
		return http.StatusBadRequest, fmt.Sprintf("%s is %.80q: %s.", invalid.Field, invalid.Value, invalid.Message)
	case errors.Is(err, errNoRefusal):
		return http.StatusNotFound, "There is no refusal with this request ID. The server remembers the last 1,000, until it ends."
	}
	if a := answer.Of(err); a.Page != "" {
		return a.Status, a.Page
	}
	return http.StatusInternalServerError, "The server failed to make this page; its log has the error."
}

// inputError is the text of a page about a bad field of a form.
type inputError string

func (e inputError) Error() string { return string(e) }

// withHeaders adds the headers that keep a page from being framed, from loading
// anything but the console's files and the API's media, and from being cached.
func (k *console) withHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; media-src "+
			k.apiURL(r)+" blob:; connect-src 'self' "+k.apiURL(r)+"; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		// With "no-referrer" the console's own forms would send "Origin: null".
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// apiURL returns scheme and authority under which the browser of r reaches the API.
func (k *console) apiURL(r *http.Request) string {
	if k.config.PublicURL != "" {
		return k.config.PublicURL
	}
	_, port, _ := net.SplitHostPort(k.config.Listen)
	return "http://" + net.JoinHostPort(address.Hostname(r.Host), port)
}
