//go:build race

package document

// hostileSize is smaller under the race detector, which is ten times slower.
const hostileSize = MaxFileSize / 16
