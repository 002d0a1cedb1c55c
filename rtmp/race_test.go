//go:build race

package rtmp

// The race detector makes sync.Pool forget at random.
const raceEnabled = true
