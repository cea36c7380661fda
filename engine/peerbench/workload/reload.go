package workload

import (
	"slices"
	"sync"
	"testing"
	"time"
)

// Names of the two sub-benchmarks of TimeReload.
const (
	Alone   = "gwctl"
	Loading = "gwctl while loading"
)

// together is how many decisions are timed at once: reading the clock takes a
// good part of the time of one.
const together = 16

// TimeReload measures the median time of a decision twice: alone, and while
// another goroutine loads policies again and again, as reloads do.
func TimeReload[W Workload](b *testing.B, w W, c Contender[W], load func() (any, error)) {
	engine := build(b, w, c)
	b.Run(Alone, func(b *testing.B) { timeMedian(b, w, engine()) })
	b.Run(Loading, func(b *testing.B) {
		stop := make(chan struct{})
		var loads sync.WaitGroup
		done, failed := 0, error(nil)
		loads.Go(func() {
			for failed == nil {
				select {
				case <-stop:
					return
				default:
				}
				if _, failed = load(); failed == nil {
					done++
				}
			}
		})
		timeMedian(b, w, engine())
		close(stop)
		loads.Wait()
		if failed != nil {
			b.Fatal(failed)
		}
		b.ReportMetric(float64(done), "loads")
	})
}

// timeMedian reports the median over small batches as ns/op.
func timeMedian[W Workload](b *testing.B, w W, ask Worker) {
	var batches []time.Duration
	i, n := 0, w.Len()
	for b.Loop() {
		began := time.Now()
		for range together {
			ask(i)
			if i++; i == n {
				i = 0
			}
		}
		batches = append(batches, time.Since(began))
	}
	slices.Sort(batches)
	b.ReportMetric(float64(batches[len(batches)/2].Nanoseconds())/together, "ns/op")
}
