package amf0

import (
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"
)

// TestHostileNesting is R7: values inside each other, as deep as a message is
// long. Depth is counted before it is descended.
func TestHostileNesting(t *testing.T) {
	bombs := 10_000
	if os.Getenv("OSSLIVE_SOAK") != "" {
		bombs = 1_000_000
	}
	containers := map[string]string{
		"object": "\x03\x00\x01a", "typed object": "\x10\x00\x00\x00\x01a",
		"ECMA array": "\x08\x00\x00\x00\x00\x00\x01a", "strict array": "\x0a\x00\x00\x00\x01",
		"object in an array": "\x0a\x00\x00\x00\x01\x03\x00\x01a",
	}
	deepest := 0
	for name, open := range containers {
		each := strings.Count(name, " in ") + 1
		for _, depth := range []int{15, 16, 17, 70_000} {
			_, err := Unmarshal([]byte(strings.Repeat(open, (depth+each-1)/each) + "\x05"))
			depth = (depth + each - 1) / each * each
			if (err == nil) != (depth <= MaxDepth) || err != nil && !errors.Is(err, ErrTooDeep) {
				t.Errorf("%s, %d deep: got %v", name, depth, err)
			}
			if err == nil {
				deepest = max(deepest, depth)
			}
		}
	}
	bomb := []byte(strings.Repeat(containers["object"], 16_000)) // 64 KiB, as long as a command may be
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range bombs {
		if _, err := Unmarshal(bomb); !errors.Is(err, ErrTooDeep) {
			t.Fatalf("a bomb: got %v", err)
		}
	}
	runtime.ReadMemStats(&after)
	t.Logf("R7: at most %d deep; %d bombs of %d KiB survived, %d bytes allocated for each",
		deepest, bombs, len(bomb)>>10, (after.TotalAlloc-before.TotalAlloc)/uint64(bombs))
}
