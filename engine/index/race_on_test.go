//go:build race

package index

// referenceSets is smaller under the race detector, which is ten times slower.
const referenceSets = 10_000
