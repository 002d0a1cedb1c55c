package server

import (
	"net/http"
	"net/http/pprof"
	"net/url"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"osslive/server/address"
	"osslive/server/console"
	"osslive/server/refusal"
)

// adminHandler serves the console, the metrics and the health checks.
func (n *Node) adminHandler(c *Config, registry *prometheus.Registry, refusals *refusal.Log) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /health/live", func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte("ok\n"))
	})
	mux.HandleFunc("GET /health/ready", func(w http.ResponseWriter, r *http.Request) {
		if err := n.ready.check(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		w.Write([]byte("ok\n"))
	})
	if c.Pprof {
		// Not cmdline: secrets may be in it. A profile takes its time and ours.
		for path, profile := range map[string]http.HandlerFunc{
			"": pprof.Index, "profile": pprof.Profile, "trace": pprof.Trace, "symbol": pprof.Symbol,
		} {
			mux.HandleFunc("GET /debug/pprof/"+path, func(w http.ResponseWriter, r *http.Request) {
				if !console.Trusted(r, c.AdminToken) {
					http.Error(w, "Profiles are for this machine, or with the admin token in the header "+console.TokenHeader+".", http.StatusForbidden)
					return
				}
				profile(w, r)
			})
		}
	}
	mux.Handle("/", console.New(console.Config{
		Store: n.store, Refusals: refusals, Key: n.Key, BuiltIn: n.Key == DefaultKey, Token: c.AdminToken,
		Listen: n.Listen, PublicURL: c.PublicURL, Metrics: registry, Now: time.Now, Logger: c.Logger,
	}))
	return guard(c.AdminHosts, mux)
}

// guard refuses requests that name another host, and those that a page of
// another origin makes. A foreign site whose name was made to resolve to this
// address (DNS rebinding) must not read the console, nor one that can only send
// to it change anything: the API's own origin, where objects are, is one too.
func guard(names []string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !console.Loopback(r.Host) && !slices.Contains(names, address.Hostname(r.Host)) {
			http.Error(w, "This host name may not reach the admin address; allow it with --admin-host.", http.StatusForbidden)
			return
		}
		if foreign(r) {
			http.Error(w, "A page of another origin may not use the admin address.", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// foreign tells whether a browser says that a page of another origin makes the
// request (Fetch, "Origin header"; Fetch Metadata Request Headers). Following a
// link to the console is no harm: the page that has the link cannot read it.
func foreign(r *http.Request) bool {
	for _, origin := range r.Header["Origin"] {
		u, err := url.Parse(origin)
		if err != nil || u.Host != r.Host || u.Scheme != "http" && u.Scheme != "https" {
			return true
		}
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return false
	}
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	return !reads || r.Header.Get("Sec-Fetch-Mode") != "navigate" || r.Header.Get("Sec-Fetch-Dest") != "document"
}
