package auth

import (
	"encoding/base64"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"math"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// Secrets and what is made of them meet in crypto/subtle and crypto/hmac only.
// Asking whether there is one at all tells nothing about it.
func TestNoSecretIsComparedInTheOpen(t *testing.T) {
	secret := regexp.MustCompile(`(?i)(secret|token|mac|signature|provided|presented|got|want)(\[:\])?$`)
	empty := func(e ast.Expr) bool { s := types.ExprString(e); return s == `""` || s == "0" }
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			var operands []ast.Expr
			switch n := n.(type) {
			case *ast.BinaryExpr:
				if (n.Op == token.EQL || n.Op == token.NEQ) && !empty(n.X) && !empty(n.Y) {
					operands = []ast.Expr{n.X, n.Y}
				}
			case *ast.CallExpr:
				switch f := types.ExprString(n.Fun); f {
				case "bytes.Equal", "bytes.Compare", "slices.Equal", "strings.Compare", "strings.EqualFold", "reflect.DeepEqual":
					operands = n.Args
				case "hmac.Equal", "subtle.ConstantTimeCompare":
					seen++
				}
			}
			for _, e := range operands {
				if s := types.ExprString(e); secret.MatchString(s) {
					t.Errorf("%s: %s is compared in the open", fset.Position(n.Pos()), s)
				}
			}
			return true
		})
	}
	if seen < 2 {
		t.Errorf("got %d comparisons in constant time, want those of the MAC and of the token", seen)
	}
}

var timingSamples = flag.Int("timing", 5_000, "samples per class in TestVerifyTiming")

// A signature wrong in its first byte must be refused no faster than one wrong
// in its last (Welch's test). Other load on the machine shifts single runs, so
// only three of three count as a leak.
func TestVerifyTiming(t *testing.T) {
	const limit, attempts, batch = 4.5, 3, 20
	key := Key{ID: "ak", Secret: "sk"}
	mac := key.macV1("text")
	wrong := func(i int) string {
		m := mac
		m[i] ^= 0xff
		return base64.StdEncoding.EncodeToString(m[:])
	}
	signatures := [2]string{wrong(0), wrong(len(mac) - 1)}
	var welch float64
	for range attempts {
		var samples [2][]float64 // ns
		for range 2 * *timingSamples {
			class := rand.IntN(2)
			start := time.Now()
			for range batch {
				if key.verifyV1(signatures[class], "text") == nil {
					t.Fatal("a wrong signature is accepted")
				}
			}
			samples[class] = append(samples[class], float64(time.Since(start))/batch)
		}
		// The slowest tenth is the scheduler's and the collector's.
		for i, s := range samples {
			slices.Sort(s)
			samples[i] = s[:len(s)*9/10]
		}
		first, last := meanAndError(samples[0]), meanAndError(samples[1])
		welch = math.Abs(first.mean-last.mean) / math.Sqrt(first.variance+last.variance)
		t.Logf("|t| = %.2f, %.1f ns for the first byte, %.1f ns for the last", welch, first.mean, last.mean)
		if welch < limit {
			return
		}
	}
	t.Errorf("got |t| = %.2f in the last of %d attempts, want below %.1f", welch, attempts, limit)
}

type estimate struct{ mean, variance float64 } // the variance is that of the mean

func meanAndError(samples []float64) (e estimate) {
	n := float64(len(samples))
	for _, s := range samples {
		e.mean += s / n
	}
	for _, s := range samples {
		e.variance += (s - e.mean) * (s - e.mean) / (n - 1) / n
	}
	return e
}
