package server

import (
	"slices"
	"testing"
	"time"
)

// BenchmarkStart starts and stops the server that a test starts: in memory, without
// an admin address. It prints the median time from Start to a server that answers.
func BenchmarkStart(b *testing.B) {
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		s, err := Start(b.Context(), Config{Listen: "127.0.0.1:0", RTMP: Off, Admin: Off, Data: Memory})
		if err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
		s.Stop()
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "µs/start-median")
}
