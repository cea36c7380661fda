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
	Terminal bool // Err is a terminal, fit for showing progress
	Now      func() time.Time
}

// System gives the process's own streams.
func System() Streams {
	info, err := os.Stdout.Stat()
	terminal := err == nil && info.Mode()&os.ModeCharDevice != 0
	errs, err := os.Stderr.Stat()
	watched := err == nil && errs.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
	return Streams{Terminal: watched, In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Color: terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb", Now: time.Now}
}
