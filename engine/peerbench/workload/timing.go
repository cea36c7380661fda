package workload

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// checking is how long the answers are checked before the clock starts. What
// takes longer for all questions is checked on a part of them, spread evenly
// and half of them denied.
const checking = time.Second

// Time measures each contender in a sub-benchmark of its name: wall time, CPU
// time of the whole process (cpu-ns/op, with what the garbage collector does
// on other cores) and allocations of one decision. The requests rotate.
func Time[W Workload](b *testing.B, w W, contenders []Contender[W]) {
	for _, c := range contenders {
		b.Run(c.Name, func(b *testing.B) {
			ask := build(b, w, c)()
			b.ReportAllocs()
			i, n := 0, w.Len()
			before := processTime()
			for b.Loop() {
				ask(i)
				if i++; i == n {
					i = 0
				}
			}
			b.ReportMetric(float64((processTime()-before).Nanoseconds())/float64(b.N), "cpu-ns/op")
		})
	}
}

// TimeParallel measures wall time of one decision while GOMAXPROCS goroutines
// decide.
func TimeParallel[W Workload](b *testing.B, w W, contenders []Contender[W]) {
	for _, c := range contenders {
		engine := build(b, w, c)
		b.Run(c.Name, func(b *testing.B) {
			var workers atomic.Int64
			b.RunParallel(func(pb *testing.PB) {
				ask, n := engine(), w.Len()
				i := int(workers.Add(1)) * 131 % n
				for pb.Next() {
					ask(i)
					if i++; i == n {
						i = 0
					}
				}
			})
		})
	}
}

// build builds and checks a contender. A wrong answer is never timed.
func build[W Workload](b *testing.B, w W, c Contender[W]) Engine {
	b.Helper()
	engine, err := c.Build(w)
	if err != nil {
		b.Fatalf("%s: %v", c.Name, err)
	}
	ask := engine()
	start, probes := time.Now(), 8
	for i := range probes {
		ask(i)
	}
	all := time.Since(start) / time.Duration(probes) * time.Duration(w.Len())
	step := int(all/checking) + 1
	if step%2 == 0 {
		step++ // an even step would see allowed requests only
	}
	if err := Check(w, ask, step); err != nil {
		b.Fatalf("%s: %v", c.Name, err)
	}
	runtime.GC()
	return engine
}

// TimeLoad measures each loader once in a sub-benchmark of its name: wall
// time, CPU time and the live heap that it leaves (live-MiB).
func TimeLoad(b *testing.B, w *Routes, loaders []Loader) {
	for _, l := range loaders {
		b.Run(l.Name, func(b *testing.B) {
			load := l.Prepare(w)
			before, started := liveHeap(), processTime()
			var loaded any
			for b.Loop() {
				var err error
				if loaded, err = load(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((processTime()-started).Nanoseconds())/float64(b.N), "cpu-ns/op")
			b.ReportMetric(float64(liveHeap()-before)/(1<<20), "live-MiB")
			runtime.KeepAlive(loaded)
			runtime.KeepAlive(load)
		})
	}
}

func liveHeap() int64 {
	runtime.GC()
	runtime.GC() // what finalizers and pools held at the first
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
