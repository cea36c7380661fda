package command

import (
	"runtime"
	"testing"

	"github.com/gwctl/gwctl/engine/coverage"
	"github.com/gwctl/gwctl/engine/suite"
)

// BenchmarkSuite runs the cases of the quickstart, without and with coverage,
// and tells how many a second.
func BenchmarkSuite(b *testing.B) {
	l, err := load("../../../examples/quickstart")
	if err != nil || l.set == nil {
		b.Fatal(err, l.found)
	}
	cases := l.runner.Cases()
	for len(cases) < 20000 {
		cases = append(cases, cases...)
	}
	for _, with := range []string{"plain", "coverage"} {
		b.Run(with, func(b *testing.B) {
			o := suite.Options{Workers: runtime.GOMAXPROCS(0)}
			if with == "coverage" {
				o.Observe = coverage.NewRecorder(l.set).Observe
			}
			n := 0
			for b.Loop() {
				for _, r := range l.runner.Run(cases, o) {
					if !r.Passed() {
						b.Fatal(r.Case.FullName(), r.Wrong, r.Failures)
					}
					n++
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "cases/s")
		})
	}
}
