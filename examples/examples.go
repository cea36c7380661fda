// Package examples embeds the example policy sets: the same files feed dev
// mode, the documentation and the tests.
package examples

import (
	"embed"
	"io/fs"
)

//go:embed quickstart
var files embed.FS

// Quickstart is the multi-tenant orders API that dev mode starts with.
func Quickstart() fs.FS {
	sub, err := fs.Sub(files, "quickstart")
	if err != nil { // the name is embedded above
		return files
	}
	return sub
}
