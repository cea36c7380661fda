//go:build unix

package workload

import (
	"syscall"
	"time"
)

// processTime is the CPU time that the process has used, on all cores. It is
// zero where the system does not tell.
func processTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
