package metrics

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

var update = flag.Bool("update", false, "write the table into the operator's page")

// TestOperatorPage holds its table of metrics to what is registered.
func TestOperatorPage(t *testing.T) {
	registry := prometheus.NewRegistry()
	New(registry)
	zero := func() float64 { return 0 }
	Observe(registry, State{DiskFree: zero, DiskReserve: zero, CertificateEnd: func() time.Time { return time.Time{} }})
	found := make(chan *prometheus.Desc, 100)
	registry.Describe(found)
	close(found)
	described := regexp.MustCompile(`fqName: "([^"]+)", help: "([^"]+)", (?:unit: "[^"]*", )?constLabels: {([^=}]*).*}, variableLabels: {([^}]*)}`)
	rows := map[string]string{}
	for d := range found {
		m := described.FindStringSubmatch(d.String())
		if m == nil {
			t.Fatalf("cannot read %s", d)
		}
		labels := m[3] + m[4]
		if labels != "" {
			labels = "{" + labels + "}"
		}
		rows[m[1]] = fmt.Sprintf("| `%s%s` | %s |\n", m[1], labels, m[2])
	}
	var want bytes.Buffer
	want.WriteString("\n| metric | |\n| --- | --- |\n")
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		want.WriteString(rows[name])
	}

	const file, begin, end = "../../doc/operator.md", "<!-- metrics -->", "<!-- /metrics -->"
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := bytes.Cut(page, []byte(begin))
	table, foot, closed := bytes.Cut(rest, []byte(end))
	if !ok || !closed {
		t.Fatalf("%s has no table between %s and %s", file, begin, end)
	}
	if *update {
		whole := slices.Concat(head, []byte(begin), want.Bytes(), []byte(end), foot)
		if err := os.WriteFile(file, whole, 0o644); err != nil {
			t.Fatal(err)
		}
	} else if !bytes.Equal(table, want.Bytes()) {
		t.Errorf("got:\n%s\nwant (-update writes it):\n%s", table, want.Bytes())
	}
}
