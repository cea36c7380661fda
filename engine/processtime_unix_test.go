//go:build unix

package engine

import (
	"syscall"
	"time"
)

// processTime is the time that the process has worked: unlike the clock, it
// does not run on while others do.
func processTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		panic(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
