package main

import (
	"errors"
	"strings"
	"testing"
)

// rounds are two rounds with made-up figures; the second one was twice as slow.
const rounds = `
goos: linux
goarch: amd64
pkg: github.com/gwctl/gwctl/engine/peerbench
cpu: Some CPU
BenchmarkRoutes/N=10/gwctl-2                      100  120 ns/op  100 cpu-ns/op  0 B/op  0 allocs/op
BenchmarkRoutes/N=10/Go_written_by_hand-2         100   12 ns/op   10 cpu-ns/op  0 B/op  0 allocs/op
BenchmarkRoutes/N=10/OPA,_input_prepared-2        100 6000 ns/op 6000 cpu-ns/op 48 B/op  7 allocs/op
BenchmarkParallel/gwctl                           100  200 ns/op
BenchmarkParallel/gwctl-2                         100  100 ns/op
PASS
BenchmarkRoutes/N=10/gwctl-2                      100  240 ns/op  200 cpu-ns/op  0 B/op  0 allocs/op
BenchmarkRoutes/N=10/Go_written_by_hand-2         100   24 ns/op   20 cpu-ns/op  0 B/op  0 allocs/op
BenchmarkRoutes/N=10/OPA,_input_prepared-2        100 8000 ns/op 8000 cpu-ns/op 48 B/op  7 allocs/op
BenchmarkParallel/gwctl                           100  400 ns/op
BenchmarkParallel/gwctl-2                         100  300 ns/op
PASS
`

func read(t *testing.T, text string) *results {
	t.Helper()
	r, err := readResults(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestMarkdown(t *testing.T) {
	text := read(t, rounds).markdown()
	for _, want := range []string{
		"Measured on linux amd64 Some CPU, ", "2 cores: medians of 2 rounds.",
		"| engine | N=10 | CPU ns at N=10 | wall ns | B/op | allocs/op |\n|---|--:|--:|--:|--:|--:|\n" +
			"| Go written by hand | 0.10 | 15 | 18 | 0 | 0 |\n| gwctl | 1 | 150 | 180 | 0 | 0 |\n| OPA, input prepared | 50 | 7,000 | 7,000 | 48 | 7 |\n",
		"| gwctl | 300 | 200 | 1.7 |\n",
		"| routed decision, N=10: at most 10 times Go written by hand | 10 | yes |\n",
		"| against OPA with prepared input: at least 50 times as fast at every N | 50 | yes |\n",
		"| against cel-go indexed by hand: at least 3 times as fast at every N | – | not measured |\n",
		"| allocations of a routed decision: none | 0 | yes |\n",
		"| two cores: at least 1.8 times one | 1.7 | no |\n",
		"### Drive\n\nNot measured.\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the tables do not hold\n%s\nbut are\n%s", want, text)
		}
	}
}

// TestBusy: a page says when its figures were taken on a busy machine, and
// only then.
func TestBusy(t *testing.T) {
	const says = "The machine was busy"
	if text := read(t, rounds).markdown(); !strings.Contains(text, says+" with other work: decisions took 1.2 times") {
		t.Errorf("nothing is said of a busy machine:\n%s", text)
	}
	quiet := strings.NewReplacer(" 120 ns", " 101 ns", " 240 ns", " 202 ns", " 12 ns", " 10 ns", " 24 ns", " 20 ns").Replace(rounds)
	if text := read(t, quiet).markdown(); strings.Contains(text, says) {
		t.Errorf("a quiet machine is called busy:\n%s", text)
	}
}

// TestRatioByRound: a slow round does not show in a ratio, and a missing round
// is no ratio.
func TestRatioByRound(t *testing.T) {
	r := read(t, rounds)
	opa := series{"Routes", 10, opaPrepared, 2}
	if v, ok := r.ratio(opa, r.series("Routes", 10, us), cpuTime); !ok || v != 50 {
		t.Errorf("got %v, %v, want the median 50 of 60 and 40", v, ok)
	}
	r.samples[opa] = r.samples[opa][:1]
	if v, ok := r.ratio(opa, r.series("Routes", 10, us), cpuTime); ok {
		t.Errorf("got %v of a round that one of them misses", v)
	}
}

func TestReadResultsRefuses(t *testing.T) {
	for _, tt := range []struct{ name, text string }{
		{"nothing", ""},
		{"a failure", rounds + "--- FAIL: BenchmarkMix\n"},
		{"a figure that is none", "BenchmarkMix/gwctl-2 100 fast ns/op\n"},
		{"a name without a size", "BenchmarkRoutes/many/gwctl-2 100 1 ns/op\n"},
		{"a name without an engine", "BenchmarkMix-2 100 1 ns/op\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if r, err := readResults(strings.NewReader(tt.text)); err == nil {
				t.Errorf("read as %v", r.samples)
			}
		})
	}
}

func TestCell(t *testing.T) {
	for _, tt := range []struct {
		v    float64
		want string
	}{{0, "0"}, {3, "3"}, {0.00312, "0.0031"}, {0.25, "0.25"}, {1.04, "1.0"}, {9.96, "10.0"}, {12.4, "12"}, {1234567.8, "1,234,568"}} {
		if got := cell(tt.v, true); got != tt.want {
			t.Errorf("%v is written %s, want %s", tt.v, got, tt.want)
		}
	}
	if got := cell(1, false); got != "–" {
		t.Errorf("what was not measured is written %s", got)
	}
}

func TestReplaceTables(t *testing.T) {
	got, err := replaceTables("head\n"+begin+"old\n"+end+"\ntail\n", "new\n")
	if want := "head\n" + begin + "new\n" + end + "\ntail\n"; err != nil || got != want {
		t.Errorf("got %q, %v", got, err)
	}
	for _, page := range []string{"", begin, end, end + begin} {
		if _, err := replaceTables(page, "new\n"); !errors.Is(err, errNoMarkers) {
			t.Errorf("%q: got %v", page, err)
		}
	}
}
