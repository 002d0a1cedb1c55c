package server

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"osslive/auth"
	"osslive/rtmp"
	"osslive/server/api"
	"osslive/server/door"
	"osslive/server/live"
	"osslive/server/metrics"
	"osslive/server/refusal"
	"osslive/store"
	"osslive/store/fileblobs"
)

// stopLimit bounds each of the two waits of Stop: publishers, then requests.
const stopLimit = 2 * time.Second

// Server is a running server.
type Server struct {
	// Bound addresses, HOST:PORT; "" for a listener that is off.
	Listen, RTMP, Admin string
	// Key is a key pair that the API accepts; the first one configured.
	Key auth.Key
	// Buckets and Channels are those of the Config as they are now: an earlier
	// run on the same data may have changed them.
	Buckets  []Bucket
	Channels []Channel

	log     *slog.Logger
	store   *store.Store
	closers []func() error // of the backends, in the order of closing
	ready   readiness
	disk    *fileblobs.Blobs  // nil in memory
	pair    *door.Certificate // nil without TLS
	rtmp    *rtmp.Server
	api     *http.Server
	admin   *http.Server // nil without an admin address

	stopOnce   sync.Once
	background context.CancelFunc
	running    sync.WaitGroup
}

// Start returns a server that answers on all its ports. It fails with a
// *ConfigError if a setting cannot work, and leaves nothing open then.
func Start(ctx context.Context, c Config) (_ *Server, err error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	c.setDefaults()
	s := &Server{log: c.Logger, Key: c.Keys[0], ready: readiness{log: c.Logger}}
	if c.TLSCert != "" {
		if s.pair, err = door.OpenCertificate(c.TLSCert, c.TLSKey, c.Logger); err != nil {
			return nil, err
		}
	}
	ports, err := door.Bind(c.Listen, c.RTMP, c.Admin, c.Logger)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			ports.Close()
			err = errors.Join(err, s.close())
		}
	}()
	s.Listen, s.RTMP, s.Admin = ports.Addresses()
	if err := s.openStore(ctx, &c); err != nil {
		return nil, err
	}
	if err := s.provision(ctx, &c); err != nil {
		return nil, err
	}
	s.serve(&c, ports)
	return s, nil
}

// setDefaults replaces zero values; Check has passed.
func (c *Config) setDefaults() {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.Access = cmp.Or(c.Access, c.Logger)
	if c.Now == nil {
		c.Now = time.Now
	}
	if len(c.Keys) == 0 {
		c.Keys = []auth.Key{DefaultKey}
	}
	c.PublicURL = strings.TrimSuffix(c.PublicURL, "/")
	if c.limits == (door.Limits{}) {
		c.limits = door.DefaultLimits()
	}
}

// serve starts the servers on their listeners and the periodic work.
func (s *Server) serve(c *Config, ports *door.Ports) {
	registry := prometheus.NewRegistry()
	instruments := metrics.New(registry)
	keys := auth.NewKeys(c.Keys...)
	domains := c.domains()
	rtmpLimits := fit(door.FileLimit(), c)

	refusals := refusal.New(refusal.Config{Store: s.store, Keys: keys, Domains: domains, Region: c.Region})
	publishers := live.New(live.Config{
		Store: s.store, Keys: keys, Now: c.Now, Logger: c.Access, Metrics: instruments,
		Refusals: refusals, Domains: domains,
		AllowAudioOnly: c.AllowAudioOnly, AllowHEVC: c.AllowHEVC, EndList: c.EndList,
	})
	s.rtmp = &rtmp.Server{Handler: publishers, OnMalformed: publishers.Malformed, Limits: rtmpLimits, OnClose: publishers.Ended}
	s.rtmp.Video, s.rtmp.Audio = publishers.Codecs()
	front := door.New(door.Config{
		RTMP: s.rtmp.Admit, Refusal: api.Refusal, Certificate: s.pair, Limits: c.limits, Logger: c.Logger,
		Exceeded: func(limit string) { instruments.Limit("http", limit) },
	})
	netLog := slog.NewLogLogger(c.Logger.Handler(), slog.LevelDebug)
	s.api = front.HTTPServer(api.New(api.Config{
		Store: s.store, Keys: keys, Region: c.Region, Domains: domains, PublicURL: c.PublicURL,
		CORS: corsOf(c.CORS), Refusals: refusals, Logger: c.Logger, Access: c.Access, Metrics: instruments, Now: c.Now,
	}), netLog)

	ctx, cancel := context.WithCancel(context.Background())
	s.background = cancel
	s.running.Go(func() { publishers.Run(ctx) })
	s.running.Go(func() { s.upkeep(ctx, c.Retain) })
	s.running.Go(func() { refusals.Hints(ctx, s.logHint) })
	for _, l := range ports.API {
		s.running.Go(func() { s.ended("API", s.api.Serve(front.Listen(l))) })
	}
	for _, l := range ports.RTMP {
		s.running.Go(func() { s.ended("RTMP", s.rtmp.Serve(l)) })
	}
	if len(ports.Admin) > 0 {
		metrics.Observe(registry, s.state(c, front))
		s.admin = c.limits.HTTPServer(s.adminHandler(c, registry, refusals), netLog)
	}
	for _, l := range ports.Admin {
		s.running.Go(func() { s.ended("admin", s.admin.Serve(l)) })
	}
}

// fit returns the limits of RTMP, and lowers those of connections so that they leave
// a quarter of the files that the process may open, n, to what serves them: records,
// the bytes of objects, publishers, and the admin address, which has to answer when
// everything else is refused.
func fit(n int, c *Config) rtmp.Limits {
	limits := rtmp.DefaultLimits()
	if c.PublisherIdle > 0 {
		limits.Idle = c.PublisherIdle
	}
	limits.Waiting = min(limits.Waiting, n/4)
	c.limits.Connections = min(c.limits.Connections, n/2)
	return limits
}

func corsOf(setting string) api.CORS {
	if setting == "rules" {
		return api.CORSRules
	}
	return api.CORSOpen
}

// upkeep runs the store's upkeep every five seconds until ctx ends.
func (s *Server) upkeep(ctx context.Context, retain time.Duration) {
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		if err := s.store.Upkeep(ctx, retain); err != nil && ctx.Err() == nil {
			s.log.Error("upkeep of the store", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *Server) ended(name string, err error) {
	if err != nil && !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, rtmp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		s.log.Error("listener ended", "server", name, "error", err)
		s.ready.listenerEnded(name, err)
	}
}

// Stop closes the listeners, ends every publish with its last segment, lets
// requests finish, and closes the store. It takes at most five seconds.
func (s *Server) Stop() {
	s.stopOnce.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
		defer cancel()
		apiDone := make(chan struct{})
		go func() {
			defer close(apiDone)
			if s.api.Shutdown(ctx) != nil {
				s.api.Close()
			}
		}()
		if err := s.rtmp.Shutdown(ctx); err != nil {
			s.log.Error("end publishers", "error", err)
		}
		select {
		case <-apiDone:
		case <-ctx.Done(): // closing TLS writes, and a client can delay that
		}
		if s.admin != nil {
			s.admin.Close()
		}
		s.background()
		s.running.Wait()
		if err := s.close(); err != nil {
			s.log.Error("close store", "error", err)
		}
	})
}

// close closes the backends.
func (s *Server) close() error {
	var errs []error
	for _, c := range s.closers {
		errs = append(errs, c())
	}
	s.closers = nil
	return errors.Join(errs...)
}
