//go:build !race

package index

// referenceSets is how many sets of routes are compared with the reference.
const referenceSets = 100_000
