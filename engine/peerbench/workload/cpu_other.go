//go:build !unix

package workload

import "time"

// processTime is the CPU time that the process has used; this system does not
// tell it.
func processTime() time.Duration { return 0 }
