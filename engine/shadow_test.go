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

// A fault of gwctl's own in a shadow rule changes nothing: the decision is
// final by then.
func TestShadowPanicChangesNothing(t *testing.T) {
	set := shopSet(t, policyOf("p", allowAll+`, when: user.authenticated`, `id: s, effect: deny, mode: shadow, until: 2026-06-30, when: user.a`))
	r := give(alice(set.DirectRequest("order", "read")), "user.a=true")
	r.Observe(func(rule *Rule) (bool, error) {
		if rule.Decl.Shadow {
			panic("fault")
		}
		return true, nil
	})
	d := set.Decide(r)
	if got := short(d); got != "allow allowed 200 by p/all" || d.Shadow != nil {
		t.Errorf("%s, shadow %+v", got, d.Shadow)
	}
	d = set.Decide(give(alice(set.DirectRequest("order", "read")), "user.a=true"))
	if !d.Allowed() || d.Shadow == nil || d.Shadow.Effect != Deny {
		t.Errorf("without the fault: %s, shadow %+v", short(d), d.Shadow)
	}
}
