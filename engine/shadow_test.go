package engine

import "testing"

// TestShadowOverBudget: a shadow rule that uses up its steps is an error of its
// own. Compile refuses such a rule; this one gets past it.
func TestShadowOverBudget(t *testing.T) {
	const dear = "[1,2,3,4,5,6,7,8,9,10].exists(a, [1,2,3,4,5,6,7,8,9,10].exists(b, [1,2,3,4,5,6,7,8,9,10].exists(c, [1,2,3,4,5,6,7,8,9,10].exists(d, " +
		"[1,2,3,4,5,6,7,8,9,10].exists(e, [1,2,3,4,5,6,7,8,9,10].exists(f, a + b + c + d + e + f > 60))))))"
	set := shopSet(t, policyOf("p", allowAll, "id: s, effect: deny, mode: shadow, until: 2026-06-30, when: '"+dear+"'"))
	d := set.Decide(alice(asks(set, "GET /orders/1")))
	if got := short(d); got != "allow allowed 200 by p/all" {
		t.Error(got)
	}
	if d.Shadow == nil || len(d.Shadow.Results) != 1 || d.Shadow.Results[0].Outcome != "error" || d.Shadow.Results[0].Code != ReasonEvalError {
		t.Errorf("%+v", d.Shadow)
	}
}
