package coverage

import (
	"cmp"
	"slices"

	"github.com/gwctl/gwctl/engine/plan"
)

// vector is one evaluation that was seen.
type vector struct {
	atoms        []plan.Outcome
	whole        plan.Outcome
	count, first int
}

// sorted gives the evaluations by the case in which they were seen first.
func (t *tally) sorted() []vector {
	out := make([]vector, 0, len(t.vectors))
	for key, s := range t.vectors {
		v := vector{count: s.count, first: s.first}
		for i := range len(key) - 1 {
			v.atoms = append(v.atoms, plan.Outcome(key[i]))
		}
		v.whole = plan.Outcome(key[len(key)-1])
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b vector) int { return cmp.Or(cmp.Compare(a.first, b.first), slices.Compare(a.atoms, b.atoms)) })
	return out
}

// pair are two cases that show the effect of an atom.
type pair struct{ yes, no int }

// pairs finds for each atom two evaluations that show its independent effect:
// it changes, the whole changes, and no other atom that was asked in both does.
// An evaluation that failed shows nothing.
func pairs(list []vector, atoms int) []*pair {
	out := make([]*pair, atoms)
	left := atoms
	var held, not []vector
	for _, v := range list {
		switch v.whole {
		case plan.True:
			held = append(held, v)
		case plan.False:
			not = append(not, v)
		}
	}
	for _, x := range held {
		for _, y := range not {
			if left == 0 {
				return out
			}
			i, ok := only(x.atoms, y.atoms)
			if !ok || out[i] != nil {
				continue
			}
			left--
			if x.atoms[i] == plan.True {
				out[i] = &pair{x.first, y.first}
			} else {
				out[i] = &pair{y.first, x.first}
			}
		}
	}
	return out
}

// only gives the one atom that was true in one evaluation and false in the
// other, if no other that was asked in both differs.
func only(a, b []plan.Outcome) (int, bool) {
	at := -1
	for i := range a {
		if a[i] == b[i] || a[i] == plan.Unasked || b[i] == plan.Unasked {
			continue
		}
		if at >= 0 || a[i] == plan.Failed || b[i] == plan.Failed {
			return 0, false
		}
		at = i
	}
	return at, at >= 0
}
