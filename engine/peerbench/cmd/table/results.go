package main

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// results are the samples of all rounds.
type results struct {
	machine []string // goos, goarch and cpu, as the benchmarks say
	samples map[series][]sample
}

// series is what was measured once in each round.
type series struct {
	group  string // Routes, Mix, Drive, Crowd, Parallel or Load
	size   int    // of N=size; 0 where there is one size only
	engine string
	cores  int // GOMAXPROCS
}

// sample is one line of output: values by unit.
type sample map[string]float64

// Units of samples.
const (
	wallTime   = "ns/op"
	cpuTime    = "cpu-ns/op" // of the whole process
	bytesPerOp = "B/op"
	allocs     = "allocs/op"
	liveHeap   = "live-MiB"
)

// readResults reads the output of any number of rounds. Lines that are no
// results are passed over; a result that cannot be read is an error.
func readResults(in io.Reader) (*results, error) {
	r := &results{samples: map[series][]sample{}}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		line := lines.Text()
		for _, what := range []string{"goos: ", "goarch: ", "cpu: "} {
			if value, ok := strings.CutPrefix(line, what); ok && !slices.Contains(r.machine, value) {
				r.machine = append(r.machine, value)
			}
		}
		fields := strings.Fields(line)
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			if strings.HasPrefix(line, "FAIL") || strings.HasPrefix(line, "--- FAIL") {
				return nil, fmt.Errorf("a benchmark failed: %s", line)
			}
			continue
		}
		at, err := readSeries(fields[0])
		if err != nil {
			return nil, err
		}
		s := sample{}
		for i := 2; i+1 < len(fields); i += 2 {
			if s[fields[i+1]], err = strconv.ParseFloat(fields[i], 64); err != nil {
				return nil, fmt.Errorf("reading %q: %w", line, err)
			}
		}
		r.samples[at] = append(r.samples[at], s)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading the benchmark output: %w", err)
	}
	if len(r.samples) == 0 {
		return nil, fmt.Errorf("there is no result in the benchmark output")
	}
	return r, nil
}

// readSeries reads a name such as BenchmarkRoutes/N=10/OPA,_input_prepared-2.
func readSeries(name string) (series, error) {
	at := series{cores: 1}
	if i := strings.LastIndexByte(name, '-'); i >= 0 {
		if n, err := strconv.Atoi(name[i+1:]); err == nil {
			at.cores, name = n, name[:i]
		}
	}
	parts := strings.Split(strings.TrimPrefix(name, "Benchmark"), "/")
	at.group, at.engine = parts[0], strings.ReplaceAll(parts[len(parts)-1], "_", " ")
	if len(parts) == 3 {
		size, ok := strings.CutPrefix(parts[1], "N=")
		n, err := strconv.Atoi(size)
		if !ok || err != nil {
			return at, fmt.Errorf("%s has no size", name)
		}
		at.size = n
	}
	if len(parts) < 2 || len(parts) > 3 {
		return at, fmt.Errorf("%s is not the name of a benchmark of peerbench", name)
	}
	return at, nil
}

// median gives the median of a unit over the rounds; ok is false where it was
// not measured.
func (r *results) median(at series, unit string) (value float64, ok bool) {
	var list []float64
	for _, s := range r.samples[at] {
		if v, ok := s[unit]; ok {
			list = append(list, v)
		}
	}
	if len(list) == 0 {
		return 0, false
	}
	return middle(list), true
}

// ratio is the median of a over b, round by round: what slows a whole round
// down slows both. ok is false where one of them misses a round.
func (r *results) ratio(a, b series, unit string) (value float64, ok bool) {
	x, y := r.samples[a], r.samples[b]
	if len(x) == 0 || len(x) != len(y) {
		return 0, false
	}
	var list []float64
	for i := range x {
		if y[i][unit] <= 0 {
			return 0, false
		}
		list = append(list, x[i][unit]/y[i][unit])
	}
	return middle(list), true
}

// middle is the median of a list that is not empty.
func middle(list []float64) float64 {
	slices.Sort(list)
	n := len(list)
	return (list[(n-1)/2] + list[n/2]) / 2
}

// busy is how many times their CPU time the routed decisions took, in the
// middle: well over 1 where other work had the cores.
func (r *results) busy() (factor float64, ok bool) {
	var list []float64
	for at, samples := range r.samples {
		for _, s := range samples {
			if at.group == "Routes" && s[cpuTime] > 0 {
				list = append(list, s[wallTime]/s[cpuTime])
			}
		}
	}
	if len(list) == 0 {
		return 0, false
	}
	return middle(list), true
}

// rounds is how often everything was measured: the fewest samples of a series.
func (r *results) rounds() int {
	out := 0
	for _, list := range r.samples {
		if out == 0 || len(list) < out {
			out = len(list)
		}
	}
	return out
}

// sizes are the sizes of a group.
func (r *results) sizes(group string) []int {
	var out []int
	for at := range r.samples {
		if at.group == group {
			out = append(out, at.size)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// cores is the GOMAXPROCS of a group, the largest if there are several.
func (r *results) cores(group string) int {
	out := 0
	for at := range r.samples {
		if at.group == group {
			out = max(out, at.cores)
		}
	}
	return out
}

// engines are the engines of a group from the fastest to the slowest by a
// unit at a size, ties by name.
func (r *results) engines(group string, size int, unit string) []string {
	var out []string
	for at := range r.samples {
		if at.group == group && !slices.Contains(out, at.engine) {
			out = append(out, at.engine)
		}
	}
	slices.Sort(out)
	cost := func(engine string) float64 {
		v, _ := r.median(series{group, size, engine, r.cores(group)}, unit)
		return v
	}
	slices.SortStableFunc(out, func(a, b string) int {
		switch x, y := cost(a), cost(b); {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	return out
}
