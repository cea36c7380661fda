//go:build !race

package document

// hostileSize is a quarter of what a file may be: what is quadratic shows at that
// size, too. engine/hostile_test.go reads files of the full size.
const hostileSize = MaxFileSize / 4
