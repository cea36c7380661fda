package examples

import (
	"embed"
	"io/fs"
)

//go:embed forward-auth
var forwardAuthFiles embed.FS

// ForwardAuth is a directory for each kind of proxy that asks before it
// forwards: its configuration, and that of gwctl beside it.
func ForwardAuth() fs.FS { return below(forwardAuthFiles, "forward-auth") }
