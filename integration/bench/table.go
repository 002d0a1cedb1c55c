package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// row is one measure: a figure of a run, or its multiple of the same figure of another
// run.
type row struct {
	name   string
	run    string // of scenarios
	figure string
	over   *base
	target string // "≤" or "≥"; "" is a row for comparison only
	limit  float64
	unit   string
}

// base is the run, in the same round, of which a figure is shown as a multiple.
type base struct {
	run    string // "" is the row's own
	server string // "" is the row's own
}

var (
	floor    = &base{server: "floor"}
	bareHTTP = &base{server: "net/http"}
)

// base returns the run, by scenario and server, of which the figure of a server is a
// multiple.
func (r row) base(server string) [2]string {
	return [2]string{cmp.Or(r.over.run, r.run), cmp.Or(r.over.server, server)}
}

var rows = []row{
	{"flat out, 1 × 1080p 4 Mb/s, CPU per GB", "flat", perGB, floor, "≤", 1.4, "× floor"},
	{"flat out, 1 × 300 kb/s in small messages, CPU per GB", "flat small", perGB, floor, "≤", 3, "× floor"},
	{"flat out, 1 × 1080p, 128-byte chunks against 4096", "flat 128", perGB, &base{run: "flat"}, "≤", 1.1, "×"},
	{"real time, 1 × 1080p, CPU per stream-second", "1", perStream, floor, "≤", 1, "× floor"},
	{"real time, 50 × 1080p, CPU per stream-second", "50", perStream, floor, "≤", 0.9, "× floor"},
	{"real time, 100 × 1080p, CPU per stream-second", "100", perStream, floor, "≤", 0.9, "× floor"},
	{"real time, 200 × 300 kb/s, CPU per stream-second", "200 small", perStream, floor, "≤", 0.7, "× floor"},
	{"resident memory per 1080p stream, of 100", "100", perStreamMB, nil, "≤", 0.3, "MB"},
	{"resident memory per 300 kb/s stream, of 200", "200 small", perStreamMB, nil, "≤", 0.15, "MB"},
	{"resident memory, idle", "start", restMB, nil, "≤", 20, "MB"},
	{"closing key frame → segment listed, 1 stream, median", "1", delayMS, nil, "≤", 5, "ms"},
	{"closing key frame → segment listed, 50 streams, median", "50", delayMS, nil, "≤", 25, "ms"},
	{"allocations per frame", "allocations", allocs, nil, "≤", 0, ""},
	{"segments late by over 500 ms, 200 publishers", "200 small", lateCount, nil, "≤", 0, ""},
	{"GET of a playlist, per CPU-second", "GET playlist", perCPU, bareHTTP, "≥", 1, "× net/http"},
	{"GET of 1 KiB, per CPU-second", "GET 1 KiB", perCPU, bareHTTP, "≥", 0.9, "× net/http"},
	{"GET of 1 MiB, per CPU-second", "GET 1 MiB", perCPU, bareHTTP, "≥", 0.9, "× net/http"},
	{"PUT of 1 KiB, per CPU-second", "PUT 1 KiB", perCPU, bareHTTP, "≥", 0.7, "× net/http"},
	{"start to Ready.", "start", readyMS, nil, "≤", 50, "ms"},
	{"size of the binary", "start", binaryMB, nil, "≤", 25, "MB"},
	{"on disk, relaxed: flat out, 1 × 1080p", "flat disk", perGB, floor, "", 0, "× floor"},
	{"on disk, strict: flat out, 1 × 1080p", "flat strict", perGB, &base{"flat disk", "floor"}, "", 0, "× floor"},
	{"on disk, relaxed: real time, 50 × 1080p", "50 disk", perStream, floor, "", 0, "× floor"},
	{"on disk, strict: real time, 50 × 1080p", "50 strict", perStream, &base{"50 disk", "floor"}, "", 0, "× floor"},
}

// absolute has the unit of the plain figure of which a row shows a multiple.
var absolute = map[string]string{perGB: "s", perStream: "ms", perCPU: "/s"}

// results are the figures of each round, by run and server.
type results map[[2]string][]figures

// value returns a server's median of a row, and also that of the plain figure if the row
// is a multiple.
func (all results) value(r row, server string) (value, plain float64, ok bool) {
	var values, plains []float64
	for round, f := range all[[2]string{r.run, server}] {
		v, has := f[r.figure]
		if !has {
			continue
		}
		plains = append(plains, v)
		if r.over != nil {
			bases := all[r.base(server)]
			if round >= len(bases) || bases[round][r.figure] == 0 {
				continue
			}
			v /= bases[round][r.figure]
		}
		values = append(values, v)
	}
	return median(values), median(plains), len(values) > 0
}

func median(values []float64) float64 {
	s := slices.Sorted(slices.Values(values))
	switch n := len(s); {
	case n == 0:
		return math.NaN()
	case n%2 == 0:
		return (s[n/2-1] + s[n/2]) / 2
	default:
		return s[n/2]
	}
}

func (all results) sum(figure string) (sum float64) {
	for _, rounds := range all {
		for _, f := range rounds {
			sum += f[figure]
		}
	}
	return sum
}

// print writes the rows as a Markdown table.
func (all results) print(w io.Writer, rows []row, nginxHere bool) {
	wanted := needs(rows)
	fmt.Fprintln(w, "| measure | target | osslive | nginx-rtmp | |\n| --- | --- | --- | --- | --- |")
	for _, r := range rows {
		value, _, ok := all.value(r, "osslive")
		target, verdict := "", ""
		if r.target != "" {
			target = fmt.Sprintf("%s %g %s", r.target, r.limit, r.unit)
			value = math.Round(value*100) / 100 // as the table shows it
			if ok && (r.target == "≤" && value <= r.limit || r.target == "≥" && value >= r.limit) {
				verdict = "✓"
			} else {
				verdict = "missed"
			}
		}
		other := all.cell(r, nginx.name)
		if !nginxHere && wanted[[2]string{r.run, nginx.name}] {
			other = "not installed"
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s |\n", r.name, strings.TrimSpace(target), all.cell(r, "osslive"), other, verdict)
	}
}

func (all results) cell(r row, server string) string {
	value, plain, ok := all.value(r, server)
	if !ok {
		return ""
	}
	text := strings.TrimSpace(short(value) + " " + r.unit)
	if unit := absolute[r.figure]; unit != "" {
		text += fmt.Sprintf(" (%s %s)", short(plain), unit)
	}
	return text
}

// short formats three significant digits.
func short(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// machine describes the machine and the date of the figures.
func machine(disk string) string {
	read := func(path, key string) string {
		text, _ := os.ReadFile(path)
		for line := range strings.Lines(string(text)) {
			if value, ok := strings.CutPrefix(line, key); ok {
				return strings.Trim(value, "\t: \n")
			}
		}
		return "?"
	}
	kind, _ := exec.Command("stat", "-f", "-c", "%T", disk).Output()
	return fmt.Sprintf("%s: %d × %s, Linux %s, %s; the disk has %s", time.Now().Format(time.DateOnly), runtime.NumCPU(),
		read("/proc/cpuinfo", "model name"), read("/proc/sys/kernel/osrelease", ""), runtime.Version(), strings.TrimSpace(string(kind)))
}
