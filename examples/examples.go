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
func Quickstart() fs.FS { return below(files, "quickstart") }

// below gives a directory that is embedded under a name.
func below(f embed.FS, name string) fs.FS {
	sub, err := fs.Sub(f, name)
	if err != nil { // the name stands in the embed directive
		return f
	}
	return sub
}
