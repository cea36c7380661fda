package main

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"strconv"
	"strings"
)

// us is the engine that the others are compared with.
const us = "gwctl"

// Markers of the page between which the tables stand.
const (
	begin = "<!-- tables: begin, written by make bench-engine -->\n"
	end   = "<!-- tables: end -->"
)

// quiet is how much longer than its CPU time a decision may take on a machine
// that does nothing else.
const quiet = 1.15

var errNoMarkers = errors.New("the page does not have the two markers of the tables")

// replaceTables puts text between the markers of a page.
func replaceTables(page, text string) (string, error) {
	head, rest, ok := strings.Cut(page, begin)
	_, tail, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return "", errNoMarkers
	}
	return head + begin + text + end + tail, nil
}

// markdown writes all tables.
func (r *results) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured on %s, %s, %d cores: medians of %d rounds.\n", strings.Join(r.machine, " "), runtime.Version(), r.cores("Routes"), r.rounds())
	if busy, ok := r.busy(); ok && busy > quiet {
		fmt.Fprintf(&b, "The machine was busy with other work: decisions took %s times their CPU time. Measure again on a quiet one.\n", cell(busy, true))
	}
	b.WriteString("\n### Targets\n\n" + r.targets())
	b.WriteString("\n### Routes\n\n" + r.decisions("Routes"))
	b.WriteString("\n### Mix\n\n" + r.decisions("Mix"))
	b.WriteString("\n### Drive\n\n" + r.decisions("Drive"))
	b.WriteString("\n### Crowd\n\n" + r.decisions("Crowd"))
	b.WriteString("\n### Two cores\n\n" + r.parallel())
	b.WriteString("\n### Loading\n\n" + r.loading())
	b.WriteString("\n### Reloading\n\n" + r.reloading())
	return b.String()
}

// decisions writes the table of a group: CPU time of a decision as a multiple
// of ours, for each size, and the plain figures at the size before the last.
func (r *results) decisions(group string) string {
	sizes := r.sizes(group)
	if len(sizes) == 0 {
		return "Not measured.\n"
	}
	at := sizes[max(0, len(sizes)-2)]
	head := []string{"engine"}
	for _, n := range sizes {
		if n == 0 {
			head = append(head, "times gwctl")
		} else {
			head = append(head, "N="+thousands(float64(n)))
		}
	}
	suffix := ""
	if at > 0 {
		suffix = " at N=" + thousands(float64(at))
	}
	rows := [][]string{append(head, "CPU ns"+suffix, "wall ns", "B/op", "allocs/op")}
	for _, engine := range r.engines(group, at, cpuTime) {
		row := []string{engine}
		for _, n := range sizes {
			row = append(row, cell(r.ratio(r.series(group, n, engine), r.series(group, n, us), cpuTime)))
		}
		for _, unit := range []string{cpuTime, wallTime, bytesPerOp, allocs} {
			row = append(row, cell(r.median(r.series(group, at, engine), unit)))
		}
		rows = append(rows, row)
	}
	return table(rows)
}

func (r *results) series(group string, size int, engine string) series {
	return series{group, size, engine, r.cores(group)}
}

// parallel writes wall time on one core and on all of them.
func (r *results) parallel() string {
	cores := r.cores("Parallel")
	rows := [][]string{{"engine", "wall ns on one core", fmt.Sprintf("on %d", cores), "gain"}}
	for _, engine := range r.engines("Parallel", 0, wallTime) {
		one, all := series{"Parallel", 0, engine, 1}, series{"Parallel", 0, engine, cores}
		rows = append(rows, []string{engine, cell(r.median(one, wallTime)), cell(r.median(all, wallTime)), cell(r.ratio(one, all, wallTime))})
	}
	if len(rows) == 1 {
		return "Not measured.\n"
	}
	return table(rows)
}

func (r *results) loading() string {
	rows := [][]string{{"engine", "times gwctl (wall)", "wall ms", "CPU ms", "live MiB"}}
	for _, engine := range r.engines("Load", 0, wallTime) {
		at := r.series("Load", 0, engine)
		rows = append(rows, []string{
			engine, cell(r.ratio(at, r.series("Load", 0, us), wallTime)), cell(scaled(r.median(at, wallTime))), cell(scaled(r.median(at, cpuTime))), cell(r.median(at, liveHeap)),
		})
	}
	if len(rows) == 1 {
		return "Not measured.\n"
	}
	return table(rows)
}

// reloading writes the median of a decision, alone and while policies load.
func (r *results) reloading() string {
	rows := [][]string{{"median of a decision", "ns"}}
	for _, engine := range r.engines("Reload", 0, wallTime) {
		rows = append(rows, []string{engine, cell(r.median(r.series("Reload", 0, engine), wallTime))})
	}
	if len(rows) == 1 {
		return "Not measured.\n"
	}
	return table(rows)
}

// scaled turns nanoseconds into milliseconds.
func scaled(ns float64, ok bool) (float64, bool) { return ns / 1e6, ok }

// table writes rows; the first one is the head, and all columns but the first
// hold numbers.
func table(rows [][]string) string {
	var b strings.Builder
	for i, row := range rows {
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
		if i == 0 {
			b.WriteString("|---|" + strings.Repeat("--:|", len(row)-1) + "\n")
		}
	}
	return b.String()
}

// cell writes a figure with two digits that count, or a dash.
func cell(v float64, ok bool) string {
	switch {
	case !ok:
		return "–"
	case v == math.Trunc(v) || math.Abs(v) >= 10:
		return thousands(v)
	}
	digits := 1 - int(math.Floor(math.Log10(math.Abs(v)))) // behind the point, for two that count
	return strconv.FormatFloat(v, 'f', digits, 64)
}

// thousands writes a whole number of zero or more with commas.
func thousands(v float64) string {
	s := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
