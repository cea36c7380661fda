package command

import (
	"testing"

	"github.com/gwctl/gwctl/engine/suite"
)

// BenchmarkSuite runs the cases of the quickstart, and tells how many a second.
func BenchmarkSuite(b *testing.B) {
	l, err := load("../../../examples/quickstart")
	if err != nil || l.set == nil {
		b.Fatal(err, l.found)
	}
	cases := l.runner.Cases()
	for len(cases) < 20000 {
		cases = append(cases, cases...)
	}
	n := 0
	for b.Loop() {
		for _, r := range l.runner.Run(cases, suite.Options{Workers: 2}) {
			if !r.Passed() {
				b.Fatal(r.Case.FullName(), r.Wrong, r.Failures)
			}
			n++
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "cases/s")
}
