package suite

import (
	"cmp"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/gwctl/gwctl/engine"
)

// What a measurement takes at most; beyond it a part spread evenly is measured.
const (
	mostMeasured = 4096 // cases
	mostAsked    = 256  // of them, for one condition
)

// Measurement is what decisions about cases cost.
type Measurement struct {
	Refused   int // cases that never reach a rule
	Decided   int // cases that were measured
	Decisions int // how often they were decided while the clock ran
	Decision  Spread
	Allocs    float64    // per decision
	Bytes     float64    // allocated, per decision
	Rules     []RuleCost // those with a condition, or with a part left to CEL; the slowest first
}

// RuleCost is what evaluating a rule's condition costs. A rule over several
// resource types has one for each.
type RuleCost struct {
	Rule   *engine.Rule
	Cases  int // whose decision asks the condition
	Spread     // zero if there are none
}

// Measure decides the cases again and again for about the given time, then
// evaluates each condition by itself, over the cases whose decision asks it,
// for about as long in all. The clock runs from a request with all its values
// to the decision: finding the route and reading the values came before. A case
// that cannot be asked is an error; one that the sidecar would refuse is
// counted.
func (r *Runner) Measure(cases []*Case, d time.Duration, clock func() time.Time) (*Measurement, error) {
	m := &Measurement{}
	var bound []*engine.Request
	for _, c := range spread(cases, mostMeasured) {
		req, err := c.Bind()
		var refused *Refused
		switch {
		case errors.As(err, &refused):
			m.Refused++
			continue
		case err != nil:
			return nil, fmt.Errorf("binding case %s: %w", c.FullName(), err)
		}
		bound = append(bound, req)
	}
	m.Decided = len(bound)
	if len(bound) > 0 {
		r.measureDecisions(m, bound, d, clock)
	}
	r.measureRules(m, bound, d, clock)
	return m, nil
}

func (r *Runner) measureDecisions(m *Measurement, bound []*engine.Request, d time.Duration, clock func() time.Time) {
	w := newWatch(clock, len(bound), func() {
		for _, req := range bound {
			r.set.Decide(req)
		}
	})
	w.prepare(d)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	inTurn([]*watch{w}, d)
	runtime.ReadMemStats(&after)
	m.Decision, m.Decisions = w.spread(), w.pieces*w.rounds*len(w.batches)
	n := float64(m.Decisions)
	m.Allocs, m.Bytes = float64(after.Mallocs-before.Mallocs)/n, float64(after.TotalAlloc-before.TotalAlloc)/n
}

// measureRules measures every rule that has a condition.
func (r *Runner) measureRules(m *Measurement, bound []*engine.Request, d time.Duration, clock func() time.Time) {
	asked := map[*engine.Rule][]*engine.Request{}
	for _, req := range bound {
		req.Observe(func(rule *engine.Rule) (bool, error) {
			// Shadow rules are asked twice about one request.
			if list := asked[rule]; len(list) == 0 || list[len(list)-1] != req {
				asked[rule] = append(list, req)
			}
			return req.Ask(rule)
		})
		r.set.Decide(req)
		req.Observe(nil)
	}
	var watches []*watch
	timed := map[*engine.Rule]*watch{}
	for _, rule := range r.set.Inspect().Rules {
		if over := spread(asked[rule], mostAsked); len(over) > 0 {
			w := newWatch(clock, len(over), func() {
				for _, req := range over {
					// An error is an outcome like any other, and takes its time.
					_, _ = req.Ask(rule)
				}
			})
			w.prepare(d / time.Duration(len(asked)))
			timed[rule], watches = w, append(watches, w)
		}
	}
	inTurn(watches, d)
	for _, rule := range r.set.Inspect().Rules {
		cost := RuleCost{Rule: rule, Cases: len(asked[rule])}
		switch w := timed[rule]; {
		case w != nil:
			cost.Spread = w.spread()
		case rule.When == nil && len(rule.Fallbacks()) == 0:
			continue
		}
		m.Rules = append(m.Rules, cost)
	}
	slices.SortStableFunc(m.Rules, slowestFirst)
}

// slowestFirst puts those that were not measured last.
func slowestFirst(a, b RuleCost) int { return cmp.Compare(b.Median, a.Median) }

// spread takes at most n items, evenly from all over the list.
func spread[T any](list []T, n int) []T {
	if len(list) <= n {
		return list
	}
	out := make([]T, n)
	for i := range out {
		out[i] = list[i*len(list)/n]
	}
	return out
}
