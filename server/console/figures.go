package console

import (
	"fmt"
	"strings"

	dto "github.com/prometheus/client_model/go"
)

// figures are the metrics that the overview shows.
type figures struct {
	Publishers, Requests, Refused, Segments, BytesIn float64 // Publishers: now; the others: since the start

	DiskFree, DiskReserve float64 // bytes; both 0 when the data is in memory
	Version               string
}

// DiskLow reports whether less than twice the reserve is free. With less than the
// reserve the server refuses to write.
func (f figures) DiskLow() bool { return f.DiskFree < 2*f.DiskReserve }

// figures reads the metrics. It sums a metric over its labels.
func (k *console) figures() (v figures, err error) {
	families, err := k.config.Metrics.Gather()
	if err != nil {
		return v, fmt.Errorf("read metrics: %w", err)
	}
	for _, f := range families {
		var sum float64
		for _, m := range f.GetMetric() {
			// Only results with an RTMP status are refusals; the others are publishes that ended.
			if f.GetName() == "osslive_publishes_total" && !strings.HasPrefix(label(m, "result"), "NetStream") {
				continue
			}
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
		switch f.GetName() {
		case "osslive_live_publishers":
			v.Publishers = sum
		case "osslive_http_requests_total":
			v.Requests = sum
		case "osslive_http_refusals_total", "osslive_publishes_total":
			v.Refused += sum
		case "osslive_segment_commit_seconds":
			v.Segments = sum
		case "osslive_ingest_bytes_total":
			v.BytesIn = sum
		case "osslive_disk_free_bytes":
			// Rounded down to 16 MiB, since each change sends the page again.
			v.DiskFree = float64(int64(sum) &^ (16<<20 - 1))
		case "osslive_disk_reserve_bytes":
			v.DiskReserve = sum
		case "osslive_build_info":
			v.Version = label(f.GetMetric()[0], "version")
		}
	}
	return v, nil
}

// label returns the value of a label of m, "" if m has no such label.
func label(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}
