package report

import (
	"math"
	"runtime"

	"github.com/gwctl/gwctl/engine/plan"
	"github.com/gwctl/gwctl/engine/suite"
)

// Bench is the output of `policy bench`.
type Bench struct {
	Envelope
	Summary  BenchSummary  `json:"summary"`
	Machine  BenchMachine  `json:"machine"`
	Decision BenchDecision `json:"decision"`
	Rules    []BenchRule   `json:"rules"` // those with a condition or a part left to CEL, the slowest first
}

// BenchSummary counts what was measured.
type BenchSummary struct {
	Cases     int `json:"cases"`      // that matched
	Decided   int `json:"decided"`    // of them, measured
	Refused   int `json:"refused"`    // of them, refused before any rule
	Rules     int `json:"rules"`      // that are listed
	Unasked   int `json:"unasked"`    // of them, conditions that no case asks
	Fallbacks int `json:"fallbacks"`  // parts of them that CEL evaluates
	CostLimit int `json:"cost_limit"` // what no rule's bound exceeds
}

// BenchMachine is where it was measured.
type BenchMachine struct {
	Go   string `json:"go"`
	OS   string `json:"os"`
	Arch string `json:"arch"`
	CPUs int    `json:"cpus"`
}

// BenchTime is a time in nanoseconds: the median of batches, the least and the
// most.
type BenchTime struct {
	Median float64 `json:"ns"`
	Least  float64 `json:"least_ns"`
	Most   float64 `json:"most_ns"`
}

// BenchDecision is what one decision costs.
type BenchDecision struct {
	BenchTime
	Allocs float64 `json:"allocs"`
	Bytes  float64 `json:"bytes"`
	Timed  int     `json:"timed"` // decisions while the clock ran
}

// BenchRule is what one rule over one resource type costs.
type BenchRule struct {
	Rule     string `json:"rule"`
	Resource string `json:"resource"`
	Path     string `json:"path"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Cases    int    `json:"cases"` // whose decision asks the condition
	BenchTime
	CostBound uint64          `json:"cost_bound"`
	Fallbacks []BenchFallback `json:"fallbacks"`
}

// BenchFallback is a part of a rule that CEL evaluates.
type BenchFallback struct {
	Text   string `json:"text"`
	Reason string `json:"reason"`
	Offset int    `json:"offset"` // in runes; -1 in a variable that the expression reads
	Path   string `json:"path"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// NewBench begins the output of `policy bench`.
func NewBench() *Bench {
	return &Bench{
		Envelope: NewEnvelope("policy bench"), Rules: []BenchRule{}, Summary: BenchSummary{CostLimit: plan.StepBudget},
		Machine: BenchMachine{Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.GOMAXPROCS(0)},
	}
}

// Set takes in what was measured.
func (b *Bench) Set(m *suite.Measurement) {
	b.Summary.Decided, b.Summary.Refused = m.Decided, m.Refused
	b.Decision = BenchDecision{BenchTime: newBenchTime(m.Decision), Allocs: tenths(m.Allocs), Bytes: tenths(m.Bytes), Timed: m.Decisions}
	for _, c := range m.Rules {
		b.Rules = append(b.Rules, newBenchRule(c))
		b.Summary.Rules++
		b.Summary.Fallbacks += len(b.Rules[len(b.Rules)-1].Fallbacks)
		if c.Cases == 0 && c.Rule.When != nil {
			b.Summary.Unasked++
		}
	}
}

func newBenchRule(c suite.RuleCost) BenchRule {
	at := c.Rule.Decl.At.Span()
	out := BenchRule{Rule: c.Rule.Ref.String(), Resource: c.Rule.Resource, Cases: c.Cases, BenchTime: newBenchTime(c.Spread), Fallbacks: []BenchFallback{}}
	if c.Rule.When != nil {
		at, out.CostBound = c.Rule.Decl.When.Span(), c.Rule.When.CostBound()
	}
	out.Path, out.Line, out.Column = at.Path, at.Start.Line, at.Start.Column
	for _, f := range c.Rule.Left() {
		out.Fallbacks = append(out.Fallbacks, BenchFallback{
			Text: f.Text, Reason: f.Reason, Offset: f.Offset, Path: f.Span.Path, Line: f.Span.Start.Line, Column: f.Span.Start.Column,
		})
	}
	return out
}

func newBenchTime(s suite.Spread) BenchTime {
	return BenchTime{Median: tenths(s.Median), Least: tenths(s.Least), Most: tenths(s.Most)}
}

// tenths rounds: more digits than these say nothing.
func tenths(x float64) float64 { return math.Round(x*10) / 10 }
