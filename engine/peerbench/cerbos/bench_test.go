package cerbos

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

func BenchmarkLoad(b *testing.B) {
	workload.TimeLoad(b, workload.NewRoutes(workload.LoadCount), Loaders())
}
