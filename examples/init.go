package examples

import (
	"embed"
	"io/fs"
)

// all: takes .github along.
//
//go:embed all:init
var initFiles embed.FS

// Init is what `gwctl init` writes: a project with a small policy set, its
// tests, a configuration and a workflow for CI.
func Init() fs.FS { return below(initFiles, "init") }
