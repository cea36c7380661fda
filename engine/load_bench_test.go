package engine

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/gwctl/gwctl/policy"
)

// BenchmarkLoad loads sets of 100, 1,000 and 10,000 policies, or of one policy
// with as many rules: what each takes in time and in memory that stays.
func BenchmarkLoad(b *testing.B) {
	for _, g := range growingSets(condition) {
		for _, n := range []int{100, 1000, 10000} {
			files := g.files(n)
			b.Run(fmt.Sprintf("%s/%d", g.name, n), func(b *testing.B) {
				live := uint64(0)
				for b.Loop() {
					b.StopTimer()
					before := liveBytes()
					b.StartTimer()
					src, found := policy.Load(files)
					if found.HasErrors() {
						b.Fatal(found[0])
					}
					set, found := Compile(src)
					if set == nil {
						b.Fatal(found[0])
					}
					b.StopTimer()
					live = liveBytes() - before
					runtime.KeepAlive(set)
					b.StartTimer()
				}
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/policy")
				b.ReportMetric(float64(live)/float64(n), "B-live/policy")
			})
		}
	}
}

func liveBytes() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
