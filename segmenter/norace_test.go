//go:build !race

package segmenter_test

const raceEnabled = false
