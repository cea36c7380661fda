//go:build !race

package document

const hostileSize = MaxFileSize
