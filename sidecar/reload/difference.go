package reload

import (
	"maps"
	"slices"
	"strings"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/sidecar/pdp"
)

// difference names what a reload changes in the set; nil for nothing, and for
// the first set of a process.
func difference(before, after *pdp.Snapshot) *record.Diff {
	if before == nil || before.Set.Digest() == after.Set.Digest() {
		return nil
	}
	old, now := before.Set.Fingerprint(), after.Set.Fingerprint()
	d := &record.Diff{Other: old.Rest != now.Rest}
	for _, ref := range sortedRefs(now) {
		was, ok := old.Rules[ref]
		switch {
		case !ok:
			d.Added = append(d.Added, ref.String())
		case was != now.Rules[ref]:
			d.Changed = append(d.Changed, ref.String())
		}
	}
	for _, ref := range sortedRefs(old) {
		if _, ok := now.Rules[ref]; !ok {
			d.Removed = append(d.Removed, ref.String())
		}
	}
	for _, list := range []*[]string{&d.Added, &d.Removed, &d.Changed} {
		if more := len(*list) - record.MaxNames; more > 0 {
			d.More += more
			*list = (*list)[:record.MaxNames]
		}
	}
	return d
}

func sortedRefs(f engine.Fingerprint) []engine.RuleRef {
	return slices.SortedFunc(maps.Keys(f.Rules), func(a, b engine.RuleRef) int { return strings.Compare(a.String(), b.String()) })
}
