package command

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
)

// A heap in which little lives may hold some times as much garbage, up to a
// room that stays the same: collecting at Go's 100 percent takes a quarter of a
// sidecar's time, and a large heap must not become four times as large.
const (
	mostGrowth  = 400 // percent of what lives
	leastGrowth = 100
	garbageRoom = 32 << 20 // bytes
)

// growthFor is how much garbage may be made before it is collected, in percent
// of what lives.
func growthFor(live uint64) int {
	return int(min(max(garbageRoom*100/max(live, 1), leastGrowth), mostGrowth))
}

// tuneMemory has the heap's growth follow what lives, and sets its limit to nine
// tenths of what the control group allows, so that garbage alone never exceeds
// that. What GOGC or GOMEMLIMIT say goes first.
func tuneMemory(getenv func(string) (string, bool), readFile func(string) ([]byte, error)) {
	if _, set := getenv("GOGC"); !set {
		debug.SetGCPercent(mostGrowth)
		(&growth{percent: mostGrowth}).follow(new(collected))
	}
	if _, set := getenv("GOMEMLIMIT"); set {
		return
	}
	if limit := groupLimit(readFile); limit > 0 {
		debug.SetMemoryLimit(limit / 10 * 9)
	}
}

// growth follows what lives in the heap.
type growth struct{ percent int }

// collected is an object whose finalizer runs after each collection.
type collected struct{ _ [16]byte }

func (g *growth) follow(c *collected) {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	if live[0].Value.Kind() == metrics.KindUint64 {
		// Setting it stops the world for a moment, so not for a little.
		if now := growthFor(live[0].Value.Uint64()); now*8 < g.percent*7 || now*8 > g.percent*9 {
			debug.SetGCPercent(now)
			g.percent = now
		}
	}
	runtime.SetFinalizer(c, g.follow)
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
