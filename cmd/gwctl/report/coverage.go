package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gwctl/gwctl/engine/coverage"
)

// SetCoverage is the coverage of one set.
type SetCoverage struct {
	Set string `json:"set"`
	*coverage.Report
	Files map[string][]string `json:"-"` // lines of the set's files, for drawing on them
}

// text draws what is missing on the lines of the files.
func (s *SetCoverage) text(w io.Writer, p paint) {
	fmt.Fprintf(w, "%s\n", p.in(bold, "coverage of "+visible(s.Set)))
	for _, m := range s.measures() {
		shade := green
		if m.Covered < m.Total {
			shade = yellow
		}
		fmt.Fprintf(w, "  %-11s %s  %d of %d\n", m.name, p.in(shade, fmt.Sprintf("%6s %%", percent(m.Percent))), m.Covered, m.Total)
	}
	path := ""
	for i := range s.Units {
		u := &s.Units[i]
		if complete(u) {
			continue
		}
		if u.Place.Path != path {
			path = u.Place.Path
			fmt.Fprintf(w, "\n%s\n", visible(path))
		}
		s.unit(w, u, p)
	}
	s.lists(w)
	fmt.Fprintln(w)
}

type measure struct {
	name string
	key  string // of --coverage-min
	coverage.Ratio
}

func (s *SetCoverage) measures() []measure {
	return []measure{{"rules", "rule", s.Summary.Rules}, {"conditions", "condition", s.Summary.Conditions}, {"MC/DC", "mcdc", s.Summary.MCDC}}
}

// percent never rounds up to what is not there.
func percent(v float64) string { return fmt.Sprintf("%.1f", float64(int(v*10))/10) }

func complete(u *coverage.Unit) bool {
	return (u.Kind != "rule" || u.Matched > 0) && !slices.ContainsFunc(u.Atoms, func(a coverage.Atom) bool { return lacks(&a) != "" })
}

// lacks says what no case has shown of an atom, "" if nothing is missing.
func lacks(a *coverage.Atom) string {
	errors := ""
	if a.Failed > 0 {
		errors = " (an error " + plural(a.Failed, "time") + ")"
	}
	switch {
	case a.True+a.False+a.Failed == 0:
		return "never asked"
	case a.True+a.False == 0:
		return "never true nor false" + errors
	case a.True == 0:
		return "never true" + errors
	case a.False == 0:
		return "never false" + errors
	case !a.Independent:
		return "true and false, and its own effect not shown" + errors
	}
	return ""
}

func (s *SetCoverage) unit(w io.Writer, u *coverage.Unit, p paint) {
	name := u.Kind
	if u.Effect != "" {
		name = u.Effect
	}
	said := fmt.Sprintf("matched %d of %d times", u.Matched, u.Evaluated)
	switch {
	case u.Evaluated == 0:
		said = p.in(red, "never asked")
	case u.Matched == 0:
		said = p.in(red, fmt.Sprintf("never true in %s", plural(u.Evaluated, "evaluation")))
	case u.Kind == "variable":
		said = fmt.Sprintf("true %d of %d times", u.Matched, u.Evaluated)
	}
	if u.Shadow {
		name = "shadow " + name
	}
	fmt.Fprintf(w, "  %s %s: %s\n", name, p.in(bold, visible(u.Name)), said)
	if u.Evaluated == 0 {
		return
	}
	atoms := slices.DeleteFunc(slices.Clone(u.Atoms), func(a coverage.Atom) bool { return lacks(&a) == "" })
	slices.SortStableFunc(atoms, func(a, b coverage.Atom) int {
		return cmp.Or(cmp.Compare(a.Place.Line, b.Place.Line), cmp.Compare(a.Place.Column, b.Place.Column))
	})
	line := 0
	for i := range atoms {
		a := &atoms[i]
		number := fmt.Sprintf("%5d | ", a.Place.Line)
		text, column := s.line(a.Place)
		if a.Place.Line != line {
			line = a.Place.Line
			fmt.Fprintf(w, "  %s%s\n", p.in(dim, number), visible(text))
		}
		end := a.Place.EndColumn
		if a.Place.EndLine > a.Place.Line { // its first line shows where it is
			end = a.Place.Column + len([]rune(text)) - column
		}
		length := max(1, end-a.Place.Column)
		fmt.Fprintf(w, "  %s%s%s %s\n", p.in(dim, strings.Repeat(" ", len(number)-2)+"| "), strings.Repeat(" ", column), p.in(yellow, "^"+strings.Repeat("~", length-1)), lacks(a))
	}
}

// line gives a line of a file without its indentation, and the column of a
// place in it, from 0.
func (s *SetCoverage) line(at coverage.Place) (string, int) {
	lines := s.Files[at.Path]
	if at.Line < 1 || at.Line > len(lines) {
		return "", 0
	}
	text := strings.ReplaceAll(lines[at.Line-1], "\t", " ")
	trimmed := strings.TrimLeft(text, " ")
	return trimmed, max(0, at.Column-1-(len(text)-len(trimmed)))
}

// lists names what no case is about.
func (s *SetCoverage) lists(w io.Writer) {
	const most = 20
	write := func(what string, list []string) {
		if len(list) == 0 {
			return
		}
		fmt.Fprintf(w, "\n%s\n", what)
		for _, x := range list[:min(len(list), most)] {
			fmt.Fprintf(w, "  %s\n", visible(x))
		}
		if len(list) > most {
			fmt.Fprintf(w, "  … and %d more; -o json has all\n", len(list)-most)
		}
	}
	var routes, actions, fixtures []string
	for _, r := range s.Routes {
		routes = append(routes, fmt.Sprintf("%s (%s, action %s) at %s", r.Route, r.Resource, r.Action, where(r.Place)))
	}
	for _, a := range s.Actions {
		actions = append(actions, fmt.Sprintf("%s of %s at %s", a.Action, a.Resource, where(a.Place)))
	}
	for _, f := range s.Unused {
		fixtures = append(fixtures, fmt.Sprintf("%s %s at %s", f.Kind, f.Name, where(f.Place)))
	}
	write("routes without a case", routes)
	write("actions without a case", actions)
	write("fixtures that no case uses", fixtures)
	if s.Unproven > 0 {
		fmt.Fprintf(w, "\n%d evaluations went beyond what is told apart and prove nothing\n", s.Unproven)
	}
}

func where(p coverage.Place) string { return fmt.Sprintf("%s:%d:%d", p.Path, p.Line, p.Column) }

// Minimum is the least percentage that a measure must have.
type Minimum struct {
	Measure string // rule, condition or mcdc
	Percent float64
}

// Below tells which measures are below their minimum, one sentence each.
func (s *SetCoverage) Below(list []Minimum) []string {
	var out []string
	for _, least := range list {
		for _, m := range s.measures() {
			if m.key == least.Measure && m.Percent < least.Percent {
				out = append(out, fmt.Sprintf("%s coverage is %s %%, at least %g %% are wanted", m.name, percent(m.Percent), least.Percent))
			}
		}
	}
	return out
}
