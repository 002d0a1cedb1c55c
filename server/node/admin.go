package node

import (
	"net"
	"net/http"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"osslive/server/address"
	"osslive/server/console"
)

// adminHandler serves the console, the metrics and the health checks.
func (n *Node) adminHandler(c *Config, registry *prometheus.Registry) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /health/live", func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte("ok\n"))
	})
	mux.HandleFunc("GET /health/ready", func(w http.ResponseWriter, r *http.Request) {
		err := n.writable()
		if err == nil {
			_, err = n.store.Buckets(r.Context(), "", "", 1)
		}
		if err != nil {
			n.log.Error("not ready", "error", err)
			http.Error(w, "the store does not answer; the server's log says why", http.StatusServiceUnavailable)
			return
		}
		w.Write([]byte("ok\n"))
	})
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
