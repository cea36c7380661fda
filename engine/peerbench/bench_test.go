package peerbench

import (
	"fmt"
	"testing"

	"github.com/gwctl/gwctl/engine/peerbench/workload"
)

func BenchmarkRoutes(b *testing.B) {
	for _, n := range workload.RouteCounts() {
		b.Run(fmt.Sprintf("N=%d", n), func(b *testing.B) { workload.Time(b, workload.NewRoutes(n), RouteContenders()) })
	}
}

func BenchmarkMix(b *testing.B) { workload.Time(b, workload.NewMix(), MixContenders()) }

func BenchmarkDrive(b *testing.B) { workload.Time(b, drive(b), DriveContenders()) }

func BenchmarkCrowd(b *testing.B) {
	for _, n := range workload.CrowdCounts() {
		b.Run(fmt.Sprintf("N=%d", n), func(b *testing.B) { workload.Time(b, workload.NewCrowd(n), CrowdContenders()) })
	}
}

// BenchmarkParallel is run with -cpu 1,2.
func BenchmarkParallel(b *testing.B) {
	workload.TimeParallel(b, workload.NewRoutes(1000), ParallelContenders())
}

func BenchmarkLoad(b *testing.B) {
	workload.TimeLoad(b, workload.NewRoutes(workload.LoadCount), Loaders())
}

// BenchmarkReload takes some seconds in any case: a median of decisions while
// 10,000 policies are loaded wants some loads.
func BenchmarkReload(b *testing.B) {
	w := workload.NewRoutes(workload.LoadCount)
	workload.TimeReload(b, w, RouteContenders()[0], loadGwctl(w))
}
