package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
)

// How many rules and parts are printed as text. JSON holds them all.
const (
	mostSlow   = 10
	mostBounds = 5
	mostLeft   = 20
)

// Write prints what was measured; ok tells whether the command succeeds.
func (b *Bench) Write(out io.Writer, format string, color, ok bool) error {
	b.OK = ok
	b.Diagnostics = b.Diagnostics.Sorted()
	if format == "json" {
		return writeJSON(out, b)
	}
	p := paint(color)
	Diagnostics(out, b.Diagnostics, color)
	w := &indented{w: out, color: p}
	if !ok {
		w.line(0, p.in(red, "failed")+": nothing was measured")
		return w.err
	}
	b.decision(w, p)
	b.slowest(w, p)
	b.bounds(w, p)
	b.left(w, p)
	return w.err
}

func (b *Bench) decision(w *indented, p paint) {
	s, d := b.Summary, b.Decision
	w.line(0, fmt.Sprintf("%s: %d decided, %d refused before any rule; %s %s/%s, %s",
		plural(s.Cases, "case"), s.Decided, s.Refused, b.Machine.Go, b.Machine.OS, b.Machine.Arch, plural(b.Machine.CPUs, "CPU")))
	if s.Decided == 0 {
		return
	}
	w.line(0, "")
	w.line(0, p.in(bold, "a decision"))
	w.line(2, fmt.Sprintf("%.0f ns, median of batches from %.0f to %.0f ns", d.Median, d.Least, d.Most))
	w.line(2, fmt.Sprintf("%.1f allocs, %.0f B; mean of %s", d.Allocs, d.Bytes, plural(d.Timed, "decision")))
}

func (b *Bench) slowest(w *indented, p paint) {
	var asked []BenchRule
	for _, r := range b.Rules {
		if r.Cases > 0 {
			asked = append(asked, r)
		}
	}
	if len(asked) > 0 {
		w.line(0, "")
		w.line(0, p.in(bold, "slowest conditions"))
		w.line(2, fmt.Sprintf("%8s %8s %6s  %s", "ns", "bound", "cases", "rule"))
	}
	for _, r := range asked[:min(len(asked), mostSlow)] {
		w.write(2, 26, fmt.Sprintf("%8.0f %8d %6d  %s", r.Median, r.CostBound, r.Cases, r.place()))
	}
	more(w, len(asked), mostSlow, "condition")
	if b.Summary.Unasked > 0 {
		w.line(2, plural(b.Summary.Unasked, "condition")+" that no case asks")
	}
}

func (b *Bench) bounds(w *indented, p paint) {
	rules := slices.Clone(b.Rules)
	slices.SortStableFunc(rules, func(a, b BenchRule) int { return cmp.Compare(b.CostBound, a.CostBound) })
	rules = slices.DeleteFunc(rules, func(r BenchRule) bool { return r.CostBound == 0 })
	if len(rules) == 0 {
		return
	}
	w.line(0, "")
	w.line(0, p.in(bold, fmt.Sprintf("highest cost bounds, of %d steps", b.Summary.CostLimit)))
	for _, r := range rules[:min(len(rules), mostBounds)] {
		w.write(2, 26, fmt.Sprintf("%17d %6d  %s", r.CostBound, r.Cases, r.place()))
	}
	more(w, len(rules), mostBounds, "condition")
}

func (b *Bench) left(w *indented, p paint) {
	w.line(0, "")
	if b.Summary.Fallbacks == 0 {
		w.line(0, "nothing is left to cel-go")
		return
	}
	w.line(0, p.in(bold, "left to cel-go, which takes longer and allocates"))
	shown := 0
	for _, r := range b.Rules {
		for _, f := range r.Fallbacks {
			if shown++; shown > mostLeft {
				continue
			}
			in := ""
			if f.Offset < 0 {
				in = ", in a variable"
			}
			w.line(2, fmt.Sprintf("%s (%s)%s", r.Rule, r.Resource, in))
			w.line(4, p.in(dim, fmt.Sprintf("at %s:%d:%d", f.Path, f.Line, f.Column)))
			w.line(4, f.Text)
			w.line(4, "because "+f.Reason)
		}
	}
	more(w, shown, mostLeft, "part")
}

func (r *BenchRule) place() string {
	return fmt.Sprintf("%s (%s) %s:%d:%d", r.Rule, r.Resource, r.Path, r.Line, r.Column)
}

// more counts what is not shown.
func more(w *indented, have, shown int, what string) {
	if have > shown {
		w.line(2, "… and "+plural(have-shown, "more "+what))
	}
}
