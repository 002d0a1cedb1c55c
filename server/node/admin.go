package node

import (
	"net"
	"net/http"
	"net/http/pprof"
	"slices"

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
		// Not cmdline: secrets may be in it.
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	}
	mux.Handle("GET /refusals.json", refusals)
	mux.Handle("GET /refusals.txt", refusals)
	mux.Handle("GET /refusals/{id}", refusals)
	mux.Handle("/", console.New(console.Config{Store: n.store, Listen: n.Listen, PublicURL: c.PublicURL, Logger: c.Logger}))
	return allowHosts(c.AdminHosts, mux)
}

// allowHosts refuses requests that name another host: a page of a foreign site
// whose name was made to resolve to this address (DNS rebinding) must not read
// the console.
func allowHosts(names []string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := address.Hostname(r.Host)
		ip := net.ParseIP(host)
		if host != "localhost" && (ip == nil || !ip.IsLoopback()) && !slices.Contains(names, host) {
			http.Error(w, "This host name may not reach the admin address; allow it with --admin-host.", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}
