package api

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"osslive/auth"
	"osslive/server/address"
	"osslive/server/metrics"
	"osslive/server/refusal"
	"osslive/store"
)

// Config is what a Server needs. Store, Keys, Logger, Metrics and Now must be
// set; the rest has defaults that work.
type Config struct {
	Store *store.Store
	Keys  auth.Keys

	Region    string          // such as oss-cn-local, with or without the oss-; default oss-cn-local
	Owner     Owner           // of every bucket
	Domains   address.Domains // under which the server is reached
	PublicURL string          // scheme and authority for URLs in answers; default: what the caller used
	CORS      CORS            // default CORSRules

	Refusals *refusal.Log // keeps what is refused; nil keeps nothing

	Logger  *slog.Logger
	Access  *slog.Logger // a line for each request, at level Info; default Logger
	Metrics *metrics.Metrics
	Now     func() time.Time // wall clock: signatures and dates
}

// Owner is the one account that everything belongs to.
type Owner struct{ ID, DisplayName string }

// Server is the HTTP API. It is safe for concurrent use.
type Server struct {
	Config
	publicScheme, publicHost string // of PublicURL; empty: not set
	handler                  http.Handler
	pace                     pace // of bodies, in and out
}

// New returns a Server; it starts nothing.
func New(c Config) *Server {
	if c.Region == "" {
		c.Region = "oss-cn-local"
	}
	c.Region = strings.TrimPrefix(c.Region, "oss-")
	if c.Owner.ID == "" {
		c.Owner = Owner{ID: "osslive", DisplayName: "osslive"}
	}
	if c.Access == nil {
		c.Access = c.Logger
	}
	s := &Server{Config: c, pace: pace{grace: 30 * time.Second, rate: 1 << 10}}
	if scheme, rest, ok := strings.Cut(c.PublicURL, "://"); ok {
		s.publicScheme = scheme
		s.publicHost, _, _ = strings.Cut(rest, "/")
	}

	// chi matches method and level and keeps the order of the steps. It never
	// sees the path of the URL: a router's idea of a path is not that of an
	// object key, where "//", "/../" and "%2F" are ordinary characters.
	mux := chi.NewRouter()
	mux.Use(s.recoverPanic, s.resolve, s.cors, s.authenticate, s.lateCORS)
	for _, route := range routes {
		mux.Method(route.method, route.pattern(), s.endpoint(route))
	}
	mux.NotFound(s.fail(unknownSubresource))
	mux.MethodNotAllowed(s.fail(methodNotAllowed))
	s.handler = s.begin(mux)
	return s
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.handler.ServeHTTP(w, r)
}
