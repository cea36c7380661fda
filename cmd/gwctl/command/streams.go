package command

import (
	"io"
	"os"
	"time"
)

// Streams is where a command reads and writes, and its clock.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	Color    bool // Out is a terminal and NO_COLOR is not set
	Now      func() time.Time
}

// System gives the process's own streams.
func System() Streams {
	info, err := os.Stdout.Stat()
	terminal := err == nil && info.Mode()&os.ModeCharDevice != 0
	return Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Color: terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb", Now: time.Now}
}
