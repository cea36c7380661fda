package policy

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gwctl/gwctl/policy/document"
)

// fixtureNames are the names that the globs of a suite can match.
type fixtureNames struct {
	users     []string
	resources []string
	types     map[string]string   // of resources
	actions   map[string][]string // of types
}

// expandMatrices gives every matrix its cells. It is done last, since a glob
// stands for names of the whole set.
func expandMatrices(w *reader, s *Set) {
	if !slices.ContainsFunc(s.Suites, func(t *TestSuite) bool { return len(t.Matrix) > 0 }) {
		return
	}
	left := int64(MaxCells)
	common := commonNames(s)
	for _, t := range s.Suites {
		known := common.of(t)
		for _, m := range t.Matrix {
			if m.said != nil {
				m.fill(w, &known, &left)
			}
			m.said = nil
		}
	}
}

// commonNames are those that every suite knows: of Directories, sorted, since
// the order of files says nothing.
func commonNames(s *Set) *fixtureNames {
	known := &fixtureNames{types: map[string]string{}, actions: map[string][]string{}}
	for _, d := range slices.Concat(s.Directories, s.Fixtures) {
		for i := range d.Users {
			known.users = append(known.users, d.Users[i].Name.Value())
		}
		for i := range d.Resources {
			if name := d.Resources[i].Ref(); name != "" {
				known.resources = append(known.resources, name)
				known.types[name] = d.Resources[i].Type.Value()
			}
		}
	}
	for _, r := range s.Resources {
		known.actions[r.Name.Value()] = r.ActionNames()
	}
	slices.Sort(known.users)
	slices.Sort(known.resources)
	known.users, known.resources = slices.Compact(known.users), slices.Compact(known.resources)
	return known
}

// of adds a suite's own names, which come first.
func (f *fixtureNames) of(s *TestSuite) fixtureNames {
	own := fixtureNames{types: maps.Clone(f.types), actions: f.actions}
	for i := range s.Users {
		own.users = append(own.users, s.Users[i].Name.Value())
	}
	for i := range s.Resources {
		name := s.Resources[i].Name.Value()
		own.resources = append(own.resources, name)
		own.types[name] = s.Resources[i].Type.Value()
	}
	own.users, own.resources = slices.Concat(own.users, f.users), slices.Concat(own.resources, f.resources)
	return own
}

// fill makes the cells, taking their number from what is left of the set's.
func (m *Matrix) fill(w *reader, known *fixtureNames, left *int64) {
	a, ok := m.resolve(w, known)
	if !ok {
		return
	}
	m.Users, m.Resources = a.users, a.resources
	size := a.size()
	if size > *left {
		w.Error(m.Span, "matrix_too_large", "ask for fewer users, resources or actions", "%d expectations are more than the %d that a set may have in matrices", size, MaxCells)
		return
	}
	*left -= size
	x := &expansion{w: w, m: m, axes: &a, leftOut: m.leftOut(w, &a), places: map[document.Position]*spot{}}
	x.walk(m.said, nil)
	x.unused()
}

// expansion walks user → resource → action; an effect or an expectation at any
// level stands for everything below it.
type expansion struct {
	w       *reader
	m       *Matrix
	axes    *axes
	leftOut []exclusion
	places  map[document.Position]*spot
}

// spot is what stands at one place of the expectations. It is read once,
// however many names lead to it.
type spot struct {
	leaf   bool
	expect Expect // of a leaf
	keys   map[string]*expectKey
	globs  []*expectKey
	among  []Text // that it can name
}

// expectKey is a name in the expectations, which must stand for something.
type expectKey struct {
	name  Text
	value *document.Node // nil where it is empty, which has been reported
	used  bool
}

func (x *expansion) axis(chosen []string) ([]Text, string) {
	switch len(chosen) {
	case 0:
		return x.axes.users, "users"
	case 1:
		return x.axes.resources, "resources"
	}
	return x.axes.actions[chosen[1]], "actions"
}

func (x *expansion) place(n *document.Node, chosen []string) *spot {
	at := n.Span().Start
	if p := x.places[at]; p != nil {
		return p
	}
	p := &spot{keys: map[string]*expectKey{}}
	x.places[at] = p
	if n.IsScalar() || len(chosen) == 3 {
		p.leaf, p.expect = true, readExpect(x.w, n)
		return p
	}
	o := x.w.Object(n, "expect")
	if o.Has("effect") {
		p.leaf, p.expect = true, readExpect(x.w, n)
		return p
	}
	p.among, _ = x.axis(chosen)
	for _, e := range o.Entries() {
		k := &expectKey{name: e.Key, value: o.Node(e.Key.Value())}
		p.keys[e.Key.Value()] = k
		if !IsGlob(e.Key.Value()) {
			continue
		}
		checkLength(x.w, e.Key)
		if p.globs = append(p.globs, k); len(p.globs) > MaxExclusions || len(e.Key.Value()) > maxName {
			x.w.Error(e.Key.Span(), "matrix_too_large", "use fewer globs", "more than %d globs stand side by side, or one is too long", MaxExclusions)
			p.leaf, p.keys, p.globs = true, nil, nil
			return p
		}
	}
	return p
}

// walk descends to the cells below one place.
func (x *expansion) walk(n *document.Node, chosen []string) {
	p := x.place(n, chosen)
	if p.leaf {
		x.cells(p.expect, chosen)
		return
	}
	if !n.IsMap() {
		return
	}
	axis, what := x.axis(chosen)
	for _, t := range axis {
		below := append(slices.Clone(chosen), t.Value())
		switch k := x.key(p, t.Value()); {
		case k == nil && !x.excludesAll(below):
			x.w.Error(n.Span(), "matrix_gap", "name every one of "+what+" with an expectation", "nothing is expected of %q", t.Value())
		case k != nil && k.value != nil:
			x.walk(k.value, below)
		}
	}
}

// key finds what says something about a name: the name itself, else the glob
// that matches it.
func (x *expansion) key(p *spot, name string) *expectKey {
	by := p.keys[name]
	exact := by != nil
	if exact {
		by.used = true
	}
	for _, g := range p.globs {
		if !MatchGlob(g.name.Value(), name) {
			continue
		}
		g.used = true
		switch {
		case by == nil:
			by = g
		case !exact && by != g:
			x.w.Error(g.name.Span(), "matrix_ambiguous", "write "+name+" itself, with what is expected of it", "%q has an expectation from another glob, too", name)
		}
	}
	return by
}

// unused reports names that stand for nothing: misspelt ones.
func (x *expansion) unused() {
	for _, p := range x.places { // findings are sorted later
		for _, k := range p.keys {
			switch {
			case k.used:
			case IsGlob(k.name.Value()):
				x.w.Error(k.name.Span(), "unmatched_glob", "remove it, or correct it", "%q matches nothing that the matrix crosses here", k.name.Value())
			default:
				var known []string
				for _, t := range p.among[:min(len(p.among), maxClose)] {
					known = append(known, t.Value())
				}
				hint := "the matrix does not cross it here"
				if near, ok := document.Closest(k.name.Value(), known); ok {
					hint = fmt.Sprintf("did you mean %q?", near)
				}
				x.w.Error(k.name.Span(), "unknown_key", hint, "unknown key %q", k.name.Value())
			}
		}
	}
}

// maxClose is how many names are looked through for a close one.
const maxClose = 100

// cells makes the cells of everything below a place.
func (x *expansion) cells(e Expect, chosen []string) {
	if len(chosen) < 3 {
		axis, _ := x.axis(chosen)
		for _, t := range axis {
			x.cells(e, append(slices.Clone(chosen), t.Value()))
		}
		return
	}
	if !x.excluded(chosen) {
		x.m.Cells = append(x.m.Cells, Cell{User: chosen[0], Resource: chosen[1], Action: chosen[2], Expect: e})
	}
}
