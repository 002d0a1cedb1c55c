// Package metrics holds every Prometheus instrument of osslive, with its unit
// and labels. Label values come from fixed sets, never from a client, so that
// the number of series is bounded.
//
// It owns the names and the labels. It must not know what it counts: callers pass values.
package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics counts what the server does. All methods are safe for concurrent use.
type Metrics struct {
	requests       *prometheus.CounterVec
	requestSeconds *prometheus.HistogramVec
	refusals       *prometheus.CounterVec
	panics         prometheus.Counter
	limits         *prometheus.CounterVec
	sent           *prometheus.CounterVec

	Publishers prometheus.Gauge   // LiveChannels with a publisher at this moment
	BytesIn    prometheus.Counter // bytes of media tags received
	Malformed  prometheus.Counter // media tags dropped because they cannot be read

	publishes      *prometheus.CounterVec
	segmentSeconds prometheus.Histogram
	segmentBytes   prometheus.Counter
}

// New makes the instruments and registers them. It panics if r already has
// instruments of the same names, as prometheus.MustRegister does.
func New(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "osslive_http_requests_total",
			Help: "HTTP requests answered, by API operation and status.",
		}, []string{"operation", "status"}),
		requestSeconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "osslive_http_request_seconds",
			Help:    "Time from the request's header to the end of the answer, by API operation.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"operation"}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "osslive_http_refusals_total",
			Help: "HTTP requests answered with an error document, by its Code.",
		}, []string{"code"}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "osslive_http_panics_total",
			Help: "Handlers that panicked; their requests were answered with InternalError.",
		}),
		sent: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "osslive_http_sent_bytes_total",
			Help: "Bytes of bodies sent in answers, by API operation.",
		}, []string{"operation"}),
		limits: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "osslive_limits_reached_total",
			Help: "Clients that went over a limit, by protocol and the name of the limit.",
		}, []string{"protocol", "limit"}),
		Publishers: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "osslive_live_publishers",
			Help: "LiveChannels with a publisher at this moment.",
		}),
		publishes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "osslive_publishes_total",
			Help: "Publishes that ended or were refused, by result.",
		}, []string{"result"}),
		segmentSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "osslive_segment_commit_seconds",
			Help:    "Time from the end of a segment to the commit that lists it in the playlist.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}),
		segmentBytes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "osslive_segment_bytes_total",
			Help: "Bytes of the segments committed.",
		}),
		BytesIn: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "osslive_ingest_bytes_total",
			Help: "Bytes of media tags received from publishers.",
		}),
		Malformed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "osslive_ingest_malformed_total",
			Help: "Media tags of publishers that cannot be read and were dropped.",
		}),
	}
	r.MustRegister(m.requests, m.requestSeconds, m.refusals, m.panics, m.limits, m.sent,
		m.Publishers, m.BytesIn, m.Malformed, m.publishes, m.segmentSeconds, m.segmentBytes)
	return m
}

// Request counts one HTTP request. Operation is a name of the API reference,
// such as PutLiveChannel; code is the Code of the error document, "" without one;
// sent are the bytes of the answer's body.
func (m *Metrics) Request(operation, status, code string, sent int64, took time.Duration) {
	m.requests.WithLabelValues(operation, status).Inc()
	m.sent.WithLabelValues(operation).Add(float64(sent))
	m.requestSeconds.WithLabelValues(operation).Observe(took.Seconds())
	if code != "" {
		m.refusals.WithLabelValues(code).Inc()
	}
}

// Panic counts an HTTP handler that panicked.
func (m *Metrics) Panic() { m.panics.Inc() }

// Limit counts a client that went over a limit. Protocol is rtmp, whose limits are
// the fields of rtmp.Limits and a few constants, or http.
func (m *Metrics) Limit(protocol, name string) { m.limits.WithLabelValues(protocol, name).Inc() }

// Refused counts a publish that was refused, by the code of the refusal.
func (m *Metrics) Refused(code string) { m.publishes.WithLabelValues(code).Inc() }

// Ended counts the end of an accepted publish. Result is "ended", or the code with which the
// server ended it.
func (m *Metrics) Ended(result string) { m.publishes.WithLabelValues(result).Inc() }

// Segment counts a segment of the given size, listed in its playlist after took.
func (m *Metrics) Segment(bytes int64, took time.Duration) {
	m.segmentSeconds.Observe(took.Seconds())
	m.segmentBytes.Add(float64(bytes))
}
