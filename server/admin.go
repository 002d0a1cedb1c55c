package server

import (
	"context"
	"net"
	"net/http"
	"net/http/pprof"
	"net/url"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"osslive/server/address"
	"osslive/server/console"
	"osslive/server/door"
	"osslive/server/metrics"
	"osslive/server/refusal"
)

// adminHandler serves the console, the metrics and the health checks.
func (s *Server) adminHandler(c *Config, registry *prometheus.Registry, refusals *refusal.Log) http.Handler {
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /health/live", func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte("ok\n"))
	})
	mux.HandleFunc("GET /health/ready", func(w http.ResponseWriter, r *http.Request) {
		if err := s.ready.check(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		w.Write([]byte("ok\n"))
	})
	if c.Pprof {
		// Without cmdline, which may show secrets. A profile costs time: it needs trust.
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
		Store: s.store, Refusals: refusals, Key: s.Key, BuiltIn: s.Key == DefaultKey, Token: c.AdminToken,
		Listen: s.Listen, PublicURL: c.PublicURL, Metrics: registry, Now: c.Now, Logger: c.Logger,
	}))
	return guard(c.AdminHosts, mux)
}

// state returns what the gauges read.
func (s *Server) state(c *Config, front *door.Door) metrics.State {
	gauges := metrics.State{
		Version:         c.Version,
		Ready:           func() bool { return s.ready.check(context.Background()) == nil },
		HTTPConnections: front.Connections,
		RTMPConnections: s.rtmp.Connections,
	}
	if s.disk != nil {
		gauges.DiskFree = func() float64 { free, _, _ := s.disk.Space(); return float64(free) }
		gauges.DiskReserve = func() float64 { _, low, _ := s.disk.Space(); return float64(low) }
	}
	if s.pair != nil {
		gauges.CertificateEnd = s.pair.NotAfter
	}
	return gauges
}

// logHint logs why a request or a publish was refused, and where the explanation is.
func (s *Server) logHint(e *refusal.Explanation) {
	cause := e.Causes[0]
	more := "osslive explain " + e.ID
	if host, port, err := net.SplitHostPort(s.Admin); err == nil {
		if net.ParseIP(host).IsUnspecified() {
			host = "127.0.0.1"
		}
		more = "http://" + net.JoinHostPort(host, port) + "/refusals/" + e.ID
	}
	about := []any{"request_id", e.ID, "code", e.Code, "cause", cause.Title}
	if cause.Fix != "" {
		about = append(about, "fix", cause.Fix)
	}
	s.log.Warn("refused", append(about, "more", more)...)
}

// guard refuses requests that name another host, and requests from a page of another
// origin. The first stops a site whose name resolves to this address (DNS rebinding)
// from reading the console, the second stops any page from changing something. The
// API's origin, where objects are pages, is another origin too.
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

// foreign reports whether a browser says that a page of another origin makes the
// request (Fetch, "Origin header"; Fetch Metadata Request Headers). Following a link
// to the console is allowed: the page that has the link cannot read the answer.
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
