// Command suites measures `gwctl policy test` beside `opa test` and `cerbos
// compile`, on policies and tests that say the same.
//
// It writes the three sets, runs each tool over its own until ROUNDS rounds are
// over, in turn, and prints a table. Every test of every tool must pass, and each
// tool must say that it ran as many; a tool that is not given is left out.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 5, "how often each tool runs")
	types := flag.Int("types", 20, "resource types")
	dir := flag.String("dir", "", "where the sets are written; they stay there")
	gwctl := flag.String("gwctl", "", "path of gwctl")
	opa := flag.String("opa", "", "path of opa")
	cerbos := flag.String("cerbos", "", "path of cerbos")
	flag.Parse()
	if err := run(*rounds, *types, *dir, *gwctl, *opa, *cerbos); err != nil {
		fmt.Fprintln(os.Stderr, "suites:", err)
		os.Exit(1)
	}
}

// tool is one contender with its command line.
type tool struct {
	name    string
	command []string
	says    string          // how it tells that all cases passed; "" if it does not
	took    []time.Duration // processor time of each round
	wall    []time.Duration
}

func run(rounds, types int, dir, gwctl, opa, cerbos string) error {
	if dir == "" || gwctl == "" {
		return fmt.Errorf("-dir and -gwctl are needed")
	}
	cases, err := writeSets(dir, types)
	if err != nil {
		return err
	}
	tools := []*tool{
		{name: "gwctl policy test", command: []string{gwctl, "policy", "test", filepath.Join(dir, "gwctl")}, says: fmt.Sprintf("ok: %d passed, 0 failed", cases)},
		{name: "gwctl policy test --coverage", command: []string{gwctl, "policy", "test", "--coverage-out", filepath.Join(dir, "cover.json"), filepath.Join(dir, "gwctl")}, says: fmt.Sprintf("ok: %d passed, 0 failed", cases)},
	}
	if opa != "" {
		tools = append(tools, &tool{name: "opa test", command: []string{opa, "test", filepath.Join(dir, "opa")}, says: fmt.Sprintf("PASS: %d/%d", cases, cases)},
			&tool{name: "opa test --coverage", command: []string{opa, "test", "--coverage", filepath.Join(dir, "opa")}})
	}
	if cerbos != "" {
		tools = append(tools, &tool{name: "cerbos compile", command: []string{cerbos, "compile", "--test-output=junit", filepath.Join(dir, "cerbos")}, says: fmt.Sprintf("<testsuites errors=\"0\" failures=\"0\" skipped=\"0\" tests=\"%d\">", cases)})
	}
	for range rounds {
		for _, t := range tools {
			if err := t.run(); err != nil {
				return err
			}
		}
	}
	fmt.Printf("%d cases, loading included; medians of %d rounds\n\n| tool | wall ms | CPU ms | µs CPU a case | x gwctl |\n|---|--:|--:|--:|--:|\n", cases, rounds)
	base := median(tools[0].took)
	for _, t := range tools {
		cpu := median(t.took)
		fmt.Printf("| %s | %.0f | %.0f | %.1f | %.1f |\n", t.name, ms(median(t.wall)), ms(cpu), float64(cpu.Microseconds())/float64(cases), float64(cpu)/float64(base))
	}
	return nil
}

func (t *tool) run() error {
	c := exec.Command(t.command[0], t.command[1:]...)
	began := time.Now()
	out, err := c.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%.2000s", t.name, err, out)
	}
	if !bytes.Contains(out, []byte(t.says)) {
		return fmt.Errorf("%s does not say %q:\n%.2000s", t.name, t.says, out)
	}
	t.wall = append(t.wall, time.Since(began))
	t.took = append(t.took, c.ProcessState.UserTime()+c.ProcessState.SystemTime())
	return nil
}

func median(list []time.Duration) time.Duration {
	sorted := slices.Clone(list)
	slices.Sort(sorted)
	return sorted[len(sorted)/2]
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
