package policy

import (
	"slices"

	"github.com/gwctl/gwctl/policy/document"
)

// Matrix crosses users, resources and actions. A `*` in a name stands for any
// characters.
type Matrix struct {
	Users     []Text // globs resolved
	Resources []Text // globs resolved
	Actions   []Text // as written: what a glob stands for depends on the resource
	Exclude   []Exclusion
	Tags      []Text
	Skip      Text // why its cells are not run; unset if they are
	Cells     []Cell
	Span      Span

	said *document.Node // the expectations, until the whole set is read
}

// Exclusion takes cells out of a matrix: those of all its users, resources and
// actions at once. A list that is left out is all of them.
type Exclusion struct {
	Users     []Text
	Resources []Text
	Actions   []Text
	Span      Span
}

// Cell is the expectation of one user, resource and action.
type Cell struct {
	User, Resource, Action string
	Expect                 Expect
}

// MaxExclusions is how many exclusions one matrix may have, and how many globs
// may stand side by side in it.
const MaxExclusions = 100

func readMatrix(w *reader, n *document.Node) *Matrix {
	o := w.Object(n, "a matrix")
	m := &Matrix{
		Users: o.Texts("users"), Resources: o.Texts("resources"), Actions: o.Texts("actions"),
		Tags: o.Texts("tags"), Skip: o.Text("skip"), Span: n.Span(), said: o.Node("expect"),
	}
	for _, en := range o.List("exclude") {
		eo := w.Object(en, "an exclusion")
		e := Exclusion{Users: eo.Texts("users"), Resources: eo.Texts("resources"), Actions: eo.Texts("actions"), Span: en.Span()}
		if len(e.Users)+len(e.Resources)+len(e.Actions) == 0 && en.IsMap() {
			w.Error(en.Span(), "bad_exclusion", "name users, resources or actions", "an exclusion of everything leaves nothing to expect")
		}
		eo.Done()
		m.Exclude = append(m.Exclude, e)
	}
	if len(m.Exclude) > MaxExclusions {
		w.Error(o.Key("exclude"), "matrix_too_large", "use globs, or two matrices", "%d exclusions are more than %d", len(m.Exclude), MaxExclusions)
		m.said = nil
	}
	o.Require("users", "resources", "actions", "expect")
	o.Done()
	return m
}

// axes are the names that a matrix crosses, globs resolved.
type axes struct {
	users, resources []Text
	actions          map[string][]Text // by resource
}

// resolve finds what the matrix's globs stand for in the set. All names are
// there in the order in which they are written or, for one glob, by name.
// ok is false when there are too many of them.
func (m *Matrix) resolve(w *reader, known *fixtureNames) (a axes, ok bool) {
	for _, list := range [][]Text{m.Users, m.Resources, m.Actions} {
		if at, many := tooMany(list); many {
			w.Error(at, "matrix_too_large", "use fewer globs", "more than %d globs stand side by side, or one is too long", MaxExclusions)
			return a, false
		}
	}
	a.actions = map[string][]Text{}
	a.users, _ = spread(w, m.Users, known.users, "user")
	a.resources, _ = spread(w, m.Resources, known.resources, "resource")
	if !slices.ContainsFunc(m.Actions, func(t Text) bool { return IsGlob(t.Value()) }) {
		for _, r := range a.resources {
			a.actions[r.Value()] = m.Actions
		}
		return a, true
	}
	used := map[string]bool{}
	for _, r := range a.resources {
		var quiet reader // a glob need not match for every type
		list, matched := spread(&quiet, m.Actions, known.actions[known.types[r.Value()]], "action")
		for glob := range matched {
			used[glob] = true
		}
		if a.actions[r.Value()] = list; len(list) == 0 {
			w.Error(r.Span(), "unmatched_glob", "put the resource into a matrix of its own", "no action of %q is in the matrix", r.Value())
		}
	}
	for _, t := range m.Actions {
		if IsGlob(t.Value()) && !used[t.Value()] {
			w.Error(t.Span(), "unmatched_glob", "", "%q matches no action of the resources", t.Value())
		}
	}
	return a, true
}

// tooMany finds the glob that is one too many, or too long.
func tooMany(list []Text) (Span, bool) {
	globs := 0
	for _, t := range list {
		if !IsGlob(t.Value()) {
			continue
		}
		if globs++; globs > MaxExclusions || len(t.Value()) > maxName {
			return t.Span(), true
		}
	}
	return Span{}, false
}

// spread puts in place of each glob the names that it matches and that do not
// stand there already.
func spread(w *reader, list []Text, known []string, what string) (out []Text, matched map[string]bool) {
	matched = map[string]bool{}
	if !slices.ContainsFunc(list, func(t Text) bool { return IsGlob(t.Value()) }) {
		return list, matched
	}
	have := map[string]bool{}
	for _, t := range list {
		if !IsGlob(t.Value()) {
			have[t.Value()] = true
		}
	}
	for _, t := range list {
		if !IsGlob(t.Value()) {
			out = append(out, t)
			continue
		}
		for _, name := range known {
			if !MatchGlob(t.Value(), name) {
				continue
			}
			if matched[t.Value()] = true; !have[name] {
				have[name] = true
				out = append(out, t.Renamed(name))
			}
		}
		if !matched[t.Value()] {
			w.Error(t.Span(), "unmatched_glob", "", "%q matches no %s", t.Value(), what)
		}
	}
	return out, matched
}

// size is how many cells there are before exclusions.
func (a *axes) size() int64 {
	n := int64(0)
	for _, r := range a.resources {
		n += int64(len(a.actions[r.Value()]))
	}
	return n * int64(len(a.users))
}
