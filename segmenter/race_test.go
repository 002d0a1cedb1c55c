//go:build race

package segmenter_test

// The race detector makes sync.Pool forget at random.
const raceEnabled = true
