package integration

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// layers says which of our packages each package may import; see
// doc/architecture.md. HTTP and RTMP meet only in the store: server/api
// and server/live do not know each other.
var layers = map[string][]string{
	"auth":                        {},
	"rtmp/amf0":                   {},
	"rtmp/flv":                    {"rtmp/amf0"},
	"rtmp":                        {"rtmp/amf0", "rtmp/flv"},
	"segmenter/mpegts":            {},
	"segmenter":                   {"rtmp/flv", "segmenter/mpegts"},
	"hls":                         {},
	"store/seam":                  {},
	"store":                       {"store/seam"},
	"store/boltkv":                {"store/seam", "store/internal/datadir"},
	"store/fileblobs":             {"store/seam", "store/internal/datadir"},
	"store/internal/datadir":      {},
	"store/memstore":              {"store/seam"},
	"server/address":              {},
	"server/answer":               {"auth", "store", "store/seam"},
	"server/refusal":              {"auth", "store", "server/address", "server/answer", "server/refusal/proof"},
	"server/refusal/proof":        {"auth"},
	"server/metrics":              {},
	"server/api":                  {"auth", "store", "store/seam", "server/address", "server/answer", "server/metrics", "server/refusal", "server/vod"},
	"server/live":                 {"auth", "rtmp", "rtmp/flv", "segmenter", "hls", "store", "server/address", "server/answer", "server/metrics", "server/refusal"},
	"server/vod":                  {"hls", "store"},
	"server/console":              {"auth", "store", "server/address", "server/answer", "server/publishing", "server/refusal", "server/vod"},
	"server":                      {"auth", "rtmp", "store", "store/seam", "store/boltkv", "store/fileblobs", "store/memstore", "server/address", "server/api", "server/console", "server/door", "server/live", "server/metrics", "server/refusal"},
	"server/door":                 {},
	"server/door/doortest":        {},
	"server/publishing":           {},
	"cmd/osslive":                 {"auth", "rtmp", "rtmp/flv", "server", "server/address", "server/door", "server/publishing", "store/fileblobs"},
	"integration":                 {},
	"integration/bench":           {"integration/pusher"},
	"integration/pusher":          {},
	"store/storetest":             {"store/seam"},
	"segmenter/mpegts/mpegtstest": {},
}

// wings are the parts of a server that package server puts together. None imports
// another.
var wings = []string{"server/api", "server/live", "server/console", "server/door"}

func TestLayers(t *testing.T) {
	listed := 0
	for _, dir := range []string{root, filepath.Join(root, "integration")} {
		// Imports, not Deps: a package answers for what it names itself. Tests may name more.
		cmd := exec.Command("go", "list", "-e", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...")
		cmd.Dir = dir
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		const module = "osslive/"
		for line := range strings.Lines(string(out)) {
			listed++
			fields := strings.Fields(line)
			name := strings.TrimPrefix(fields[0], module)
			allowed, known := layers[name]
			if !known {
				t.Errorf("package %s is not in the table: say what it may import", name)
				continue
			}
			for _, imported := range fields[1:] {
				if ours, ok := strings.CutPrefix(imported, module); ok && !slices.Contains(allowed, ours) {
					t.Errorf("%s imports %s: the table allows only %v", name, ours, allowed)
				}
			}
		}
	}
	if listed < len(layers) {
		t.Errorf("%d packages are listed, and the table has %d: remove those that are gone", listed, len(layers))
	}
	for _, wing := range wings {
		if !slices.Contains(layers["server"], wing) {
			t.Errorf("server does not import %s", wing)
		}
		for _, other := range layers[wing] {
			if slices.Contains(wings, other) {
				t.Errorf("the table lets %s import %s, another wing", wing, other)
			}
		}
	}
}
