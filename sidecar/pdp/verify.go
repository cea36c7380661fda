package pdp

import "github.com/gwctl/gwctl/engine"

// maxDifference bounds what is logged: a difference may name many rules.
const maxDifference = 1 << 10 // bytes

// sampled tells whether the decision is to be verified: every Nth one is.
func (q *question) sampled() bool {
	every := q.snapshot.verify
	return every > 0 && q.point.decided.Add(1)%every == 0
}

// verify evaluates a decision once more and tells of a difference. It comes
// after the record and the outcome and changes neither. It does not outlive the
// request, whose headers and body the engine still looks at.
func (q *question) verify(made engine.Decision) {
	difference := q.difference(made)
	q.point.o.Metrics.Verified(difference == "")
	if difference == "" {
		return
	}
	q.point.o.Logger.Error("a decision differs from what CEL makes of it; please report it",
		"difference", difference[:min(len(difference), maxDifference)], "route", made.Route, "rule", made.Rule.String(), "digest", made.SetDigest, "decision_id", q.id)
}

// difference is never silent: a fault on the way counts as one. What it says is
// not repeated, since it may hold a value.
func (q *question) difference(made engine.Decision) (text string) {
	defer func() {
		if recover() != nil {
			text = "a panic stopped the verification"
		}
	}()
	return q.point.o.Verify(q.snapshot.Set, q.request, &made)
}
