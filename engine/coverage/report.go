package coverage

import (
	"cmp"
	"slices"

	"github.com/gwctl/gwctl/engine/plan"
	"github.com/gwctl/gwctl/engine/suite"
	"github.com/gwctl/gwctl/policy"
)

// Report is what a run exercised.
type Report struct {
	Summary  Summary   `json:"summary"`
	Units    []Unit    `json:"units"`
	Unused   []Fixture `json:"unused_fixtures"`
	Routes   []Route   `json:"routes_without_a_case"`
	Actions  []Action  `json:"actions_without_a_case"`
	Unproven int       `json:"evaluations_beyond_limit"` // that were counted and prove nothing
}

// Summary are the three measures.
type Summary struct {
	Rules      Ratio `json:"rules"`      // that matched in a case
	Conditions Ratio `json:"conditions"` // outcomes of atoms: true and false of each
	MCDC       Ratio `json:"mcdc"`       // atoms whose independent effect was shown
}

// Ratio is a part of a whole.
type Ratio struct {
	Covered int     `json:"covered"`
	Total   int     `json:"total"`
	Percent float64 `json:"percent"` // 100 of nothing
}

func (r *Ratio) settle() {
	if r.Percent = 100; r.Total > 0 {
		r.Percent = 100 * float64(r.Covered) / float64(r.Total)
	}
}

// Unit is a rule, or a variable of type bool.
type Unit struct {
	Kind       string `json:"kind"` // rule, variable
	Name       string `json:"name"` // POLICY/ID, POLICY: vars.NAME or LIBRARY.NAME
	Effect     string `json:"effect,omitempty"`
	Shadow     bool   `json:"shadow,omitempty"`
	Place      Place  `json:"place"`
	Evaluated  int    `json:"evaluated"` // times
	Matched    int    `json:"matched"`   // came to true
	NotMatched int    `json:"not_matched"`
	Failed     int    `json:"failed"`
	Decided    int    `json:"decided"` // cases
	MatchedBy  string `json:"matched_by,omitempty"`
	Atoms      []Atom `json:"atoms"`
}

// Place is a stretch of a file.
type Place struct {
	Path      string `json:"path"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"end_line"`
	EndColumn int    `json:"end_column"`
}

func placeOf(s policy.Span) Place {
	return Place{s.Path, s.Start.Line, s.Start.Column, s.End.Line, s.End.Column}
}

// Atom is a part of a condition.
type Atom struct {
	Text        string `json:"text"`
	Place       Place  `json:"place"`
	True        int    `json:"true"` // evaluations
	False       int    `json:"false"`
	Failed      int    `json:"error"`
	Independent bool   `json:"independent"`
	ShownBy     *Pair  `json:"shown_by,omitempty"`
}

// Pair are two cases, in the first of which an atom was true.
type Pair struct {
	True  string `json:"true"`
	False string `json:"false"`
}

// Fixture is a user or resource of the tests that no case uses.
type Fixture struct {
	Kind  string `json:"kind"` // user, resource
	Name  string `json:"name"`
	Place Place  `json:"place"`
}

// Route is a route that no case of the run takes to an action.
type Route struct {
	Route    string `json:"route"`
	Resource string `json:"resource"`
	Action   string `json:"action"`
	Place    Place  `json:"place"`
}

// Action is an action that no case of the run asks for.
type Action struct {
	Resource string `json:"resource"`
	Action   string `json:"action"`
	Place    Place  `json:"place"`
}

// Report sums up. cases are all cases of the set, in the order of
// [suite.Runner.Cases]. It must not be called while cases run.
func (r *Recorder) Report(cases []*suite.Case) *Report {
	out := &Report{Units: []Unit{}, Unused: unused(r.set.Source(), cases), Routes: []Route{}, Actions: []Action{}}
	name := func(i int) string { return cases[i].FullName() }
	for _, u := range r.units {
		t := r.merged(u.number)
		out.Unproven += t.beyond
		out.add(u, t, name)
	}
	r.untouched(out)
	slices.SortStableFunc(out.Units, func(a, b Unit) int {
		return cmp.Or(cmp.Compare(a.Place.Path, b.Place.Path), cmp.Compare(a.Place.Line, b.Place.Line), cmp.Compare(a.Place.Column, b.Place.Column))
	})
	out.Summary.Rules.settle()
	out.Summary.Conditions.settle()
	out.Summary.MCDC.settle()
	return out
}

// merged joins what the goroutines saw of a unit.
func (r *Recorder) merged(number int) *tally {
	out := &tally{vectors: map[string]*sighting{}}
	for _, c := range r.collectors {
		t := &c.tallies[number]
		out.beyond += t.beyond
		out.decided += t.decided
		for key, s := range t.vectors {
			if known := out.vectors[key]; known != nil {
				known.count += s.count
				known.first = min(known.first, s.first)
				continue
			}
			one := *s
			out.vectors[key] = &one
		}
	}
	return out
}

func (out *Report) add(u *unit, t *tally, name func(int) string) {
	x := Unit{Kind: "variable", Name: u.name, Place: placeOf(u.source.Span()), Decided: t.decided, Atoms: []Atom{}}
	if u.rule != nil {
		x.Kind, x.Effect, x.Shadow, x.Place = "rule", u.rule.Effect.Value(), u.rule.Shadow, placeOf(u.rule.ID.Span())
	}
	// Over another resource type a condition may be left to CEL as a whole; what
	// is seen there has other atoms.
	list := slices.DeleteFunc(t.sorted(), func(v vector) bool {
		strange := len(v.atoms) != len(u.atoms)
		if strange {
			out.Unproven += v.count
		}
		return strange
	})
	for _, a := range u.atoms {
		x.Atoms = append(x.Atoms, Atom{Text: a.text, Place: placeOf(a.span)})
	}
	for _, v := range list {
		x.Evaluated += v.count
		switch v.whole {
		case plan.True:
			if x.Matched == 0 {
				x.MatchedBy = name(v.first)
			}
			x.Matched += v.count
		case plan.False:
			x.NotMatched += v.count
		case plan.Failed:
			x.Failed += v.count
		}
		for i := range x.Atoms {
			switch a := &x.Atoms[i]; v.atoms[i] {
			case plan.True:
				a.True += v.count
			case plan.False:
				a.False += v.count
			case plan.Failed:
				a.Failed += v.count
			}
		}
	}
	for i, p := range pairs(list, len(u.atoms)) {
		if p != nil {
			x.Atoms[i].Independent, x.Atoms[i].ShownBy = true, &Pair{name(p.yes), name(p.no)}
		}
	}
	out.Summary.count(&x)
	out.Units = append(out.Units, x)
}

func (s *Summary) count(x *Unit) {
	if x.Kind == "rule" {
		if s.Rules.Total++; x.Matched > 0 {
			s.Rules.Covered++
		}
	}
	for _, a := range x.Atoms {
		s.Conditions.Total += 2
		s.MCDC.Total++
		if a.True > 0 {
			s.Conditions.Covered++
		}
		if a.False > 0 {
			s.Conditions.Covered++
		}
		if a.Independent {
			s.MCDC.Covered++
		}
	}
}
