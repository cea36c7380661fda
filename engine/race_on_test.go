//go:build race

package engine

// raceEnabled leaves out what takes too long under the race detector.
const raceEnabled = true
