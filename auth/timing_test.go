//go:build !race

package auth

import (
	"encoding/base64"
	"encoding/hex"
	"flag"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

var timingSamples = flag.Int("timing", 10_000, "samples per class in TestVerifyTiming")

// What is wrong in its first byte must be refused no faster than what is
// wrong in its last (Welch's test). A leak shows in every run; other load on
// the machine shifts single ones, so the smallest t of several counts.
func TestVerifyTiming(t *testing.T) {
	key := Key{ID: "ak", Secret: "sk"}
	scope := newScopeV4(key, "r", "20260102T030405Z")
	minted := key.mint("STS.x", time.Unix(0, 0))
	seal, err := base64.RawURLEncoding.DecodeString(minted.Token)
	if err != nil {
		t.Fatal(err)
	}
	body := len(seal) - 32
	base64Of, keys := base64.StdEncoding.EncodeToString, NewKeys(key)
	for _, c := range []struct {
		name   string
		mac    []byte
		text   func(mac []byte) string
		verify func(text string) error
	}{
		{"v1", key.macV1("text"), base64Of, func(s string) error { return key.verifyV1(s, "text") }},
		{"v2", key.macV2("text"), base64Of, func(s string) error { return key.verifyV2(s, "text") }},
		{"v4", scope.mac(key, scope.stringToSign("text")), hex.EncodeToString, func(s string) error { return scope.verifyMAC(key, s, "text") }},
		{"seal of a token", seal[body:],
			func(mac []byte) string {
				return base64.RawURLEncoding.EncodeToString(append(slices.Clone(seal[:body]), mac...))
			},
			func(s string) error { _, err := keys.unseal("STS.x", s, time.Unix(0, 0)); return err }},
		{"fixed token", []byte(strings.Repeat("t", 64)), func(mac []byte) string { return string(mac) },
			func(s string) error { return Key{Token: strings.Repeat("t", 64)}.checkToken(s) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := c.verify(c.text(c.mac)); err != nil {
				t.Fatal(err)
			}
			checkTiming(t, c.mac, func(mac []byte) func() error {
				s := c.text(mac)
				return func() error { return c.verify(s) }
			})
		})
	}
}

func checkTiming(t *testing.T, mac []byte, verifier func(mac []byte) func() error) {
	const limit, attempts, batch = 4.5, 10, 10
	wrong := [2]int{0, len(mac) - 1}
	smallest := math.Inf(1)
	for attempt := 1; attempt <= attempts; attempt++ {
		var samples [2][]float64 // ns
		for range 2 * *timingSamples {
			class := rand.IntN(2)
			m := slices.Clone(mac)
			m[wrong[class]] ^= 1
			// A text of its own, and warm: where a text lies in memory can cost more than a leak.
			verify := verifier(m)
			verify()
			start := time.Now()
			for range batch {
				if verify() == nil {
					t.Fatal("a wrong signature is accepted")
				}
			}
			samples[class] = append(samples[class], float64(time.Since(start))/batch)
		}
		// The slower half is the scheduler's and the collector's.
		for i, s := range samples {
			slices.Sort(s)
			samples[i] = s[:len(s)/2]
		}
		first, last := meanAndError(samples[0]), meanAndError(samples[1])
		welch := math.Abs(first.mean-last.mean) / math.Sqrt(first.variance+last.variance)
		t.Logf("P8: |t| = %.2f, %.1f ns for the first byte, %.1f ns for the last", welch, first.mean, last.mean)
		if smallest = min(smallest, welch); smallest < limit {
			return
		}
	}
	t.Errorf("got |t| = %.2f at least in %d attempts, want below %.1f", smallest, attempts, limit)
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
