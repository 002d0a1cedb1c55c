package server

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"osslive/auth"
	"osslive/rtmp"
	"osslive/server/api"
	"osslive/server/live"
	"osslive/server/metrics"
	"osslive/server/refusal"
	"osslive/store"
	"osslive/store/fileblobs"
)

// stopLimit bounds each of the two waits of Stop: publishers, then requests.
const stopLimit = 2 * time.Second

// Node is a running server.
type Node struct {
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
	disk    *fileblobs.Blobs // nil in memory
	pair    *certificate     // nil without TLS
	tls     *tls.Config      // of the API port; nil without a certificate
	rtmp    *rtmp.Server
	api     *http.Server
	admin   *http.Server

	stopOnce   sync.Once
	background context.CancelFunc
	running    sync.WaitGroup
}

// Start returns a server that answers on all its ports. It fails with a
// *ConfigError where a setting cannot work, and leaves nothing open then.
func Start(ctx context.Context, c Config) (_ *Node, err error) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if err := c.Check(); err != nil {
		return nil, err
	}
	if len(c.Keys) == 0 {
		c.Keys = []auth.Key{DefaultKey}
	}
	c.Access = cmp.Or(c.Access, c.Logger)
	n := &Node{log: c.Logger, Key: c.Keys[0], ready: readiness{log: c.Logger}}
	if c.TLSCert != "" {
		if n.pair, err = openCertificate(c.TLSCert, c.TLSKey, c.Logger); err != nil {
			return nil, err
		}
		n.tls = n.pair.config()
	}

	ports, err := bind(&c)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			ports.close()
			n.close()
		}
	}()
	n.Listen, n.RTMP, n.Admin = ports.address()
	if err := n.openStore(ctx, &c); err != nil {
		return nil, err
	}
	if err := n.provision(ctx, &c); err != nil {
		return nil, err
	}
	n.serve(&c, ports)
	return n, nil
}

// provision creates the buckets and channels that are configured and missing.
func (n *Node) provision(ctx context.Context, c *Config) error {
	for _, b := range c.Buckets {
		bucket, err := n.store.Bucket(ctx, b.Name)
		if errors.Is(err, store.ErrNoSuchBucket) {
			bucket.ACL = store.ACL(b.ACL)
			_, err = n.store.PutBucket(ctx, b.Name, bucket.ACL)
		}
		if err != nil {
			return provisionError("--bucket", b.Name+":"+b.ACL, err)
		}
		n.Buckets = append(n.Buckets, Bucket{Name: b.Name, ACL: string(bucket.ACL)})
	}
	for _, ch := range c.Channels {
		if err := n.provisionChannel(ctx, ch); err != nil {
			return provisionError("--channel", ch.Bucket+"/"+ch.Name, err)
		}
	}
	return nil
}

func (n *Node) provisionChannel(ctx context.Context, ch Channel) error {
	channel, err := n.store.Channel(ctx, ch.Bucket, ch.Name)
	if errors.Is(err, store.ErrNoSuchChannel) {
		channel = store.Channel{Bucket: ch.Bucket, Name: ch.Name, Target: store.Target{
			FragDuration: cmp.Or(ch.FragDuration, store.DefaultFragDuration),
			FragCount:    cmp.Or(ch.FragCount, store.DefaultFragCount),
			PlaylistName: store.DefaultPlaylistName,
		}}
		err = n.store.PutChannel(ctx, channel)
	}
	if err != nil {
		return err
	}
	bucket, err := n.store.Bucket(ctx, ch.Bucket)
	if err != nil {
		return err
	}
	n.Channels = append(n.Channels, Channel{
		Bucket: ch.Bucket, Name: ch.Name,
		FragDuration: channel.Target.FragDuration, FragCount: channel.Target.FragCount,
		Playlist: channel.Target.PlaylistName, Private: bucket.ACL == store.Private,
	})
	return nil
}

func provisionError(setting, value string, err error) error {
	var invalid *store.InvalidError
	if errors.As(err, &invalid) || errors.Is(err, store.ErrNoSuchBucket) {
		return &ConfigError{setting, value, err.Error()}
	}
	return fmt.Errorf("create %s: %w", value, err)
}

// serve starts the servers on their listeners and the periodic work.
func (n *Node) serve(c *Config, ports *ports) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	instruments := metrics.New(registry)
	keys := auth.NewKeys(c.Keys...)
	domains := c.domains()

	refusals := refusal.New(refusal.Config{Store: n.store, Keys: keys, Domains: domains, Region: c.Region})
	publishers := live.New(live.Config{
		Store: n.store, Keys: keys, Now: time.Now, Logger: c.Access, Metrics: instruments,
		Refusals: refusals, Domains: domains,
		AllowAudioOnly: c.AllowAudioOnly, AllowHEVC: c.AllowHEVC, EndList: c.EndList,
	})
	cors := api.CORSOpen
	if c.CORSRules {
		cors = api.CORSRules
	}
	limits, rtmpLimits := c.limits, rtmp.DefaultLimits()
	if limits.connections == 0 {
		limits = defaultLimits()
	}
	if c.PublisherIdle > 0 {
		rtmpLimits.Idle = c.PublisherIdle
	}
	fit(FileLimit(), &limits, &rtmpLimits)
	n.rtmp = &rtmp.Server{Handler: publishers, OnMalformed: publishers.Malformed, Limits: rtmpLimits, OnClose: publishers.Ended}
	n.rtmp.Video, n.rtmp.Audio = publishers.Codecs()
	n.api = &http.Server{
		Handler: api.New(api.Config{
			Store: n.store, Keys: keys, Region: c.Region, Domains: domains, PublicURL: c.PublicURL,
			CORS: cors, Refusals: refusals, Logger: c.Logger, Access: c.Access, Metrics: instruments, Now: time.Now,
		}),
		ReadHeaderTimeout: limits.header,
		IdleTimeout:       limits.idle,
		MaxHeaderBytes:    headSize,
		Protocols:         protocols(),
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: streamsOfConnection},
		ConnState:         noteState,
		ErrorLog:          slog.NewLogLogger(c.Logger.Handler(), slog.LevelDebug),
	}
	n.admin = &http.Server{
		Handler:           n.adminHandler(c, registry, refusals),
		ReadHeaderTimeout: limits.header,
		IdleTimeout:       limits.idle,
		MaxHeaderBytes:    headSize,
		ErrorLog:          n.api.ErrorLog,
	}

	shared := sniffing{
		rtmp: n.rtmp.Admit, slots: make(slots, limits.connections), wait: limits.header, tls: n.tls, log: c.Logger, told: new(atomic.Int64),
		limit: func(name string) { instruments.Limit("http", name) },
	}
	metrics.Observe(registry, n.state(c, shared.slots))

	ctx, cancel := context.WithCancel(context.Background())
	n.background = cancel
	n.running.Go(func() { publishers.Run(ctx) })
	n.running.Go(func() { n.tidy(ctx, c.Retain) })
	n.running.Go(func() { refusals.Hints(ctx, n.logHint) })
	for _, l := range ports.api {
		n.running.Go(func() { n.ended("API", n.api.Serve(newSniffer(l, shared))) })
	}
	for _, l := range ports.rtmp {
		n.running.Go(func() { n.ended("RTMP", n.rtmp.Serve(l)) })
	}
	for _, l := range ports.admin {
		n.running.Go(func() { n.ended("admin", n.admin.Serve(l)) })
	}
}

// tidy frees the bytes of deleted objects, and removes segments older than
// retain when that is not 0.
func (n *Node) tidy(ctx context.Context, retain time.Duration) {
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		if retain > 0 {
			if _, err := n.store.Retain(ctx, retain); err != nil && ctx.Err() == nil {
				n.log.Error("remove old segments", "error", err)
			}
		}
		if err := n.store.Collect(ctx); err != nil && ctx.Err() == nil {
			n.log.Error("collect deleted objects", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (n *Node) ended(name string, err error) {
	if err != nil && !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, rtmp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		n.log.Error("listener ended", "server", name, "error", err)
		n.ready.listenerEnded(name, err)
	}
}

// state is what the gauges read.
func (n *Node) state(c *Config, http slots) metrics.State {
	s := metrics.State{
		Version:         c.Version,
		Ready:           func() bool { return n.ready.check(context.Background()) == nil },
		HTTPConnections: func() int { return len(http) },
		RTMPConnections: n.rtmp.Connections,
	}
	if n.disk != nil {
		s.DiskFree = func() float64 { free, _, _ := n.disk.Space(); return float64(free) }
		s.DiskReserve = func() float64 { _, low, _ := n.disk.Space(); return float64(low) }
	}
	if n.pair != nil {
		s.CertificateEnd = func() time.Time { return n.pair.current(time.Now()).Leaf.NotAfter }
	}
	return s
}

// logHint says why something was refused, and where there is more.
func (n *Node) logHint(e *refusal.Explanation) {
	cause := e.Causes[0]
	more := "osslive explain " + e.ID
	if host, port, err := net.SplitHostPort(n.Admin); err == nil {
		if net.ParseIP(host).IsUnspecified() {
			host = "127.0.0.1"
		}
		more = "http://" + net.JoinHostPort(host, port) + "/refusals/" + e.ID
	}
	about := []any{"request_id", e.ID, "code", e.Code, "cause", cause.Title}
	if cause.Fix != "" {
		about = append(about, "fix", cause.Fix)
	}
	n.log.Warn("refused", append(about, "more", more)...)
}

// Stop closes the listeners, ends every publish with its last segment, lets
// requests finish, and closes the store. It takes at most five seconds.
func (n *Node) Stop() {
	n.stopOnce.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
		defer cancel()
		apiDone := make(chan struct{})
		go func() {
			defer close(apiDone)
			if n.api.Shutdown(ctx) != nil {
				n.api.Close()
			}
		}()
		if err := n.rtmp.Shutdown(ctx); err != nil {
			n.log.Error("end publishers", "error", err)
		}
		select {
		case <-apiDone:
		case <-ctx.Done(): // to close TLS is to write, which a client can hold up
		}
		n.admin.Close()
		n.background()
		n.running.Wait()
		if err := n.close(); err != nil {
			n.log.Error("close store", "error", err)
		}
	})
}

// close closes the backends.
func (n *Node) close() error {
	var errs []error
	for _, c := range n.closers {
		errs = append(errs, c())
	}
	n.closers = nil
	return errors.Join(errs...)
}

// ports are the bound listeners. A loopback name has one for each family.
type ports struct {
	api, rtmp, admin []net.Listener
}

func bind(c *Config) (*ports, error) {
	p := &ports{}
	var err error
	if p.api, err = listen("--listen", c.Listen); err != nil {
		return nil, err
	}
	switch c.RTMP {
	case Off:
	case "":
		if p.rtmp, err = listen("--rtmp", DefaultRTMP); err != nil {
			c.Logger.Warn("RTMP is served on the API port only", "error", err)
		}
	default:
		if p.rtmp, err = listen("--rtmp", c.RTMP); err != nil {
			p.close()
			return nil, err
		}
	}
	if c.Admin != Off {
		if p.admin, err = listen("--admin", c.Admin); err != nil {
			p.close()
			return nil, err
		}
	}
	return p, nil
}

// listen binds an address. 127.0.0.1 and localhost stand for loopback, which
// clients reach by IPv6 as well where the machine has it.
func listen(setting, address string) ([]net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, &ConfigError{setting, address, err.Error()}
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, &ConfigError{setting, address, bindProblem(err)}
	}
	all := []net.Listener{l}
	if host == "127.0.0.1" {
		port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
		if l6, err := net.Listen("tcp", net.JoinHostPort("::1", port)); err == nil {
			all = append(all, l6)
		}
	}
	return all, nil
}

func bindProblem(err error) string {
	var sys *os.SyscallError
	if errors.As(err, &sys) { // bind or listen: the address itself is well-formed
		return sys.Err.Error() + "; stop the process that has the port, or choose another"
	}
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	return err.Error()
}

func (p *ports) address() (api, rtmp, admin string) {
	first := func(l []net.Listener) string {
		if len(l) == 0 {
			return ""
		}
		return l[0].Addr().String()
	}
	return first(p.api), first(p.rtmp), first(p.admin)
}

func (p *ports) close() {
	for _, set := range [][]net.Listener{p.api, p.rtmp, p.admin} {
		for _, l := range set {
			l.Close()
		}
	}
}
