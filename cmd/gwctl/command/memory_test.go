package command

import (
	"io/fs"
	"math"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestGroupLimit(t *testing.T) {
	const two, one = "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"
	for name, tt := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"no group":             {nil, 0},
		"version 2":            {map[string]string{two: "536870912\n"}, 512 << 20},
		"version 2, no limit":  {map[string]string{two: "max\n"}, 0},
		"version 1":            {map[string]string{one: "268435456\n"}, 256 << 20},
		"version 1, no limit":  {map[string]string{one: "9223372036854771712\n"}, 0},
		"no limit, then one":   {map[string]string{two: "max\n", one: "1048576\n"}, 1 << 20},
		"something else there": {map[string]string{two: "-1\n", one: "much\n"}, 0},
	} {
		got := groupLimit(func(name string) ([]byte, error) {
			if text, ok := tt.files[name]; ok {
				return []byte(text), nil
			}
			return nil, fs.ErrNotExist
		})
		if got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
}

// TestTuneMemory: the environment goes first.
func TestTuneMemory(t *testing.T) {
	percent, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(-1)
	t.Cleanup(func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	})
	read := func(string) ([]byte, error) { return []byte("1000000000"), nil }
	for name, tt := range map[string]struct {
		env     map[string]bool
		follows bool
		limit   int64
	}{
		"nothing said":   {nil, true, 900_000_000},
		"GOGC said":      {map[string]bool{"GOGC": true}, false, 900_000_000},
		"GOMEMLIMIT set": {map[string]bool{"GOMEMLIMIT": true}, true, math.MaxInt64},
	} {
		const said = leastGrowth - 1 // which nothing that lives would lead to
		debug.SetGCPercent(said)
		debug.SetMemoryLimit(math.MaxInt64)
		tuneMemory(func(name string) (string, bool) { return "", tt.env[name] }, read)
		if got := debug.SetMemoryLimit(-1); got != tt.limit {
			t.Errorf("%s: limit %d, want %d", name, got, tt.limit)
		}
		// What lives in this process is up to the other tests.
		if got := debug.SetGCPercent(100); tt.follows == (got == said) {
			t.Errorf("%s: growth %d", name, got)
		}
	}
}

func TestGrowthFor(t *testing.T) {
	for live, want := range map[uint64]int{0: 400, 1 << 20: 400, 8 << 20: 400, 16 << 20: 200, 32 << 20: 100, 64 << 20: 100, 1 << 40: 100} {
		if got := growthFor(live); got != want {
			t.Errorf("%d bytes alive: %d percent, want %d", live, got, want)
		}
	}
}

// TestFollowHeap: a heap that has grown is collected sooner, and later again
// once it has shrunk.
func TestFollowHeap(t *testing.T) {
	before := debug.SetGCPercent(mostGrowth)
	g := &growth{percent: mostGrowth}
	c := new(collected)
	g.follow(c)
	t.Cleanup(func() { debug.SetGCPercent(before) })
	percent := func() int {
		now := debug.SetGCPercent(mostGrowth)
		debug.SetGCPercent(now)
		return now
	}
	until := func(what string, is func(int) bool) {
		t.Helper()
		for limit := time.Now().Add(20 * time.Second); !is(percent()); runtime.Gosched() {
			if time.Now().After(limit) {
				t.Fatalf("%s: still %d percent", what, percent())
			}
			runtime.GC()
		}
	}
	kept := make([]byte, 96<<20)
	until("a large heap", func(n int) bool { return n == leastGrowth })
	runtime.KeepAlive(kept)
	kept = nil
	until("a small heap", func(n int) bool { return n > leastGrowth })
}
