package policy

import (
	"slices"
)

// exclusion holds the names that it takes out together; nil is all.
type exclusion [3]map[string]bool

// leftOut resolves the exclusions. Each must name something of the matrix.
func (m *Matrix) leftOut(w *reader, a *axes) []exclusion {
	var actions []Text
	for _, r := range a.resources {
		for _, t := range a.actions[r.Value()] {
			if !slices.ContainsFunc(actions, func(x Text) bool { return x.Value() == t.Value() }) {
				actions = append(actions, t)
			}
		}
	}
	var out []exclusion
	for _, e := range m.Exclude {
		out = append(out, exclusion{among(w, e.Users, a.users), among(w, e.Resources, a.resources), among(w, e.Actions, actions)})
	}
	return out
}

func among(w *reader, list, axis []Text) map[string]bool {
	if len(list) == 0 {
		return nil
	}
	out := map[string]bool{}
	for _, t := range list[:min(len(list), MaxExclusions)] {
		found := false
		for _, x := range axis {
			if t.Value() == x.Value() || IsGlob(t.Value()) && MatchGlob(t.Value(), x.Value()) {
				out[x.Value()], found = true, true
			}
		}
		if !found {
			w.Error(t.Span(), "bad_exclusion", "remove it, or correct it", "the matrix does not cross %q", t.Value())
		}
	}
	if len(list) > MaxExclusions {
		w.Error(list[MaxExclusions].Span(), "matrix_too_large", "use globs", "more than %d names stand in an exclusion", MaxExclusions)
	}
	return out
}

func (x *expansion) excluded(chosen []string) bool {
	return slices.ContainsFunc(x.leftOut, func(e exclusion) bool {
		for i, name := range chosen {
			if e[i] != nil && !e[i][name] {
				return false
			}
		}
		return true
	})
}

// excludesAll tells whether nothing is left below a place, so that nothing has
// to be expected of it.
func (x *expansion) excludesAll(chosen []string) bool {
	if len(x.leftOut) == 0 {
		return false
	}
	if len(chosen) == 3 {
		return x.excluded(chosen)
	}
	axis, _ := x.axis(chosen)
	for _, t := range axis {
		if !x.excludesAll(append(slices.Clone(chosen), t.Value())) {
			return false
		}
	}
	return true
}
