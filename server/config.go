// Package server turns a configuration into a running server: it opens the
// store, binds the ports, starts the HTTP, RTMP and admin servers, and stops
// them in order. The command line and in-process tests start the same server.
package server

import (
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"time"

	"osslive/auth"
	"osslive/server/address"
	"osslive/store"
)

// Off is the address of a listener that is not wanted.
const Off = "off"

// Memory is the data directory that keeps everything in memory.
const Memory = "memory"

// DefaultRTMP is the RTMP listener's address where none is configured. It is
// optional: when the port is taken, RTMP is served on the API port alone.
const DefaultRTMP = "127.0.0.1:1935"

// DefaultKey is the built-in key pair. It is public, so it works on loopback
// only unless Config.InsecureDefaultKey allows more.
var DefaultKey = auth.Key{ID: "osslive", Secret: "osslive-secret"}

const minAdminToken = 16

// Config says what to run. Addresses are HOST:PORT; port 0 takes a free one.
type Config struct {
	Listen string // API: HTTP and RTMP on one port
	RTMP   string // RTMP alone, or Off; "" tries DefaultRTMP
	Admin  string // console, metrics and health, or Off

	// TLS on the API port, beside what is in the clear: PEM files, read again when
	// they change. Both or neither.
	TLSCert, TLSKey string

	Data    string // directory, or Memory
	Relaxed bool   // do not sync segment and object bytes, only the records

	Keys               []auth.Key // none: DefaultKey
	InsecureDefaultKey bool       // DefaultKey beyond loopback
	Buckets            []Bucket   // created where missing
	Channels           []Channel  // created where missing
	Region             string
	BaseDomains        []string // BUCKET.domain names a bucket
	CNAMEs             []CNAME
	PublicURL          string   // authority of URLs in answers; "": what the client used
	CORSRules          bool     // only the buckets' own CORS rules, not open reading for all origins
	AdminHosts         []string // names besides loopback that may reach the admin address
	AdminToken         string   // opens the console to other machines, to sign and to change; "": to none

	Retain         time.Duration // segments older than this are removed; 0 keeps them
	PublisherIdle  time.Duration // a publisher silent for so long is gone; 0: 15 s
	AllowAudioOnly bool
	AllowHEVC      bool
	EndList        bool

	Logger *slog.Logger
	Access *slog.Logger // a line for each request and each turn of a publish; nil: Logger
	Pprof  bool         // profiles on the admin address

	Version string // as the metrics name it

	limits limits // zero: the default ones
}

// Bucket is a bucket to start with. ACL is private, public-read or
// public-read-write.
type Bucket struct {
	Name, ACL string
}

// CNAME is a host name that stands for one bucket.
type CNAME struct {
	Host, Bucket string
}

// Channel is a live channel to start with. A zero FragDuration (seconds) or
// FragCount stands for the default of PutLiveChannel.
type Channel struct {
	Bucket, Name            string
	FragDuration, FragCount int

	// These are known once the server runs.
	Playlist string // its name
	Private  bool   // players need a signed URL
}

// ConfigError says which setting cannot work and what to do about it.
type ConfigError struct {
	Setting, Value, Problem string
}

func (e *ConfigError) Error() string {
	return fmt.Sprintf("%s %q: %s", e.Setting, e.Value, e.Problem)
}

// Check refuses what could not run, before anything is opened, with a *ConfigError.
func (c *Config) Check() error {
	for _, a := range []struct{ setting, value string }{
		{"--listen", c.Listen}, {"--rtmp", c.RTMP}, {"--admin", c.Admin},
	} {
		if a.value == Off && a.setting != "--listen" || a.value == "" && a.setting == "--rtmp" {
			continue
		}
		if _, _, err := net.SplitHostPort(a.value); err != nil {
			return &ConfigError{a.setting, a.value, "is not HOST:PORT, such as 127.0.0.1:9000"}
		}
	}
	for _, half := range []struct{ setting, value, other, name string }{
		{"--tls-cert", c.TLSCert, c.TLSKey, "--tls-key"}, {"--tls-key", c.TLSKey, c.TLSCert, "--tls-cert"},
	} {
		if half.value == "" && half.other != "" {
			return &ConfigError{half.setting, "", "is missing: " + half.name + " is half of a pair, name the other file too"}
		}
	}
	if c.Data == "" {
		return &ConfigError{"--data", c.Data, "is empty; name a directory, or memory"}
	}
	if c.PublicURL != "" {
		u, err := url.Parse(c.PublicURL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Path != "" && u.Path != "/" {
			return &ConfigError{"--public-url", c.PublicURL, "is not http://HOST[:PORT]"}
		}
		if ip := net.ParseIP(u.Hostname()); ip != nil && ip.IsUnspecified() {
			return &ConfigError{"--public-url", c.PublicURL, "is an address that nobody can connect to; name the one that clients use"}
		}
	}
	for _, domain := range c.BaseDomains {
		if domain == "" || strings.ContainsAny(domain, " /:@") {
			return &ConfigError{"--base-domain", domain, "is not a domain name, such as oss.example.com"}
		}
	}
	if err := c.checkCNAMEs(); err != nil {
		return err
	}
	if n := len(c.AdminToken); n > 0 && n < minAdminToken {
		// The value is a secret: never echoed.
		return &ConfigError{"--admin-token", "", fmt.Sprintf("has %d characters; at least %d are hard to guess", n, minAdminToken)}
	}
	if c.Retain < 0 {
		return &ConfigError{"--retain", c.Retain.String(), "is negative; give a duration such as 10m, or 0 to keep everything"}
	}
	return c.checkExposure()
}

func (c *Config) checkCNAMEs() error {
	buckets := map[string]string{}
	for _, n := range c.CNAMEs {
		value := n.Host + "=" + n.Bucket
		host := address.Hostname(n.Host)
		if host == "" || strings.ContainsAny(host, "/:@") || strings.Contains(n.Host, ":") {
			return &ConfigError{"--cname", value, "is not HOST=BUCKET with a host name, such as media.example.com=films"}
		}
		if err := store.CheckBucketName(n.Bucket); err != nil {
			return &ConfigError{"--cname", value, err.Error()}
		}
		if other, twice := buckets[host]; twice && other != n.Bucket {
			return &ConfigError{"--cname", value, "names a second bucket for the host; the first is " + other}
		}
		buckets[host] = n.Bucket
	}
	return nil
}

// domains are the names that tell buckets apart.
func (c *Config) domains() address.Domains {
	d := address.Domains{Base: c.BaseDomains, CNAMEs: map[string]string{}}
	for _, n := range c.CNAMEs {
		d.CNAMEs[address.Hostname(n.Host)] = n.Bucket
	}
	return d
}

// checkExposure refuses to serve the public key pair to other machines.
func (c *Config) checkExposure() error {
	if c.InsecureDefaultKey {
		return nil
	}
	usesDefault := len(c.Keys) == 0
	for _, k := range c.Keys {
		usesDefault = usesDefault || k == DefaultKey
	}
	for _, a := range []struct{ setting, value string }{{"--listen", c.Listen}, {"--rtmp", c.RTMP}} {
		if usesDefault && a.value != "" && a.value != Off && !loopback(a.value) {
			return &ConfigError{a.setting, a.value,
				"can be reached from other machines, and the built-in key pair is public; set --key ID:SECRET, or --insecure-default-key if that is meant"}
		}
	}
	return nil
}

// loopback tells whether an address is reachable from this machine only.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
