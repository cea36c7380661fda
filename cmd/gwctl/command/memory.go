package command

import (
	"math"
	"runtime/debug"
	"strconv"
	"strings"
)

// heapGrowth is how much garbage a sidecar makes before it is collected, in
// percent of what lives. Little lives in one, and each request makes some, so
// that collecting at Go's 100 percent takes a quarter of its time.
const heapGrowth = 400

// tuneMemory sets the heap's growth, and its limit to nine tenths of what the
// control group allows, so that garbage alone never exceeds that. What GOGC or
// GOMEMLIMIT say goes first.
func tuneMemory(getenv func(string) (string, bool), readFile func(string) ([]byte, error)) {
	if _, set := getenv("GOGC"); !set {
		debug.SetGCPercent(heapGrowth)
	}
	if _, set := getenv("GOMEMLIMIT"); set {
		return
	}
	if limit := groupLimit(readFile); limit > 0 {
		debug.SetMemoryLimit(limit / 10 * 9)
	}
}

// groupLimit is the memory that the control group allows, in bytes; 0 without a
// limit.
func groupLimit(readFile func(string) ([]byte, error)) int64 {
	for _, file := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		data, err := readFile(file)
		if err != nil {
			continue
		}
		// Version 1 says "none" by a number near the largest there is.
		if n, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64); err == nil && n > 0 && n < math.MaxInt64/2 {
			return n
		}
	}
	return 0
}

// settleMemory gives back what loading took. It is for the moment after a
// policy set came into force: many times its size is garbage then.
func settleMemory() { go debug.FreeOSMemory() }
