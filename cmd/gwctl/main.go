// Command gwctl judges access policies in CI and enforces them beside a
// service. Start with `gwctl help`.
package main

import (
	"os"

	"github.com/gwctl/gwctl/cmd/gwctl/command"
)

func main() {
	os.Exit(command.Main(os.Args[1:], command.System()))
}
