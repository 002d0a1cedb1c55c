package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// State has the functions that the gauges call. A nil function has no gauge. They are called
// by many goroutines.
type State struct {
	Version string
	Ready   func() bool

	HTTPConnections, RTMPConnections func() int

	// DiskFree returns the free bytes of the disk; below DiskReserve nothing more is
	// written.
	DiskFree, DiskReserve func() float64
	// CertificateEnd returns when the certificate expires.
	CertificateEnd func() time.Time
}

// Observe registers the gauges of s with r.
func Observe(r prometheus.Registerer, s State) {
	gauge := func(name, help string, labels prometheus.Labels, value func() float64) {
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, value))
	}
	gauge("osslive_build_info", "Always 1; the label is the version.", prometheus.Labels{"version": s.Version}, func() float64 { return 1 })
	gauge("osslive_ready", "1 while /health/ready answers 200.", nil, func() float64 {
		if s.Ready() {
			return 1
		}
		return 0
	})
	for protocol, count := range map[string]func() int{"http": s.HTTPConnections, "rtmp": s.RTMPConnections} {
		gauge("osslive_connections", "Open connections, by protocol; one that has said nothing yet is http.",
			prometheus.Labels{"protocol": protocol}, func() float64 { return float64(count()) })
	}
	if s.DiskFree != nil {
		gauge("osslive_disk_free_bytes", "Bytes that osslive may still write to the disk of its data.", nil, s.DiskFree)
		gauge("osslive_disk_reserve_bytes", "Bytes of free disk below which nothing more is written.", nil, s.DiskReserve)
	}
	if s.CertificateEnd != nil {
		gauge("osslive_certificate_end_seconds", "When the certificate expires, in seconds since 1970.", nil,
			func() float64 { return float64(s.CertificateEnd().Unix()) })
	}
}
