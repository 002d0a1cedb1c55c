package metrics

import (
	"fmt"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

func TestMetrics(t *testing.T) {
	registry := prometheus.NewRegistry()
	m := New(registry)
	m.Request("GetObject", "200", "", 5, time.Millisecond)
	m.Request("GetObject", "404", "NoSuchKey", 7, time.Millisecond)
	m.Panic()
	m.Limit("rtmp", "Idle")
	m.Publishers.Inc()
	m.Ended("ended")
	m.Refused("NetStream.Publish.Denied")
	m.Segment(188, time.Millisecond)
	m.Segment(376, time.Millisecond)
	m.BytesIn.Add(1000)

	want := []string{
		`osslive_http_panics_total 1`,
		`osslive_http_refusals_total{NoSuchKey} 1`,
		`osslive_http_request_seconds{GetObject} 2`,
		`osslive_http_requests_total{GetObject,200} 1`,
		`osslive_http_requests_total{GetObject,404} 1`,
		`osslive_http_sent_bytes_total{GetObject} 12`,
		`osslive_ingest_bytes_total 1000`,
		`osslive_ingest_malformed_total 0`,
		`osslive_limits_reached_total{Idle,rtmp} 1`,
		`osslive_live_publishers 1`,
		`osslive_publishes_total{NetStream.Publish.Denied} 1`,
		`osslive_publishes_total{ended} 1`,
		`osslive_segment_bytes_total 564`,
		`osslive_segment_commit_seconds 2`,
	}
	if got := gather(t, registry); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// gather returns one line for each series; a histogram counts its samples.
func gather(t *testing.T, g prometheus.Gatherer) []string {
	t.Helper()
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetValue())
			}
			name := f.GetName()
			if len(labels) > 0 {
				name += "{" + strings.Join(labels, ",") + "}"
			}
			value := m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			lines = append(lines, fmt.Sprintf("%s %v", name, value))
		}
	}
	sort.Strings(lines)
	return lines
}
