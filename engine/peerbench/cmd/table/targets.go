package main

import "fmt"

// Names of engines that targets speak about; they are the names in peerbench.
const (
	hand          = "Go written by hand"
	celByHand     = "cel-go, indexed by hand"
	celPrepared   = "cel-go, indexed by hand, input prepared"
	opaPrepared   = "OPA, input prepared"
	cedarPrepared = "cedar-go, entities prepared"
)

// target is a figure that gwctl is to reach.
type target struct {
	text    string
	bound   float64
	atLeast bool // else at most
	value   float64
	ok      bool // measured
}

func (t target) verdict() string {
	switch {
	case !t.ok:
		return "not measured"
	case t.atLeast && t.value >= t.bound || !t.atLeast && t.value <= t.bound:
		return "yes"
	}
	return "no"
}

// targets writes what is to be reached and whether it is.
func (r *results) targets() string {
	var list []target
	add := func(atLeast bool, bound float64, text string, value float64, ok bool) {
		list = append(list, target{text, bound, atLeast, value, ok})
	}
	sizes := r.sizes("Routes")
	for _, n := range sizes {
		v, ok := r.ratio(r.series("Routes", n, us), r.series("Routes", n, hand), cpuTime)
		add(false, 10, fmt.Sprintf("routed decision, N=%s: at most 10 times Go written by hand", thousands(float64(n))), v, ok)
	}
	if len(sizes) > 0 {
		first, last := sizes[0], sizes[len(sizes)-1]
		v, ok := r.ratio(r.series("Routes", last, us), r.series("Routes", first, us), cpuTime)
		add(false, 1.5, fmt.Sprintf("growth from N=%s to N=%s: at most 1.5 times", thousands(float64(first)), thousands(float64(last))), v, ok)
		v, ok = r.worst(sizes, opaPrepared)
		add(true, 50, "against OPA with prepared input: at least 50 times as fast at every N", v, ok)
		v, ok = r.worst(sizes, celByHand)
		add(true, 3, "against cel-go indexed by hand: at least 3 times as fast at every N", v, ok)
		v, ok = r.worst(sizes, celPrepared)
		add(true, 3, "the same with the input of cel-go prepared, which gwctl makes from the path", v, ok)
		v, ok = r.median(r.series("Routes", last, us), allocs)
		add(false, 0, "allocations of a routed decision: none", v, ok)
	}
	v, ok := r.ratio(r.series("Drive", 0, cedarPrepared), r.series("Drive", 0, us), cpuTime)
	add(true, 1, "the Cedar authors' gdrive data: faster than cedar-go (times)", v, ok)
	for _, c := range []struct {
		n     int
		bound float64
	}{{10000, 10}, {100000, 50}} {
		v, ok := r.median(r.series("Crowd", c.n, us), cpuTime)
		add(false, c.bound, fmt.Sprintf("%s rules on one resource and action: at most %.0f µs", thousands(float64(c.n)), c.bound), v/1000, ok)
	}
	v, ok = r.ratio(series{"Parallel", 0, us, 1}, series{"Parallel", 0, us, 2}, wallTime)
	add(true, 1.8, "two cores: at least 1.8 times one", v, ok)
	v, ok = r.median(r.series("Load", 0, us), wallTime)
	add(false, 0.5, "loading 10,000 policies: at most 0.5 s", v/1e9, ok)
	v, ok = r.median(r.series("Load", 0, us), liveHeap)
	add(false, 15, "live heap of 10,000 policies: at most 15 MiB", v, ok)

	v, ok = r.ratio(r.series("Reload", 0, "gwctl while loading"), r.series("Reload", 0, us), wallTime)
	add(false, 1.5, "the median decision while 10,000 policies are loaded: at most 1.5 times as long", v, ok)

	rows := [][]string{{"target", "measured", "met"}}
	for _, t := range list {
		rows = append(rows, []string{t.text, cell(t.value, t.ok), t.verdict()})
	}
	return table(rows)
}

// worst is the smallest lead over an engine among the sizes.
func (r *results) worst(sizes []int, engine string) (value float64, ok bool) {
	for _, n := range sizes {
		v, measured := r.ratio(r.series("Routes", n, engine), r.series("Routes", n, us), cpuTime)
		if !measured {
			return 0, false
		}
		if !ok || v < value {
			value, ok = v, true
		}
	}
	return value, ok
}
