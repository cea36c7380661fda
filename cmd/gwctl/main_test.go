package main

import (
	"flag"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gwctl/gwctl/cmd/gwctl/command"
)

// update writes what is generated or expected anew instead of comparing it.
var update = flag.Bool("update", false, "rewrite goldens, generated pages and the outputs in console blocks")

// TestMain lets this binary be gwctl itself: scripts find it in PATH, and
// startServe starts it by that name.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"gwctl": func() { os.Exit(command.Main(os.Args[1:], command.System())) },
	})
}

// raceExit keeps a process under the race detector from sleeping for a second
// before it ends.
const raceExit = "atexit_sleep_ms=0"

// root is the top of the repository, seen from here.
const root = "../.."
