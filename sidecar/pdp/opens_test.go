package pdp

import (
	"errors"
	"testing"

	"github.com/gwctl/gwctl/engine"
)

// Of the denials only the two that stand for something that is away are let
// through, and only with the flag.
func TestOpens(t *testing.T) {
	away := []engine.RuleError{{Code: engine.ReasonAttributeUnavailable}}
	mixed := append(away[:1:1], engine.RuleError{Code: engine.ReasonEvalError})
	deny := func(reason string, errs ...engine.RuleError) engine.Decision {
		return engine.Decision{Reason: reason, Status: 503, Errors: errs}
	}
	allow := engine.Decision{Effect: engine.Allow, Reason: engine.ReasonAllowed}
	gone := errors.New("away")
	for _, tt := range []struct {
		name     string
		unjudged error
		d        engine.Decision
		want     string
	}{
		{"an attribute is away", nil, deny(engine.ReasonAttributeUnavailable, away...), engine.ReasonAttributeUnavailable},
		{"without an error of its own", nil, deny(engine.ReasonAttributeUnavailable), ""},
		{"and a rule fails", nil, deny(engine.ReasonAttributeUnavailable, mixed...), ""},
		{"a rule fails", nil, deny(engine.ReasonEvalError, mixed...), ""},
		{"a deny rule matches beside it", nil, deny(engine.ReasonDeniedByRule, away...), ""},
		{"nobody asked", nil, deny(engine.ReasonUnauthenticated), ""},
		{"no rule", nil, deny(engine.ReasonNoMatchingRule), ""},
		{"no set", nil, deny(engine.ReasonNotLoaded), ""},
		{"the body is away", nil, deny(engine.ReasonBodyUnavailable), ""},
		{"an invalid attribute", nil, deny(engine.ReasonAttributeInvalid), ""},
		{"allowed anyway", nil, allow, ""},
		{"unjudged, no rule for nobody", gone, deny(engine.ReasonUnauthenticated), "dependency_unavailable"},
		{"unjudged, allowed for everybody", gone, allow, "dependency_unavailable"},
		{"unjudged, and a rule fails", gone, deny(engine.ReasonUnauthenticated, mixed...), ""},
		{"unjudged, and an attribute is away", gone, deny(engine.ReasonAttributeUnavailable, away...), ""},
		{"unjudged, denied by a rule", gone, deny(engine.ReasonDeniedByRule), ""},
		{"unjudged, no route", gone, deny(engine.ReasonNoRoute), ""},
	} {
		for _, flag := range []bool{true, false} {
			q := &question{point: &Point{o: Options{FailOpen: flag}}, snapshot: &Snapshot{}, unjudged: tt.unjudged}
			want := ""
			if flag {
				want = tt.want
			}
			if got, ok := q.opens(tt.d); got != want || ok != (want != "") {
				t.Errorf("%s, flag %t: %q %t, want %q", tt.name, flag, got, ok, want)
			}
		}
	}
	q := &question{point: &Point{o: Options{FailOpen: true}}}
	if _, ok := q.opens(deny(engine.ReasonAttributeUnavailable, away...)); ok {
		t.Error("without a snapshot")
	}
}
